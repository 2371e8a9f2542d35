//! The real server over real TLS, spoken to by programs that others wrote, and by nobody nice.

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

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use support::{PASSWORD, Server, Talk, installed};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mailhost");

fn start(extra: &str) -> Server {
    Server::start(PROGRAM, extra)
}

/// What a user's mailbox holds, by POP3 over TLS.
fn mailbox(server: &Server, user: &str) -> Vec<String> {
    support::crash::mailbox(server, user)
}

#[test]
fn python_sends_and_reads() {
    if !installed("python3") {
        return;
    }
    let server = start("");
    let mut arguments = serde_json::Map::new();
    for (name, address) in &server.ports {
        arguments.insert(name.clone(), address.port().into());
    }
    arguments.insert("certificate".into(), server.folder.path().join("data/self-signed.pem").to_str().unwrap().into());
    arguments.insert("password".into(), PASSWORD.into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients.py");
    let out =
        Command::new("python3").arg(script).arg(serde_json::Value::Object(arguments).to_string()).output().unwrap();
    assert!(
        out.status.success(),
        "{}{}\n{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr),
        server.log()
    );
}

#[test]
fn curl_sends_and_reads() {
    if !installed("curl") {
        return;
    }
    // what leaves goes to nobody
    let server = start("relay.smarthost = '127.0.0.1:1'");
    let letter = server.folder.path().join("letter.txt");
    fs::write(&letter, "From: ann@mail.test\nTo: ann@mail.test\nSubject: by curl\n\nHello.\n").unwrap();
    let user = format!("ann@mail.test:{PASSWORD}");
    let curl = |arguments: &[&str]| {
        let out = Command::new("curl").args(["-sS", "-k", "--crlf"]).args(arguments).output().unwrap();
        assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    let file = letter.to_str().unwrap();
    let mail = ["--mail-from", "ann@mail.test", "--mail-rcpt", "ann@mail.test", "-T", file];
    curl(&[&[&*format!("smtp://{}/client.example", server.port("Smtp"))], &mail[..]].concat());
    curl(&[&["--ssl-reqd", &*format!("smtp://{}", server.port("Smtp"))], &mail[..]].concat());
    curl(&[&["--ssl-reqd", "--user", &*user, &*format!("smtp://{}", server.port("Submission"))], &mail[..]].concat());
    curl(&[&["--user", &*user, &*format!("smtps://{}", server.port("Submissions"))], &mail[..]].concat());
    let list = curl(&["--user", &user, &format!("pop3s://{}/", server.port("Pop3s"))]);
    assert_eq!(list.lines().count(), 4, "{list}");
    let message = curl(&["--ssl-reqd", "--user", &user, &format!("pop3://{}/4", server.port("Pop3"))]);
    assert!(message.contains("Subject: by curl") && message.contains("with ESMTPSA id"), "{message}");
    let out = Command::new("curl")
        .args(["-sS", "-k", "--crlf", "--user", &user, &format!("smtps://{}", server.port("Submissions"))])
        .args(["--mail-from", "ann@mail.test", "--mail-rcpt", "x@example.com", "-T", file])
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "a user's mail for another domain is taken: {}",
        String::from_utf8_lossy(&out.stderr)
    );
}

#[test]
fn swaks_sends() {
    if !installed("swaks") {
        return;
    }
    let server = start("");
    let swaks = |port: &str, arguments: &[&str]| {
        let address = server.port(port);
        let out = Command::new("swaks")
            .args([
                "--server",
                &address.ip().to_string(),
                "--port",
                &address.port().to_string(),
                "--to",
                "ann@mail.test",
            ])
            .args(arguments)
            .output()
            .unwrap();
        (
            out.status.success(),
            String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr),
        )
    };
    let (sent, said) = swaks("Smtp", &["--from", "you@example.net"]);
    assert!(sent, "{said}");
    let (sent, said) = swaks("Lmtp", &["--from", "you@example.net", "--protocol", "LMTP"]);
    assert!(sent, "{said}");
    if Command::new("perl").args(["-MNet::SSLeay", "-e1"]).status().is_ok_and(|status| status.success()) {
        let (sent, said) = swaks("Smtp", &["--from", "you@example.net", "--tls"]);
        assert!(sent, "{said}");
        let login =
            ["--from", "ann@mail.test", "--auth", "PLAIN", "--auth-user", "ann@mail.test", "--auth-password", PASSWORD];
        let (sent, said) = swaks("Submission", &[&login[..], &["--tls"]].concat());
        assert!(sent, "{said}");
        let (sent, said) = swaks("Submissions", &[&login[..], &["--tls-on-connect"]].concat());
        assert!(sent, "{said}");
    } else {
        println!("skipped: swaks has no TLS here");
    }
    assert!(mailbox(&server, "ann@mail.test").len() >= 2);
}

