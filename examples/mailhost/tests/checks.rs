//! Who sent this? Mail of strangers is accepted, marked, put into Junk and refused as the records of real DNS say; mail of users is signed.

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

use serde_json::Value;
use support::{Server, crash::mailbox, dns::Dns, installed, user::User};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mailhost");

/// What the domains of these tests say of their mail.
const RECORDS: &[(&str, &str)] = &[
    ("good.test", "v=spf1 ip4:127.0.0.0/8 -all"),
    ("_dmarc.good.test", "v=DMARC1; p=reject"),
    ("strict.test", "v=spf1 -all"),
    ("_dmarc.strict.test", "v=DMARC1; p=reject"),
    ("wary.test", "v=spf1 -all"),
    ("_dmarc.wary.test", "v=DMARC1; p=quarantine"),
    ("watching.test", "v=spf1 -all"),
    ("_dmarc.watching.test", "v=DMARC1; p=none"),
];

fn dns() -> Dns {
    let mut more: Vec<String> = RECORDS.iter().map(|(name, text)| txt(name, text)).collect();
    // its server does not answer
    more.push("--server=/silent.test/127.0.0.1#9".into());
    Dns::with(&more)
}

/// A record of texts, in pieces of the length that one string has.
fn txt(name: &str, text: &str) -> String {
    let pieces: Vec<String> =
        text.as_bytes().chunks(250).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect();
    format!("--txt-record={name},{}", pieces.join(","))
}

/// A server that trusts nobody.
fn start(dns: &Dns, more: &str) -> Server {
    Server::start(PROGRAM, &format!("trusted = []\n{more}\n{}", dns.config()))
}

/// Sends a letter as another server would, and gives the reply to its end.
fn send(server: &Server, from: &str, author: &str, more: &str) -> String {
    let mut talk = server.talk("Smtp");
    assert!(talk.reply().starts_with("220"));
    assert!(talk.say("EHLO client.example").starts_with("250"));
    talk.envelope(from, &["ann@mail.test"]);
    talk.content(&letter(author, more))
}

fn letter(author: &str, more: &str) -> String {
    format!("{more}From: {author}\r\nTo: ann@mail.test\r\nSubject: hello\r\n\r\nHello.\r\n")
}

/// The header of a message, unfolded.
fn header(mail: &str) -> String {
    let header = mail.split_once("\r\n\r\n").unwrap().0;
    header.replace("\r\n\t", " ").replace("\r\n ", " ")
}

fn stored(server: &Server) -> u64 {
    let out = server.run(&["status", "--json"]);
    serde_json::from_slice::<Value>(&out.stdout).unwrap()["messages"].as_u64().unwrap()
}

#[test]
fn mail_is_marked_as_its_domain_says() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = dns();
    let server = start(&dns, "");
    // A-R of our own that a stranger brings is a lie, in any disguise; others' stay (RFC 8601, 5).
    let forged = "Authentication-Results: MX.mail.test; dmarc=pass header.from=good.test\r\n\
                  Authentication-Results: (hi) \"mx.mail.test\" 1; spf=fail\r\n\
                  Authentication-Results: relay.example; spf=neutral\r\n";
    let reply = send(&server, "you@good.test", "you@good.test", forged);
    assert!(reply.starts_with("250"), "{reply}");
    let mail = mailbox(&server, "ann@mail.test");
    let header = header(&mail[0]);
    assert_eq!(header.matches("Authentication-Results: mx.mail.test;").count(), 1, "{header}");
    assert!(!header.contains("MX.mail.test") && !header.contains("(hi)"), "{header}");
    assert!(header.contains("Authentication-Results: relay.example; spf=neutral"), "{header}");
    let results = header.lines().find(|line| line.starts_with("Authentication-Results: mx.mail.test;")).unwrap();
    for part in [
        "spf=pass smtp.mailfrom=you@good.test",
        "dkim=none",
        "dmarc=pass header.from=good.test policy.dmarc=reject",
        "arc=none",
        "iprev=",
    ] {
        assert!(results.contains(part), "{part}: {results}");
    }
    assert!(header.contains("Received-SPF: pass"), "{header}");
    // what is found at the end stands above the field of this host that was written at the beginning
    assert!(header.find("Authentication-Results: mx").unwrap() < header.find("Received: from").unwrap(), "{header}");
}

