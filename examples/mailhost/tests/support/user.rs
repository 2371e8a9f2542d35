//! A user at their program.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{ClientConnection, StreamOwned};

use super::{PASSWORD, Server, tls};

/// A user's session.
pub struct User {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
}

impl User {
    pub fn login(server: &Server, user: &str) -> Self {
        let mut this = Self { stream: BufReader::new(tls::connect(server, "Submissions")) };
        assert!(this.reply().starts_with("220"));
        assert!(this.say("EHLO client.example").starts_with("250"));
        let plain = STANDARD.encode(format!("\0{user}\0{PASSWORD}"));
        let reply = this.say(&format!("AUTH PLAIN {plain}"));
        assert!(reply.starts_with("235"), "{reply}");
        this
    }

    pub fn reply(&mut self) -> String {
        let mut all = String::new();
        loop {
            let start = all.len();
            if self.stream.read_line(&mut all).unwrap() == 0 || all.as_bytes().get(start + 3) != Some(&b'-') {
                return all;
            }
        }
    }

    pub fn say(&mut self, line: &str) -> String {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.reply()
    }

    /// Sends a message. Parameters stand behind the addresses.
    pub fn send(&mut self, from: &str, to: &[&str], text: &str) {
        let reply = self.say(&format!("MAIL FROM:{from}"));
        assert!(reply.starts_with("250"), "{reply}");
        for to in to {
            let reply = self.say(&format!("RCPT TO:{to}"));
            assert!(reply.starts_with("250"), "{to}: {reply}");
        }
        assert!(self.say("DATA").starts_with("354"));
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
        let reply = self.say(".");
        assert!(reply.starts_with("250"), "{reply}");
    }
}
