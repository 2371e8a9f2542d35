//! The client alone: servers that do what they should not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "tests stop at what they do not expect"
)]

mod support;

use std::time::Duration;

use pop3_proto::{
    Client, Wants,
    client::{Answer, Config, Event, Limits, Request, Stls},
};
use support::host::tls;

const NOW: Duration = Duration::ZERO;

/// Events as text, all there are.
fn events(client: &mut Client) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(event) = client.poll() {
        all.push(format!("{event:?}"));
        if matches!(event, Event::Challenge(_)) {
            break;
        }
    }
    all
}

fn said(client: &mut Client) -> String {
    let out = String::from_utf8(client.transmit().to_vec()).unwrap();
    client.transmitted(usize::MAX, NOW);
    out
}

fn ready() -> Client {
    let mut client = Client::new(Config::default(), Limits::default(), Some(tls()), NOW);
    client.receive(b"+OK hello\r\n", NOW);
    events(&mut client);
    assert_eq!(said(&mut client), "CAPA\r\n");
    client.receive(b"+OK\r\nPIPELINING\r\nUIDL\r\nSASL PLAIN\r\n.\r\n", NOW);
    assert_eq!(events(&mut client), ["Ready"]);
    client
}

fn logged_in() -> Client {
    let mut client = ready();
    client.tell(Request::Login { user: "ann", password: "secret" }, NOW).unwrap();
    assert_eq!(said(&mut client), "USER ann\r\n");
    client.receive(b"+OK\r\n", NOW);
    events(&mut client);
    assert_eq!(said(&mut client), "PASS secret\r\n");
    client.receive(b"+OK\r\n", NOW);
    events(&mut client);
    assert!(client.logged_in());
    client
}

#[test]
fn t2_plaintext_behind_the_response_to_stls() {
    let mut client = Client::new(Config::default(), Limits::default(), None, NOW);
    client.receive(b"+OK\r\n", NOW);
    events(&mut client);
    client.receive(b"+OK\r\nSTLS\r\n.\r\n", NOW);
    events(&mut client);
    assert_eq!(said(&mut client), "CAPA\r\nSTLS\r\n");
    client.receive(b"+OK\r\n+OK\r\nUSER\r\n.\r\n", NOW);
    events(&mut client);
    assert_eq!(client.wants(), Wants::Secure);
    client.secured(tls(), NOW);
    let all = events(&mut client);
    assert!(all[0].contains("PlaintextAfterStls") && all[1] == "Closing", "{all:?}");
}

#[test]
fn t6_without_tls_nothing_is_said() {
    for capa in ["-ERR what?\r\n", "+OK\r\nUSER\r\n.\r\n"] {
        let mut client = Client::new(Config::default(), Limits::default(), None, NOW);
        client.receive(b"+OK\r\n", NOW);
        events(&mut client);
        client.receive(capa.as_bytes(), NOW);
        let all = events(&mut client);
        assert!(all[0].contains("TlsNotOffered"), "{all:?}");
        assert_eq!(said(&mut client), "CAPA\r\n");
    }
    let mut config = Config::default();
    config.stls = Stls::Never;
    let mut client = Client::new(config, Limits::default(), None, NOW);
    client.receive(b"+OK\r\n", NOW);
    events(&mut client);
    client.receive(b"-ERR\r\n", NOW);
    assert_eq!(events(&mut client), ["Ready"]);
    assert!(client.tell(Request::Login { user: "ann", password: "secret" }, NOW).is_err());
}

#[test]
fn w11_hostile_servers_end_the_session() {
    // Something that nothing was asked for.
    let mut client = logged_in();
    client.receive(b"+OK surprise\r\n", NOW);
    assert!(events(&mut client)[0].contains("Unsolicited"));
    // Not a status line.
    let mut client = logged_in();
    client.tell(Request::Noop, NOW).unwrap();
    client.receive(b"HTTP/1.1 200 OK\r\n", NOW);
    assert!(events(&mut client)[0].contains("Response(Noop)"));
    // A line without an end.
    let mut client = logged_in();
    client.tell(Request::Noop, NOW).unwrap();
    for _ in 0..100 {
        client.receive(&[b'a'; 1000], NOW);
        events(&mut client);
    }
    assert_eq!(client.wants(), Wants::Close);
    assert!(client.memory() < 200_000);
    // A list without an end, and one that is none.
    let mut limits = Limits::default();
    limits.list_lines = 10;
    limits.message_size = 100;
    let mut client = Client::new(Config::default(), limits, Some(tls()), NOW);
    client.receive(b"+OK\r\n", NOW);
    events(&mut client);
    for n in 0..20 {
        client.receive(if n == 0 { b"+OK\r\n" } else { b"X-LONG\r\n" }, NOW);
        events(&mut client);
    }
    assert_eq!(client.wants(), Wants::Close);
    for line in ["1\r\n", "x 5\r\n", "1 -5\r\n", "1 99999999999999999999999\r\n"] {
        let mut client = logged_in();
        client.tell(Request::List(None), NOW).unwrap();
        client.receive(format!("+OK\r\n{line}").as_bytes(), NOW);
        assert!(events(&mut client).iter().any(|event| event.contains("Response(List)")), "{line}");
    }
    let mut client = logged_in();
    client.tell(Request::Uidl(None), NOW).unwrap();
    client.receive(format!("+OK\r\n1 {}\r\n", "u".repeat(71)).as_bytes(), NOW);
    assert!(events(&mut client).iter().any(|event| event.contains("Response(Uidl)")));
}

