//! Mail of users for other domains: two real servers and real DNS between them, and servers that are not nice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "tests stop at what they do not expect"
)]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use support::{Server, crash::mailbox, dns::Dns, installed, user::User};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mailhost");

/// A server for `a.test` or `b.test`, with a user.
fn start(dns: &Dns, name: &str, user: &str, retry: &str) -> Server {
    let extra = format!(
        "domains = ['{name}.test']\n[dns]\nservers = ['127.{}.0.1:{}']\n[relay]\nport = {}\nprivate_networks = true\n{retry}",
        dns.network, dns.port, dns.mail_port
    );
    Server::with(PROGRAM, &format!("mx.{name}.test"), &dns.host(name).to_string(), &extra, &[user])
}

fn start_a(dns: &Dns) -> Server {
    start(dns, "a", "ann@a.test", "retry = [1]")
}

fn letter(from: &str, subject: &str) -> String {
    format!("From: {from}\r\nTo: somebody@b.test\r\nSubject: {subject}\r\n\r\nHello.\r\n")
}

/// Waits until something holds.
fn until<T>(server: &Server, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(since.elapsed() < Duration::from_secs(40), "{what}\n{}", server.log());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Waits until a mailbox has so many messages.
fn messages(server: &Server, user: &str, count: usize) -> Vec<String> {
    until(server, "mail does not arrive", || Some(mailbox(server, user)).filter(|mail| mail.len() >= count))
}

fn queue(server: &Server) -> u64 {
    let out = server.run(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    status["queue"].as_u64().unwrap()
}

/// Somebody else's server, as far as it takes one: it answers each line by what is given, and keeps what is said.
struct Fake {
    address: SocketAddr,
    said: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    fn start(address: SocketAddr, answer: impl Fn(&str, usize) -> String + Send + 'static) -> Self {
        let said = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let keep = said.clone();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let Ok(mut out) = stream else { return };
                let mut lines = BufReader::new(out.try_clone().unwrap());
                let _ = out.write_all(b"220 fake.test ESMTP\r\n");
                let (mut line, mut content) = (Vec::new(), false);
                while lines.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                    let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                    line.clear();
                    keep.lock().unwrap().push(text.clone());
                    if content && text != "." {
                        continue;
                    }
                    let reply = if content { "250 Taken".to_owned() } else { answer(&text, number) };
                    content = reply.starts_with("354");
                    if out.write_all(format!("{reply}\r\n").as_bytes()).is_err() || text == "QUIT" || text == "STARTTLS"
                    {
                        break;
                    }
                }
            }
        });
        Self { address, said }
    }

    fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    fn has_taken(&self, line: &str) -> bool {
        let said = self.said();
        said.iter().any(|text| text == line) && said.iter().any(|text| text == ".")
    }
}

/// What a server says that likes everything, and offers nothing.
fn polite(line: &str) -> String {
    match line.split(' ').next().unwrap_or_default() {
        "EHLO" => "250 fake.test",
        "DATA" => "354 Go on",
        "QUIT" => "221 Bye",
        _ => "250 Fine",
    }
    .to_owned()
}