#[test]
fn d1_mail_that_only_claims_to_be_of_its_author_is_refused() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = dns();
    let server = start(&dns, "");
    let reply = send(&server, "you@strict.test", "boss@strict.test", "");
    assert!(reply.starts_with("550 5.7.1 ") && reply.contains("strict.test") && reply.contains("DMARC"), "{reply}");
    // a reverse-path that passes for another domain does not help the author
    let reply = send(&server, "you@good.test", "boss@strict.test", "");
    assert!(reply.starts_with("550 5.7.1 "), "{reply}");
    // nor do two authors, or none
    let reply = send(&server, "you@good.test", "you@good.test, boss@strict.test", "");
    assert!(reply.starts_with("550 5.7.1 "), "{reply}");
    let reply = send(&server, "you@good.test", "you@good.test", "From: boss@strict.test\r\n");
    assert!(reply.starts_with("550 5.7.1 "), "{reply}");
    assert_eq!(stored(&server), 0);
}

#[test]
fn suspicious_mail_goes_to_junk() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = dns();
    let server = start(&dns, "");
    assert!(send(&server, "you@wary.test", "you@wary.test", "").starts_with("250"));
    assert!(mailbox(&server, "ann@mail.test").is_empty(), "it is not in INBOX");
    assert_eq!(stored(&server), 1, "it is in Junk");
    // who only watches gets reports, and nobody's mail is touched
    assert!(send(&server, "you@watching.test", "you@watching.test", "").starts_with("250"));
    let mail = mailbox(&server, "ann@mail.test");
    assert!(header(&mail[0]).contains("dmarc=fail header.from=watching.test policy.dmarc=none"), "{}", mail[0]);
}

#[test]
fn the_operator_decides_what_follows() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = dns();
    let server = start(&dns, "[filter.dmarc]\nreject = false\nquarantine = false\n[filter.spf]\nreject = true");
    let mut talk = server.talk("Smtp");
    assert!(talk.reply().starts_with("220"));
    assert!(talk.say("EHLO client.example").starts_with("250"));
    let reply = talk.say("MAIL FROM:<you@strict.test>");
    assert!(reply.starts_with("550 5.7.23 ") && reply.contains("strict.test"), "{reply}");
    // not refused, but not trusted either
    assert!(send(&server, "you@good.test", "boss@strict.test", "").starts_with("250"));
    assert_eq!((stored(&server), mailbox(&server, "ann@mail.test").len()), (1, 0));
    // delivered
    assert!(send(&server, "you@good.test", "you@wary.test", "").starts_with("250"));
    assert_eq!(mailbox(&server, "ann@mail.test").len(), 1);
}

#[test]
fn s6_a_dns_that_does_not_answer_refuses_nobody() {
    if !installed("dnsmasq") {
        return;
    }
    let dns = dns();
    let server = start(&dns, "[filter]\ntime = 3");
    let since = Instant::now();
    let reply = send(&server, "you@silent.test", "you@silent.test", "");
    assert!(reply.starts_with("250"), "{reply}");
    assert!(since.elapsed() < Duration::from_secs(20), "it is bounded in time");
    let mail = mailbox(&server, "ann@mail.test");
    assert!(header(&mail[0]).contains("spf=temperror"), "{}", mail[0]);
}