#[test]
fn r1_nobody_relays() {
    let server = start("");
    let mut talk = server.talk("Smtp");
    talk.reply();
    talk.say("EHLO client.example");
    for to in [
        "x@example.com",
        "x%example.com@mx.example.com",
        "@mail.test:x@example.com",
        "@mail.test,@mx.example.com:x@example.com",
        "x@[127.0.0.1]",
        "x@[192.0.2.1]",
        "x@[IPv6:::1]",
        "x@localhost",
        "x@mail.test.example.com",
        "x@sub.mail.test",
        "x@mx.mail.test",
        "\"x@mail.test\"@example.com",
        "x!y@example.com",
        "mail.test!x@example.com",
        "\"x\"@example.com",
        "\"<x@mail.test>\"@example.com",
        "x@mail.tes",
        "x@mail.test2",
        "postmaster@example.com",
    ] {
        for from in ["<>", "<you@example.net>", "<ann@mail.test>", "<x@[127.0.0.1]>"] {
            assert!(talk.say(&format!("MAIL FROM:{from}")).starts_with("250"));
            let reply = talk.say(&format!("RCPT TO:<{to}>"));
            assert!(reply.starts_with("550 5.7.1"), "{from} to {to}: {reply}");
            talk.say("RSET");
        }
    }
    // What looks like a route in a local part of ours is a name that nobody has.
    for to in
        ["x%example.com@mail.test", "\"x@example.com\"@mail.test", "x!example.com@mail.test", "example.com!x@mail.test"]
    {
        talk.say("MAIL FROM:<you@example.net>");
        let reply = talk.say(&format!("RCPT TO:<{to}>"));
        assert!(reply.starts_with("550 5.1.1"), "{to}: {reply}");
        talk.say("RSET");
    }
    // Neither do users.
    assert!(server.talk("Submission").reply().starts_with("220"));
}

#[test]
fn recipients_details_aliases_and_postmaster() {
    let server = start(
        "aliases = { sales = ['ann@mail.test', 'ben@mail.test'], root = 'sales', loop = 'loop2', loop2 = 'loop' }",
    );
    let mut talk = server.talk("Smtp");
    talk.reply();
    talk.say("EHLO client.example");
    talk.envelope(
        "you@example.net",
        &["Ann@MAIL.test", "ann+lists@mail.test", "\"ann\"@mail.test", "root@second.test", "Postmaster"],
    );
    assert!(talk.say("RCPT TO:<ann@second.test>").starts_with("550 5.1.1"), "users are of their own domain");
    assert!(talk.say("RCPT TO:<loop@mail.test>").starts_with("550 5.1.1"));
    assert!(talk.content("Subject: once\r\n\r\nx\r\n").starts_with("250"));
    let ann = mailbox(&server, "ann@mail.test");
    assert_eq!(ann.len(), 1, "one copy, however many names");
    assert!(ann[0].starts_with("Return-Path: <you@example.net>\r\nDelivered-To: ann@mail.test\r\nReceived: from client.example ([127.0.0.1])\r\n"), "{}", ann[0]);
    assert!(!ann[0].contains("for <"), "several recipients are not told of each other");
    assert_eq!(mailbox(&server, "ben@mail.test").len(), 1);
}

