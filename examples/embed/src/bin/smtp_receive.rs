//! Takes mail over SMTP on 127.0.0.1:2525 and prints it: a whole receiving server on threads.
//!
//! Try it: `curl --crlf smtp://127.0.0.1:2525/me --mail-from a@example.net --mail-rcpt b@example.org -T letter.txt`

use std::{
    io::{self, Write as _},
    net::{TcpListener, TcpStream},
    time::Instant,
};

use embed::{Turn, blocking::Driver};
use smtp_proto::{
    Limits, Reply, Server,
    server::{Answer, Config, Event, Role},
};

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:2525".to_owned());
    let listener = TcpListener::bind(address)?;
    writeln!(io::stderr(), "listening on {}", listener.local_addr()?)?;
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || serve(stream));
    }
    Ok(())
}

fn serve(stream: TcpStream) -> io::Result<()> {
    let mut driver = Driver::new(stream, Instant::now());
    let mut server = Server::new(Config::new(Role::Relay, "mx.example.org"), Limits::default(), None, driver.now());
    let mut message = Vec::new();
    loop {
        while let Some(event) = server.poll() {
            let answer = match event {
                Event::Body(slice) => {
                    message.extend_from_slice(slice);
                    continue;
                }
                Event::Recipient(rcpt) if !rcpt.forward_path.to_string().ends_with("@example.org>") => {
                    Answer::Reply(Reply::new(550, None, "We take mail for example.org only"))
                }
                Event::MessageEnd(_) => {
                    io::stdout().lock().write_all(&core::mem::take(&mut message))?;
                    Answer::Accept
                }
                Event::Aborted(_) => {
                    message.clear();
                    continue;
                }
                event if event.asks() => Answer::Accept,
                _ => continue,
            };
            server.answer(answer, driver.now()).map_err(io::Error::other)?;
        }
        if driver.turn(&mut server)? == Turn::Closed {
            return Ok(());
        }
    }
}
