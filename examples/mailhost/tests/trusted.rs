//! Who is believed: proxies that speak for others, certificates, and logins tied to their connection.

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
use std::io::{Read as _, Write};
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use sasl::{BindingType, ChannelBinding, Client, Limits, Password};
use support::{PASSWORD, Server, Talk, installed, tls};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mailhost");

/// The newest `Received` field of what Ann has got last.
fn received(server: &Server) -> String {
    let mailbox = support::crash::mailbox(server, "ann@mail.test");
    let message = mailbox.last().unwrap().replace("\r\n\t", " ").replace("\r\n ", " ");
    message.lines().find(|line| line.starts_with("Received:")).unwrap().to_owned()
}

fn letter(talk: &mut Talk) {
    assert!(talk.say("EHLO client.example").starts_with("250"));
    talk.envelope("you@example.net", &["ann@mail.test"]);
    assert!(talk.content("From: you@example.net\r\nSubject: x\r\n\r\nHi.\r\n").starts_with("250"));
}

#[test]
fn w14_a_listed_proxy_says_whose_connection_it_is() {
    let server = Server::start(PROGRAM, "proxies = ['127.0.0.1']\ntrusted = []");
    let addresses = [192, 0, 2, 8, 127, 0, 0, 1, 0x12, 0x67, 0, 25];
    let version_2 = [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"[..], &addresses].concat();
    let mut six = [0_u8; 36];
    six[..4].copy_from_slice(&[0x20, 1, 0x0d, 0xb8]);
    six[15] = 9;
    let version_2_six = [&b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24"[..], &six].concat();
    for (header, address) in [
        (&b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 25\r\n"[..], "[192.0.2.7]"),
        (&version_2, "[192.0.2.8]"),
        (&version_2_six, "[IPv6:2001:db8::9]"),
        (b"PROXY UNKNOWN\r\n", "[127.0.0.1]"),
    ] {
        let mut talk = server.talk("Smtp");
        talk.send(header);
        assert!(talk.reply().starts_with("220"), "{address}");
        letter(&mut talk);
        assert!(talk.say("QUIT").starts_with("221"));
        let mailbox = lines_of(&server);
        assert!(mailbox.contains(address), "{mailbox}");
    }
    // Without a header there is nobody to talk to: nothing is said, not even a greeting.
    let mut talk = server.talk("Smtp");
    talk.send(b"EHLO client.example\r\n");
    assert_eq!(talk.rest(), "");
}

/// Behind a proxy POP3 needs its header too, so the stored message is read from the data folder.
fn lines_of(server: &Server) -> String {
    let mut talk = tls_after(server, "Pop3s", b"PROXY TCP4 192.0.2.99 127.0.0.1 4711 995\r\n");
    let mut all = String::new();
    for line in ["USER ann@mail.test", &format!("PASS {PASSWORD}"), "STAT"] {
        write!(talk, "{line}\r\n").unwrap();
    }
    let count = loop {
        let mut piece = [0; 4096];
        let n = talk.read(&mut piece).unwrap();
        assert!(n > 0, "{all}");
        all.push_str(&String::from_utf8_lossy(&piece[..n]));
        if let Some(stat) = all.lines().nth(3) {
            break stat.split(' ').nth(1).unwrap().to_owned();
        }
    };
    write!(talk, "RETR {count}\r\nQUIT\r\n").unwrap();
    let mut text = String::new();
    let _ = talk.read_to_string(&mut text);
    text.replace("\r\n\t", " ").replace("\r\n ", " ")
}

fn tls_after(
    server: &Server,
    port: &str,
    header: &[u8],
) -> rustls::StreamOwned<rustls::ClientConnection, std::net::TcpStream> {
    let mut stream = std::net::TcpStream::connect(server.port(port)).unwrap();
    stream.write_all(header).unwrap();
    tls::over(stream, tls::config(server))
}

#[test]
fn w14_nobody_else_speaks_for_others() {
    let server = Server::start(PROGRAM, "proxies = ['192.0.2.0/24']\nxclient = ['192.0.2.0/24']");
    let mut talk = server.talk("Smtp");
    assert!(talk.reply().starts_with("220"));
    assert!(talk.say("PROXY TCP4 203.0.113.7 127.0.0.1 4711 25").starts_with("500 "));
    let offers = talk.say("EHLO client.example");
    assert!(!offers.contains("XCLIENT") && !offers.contains("XFORWARD"), "{offers}");
    assert!(talk.say("XCLIENT ADDR=203.0.113.7").starts_with("502 "));
    assert!(talk.say("XFORWARD ADDR=203.0.113.7").starts_with("502 "));
    let mut talk = server.talk("Pop3");
    assert!(talk.line().starts_with("+OK"));
    talk.send(b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 110\r\n");
    assert!(talk.line().starts_with("-ERR"));
}

#[test]
fn w14_xclient_is_for_those_who_are_listed() {
    let server = Server::start(PROGRAM, "xclient = ['127.0.0.1']");
    let mut talk = server.talk("Smtp");
    assert!(talk.reply().starts_with("220"));
    assert!(talk.say("EHLO proxy.example").contains("XCLIENT NAME ADDR"));
    assert!(talk.say("XFORWARD ADDR=203.0.113.7 IDENT=4A").starts_with("250"));
    assert!(talk.say("XCLIENT ADDR=203.0.113.7 LOGIN=ann").starts_with("550"), "port 25 has no users");
    assert!(talk.say("XCLIENT NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8::7").starts_with("220"));
    letter(&mut talk);
    assert!(received(&server).contains("[IPv6:2001:db8::7]"), "{}", received(&server));

    if installed("swaks") {
        let port = server.port("Smtp").port().to_string();
        let out = Command::new("swaks")
            .args(["--server", "127.0.0.1", "--port", &port, "--from", "you@example.net", "--to", "ann@mail.test"])
            .args(["--ehlo", "client.example", "--xclient-addr", "203.0.113.8", "--xclient-name", "client.example"])
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
        assert!(received(&server).contains("[203.0.113.8]"), "{}", received(&server));
    }
}

#[test]
fn xclient_vouches_for_users() {
    let server = Server::start(PROGRAM, "xclient = ['127.0.0.1']");
    let mut stream = tls::connect(&server, "Submissions");
    let mut say = |text: &str| {
        stream.write_all(text.as_bytes()).unwrap();
        reply(&mut stream)
    };
    assert!(say("").starts_with("220"));
    assert!(say("EHLO proxy.example\r\n").starts_with("250"));
    assert!(say("XCLIENT ADDR=203.0.113.7 LOGIN=nobody\r\n").starts_with("550"));
    assert!(say("XCLIENT ADDR=203.0.113.7 LOGIN=ann\r\n").starts_with("220"));
    assert!(say("EHLO client.example\r\n").starts_with("250"));
    // She, and nobody else (row A-8).
    assert!(say("MAIL FROM:<ben@mail.test>\r\n").starts_with("550"));
    assert!(say("MAIL FROM:<ann@mail.test>\r\n").starts_with("250"));
}

/// The next reply over TLS.
fn reply(stream: &mut impl std::io::Read) -> String {
    let mut all = Vec::new();
    loop {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            break;
        }
        all.push(byte[0]);
        if all.ends_with(b"\r\n") {
            let start = all[..all.len() - 2].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            if all.get(start + 3) != Some(&b'-') {
                break;
            }
        }
    }
    String::from_utf8(all).unwrap()
}

/// RFC 5802, 6; RFC 9266; RFC 5929: the exchange is bound to the connection, by either kind, and to no other.
#[test]
fn a5_scram_is_bound_to_its_connection() {
    let server = Server::start(PROGRAM, "");
    let certificate = fs::read_to_string(server.folder.path().join("data/self-signed.pem")).unwrap();
    let body: String = certificate.lines().filter(|line| !line.starts_with('-')).collect();
    let mut der = Vec::new();
    wire::base64::decode(body.as_bytes(), &mut der).unwrap();
    let end_point = ring::digest::digest(&ring::digest::SHA256, &der);
    for (kind, wrong) in
        [(BindingType::TlsExporter, false), (BindingType::TlsServerEndPoint, false), (BindingType::TlsExporter, true)]
    {
        let mut stream = tls::connect(&server, "Submissions");
        assert!(reply(&mut stream).starts_with("220"));
        stream.write_all(b"EHLO client.example\r\n").unwrap();
        let offers = reply(&mut stream);
        assert!(offers.contains("AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN"), "{offers}");
        let mut exported = stream.conn.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(&[])).unwrap();
        exported[0] ^= u8::from(wrong);
        let data = if kind == BindingType::TlsExporter { exported.to_vec() } else { end_point.as_ref().to_vec() };
        let mut client =
            Client::scram_sha_256("", "ann@mail.test", Password::from(PASSWORD), [4; 18], Limits::default())
                .unwrap()
                .bound(ChannelBinding::new(kind, data));
        let mut line = b"AUTH SCRAM-SHA-256-PLUS ".to_vec();
        wire::base64::encode(client.initial().unwrap(), &mut line);
        let last = loop {
            line.extend_from_slice(b"\r\n");
            stream.write_all(&line).unwrap();
            let said = reply(&mut stream);
            let Some(challenge) = said.strip_prefix("334 ") else { break said };
            let mut decoded = Vec::new();
            wire::base64::decode(challenge.trim_end().as_bytes(), &mut decoded).unwrap();
            line.clear();
            wire::base64::encode(client.receive(&decoded).unwrap(), &mut line);
        };
        assert!(last.starts_with(if wrong { "535" } else { "235" }), "{kind:?}: {last}");
        assert_eq!(client.finish().is_ok(), !wrong);
    }
}

/// RFC 8314, 4.2; RFC 4422, A: a certificate is asked for where the configuration names who issues them, and says who it is.
#[test]
fn a_certificate_logs_in() {
    let authority = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&authority).unwrap();
    let issuer = Issuer::new(params, authority);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("ca.pem"), root.pem()).unwrap();
    for (name, address) in [("ann", "ann@mail.test"), ("stranger", "ann@elsewhere.example")] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = vec![SanType::Rfc822Name(address.try_into().unwrap())];
        let certificate = params.signed_by(&key, &issuer).unwrap();
        fs::write(path(&format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }
    let own = rcgen::generate_simple_self_signed(vec!["x".into()]).unwrap();
    fs::write(path("own.pem"), own.cert.pem()).unwrap();
    fs::write(path("own.key"), own.signing_key.serialize_pem()).unwrap();
    let server = Server::start(PROGRAM, &format!("tls.client_ca = '{}'", path("ca.pem")));
    if !installed("curl") {
        return;
    }
    fs::write(path("letter"), "From: ann@mail.test\r\nSubject: certified\r\n\r\nHi.\r\n").unwrap();
    let send = |certificate: Option<&str>| {
        let mut curl = Command::new("curl");
        curl.args(["-sSk", "--url", &format!("smtps://{}", server.port("Submissions"))])
            .args(["--user", "ann@mail.test:", "--login-options", "AUTH=EXTERNAL"])
            .args(["--mail-from", "ann@mail.test", "--mail-rcpt", "ann@mail.test", "-T", &path("letter")]);
        if let Some(name) = certificate {
            curl.args(["--cert", &path(&format!("{name}.pem")), "--key", &path(&format!("{name}.key"))]);
        }
        let out = curl.output().unwrap();
        (out.status.success(), String::from_utf8_lossy(&out.stderr).into_owned())
    };
    let (sent, said) = send(Some("ann"));
    assert!(sent, "{said}\n{}", server.log());
    assert!(received(&server).contains("ESMTPSA"), "{}", received(&server));
    // Of nobody here, issued by somebody else, or none at all.
    for other in [Some("stranger"), Some("own"), None] {
        let (sent, said) = send(other);
        assert!(!sent, "{other:?}: {said}");
    }
}
