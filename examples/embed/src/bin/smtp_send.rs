//! Sends a message over SMTP: `smtp_send 127.0.0.1:2525 bob@example.net alice@example.org < letter.txt`

use std::{
    env,
    io::{self, Read as _, Write as _},
    net::TcpStream,
    time::Instant,
};

use embed::{Turn, blocking::Driver};
use smtp_proto::{
    Client,
    client::{Config, Envelope, Event, Limits, Request, Role, StartTls},
    command::{ForwardPath, Mail, MailParams, Rcpt, RcptParams, ReversePath},
};

fn main() -> io::Result<()> {
    let mut words = env::args().skip(1);
    let (Some(address), Some(from)) = (words.next(), words.next()) else {
        return Err(io::Error::other("say server:port, the sender, and the recipients"));
    };
    let (from, to) = (format!("<{from}>"), words.map(|to| format!("<{to}>")).collect::<Vec<_>>());
    let mut letter = Vec::new();
    io::stdin().read_to_end(&mut letter)?;

    let params = MailParams { size: Some(letter.len() as u64), ..MailParams::default() };
    let mail = Mail { reverse_path: ReversePath::parse(&from, true).map_err(io::Error::other)?, params };
    let forward = |to| Ok(Rcpt { forward_path: ForwardPath::parse(to, true)?, params: RcptParams::default() });
    let recipients: Vec<_> = to
        .iter()
        .map(|to| forward(to))
        .collect::<Result<_, _>>()
        .map_err(io::Error::other::<smtp_proto::path::PathError>)?;
    let mut requests = vec![Request::Quit, Request::Send(Envelope { mail: &mail, recipients: &recipients })];

    let mut driver = Driver::new(TcpStream::connect(address)?, Instant::now());
    let mut config = Config::new(Role::Smtp, "localhost");
    config.starttls = StartTls::Never; // a real client does the handshake here
    let mut client = Client::new(config, Limits::default(), None, driver.now());
    let (mut rest, mut out) = (letter.as_slice(), io::stdout().lock());
    loop {
        while let Some(event) = client.poll() {
            match event {
                Event::Ready => {
                    if let Some(request) = requests.pop() {
                        client.tell(request, driver.now()).map_err(io::Error::other)?;
                    }
                }
                Event::Recipient { index, reply } => writeln!(out, "recipient {index}: {reply}")?,
                Event::Delivered { reply, .. } => writeln!(out, "delivered: {reply}")?,
                Event::Refused { step, reply, .. } => writeln!(out, "refused at {step}: {reply}")?,
                Event::Unsendable(why) => writeln!(out, "not sent: {why}")?,
                Event::Failed { error, outcome } => writeln!(out, "failed: {error} ({outcome:?})")?,
                _ => {}
            }
        }
        match driver.turn(&mut client)? {
            Turn::Body if rest.is_empty() => client.tell(Request::BodyEnd, driver.now()).map_err(io::Error::other)?,
            Turn::Body => rest = rest.get(client.feed(rest, driver.now())..).unwrap_or_default(),
            Turn::Closed => return Ok(()),
            _ => {}
        }
    }
}