#[test]
fn two_servers_exchange_mail() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = Dns::start();
    let a = start_a(&dns);
    let b = start(&dns, "b", "ben@b.test", "retry = [1]");
    User::login(&a, "ann@a.test").send(
        "<ann@a.test>",
        &["<ben@b.test>", "<ann@a.test>", "<Ben+x@B.TEST>"],
        &letter("ann@a.test", "over"),
    );
    // one session has both recipients, and one mailbox gets one copy
    let there = messages(&b, "ben@b.test", 1).remove(0);
    assert!(there.contains("Subject: over") && there.contains("Return-Path: <ann@a.test>"), "{there}");
    assert!(there.contains("by mx.b.test with ESMTPS") && there.contains("by mx.a.test with ESMTPSA"), "{there}");
    assert!(there.contains("Message-ID: ") && there.contains("\r\nDate: "), "what was missing is added: {there}");
    assert_eq!(messages(&a, "ann@a.test", 1).len(), 1);
    until(&a, "the queue does not empty", || (queue(&a) == 0).then_some(()));
    assert!(a.log().contains("TLSv1.3"), "{}", a.log());
    // and back
    User::login(&b, "ben@b.test").send("<ben@b.test>", &["<ann@a.test>"], &letter("ben@b.test", "back"));
    let back = messages(&a, "ann@a.test", 2);
    assert!(back.iter().any(|mail| mail.contains("Subject: back")));
    // strangers get nothing passed on, by either (row R-1)
    for (server, to) in [(&a, "ben@b.test"), (&b, "ann@a.test"), (&a, "x@c.test")] {
        let mut talk = server.talk("Smtp");
        talk.reply();
        talk.say("EHLO client.example");
        talk.say("MAIL FROM:<ann@a.test>");
        assert!(talk.say(&format!("RCPT TO:<{to}>")).starts_with("550 5.7.1"));
    }
}

#[test]
fn what_is_put_off_is_tried_again() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = Dns::start();
    let a = start_a(&dns);
    let fake = Fake::start(dns.host("c"), |line, attempt| {
        if line.starts_with("RCPT") && attempt < 2 { "451 4.7.1 Come back later".into() } else { polite(line) }
    });
    User::login(&a, "ann@a.test").send("<ann@a.test>", &["<x@c.test>"], &letter("ann@a.test", "again"));
    until(&a, "the queue is not shown", || {
        let out = String::from_utf8(a.run(&["queue", "list"]).stdout).unwrap();
        out.contains("put off: 451 4.7.1 Come back later").then_some(())
    });
    until(&a, "it does not arrive", || fake.has_taken("Subject: again").then_some(()));
    until(&a, "the queue does not empty", || (queue(&a) == 0).then_some(()));
    assert_eq!(fake.said().iter().filter(|line| line.starts_with("MAIL")).count(), 3);
    assert_eq!(mailbox(&a, "ann@a.test"), [""; 0], "nobody is told of what arrived");
}

#[test]
fn failures_are_told_to_their_sender_alone() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = Dns::start();
    let a = start_a(&dns);
    let fake = Fake::start(dns.host("c"), |line, _| {
        if line.starts_with("RCPT TO:<no") { "550 5.1.1 Nobody here".into() } else { polite(line) }
    });
    let mut ann = User::login(&a, "ann@a.test");
    let mut told = 0;
    let mut report = |ann: &mut User, from: &str, to: &str| {
        ann.send(from, &[to], &letter("ann@a.test", "lost"));
        told += 1;
        let report = messages(&a, "ann@a.test", told).pop().unwrap();
        assert!(report.starts_with("Return-Path: <>\r\n"), "{report}");
        assert!(report.contains("multipart/report") && report.contains("Subject: lost"), "{report}");
        report
    };
    let refused = report(&mut ann, "<ann@a.test> ENVID=my+2Bid", "<nobody@c.test> ORCPT=rfc822;Nobody@c.test");
    assert!(refused.contains("Diagnostic-Code: smtp; 550 5.1.1 Nobody here\r\n"), "{refused}");
    assert!(refused.contains("Original-Recipient: rfc822; Nobody@c.test\r\n"), "{refused}");
    assert!(refused.contains("Original-Envelope-Id: my+id\r\n"), "{refused}");
    assert!(!refused.contains("Hello."), "the header alone");
    let refused = report(&mut ann, "<ann@a.test> RET=FULL", "<nobody@c.test>");
    assert!(refused.contains("Hello."), "{refused}");
    // row R-8; RFC 7505
    assert!(report(&mut ann, "<ann@a.test>", "<x@nomail.test>").contains("Status: 5.1.10\r\n"));
    assert!(report(&mut ann, "<ann@a.test>", "<x@nowhere.test>").contains("Status: 5.1.2\r\n"));
    // RFC 3461: what was asked for. A server that offers no DSN is told nothing of it.
    let relayed = report(&mut ann, "<ann@a.test>", "<x@c.test> NOTIFY=SUCCESS");
    assert!(relayed.contains("Action: relayed\r\n"), "{relayed}");
    let delivered = report(&mut ann, "<ann@a.test>", "<x@nomail.test> NOTIFY=FAILURE");
    assert!(delivered.contains("Action: failed\r\n"), "{delivered}");
    assert!(!fake.said().iter().any(|line| line.contains("NOTIFY")), "{:?}", fake.said());
    ann.send("<ann@a.test>", &["<nobody@c.test> NOTIFY=NEVER"], &letter("ann@a.test", "never"));
    // row R-3
    ann.send("<>", &["<nobody@c.test>"], &letter("ann@a.test", "null"));
    until(&a, "the queue does not empty", || (queue(&a) == 0).then_some(()));
    assert_eq!(mailbox(&a, "ann@a.test").len(), told);
}

