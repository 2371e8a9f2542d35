//! Reads all mail of a mailbox over POP3 and prints it; nothing is removed.
//!
//! Try it against `cargo run -p mailhost`: `cargo run -p embed --bin pop3_read -- 127.0.0.1:2110 demo@mail.test PASSWORD`. This program has no TLS, so the server must
//! allow logins without; programs of yours do the handshake at `Turn::Secure`.

use std::{
    env,
    io::{self, Write as _},
    net::TcpStream,
    time::Instant,
};

use embed::{Turn, blocking::Driver};
use pop3_proto::{
    Client,
    client::{Config, Event, Limits, Request, Step, Stls},
};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, user, password] = arguments.as_slice() else {
        return Err(io::Error::other("usage: pop3_read ADDRESS:PORT USER PASSWORD"));
    };
    let mut driver = Driver::new(TcpStream::connect(address)?, Instant::now());
    let mut config = Config::default();
    config.stls = Stls::Never;
    config.login_without_tls = true;
    let mut client = Client::new(config, Limits::default(), None, driver.now());
    let mut out = io::stdout().lock();
    let mut numbers = 0..0;
    loop {
        let mut request = None;
        while let Some(event) = client.poll() {
            match event {
                Event::Ready => request = Some(Request::Login { user, password }),
                Event::Answered { step: Step::Pass, response } if response.is_ok() => request = Some(Request::Stat),
                Event::Stat { count, .. } => {
                    numbers = 1..count.saturating_add(1);
                    request = Some(numbers.next().map_or(Request::Quit, Request::Retrieve));
                }
                Event::End => request = Some(numbers.next().map_or(Request::Quit, Request::Retrieve)),
                Event::Answered { step: Step::User | Step::Pass, response } if !response.is_ok() => {
                    return Err(io::Error::other(format!("login refused: {response}")));
                }
                Event::Body(slice) => out.write_all(slice)?,
                Event::Failed(error) => return Err(io::Error::other(error)),
                _ => {}
            }
        }
        if let Some(request) = request {
            client.tell(request, driver.now()).map_err(io::Error::other)?;
        }
        if driver.turn(&mut client)? == Turn::Closed {
            return Ok(());
        }
    }
}