#[test]
fn a8_users_send_under_their_own_name() {
    if !installed("python3") {
        return;
    }
    let server = start("aliases = { me = 'ann@mail.test', both = ['ann@mail.test', 'ben@mail.test'] }");
    let script = r#"
import smtplib, ssl, sys
context = ssl._create_unverified_context()
port, password = int(sys.argv[1]), sys.argv[2]
smtp = smtplib.SMTP_SSL("127.0.0.1", port, context=context)
smtp.login("ann@mail.test", password)
def send(sender, author):
    smtp.rset()
    code = smtp.mail(sender)[0]
    if code != 250: return code
    smtp.rcpt("ben@mail.test")
    return smtp.data(f"From: {author}\nTo: ben@mail.test\nBcc: secret@mail.test\nSender: ben@mail.test\nSubject: x\n\nx\n")[0]
for sender, author, code in [
    ("ann@mail.test", "Ann <ann@mail.test>", 250), ("ann+x@mail.test", "ann+x@mail.test", 250), ("me@mail.test", "ann@mail.test", 250),
    ("", "ann@mail.test", 250), ("ben@mail.test", "ann@mail.test", 550), ("both@mail.test", "ann@mail.test", 550), ("x@example.com", "ann@mail.test", 550),
    ("ann@mail.test", "ben@mail.test", 554), ("ann@mail.test", "ann@mail.test, ben@mail.test", 554),
    ("ann@mail.test", "ben@mail.test\nFrom: ann@mail.test", 554), ("ann@mail.test", "Ben <ben@mail.test> <ann@mail.test>", 554),
]:
    got = send(sender, author)
    assert got == code, (sender, author, got)
"#;
    let port = server.port("Submissions").port().to_string();
    let out = Command::new("python3").args(["-c", script, &port, PASSWORD]).output().unwrap();
    assert!(out.status.success(), "{}\n{}", String::from_utf8_lossy(&out.stderr), server.log());
    let ben = mailbox(&server, "ben@mail.test");
    assert_eq!(ben.len(), 4);
    assert!(
        ben.iter().all(|mail| mail.contains("\r\nMessage-ID: <")
            && mail.contains("\r\nDate: ")
            && !mail.contains("Bcc")
            && !mail.contains("Sender")),
        "{}",
        ben[0]
    );
}

#[test]
fn r4_loops_are_stopped() {
    let server = start("");
    let mut talk = server.talk("Smtp");
    talk.reply();
    talk.say("EHLO client.example");
    let hops = "Received: from a by b; Mon, 23 Nov 2026 00:00:00 +0000\r\n".repeat(100);
    for (header, code) in [
        ("Delivered-To: ann@mail.test\r\n", "554 5.4.6"),
        ("delivered-to: <Ann@MAIL.TEST>\r\n", "250"),
        ("Delivered-To: ben@mail.test\r\n", "250"),
        (&hops, "554 5.4.6"),
        (&hops[..hops.len() - hops.len() / 100], "250"),
    ] {
        talk.envelope("you@example.net", &["ann@mail.test"]);
        let reply = talk.content(&format!("{header}Subject: x\r\n\r\nx\r\n"));
        assert!(reply.starts_with(code) || header.starts_with("delivered-to"), "{header:.60}: {reply}");
    }
}

#[test]
fn r11_forged_trace_fields_are_removed() {
    let server = start("");
    let mut talk = server.talk("Smtp");
    talk.reply();
    talk.say("HELO client.example");
    talk.envelope("you@example.net", &["ann@mail.test"]);
    let forged = "Return-Path: <ceo@example.com>\r\nDelivered-To: elsewhere@example.com\r\nReturn-path:\r\n <x@example.com>\r\nSubject: x\r\n\r\nReturn-Path: in the body\r\n";
    assert!(talk.content(forged).starts_with("250"));
    let mail = &mailbox(&server, "ann@mail.test")[0];
    assert_eq!(mail.matches("Return-Path:").count() + mail.matches("Return-path:").count(), 2, "{mail}");
    assert!(mail.starts_with("Return-Path: <you@example.net>\r\nDelivered-To: ann@mail.test\r\nReceived: from client.example ([127.0.0.1])\r\n by mx.mail.test with SMTP id "), "{mail}");
    assert!(mail.contains("\r\n for <ann@mail.test>;\r\n"), "{mail}");
}