#[test]
fn success_is_told_on_demand() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = Dns::start();
    let a = start_a(&dns);
    User::login(&a, "ann@a.test").send("<ann@a.test>", &["<ann@a.test> NOTIFY=SUCCESS"], &letter("ann@a.test", "self"));
    let mail = messages(&a, "ann@a.test", 2);
    assert!(mail.iter().any(|mail| mail.contains("Action: delivered\r\n")), "{mail:?}");
}

#[test]
fn mail_is_encoded_for_servers_that_take_less() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = Dns::start();
    let a = start_a(&dns);
    let fake = Fake::start(dns.host("c"), |line, _| polite(line));
    let mut ann = User::login(&a, "ann@a.test");
    let text = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n";
    let text = format!("From: ann@a.test\r\nSubject: eight\r\n{text}\r\nViele Grüße aus den Bergen!\r\n");
    ann.send("<ann@a.test> BODY=8BITMIME", &["<x@c.test>"], &text);
    until(&a, "it does not arrive", || fake.has_taken("Viele Gr=C3=BC=C3=9Fe aus den Bergen!").then_some(()));
    // an address beyond ASCII cannot be encoded (RFC 6531, 3.5)
    ann.send("<ann@a.test> SMTPUTF8", &["<jörg@c.test>"], &letter("ann@a.test", "utf8"));
    let report = messages(&a, "ann@a.test", 1).remove(0);
    assert!(report.contains("Status: 5.6.7\r\n"), "{report}");
}

#[test]
fn what_waits_survives_a_kill() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = Dns::start();
    let mut a = start_a(&dns);
    for number in 0..5 {
        let subject = format!("kept {number}");
        User::login(&a, "ann@a.test").send("<ann@a.test>", &["<x@d.test>"], &letter("ann@a.test", &subject));
    }
    a.kill();
    assert_eq!(queue(&a), 5);
    let fake = Fake::start(dns.host("d"), |line, _| polite(line));
    a.restart();
    for number in 0..5 {
        until(&a, "it does not arrive", || fake.has_taken(&format!("Subject: kept {number}")).then_some(()));
    }
    until(&a, "the queue does not empty", || (queue(&a) == 0).then_some(()));
    let out = a.run(&["check"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
}

#[test]
fn what_is_not_answered_is_given_up_and_told() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = Dns::start();
    let retry = "retry = [1]\ndelay_notice = 1\ngive_up = 4";
    let a = start(&dns, "a", "ann@a.test", retry);
    User::login(&a, "ann@a.test").send("<ann@a.test>", &["<x@e.test>"], &letter("ann@a.test", "late"));
    let told = messages(&a, "ann@a.test", 2);
    assert!(told[0].contains("Action: delayed\r\n") && told[0].contains("Will-Retry-Until: "), "{}", told[0]);
    assert!(told[1].contains("Action: failed\r\n") && told[1].contains("Status: 5.4.7\r\n"), "{}", told[1]);
}