#[test]
fn a_message_over_the_limit_ends_the_session() {
    let mut limits = Limits::default();
    limits.message_size = 100;
    let mut client = Client::new(Config::default(), limits, Some(tls()), NOW);
    client.receive(b"+OK\r\n", NOW);
    events(&mut client);
    client.receive(b"-ERR\r\n", NOW);
    events(&mut client);
    client.tell(Request::Retrieve(1), NOW).unwrap();
    client.receive(b"+OK\r\n", NOW);
    client.receive(&[b'a'; 200], NOW);
    assert!(events(&mut client).iter().any(|event| event.contains("TooLong")));
}

#[test]
fn authentication_in_both_forms() {
    let mut client = ready();
    client.tell(Request::Auth { mechanism: "PLAIN", initial: Some(b"\0ann\0secret") }, NOW).unwrap();
    assert_eq!(said(&mut client), "AUTH PLAIN AGFubgBzZWNyZXQ=\r\n");
    client.receive(b"-ERR [AUTH] no\r\n", NOW);
    assert!(events(&mut client)[0].contains("code: Some(Auth)"));
    // An initial response that makes the line too long goes in answer to an empty challenge.
    let long = vec![b'x'; 300];
    client.tell(Request::Auth { mechanism: "PLAIN", initial: Some(&long) }, NOW).unwrap();
    assert_eq!(said(&mut client), "AUTH PLAIN\r\n");
    client.receive(b"+ \r\n", NOW);
    assert!(events(&mut client).is_empty());
    assert_eq!(said(&mut client).len(), 402);
    client.receive(b"-ERR\r\n", NOW);
    events(&mut client);
    client.tell(Request::Auth { mechanism: "SCRAM-SHA-256", initial: None }, NOW).unwrap();
    said(&mut client);
    client.receive(b"+ aGVsbG8=\r\n", NOW);
    assert_eq!(events(&mut client).len(), 1);
    assert_eq!(client.wants(), Wants::Answer);
    client.answer(Answer::Response(b""), NOW).unwrap();
    assert_eq!(said(&mut client), "\r\n");
    client.receive(b"+ eA==\r\n", NOW);
    events(&mut client);
    client.answer(Answer::Cancel, NOW).unwrap();
    assert_eq!(said(&mut client), "*\r\n");
    client.receive(b"-ERR cancelled\r\n", NOW);
    events(&mut client);
    assert!(client.is_idle() && !client.logged_in());
}

#[test]
fn groups_go_out_at_once_where_they_are_taken() {
    let mut client = logged_in();
    for request in [Request::Stat, Request::List(Some(1)), Request::Retrieve(1), Request::Delete(1)] {
        client.tell(request, NOW).unwrap();
    }
    assert_eq!(said(&mut client), "STAT\r\nLIST 1\r\nRETR 1\r\nDELE 1\r\n");
    client.tell(Request::Quit, NOW).unwrap();
    assert!(client.tell(Request::Noop, NOW).is_err(), "nothing follows QUIT");
    client.receive(b"+OK 1 3\r\n+OK 1 3\r\n+OK\r\nx\r\n.\r\n", NOW);
    let all = events(&mut client);
    assert_eq!(all.len(), 5, "{all:?}");
    assert_eq!(said(&mut client), "", "QUIT waits for all others");
    client.receive(b"+OK\r\n", NOW);
    events(&mut client);
    assert_eq!(said(&mut client), "QUIT\r\n");
    client.receive(b"+OK\r\n", NOW);
    assert!(events(&mut client).contains(&"Closing".to_owned()));
}