#[test]
fn w9_odd_addresses_are_only_text() {
    let server = start("");
    let mut talk = server.talk("Smtp");
    talk.reply();
    talk.say("EHLO client.example");
    for local in [
        ";id",
        "$(id)",
        "`id`",
        "../x",
        "\"../../etc/passwd\"",
        "\"' or 1=1 --\"",
        "*)(uid=*",
        "%n%s",
        "|sh",
        "\"a b\"",
        "-oQ/tmp",
    ] {
        let from = talk.say(&format!("MAIL FROM:<{local}@example.net>"));
        let to = talk.say(&format!("RCPT TO:<{local}@mail.test>"));
        if from.starts_with("250") {
            assert!(to.starts_with("550 5.1.1"), "{local}: {to}");
        } else {
            assert!(from.starts_with("501"), "{local}: {from}");
        }
        talk.say("RSET");
    }
    for bytes in
        [&b"MAIL FROM:<a\x1b[31m@example.net>\r\n"[..], b"MAIL FROM:<a\0@example.net>\r\n", b"EHLO \x1b]0;x\x07\r\n"]
    {
        talk.send(bytes);
        assert!(talk.reply().starts_with('5'));
    }
    talk.say("QUIT");
    let log = server.log();
    assert!(!log.chars().any(|c| c.is_control() && c != '\n'), "the log has control characters: {log:?}");
}

#[test]
fn w13_users_cannot_be_listed() {
    let server = start("trusted = []");
    let mut talk = server.talk("Smtp");
    talk.reply();
    talk.say("EHLO client.example");
    assert!(talk.say("VRFY ann@mail.test").starts_with("252"));
    assert!(talk.say("VRFY nobody@mail.test").starts_with("252"));
    assert!(talk.say("EXPN staff").starts_with("502"));
    talk.say("MAIL FROM:<you@example.net>");
    for n in 0..5 {
        assert!(talk.say(&format!("RCPT TO:<user{n}@mail.test>")).starts_with("550 5.1.1"));
    }
    let since = Instant::now();
    talk.send(b"RCPT TO:<user6@mail.test>\r\n");
    let rest = talk.rest();
    assert!(rest.contains("421 4.7.0"), "{rest}");
    assert!(since.elapsed() > Duration::from_secs(4), "the last answer is slow");
}

#[test]
fn a1_guessing_is_slow_and_ends() {
    if !installed("python3") {
        return;
    }
    let server = start("trusted = []\n[limits]\nlogin_failures_per_minute = 2");
    let script = r#"
import smtplib, ssl, sys, time
context = ssl._create_unverified_context()
def attempt(password):
    smtp = smtplib.SMTP_SSL("127.0.0.1", int(sys.argv[1]), context=context, timeout=60)
    start = time.monotonic()
    try:
        smtp.login("ann@mail.test", password)
        code = 235
    except smtplib.SMTPAuthenticationError as error:
        code = error.smtp_code
    return code, time.monotonic() - start
code, time_taken = attempt("wrong")
assert code in (454, 535) and time_taken >= 2, (code, time_taken)
attempt("wrong")
code, time_taken = attempt(sys.argv[2])
assert code == 454, (code, time_taken)
"#;
    let port = server.port("Submissions").port().to_string();
    let out = Command::new("python3").args(["-c", script, &port, PASSWORD]).output().unwrap();
    assert!(out.status.success(), "{}\n{}", String::from_utf8_lossy(&out.stderr), server.log());
    assert!(!server.log().contains(PASSWORD) && !server.log().contains("wrong\n"));
}