#[test]
fn a_smart_host_gets_everything() {
    let fake = Fake::start("127.0.0.1:0".parse().unwrap(), |line, _| polite(line));
    let server = Server::start(PROGRAM, &format!("relay.smarthost = '{}'", fake.address));
    User::login(&server, "ann@mail.test").send(
        "<ann@mail.test>",
        &["<x@anywhere.example>", "<y@elsewhere.example>"],
        &letter("ann@mail.test", "smart"),
    );
    until(&server, "it does not arrive", || {
        let said = fake.said();
        let both = ["RCPT TO:<x@anywhere.example>", "RCPT TO:<y@elsewhere.example>"];
        both.iter().all(|line| said.iter().any(|text| text == line)).then_some(())
    });
}

/// Their mail leads to us, and we do not serve them.
#[test]
fn r4_mail_that_leads_back_here_stops() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = Dns::start();
    let a = start_a(&dns);
    User::login(&a, "ann@a.test").send("<ann@a.test>", &["<x@loop.test>"], &letter("ann@a.test", "round"));
    let report = messages(&a, "ann@a.test", 1).remove(0);
    assert!(report.contains("Status: 5.4.6\r\n"), "{report}");
    assert_eq!(queue(&a), 0);
}

#[test]
fn the_next_host_is_tried_and_told_what_the_sender_wants() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = Dns::start();
    let a = start_a(&dns);
    let fake = Fake::start(dns.host("c"), |line, _| {
        if line.starts_with("EHLO") { "250-fake.test\r\n250 DSN".into() } else { polite(line) }
    });
    User::login(&a, "ann@a.test").send(
        "<ann@a.test> RET=HDRS ENVID=my+2Bid",
        &["<x@two.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;X@two.test"],
        &letter("ann@a.test", "second"),
    );
    until(&a, "it does not arrive", || fake.has_taken("Subject: second").then_some(()));
    let said = fake.said();
    assert!(said.iter().any(|line| line == "MAIL FROM:<ann@a.test> RET=HDRS ENVID=my+2Bid"), "{said:?}");
    let rcpt = "RCPT TO:<x@two.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;X@two.test";
    assert!(said.iter().any(|line| line == rcpt), "{said:?}");
    until(&a, "the queue does not empty", || (queue(&a) == 0).then_some(()));
    assert_eq!(mailbox(&a, "ann@a.test"), [""; 0], "who promises reports sends them");
}

#[test]
fn a_handshake_that_fails_is_not_the_end() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = Dns::start();
    let a = start_a(&dns);
    let fake = Fake::start(dns.host("c"), |line, _| match line {
        "STARTTLS" => "220 And now to something else".into(),
        line if line.starts_with("EHLO") => "250-fake.test\r\n250 STARTTLS".into(),
        line => polite(line),
    });
    User::login(&a, "ann@a.test").send("<ann@a.test>", &["<x@c.test>"], &letter("ann@a.test", "clear"));
    until(&a, "it does not arrive", || fake.has_taken("Subject: clear").then_some(()));
    assert_eq!(fake.said().iter().filter(|line| *line == "STARTTLS").count(), 1);
}

/// What strangers send is refused while they are there, or delivered; it makes this server write to nobody.
#[test]
fn r2_strangers_make_us_send_nothing() {
    let server = Server::start(PROGRAM, "relay.smarthost = '127.0.0.1:1'\nlimits.message_size = 5000");
    for number in 0..20 {
        let mut talk = server.talk("Smtp");
        talk.reply();
        talk.say("EHLO client.example");
        talk.say(&format!("MAIL FROM:<victim{number}@example.com>"));
        assert!(talk.say("RCPT TO:<nobody@mail.test>").starts_with("550 5.1.1"));
        assert!(talk.say("RCPT TO:<ann@mail.test>").starts_with("250"));
        let (text, code) = if number % 2 == 0 { ("x\r\n".repeat(3_000), "552") } else { (letter("x@y", "z"), "250") };
        let reply = talk.content(&text);
        assert!(reply.starts_with(code), "{reply}");
    }
    assert_eq!(queue(&server), 0);
    assert_eq!(mailbox(&server, "ann@mail.test").len(), 10);
}