#[test]
fn a_silent_server_is_given_up() {
    let mut client = logged_in();
    client.tell(Request::Noop, NOW).unwrap();
    said(&mut client);
    let at = Duration::from_secs(300);
    client.tick(at - Duration::from_secs(1));
    assert!(events(&mut client).is_empty());
    client.tick(at);
    assert!(events(&mut client)[0].contains("TimedOut(Noop)"));
    let mut client = logged_in();
    client.closed(NOW);
    assert!(events(&mut client)[0].contains("ConnectionLost"));
}

#[test]
fn secrets_are_not_shown() {
    let mut client = ready();
    client.tell(Request::Login { user: "ann", password: "hunter2" }, NOW).unwrap();
    assert!(!format!("{client:?} {:?}", Request::Login { user: "ann", password: "hunter2" }).contains("hunter2"));
    assert!(client.tell(Request::Login { user: "a\r\nDELE 1", password: "x" }, NOW).is_err());
    assert!(client.tell(Request::Login { user: "ann", password: "x\r\nDELE 1" }, NOW).is_err());
}

/// RFC 6856, 3: a language is told with its tag, and a list of them line by line.
#[test]
fn languages() {
    let mut client = logged_in();
    assert!(client.tell(Request::Language("de DE"), NOW).is_err() && client.tell(Request::Utf8, NOW).is_err());
    for request in [Request::Languages, Request::Language("de"), Request::Language("*"), Request::Language("xx")] {
        client.tell(request, NOW).unwrap();
    }
    assert_eq!(said(&mut client), "LANG\r\nLANG de\r\nLANG *\r\nLANG xx\r\n");
    client.receive("+OK\r\nde Deutsch\r\nfr Français\r\ni-default\r\n.\r\n".as_bytes(), NOW);
    client.receive("+OK de Ab jetzt schöner\r\n+OK fr\r\n-ERR nicht da\r\n".as_bytes(), NOW);
    let all = events(&mut client);
    assert_eq!(all.len(), 8, "{all:?}");
    assert_eq!(
        all[1..7],
        [
            r#"Language { tag: "de", description: "Deutsch" }"#,
            r#"Language { tag: "fr", description: "Français" }"#,
            r#"Language { tag: "i-default", description: "" }"#,
            "End",
            r#"LanguageChosen { tag: "de", text: "Ab jetzt schöner" }"#,
            r#"LanguageChosen { tag: "fr", text: "" }"#,
        ]
    );
    assert!(client.is_idle());
    for (request, line) in [
        (Request::Languages, &b"+OK\r\n1de Deutsch\r\n"[..]),
        (Request::Languages, b"+OK\r\nde Deutsch\xff\r\n"),
        (Request::Languages, b"+OK\r\nde Deutsch\x1b[2J\r\n"),
        (Request::Languages, b"+OK\r\n\r\n"),
        (Request::Language("de"), b"+OK\r\n"),
        (Request::Language("de"), b"+OK the language has changed to de\r\n"),
        (Request::Language("de"), b"+OK 1 x\r\n"),
    ] {
        let mut client = logged_in();
        client.tell(request, NOW).unwrap();
        client.receive(line, NOW);
        let all = events(&mut client);
        let read = line == b"+OK the language has changed to de\r\n";
        assert_eq!(all.iter().any(|event| event.contains("Response(Lang)")), !read, "{line:?}: {all:?}");
    }
}

/// RFC 6856, 2: UTF8 is for before login, and names beyond ASCII for servers that have said that they take them.
#[test]
fn utf8_before_login() {
    let mut client = ready();
    client.tell(Request::Utf8, NOW).unwrap();
    assert_eq!(said(&mut client), "UTF8\r\n");
    client.receive(b"+OK\r\n", NOW);
    assert!(events(&mut client)[0].contains("step: Utf8"));
    let login = Request::Login { user: "jürgen", password: "secret" };
    assert!(client.tell(login, NOW).is_err());
    assert!(client.tell(Request::Login { user: "ann", password: "geheimnisträger" }, NOW).is_err());
    let mut client = Client::new(Config::default(), Limits::default(), Some(tls()), NOW);
    client.receive(b"+OK\r\n", NOW);
    events(&mut client);
    client.receive(b"+OK\r\nUTF8 USER\r\nEXPIRE 3\r\nLOGIN-DELAY 60\r\n.\r\n", NOW);
    events(&mut client);
    assert_eq!(client.capabilities().login_delay.map(|delay| delay.seconds), Some(60));
    client.tell(login, NOW).unwrap();
}