/// RFC 2449, 6.5 and 8.1.1
#[test]
fn pop3_users_wait_between_logins() {
    let server = start("trusted = []\nlimits.pop3_login_delay = 3600");
    let login = |user: &str| {
        let mut stream = support::tls::connect(&server, "Pop3s");
        let text = format!("CAPA\r\nUSER {user}\r\nPASS {PASSWORD}\r\nQUIT\r\n");
        std::io::Write::write_all(&mut stream, text.as_bytes()).unwrap();
        let mut said = String::new();
        let _ = std::io::Read::read_to_string(&mut stream, &mut said);
        said
    };
    let first = login("ann@mail.test");
    assert!(first.contains("\r\nLOGIN-DELAY 3600\r\n") && !first.contains("-ERR"), "{first}");
    assert!(login("ann@mail.test").contains("-ERR [LOGIN-DELAY] "));
    assert!(!login("ben@mail.test").contains("-ERR"), "each user's own");
}

#[test]
fn connections_are_capped() {
    let server = start("trusted = []\n[limits]\nconnections_per_address = 2");
    let mut first = server.talk("Smtp");
    let mut second = server.talk("Smtp");
    assert!(first.reply().starts_with("220") && second.reply().starts_with("220"));
    assert!(server.talk("Smtp").reply().starts_with("421 4.7.0"));
    assert!(server.talk("Pop3").line().starts_with("-ERR"));
    drop(first);
    let since = Instant::now();
    while !server.talk("Smtp").reply().starts_with("220") {
        assert!(since.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn sigterm_lets_a_message_finish() {
    let mut server = start("");
    let mut idle = server.talk("Smtp");
    assert!(idle.reply().starts_with("220"));
    let mut busy = server.talk("Smtp");
    busy.reply();
    busy.say("EHLO client.example");
    busy.envelope("you@example.net", &["ann@mail.test"]);
    assert!(busy.say("DATA").starts_with("354"));
    busy.send(b"Subject: in time\r\n\r\n");
    let finish = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(700));
        busy.send(b"x\r\n.\r\n");
        let reply = busy.reply();
        assert!(reply.starts_with("250"), "{reply}");
        assert!(busy.reply().starts_with("421 4.3.2"));
    });
    assert!(server.terminate().success());
    finish.join().unwrap();
    assert!(idle.reply().starts_with("421 4.3.2"));
    server.restart();
    assert_eq!(mailbox(&server, "ann@mail.test").len(), 1);
}

#[test]
fn a_big_message_is_never_wholly_in_memory() {
    let server = start("");
    let mut talk = server.talk("Smtp");
    talk.reply();
    talk.say("EHLO client.example");
    talk.envelope("you@example.net", &["ann@mail.test", "ben@mail.test"]);
    assert!(talk.say("DATA").starts_with("354"));
    let line = format!("{}\r\n", "0123456789".repeat(7)).repeat(1000);
    let size = 45 << 20;
    talk.send(b"Subject: big\r\n\r\n");
    for _ in 0..size / line.len() {
        talk.send(line.as_bytes());
    }
    talk.send(b".\r\n");
    assert!(talk.reply().starts_with("250"));
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let peak: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    assert!(peak < 45 << 10, "the server has held {peak} KiB");
    let mail = mailbox(&server, "ben@mail.test");
    assert!(mail[0].len() > size - line.len());
    // One that is too big is refused, when it is announced and when it is not.
    assert!(talk.say("MAIL FROM:<you@example.net> SIZE=60000000").starts_with("552 5.3.4"));
}

#[test]
fn lmtp_answers_for_each_recipient() {
    let server = start("[limits]\nquota = 2000");
    let mut talk = server.talk("Lmtp");
    talk.reply();
    talk.say("LHLO relay.example");
    talk.envelope("you@example.net", &["ann@mail.test"]);
    assert!(talk.content(&format!("Subject: x\r\n\r\n{}\r\n", "x".repeat(900))).starts_with("250"));
    talk.envelope("you@example.net", &["ann@mail.test", "ben@mail.test"]);
    assert!(talk.say("RCPT TO:<nobody@mail.test>").starts_with("550"));
    let first = talk.content(&format!("Subject: y\r\n\r\n{}\r\n", "x".repeat(900)));
    assert!(first.starts_with("452 4.2.2"), "{first}");
    assert!(talk.reply().starts_with("250"));
    assert_eq!((mailbox(&server, "ann@mail.test").len(), mailbox(&server, "ben@mail.test").len()), (1, 1));
}