#[test]
fn explain_says_what_the_server_does() {
    let folder = tempfile::tempdir().unwrap();
    let zone = folder.path().join("zone");
    let records: String = RECORDS.iter().map(|(name, text)| format!("{name}. IN TXT \"{text}\"\n")).collect();
    fs::write(&zone, records).unwrap();
    let explain = |author: &str, from: &str, more: &[&str]| {
        let file = folder.path().join("letter.eml");
        // as an editor saves it
        fs::write(&file, letter(author, "").replace("\r\n", "\n")).unwrap();
        let out = Command::new(PROGRAM)
            .arg("explain")
            .arg(&file)
            .args(["--ip", "127.0.0.1", "--helo", "client.example", "--from", from, "--dns"])
            .arg(&zone)
            .args(more)
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    let told: Value = serde_json::from_str(&explain("boss@strict.test", "you@strict.test", &["--json"])).unwrap();
    assert_eq!(told["disposition"], "refuse");
    assert!(told["reply"].as_str().unwrap().starts_with("550 5.7.1 "), "{told}");
    let results: Vec<_> =
        told["checks"].as_array().unwrap().iter().map(|row| (&row["check"], &row["result"])).collect();
    assert!(results.contains(&(&"spf".into(), &"fail".into())), "{told}");
    assert!(results.contains(&(&"dmarc".into(), &"fail".into())), "{told}");
    let told: Value = serde_json::from_str(&explain("you@wary.test", "you@wary.test", &["--json"])).unwrap();
    assert_eq!(told["disposition"], "junk");
    let table = explain("you@good.test", "you@good.test", &[]);
    for part in
        ["spf     pass", "good.test", "dmarc   pass", "verdict: deliver to INBOX", "Authentication-Results: mail.test;"]
    {
        assert!(table.contains(part), "{part}\n{table}");
    }
}

/// Two servers: what the one signs, the other finds right; so does another implementation.
#[test]
fn what_users_send_is_signed() {
    if !installed("dnsmasq") {
        return;
    }
    // the keys first, since their records have to be there
    let keys = tempfile::tempdir().unwrap();
    let config = keys.path().join("mailhost.toml");
    fs::write(&config, "hostname = 'mx.a.test'\ndomains = ['a.test']\ndata = 'data'\n").unwrap();
    let run = |arguments: &[&str]| {
        let out = Command::new(PROGRAM).arg("--config").arg(&config).args(arguments).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    let printed = run(&["dkim", "generate", "a.test", "--selector", "s1"]);
    assert_eq!(printed.lines().count(), 2, "{printed}");
    assert_eq!(run(&["dkim", "list"]).lines().count(), 2);
    let again = Command::new(PROGRAM)
        .arg("--config")
        .arg(&config)
        .args(["dkim", "generate", "a.test", "--selector", "s1"])
        .output();
    assert!(!again.unwrap().status.success(), "keys that are in use are not written over");
    let all = run(&["dns-records", "a.test"]);
    for part in [
        "a.test. IN MX 10 mx.a.test.",
        "\"v=spf1 mx -all\"",
        "s1-rsa._domainkey.a.test. IN TXT",
        "_dmarc.a.test. IN TXT",
    ] {
        assert!(all.contains(part), "{part}\n{all}");
    }
    // The records are published as they are printed.
    let records: Vec<(String, String)> = all
        .lines()
        .filter(|line| !line.starts_with(';'))
        .filter_map(|line| line.split_once(". IN TXT "))
        .map(|(name, text)| (name.to_owned(), text.replace("\" \"", "").trim_matches('"').to_owned()))
        .collect();
    let dns = Dns::with(&records.iter().map(|(name, text)| txt(name, text)).collect::<Vec<_>>());
    let relay = format!("[relay]\nport = {}\nprivate_networks = true\nretry = [1]\n{}", dns.mail_port, dns.config());
    let server = |name: &str, user: &str| {
        let extra = format!("trusted = []\ndomains = ['{name}.test']\n{relay}");
        Server::with(PROGRAM, &format!("mx.{name}.test"), &dns.host(name).to_string(), &extra, &[user])
    };
    let mut a = server("a", "ann@a.test");
    let b = server("b", "ben@b.test");
    // the keys come into a server that runs
    let to = a.folder.path().join("data/dkim/a.test");
    fs::create_dir_all(&to).unwrap();
    for entry in fs::read_dir(keys.path().join("data/dkim/a.test")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    let hangup = Command::new("kill").args(["-HUP", &a.child.id().to_string()]).status().unwrap();
    assert!(hangup.success());
    let since = Instant::now();
    while !a.log().contains("are in use") {
        assert!(since.elapsed() < Duration::from_secs(10), "{}", a.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    let text = "From: ann@a.test\r\nTo: ben@b.test\r\nSubject: signed\r\nContent-Type: text/plain\r\n\r\nHello.  \r\n.dots\r\n\r\n\r\n";
    User::login(&a, "ann@a.test").send("<ann@a.test>", &["<ben@b.test>"], &text.replace("\r\n.", "\r\n.."));
    let since = Instant::now();
    let mail = loop {
        let mail = mailbox(&b, "ben@b.test");
        if let Some(mail) = mail.into_iter().next() {
            break mail;
        }
        assert!(since.elapsed() < Duration::from_secs(40), "{}\n{}", a.log(), b.log());
        std::thread::sleep(Duration::from_millis(100));
    };
    let header = header(&mail);
    for part in [
        "dkim=pass header.d=a.test header.i=@a.test header.a=rsa-sha256 header.s=s1-rsa",
        "dkim=pass header.d=a.test header.i=@a.test header.a=ed25519-sha256 header.s=s1-ed25519",
        "dmarc=pass header.from=a.test policy.dmarc=none",
    ] {
        assert!(header.contains(part), "{part}\n{header}");
    }
    verified_elsewhere(&mail, &records);
    let ended = a.terminate();
    assert!(ended.success(), "{ended}");
}

/// Other implementations verify each signature, where they are installed.
fn verified_elsewhere(mail: &str, records: &[(String, String)]) {
    if installed("opendkim") {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let zone: String = records.iter().map(|(name, text)| format!("{name} {text}\n")).collect();
        fs::write(path("zone"), zone).unwrap();
        let config = format!("Mode v\nTestDNSData file:{}\n", path("zone").display());
        fs::write(path("config"), config).unwrap();
        // it tells of one signature alone
        for (selector, other) in [("s1-rsa", "s1-ed25519"), ("s1-ed25519", "s1-rsa")] {
            let (header, body) = mail.split_once("\r\n\r\n").unwrap();
            let unfolded = header.replace("\r\n\t", "\0\t").replace("\r\n ", "\0 ");
            let other = format!("s={other};");
            let kept: Vec<&str> = unfolded
                .split("\r\n")
                .filter(|field| !field.starts_with("DKIM-Signature:") || !field.contains(&other))
                .collect();
            let one = format!("{}\n\n{body}", kept.join("\n")).replace('\0', "\n").replace("\r\n", "\n");
            fs::write(path("mail"), one).unwrap();
            let mut opendkim = Command::new("opendkim");
            let out = opendkim.arg("-x").arg(path("config")).arg("-t").arg(path("mail")).arg("-v").output().unwrap();
            let said = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
            let right =
                said.lines().any(|line| line.contains(&format!("s={selector},")) && line.ends_with("succeeded"));
            assert!(right, "{said}");
        }
    }
    let python = std::env::var("MAILWRIGHT_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = Command::new(&python).args(["-c", "import dkim, nacl"]).output().is_ok_and(|out| out.status.success());
    if !has {
        println!("skipped: {python} has no dkimpy (MAILWRIGHT_PYTHON names one that has)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mail_file, zone_file) = (folder.path().join("mail"), folder.path().join("zone.json"));
    fs::write(&mail_file, mail).unwrap();
    let zone: serde_json::Map<String, Value> =
        records.iter().map(|(name, text)| (name.clone(), text.clone().into())).collect();
    fs::write(&zone_file, Value::Object(zone).to_string()).unwrap();
    let script = "import sys, json, dkim\n\
        mail = open(sys.argv[1], 'rb').read()\n\
        zone = json.load(open(sys.argv[2]))\n\
        find = lambda name, timeout=5: zone.get(name.decode().rstrip('.'), '').encode()\n\
        print([dkim.DKIM(mail).verify(idx=i, dnsfunc=find) for i in range(2)])\n";
    let out = Command::new(&python).args(["-c", script]).args([&mail_file, &zone_file]).output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert_eq!(said.trim(), "[True, True]", "{}", String::from_utf8_lossy(&out.stderr));
}