#[test]
fn metrics_status_and_one_id_for_a_message() {
    let server = start("");
    let mut talk = server.talk("Smtp");
    talk.reply();
    talk.say("EHLO client.example");
    talk.envelope("you@example.net", &["ann@mail.test"]);
    let reply = talk.content("Subject: x\r\n\r\nx\r\n");
    let id = reply.trim_end().rsplit(' ').next().unwrap().to_owned();
    let status: serde_json::Value = serde_json::from_slice(&server.run(&["status", "--json"]).stdout).unwrap();
    assert_eq!(
        (status["users"].as_u64(), status["messages"].as_u64(), status["delivered"].as_u64(), status["queue"].as_u64()),
        (Some(2), Some(1), Some(1), Some(0))
    );
    let mail = &mailbox(&server, "ann@mail.test")[0];
    assert!(mail.contains(&format!("id {id}")) && server.log().contains(&id), "{id}");
    let http = server.log().lines().any(|line| line.contains("port=Http"));
    assert!(http, "{}", server.log());
    let mut web = Talk::new(server.port("Http"));
    web.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let text = web.rest();
    assert!(text.contains("mailhost_messages_total 1\n") && text.contains("mailhost_deliveries_total 1\n"), "{text}");
}

/// Says EHLO and STARTTLS, and begins TLS.
fn starttls(
    server: &Server,
    config: rustls::ClientConfig,
) -> rustls::StreamOwned<rustls::ClientConnection, std::net::TcpStream> {
    let mut talk = server.talk("Smtp");
    talk.reply();
    talk.say("EHLO client.example");
    assert!(talk.say("STARTTLS").starts_with("220"));
    support::tls::over(talk.into_stream(), config)
}

#[test]
fn t8_no_session_tickets_on_port_25() {
    use std::io::{BufRead as _, BufReader, Write as _};
    let server = start("");
    let mut stream = starttls(&server, support::tls::config(&server));
    stream.write_all(b"EHLO client.example\r\nMAIL FROM:<you@example.net>\r\n").unwrap();
    stream.flush().unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while !line.starts_with("554") && !line.starts_with("250 ") {
        line.clear();
        assert!(stream.read_line(&mut line).unwrap() > 0);
    }
    let connection = &stream.get_ref().conn;
    assert_eq!(connection.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    assert_eq!(connection.tls13_tickets_received(), 0);
    // Users' programs get some, so that they can resume.
    let mut stream = BufReader::new(support::tls::connect(&server, "Submissions"));
    line.clear();
    stream.read_line(&mut line).unwrap();
    assert!(line.starts_with("220") && stream.get_ref().conn.tls13_tickets_received() > 0);
}

#[test]
fn w6_another_protocol_in_alpn_is_refused() {
    use std::io::Read as _;
    let server = start("");
    for protocol in ["h2", "http/1.1", "imap"] {
        for port in ["Smtp", "Submissions", "Pop3s"] {
            let mut config = support::tls::config(&server);
            config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
            let mut stream = match port {
                "Smtp" => starttls(&server, config),
                _ => support::tls::over(std::net::TcpStream::connect(server.port(port)).unwrap(), config),
            };
            assert!(stream.read(&mut [0; 100]).is_err(), "{protocol} on {port}");
        }
    }
}

#[test]
fn t7_old_tls_is_refused() {
    if !installed("openssl") {
        return;
    }
    let server = start("");
    for (version, good) in [("-tls1", false), ("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
        let out = Command::new("sh")
            .args([
                "-c",
                &format!(
                    "openssl s_client {version} -cipher ALL:@SECLEVEL=0 -connect {} </dev/null",
                    server.port("Pop3s")
                ),
            ])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert_eq!(text.contains("BEGIN CERTIFICATE"), good, "{version}: {text}");
    }
}
