//! What the extensions say of themselves: CAPA's policies, LANG and UTF8.

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
    Limits,
    capabilities::{Expire, LoginDelay, Retention},
    language::{DEFAULT, Language, TEXTS, choose, is_range, is_tag},
    server::{Answer, Config, Event, Notice},
};
use support::host::{Host, languages, tls};

const NOW: Duration = Duration::ZERO;

#[test]
fn a_user_of_its_own_has_its_own_policy() {
    let mut config = Config::default();
    config.expire = Some(Expire { retention: Retention::Days(5), per_user: true });
    let mut host = Host::new(config, Limits::default(), Some(tls()));
    assert!(host.server.tell(Notice::Retention(Retention::Never), NOW).is_err(), "there is no user yet");
    assert!(host.server.tell(Notice::LoginDelay(1), NOW).is_err());
    assert!(host.line("CAPA").contains("\r\nEXPIRE 5 USER\r\n"));
    host.line("USER ann");
    host.line("PASS two words");
    assert!(host.line("CAPA").contains("\r\nEXPIRE 5\r\n"));
    host.server.tell(Notice::Retention(Retention::Never), NOW).unwrap();
    host.server.tell(Notice::LoginDelay(60), NOW).unwrap();
    let capa = host.line("CAPA");
    assert!(capa.contains("\r\nEXPIRE NEVER\r\nLOGIN-DELAY 60\r\n"), "{capa}");
}

#[test]
fn a_login_that_comes_too_soon_is_no_wrong_password() {
    let mut host = Host::secure();
    for _ in 0..10 {
        host.line("USER ann");
        assert!(host.line("PASS too soon").starts_with("-ERR [LOGIN-DELAY]"));
    }
    assert!(!host.over());
}

#[test]
fn capabilities_that_are_malformed_are_kept_as_they_are() {
    let lines = [
        "EXPIRE",
        "EXPIRE -1",
        "EXPIRE +5",
        "EXPIRE 5 users",
        "EXPIRE 99999999999",
        "LOGIN-DELAY x",
        "LOGIN-DELAY 5 USER 6",
    ];
    let mut offers = pop3_proto::Capabilities::new();
    lines.iter().for_each(|line| offers.read(line));
    assert_eq!((offers.expire, offers.login_delay), (None, None));
    assert_eq!(offers.others, lines);
    for line in ["expire never user", "login-delay 010", "utf8 user", "lang"] {
        offers.read(line);
    }
    assert_eq!(offers.expire, Some(Expire { retention: Retention::Never, per_user: true }));
    assert_eq!(offers.login_delay, Some(LoginDelay { seconds: 10, per_user: false }));
    assert!(offers.utf8 && offers.utf8_user && offers.lang);
}

/// RFC 4647, 2.1
#[test]
fn language_ranges() {
    for range in ["*", "de", "en-GB", "i-default", "zh-Hant-TW", "x-1", "abcdefgh-12345678"] {
        assert!(is_range(range), "{range}");
    }
    for range in
        ["", "-", "de-", "-de", "de--CH", "1de", "abcdefghi", "en-123456789", "de_CH", "*-CH", "de-*", "dé", "**"]
    {
        assert!(!is_range(range), "{range}");
    }
    assert!(!is_tag("*"));
}

/// RFC 4647, 3.4 and its example, with the range without its last parts; then 3.3.1.
#[test]
fn languages_are_looked_up() {
    let offered = |tags: &[&str]| tags.iter().map(|tag| Language::new(*tag, "").unwrap()).collect::<Vec<_>>();
    let chinese = offered(&["zh", "zh-Hant", "zh-Hant-CN", "zh-Hant-CN-x"]);
    assert_eq!(choose(&chinese, "zh-Hant-CN-x-private1-private2"), Some(2), "a lone x is no part of its own");
    let chinese = offered(&["zh-hant", "zh"]);
    assert_eq!(choose(&chinese, "ZH-Hant-CN-x-private1"), Some(0));
    let english = offered(&["fr-CA", "en-GB-oxendict", "en"]);
    assert_eq!(choose(&english, "en-GB"), Some(2), "shorter comes before longer");
    assert_eq!(choose(&english, "fr"), Some(0));
    assert_eq!(choose(&english, "f"), None, "whole parts only");
    assert_eq!(choose(&english, DEFAULT), None);
    assert_eq!((choose(&english, "*"), choose(&[], "*")), (Some(0), None));
}

/// RFC 6856, 3.2: all that is said for people is in the language; what is for programs stays.
#[test]
fn every_text_can_be_said_in_another_language() {
    let marked = TEXTS
        .iter()
        .fold(Language::new("x-t", "").unwrap(), |language, text| language.says(*text, format!("«{text}»")));
    let mut config = Config::default();
    config.languages = vec![marked];
    config.stls = true;
    config.mechanisms = vec!["PLAIN".to_owned()];
    let mut limits = Limits::default();
    (limits.hard_errors, limits.hard_errors_before_login) = (100, 100);
    limits.auth_failures = 100;
    let run = |lines: &[&str], tls| {
        let mut host = Host::new(config.clone(), limits.clone(), tls);
        assert_eq!(host.line("LANG *"), "+OK x-t «Language changed»\r\n");
        for line in lines {
            let said = host.line(line);
            let first = said.lines().next().unwrap_or_default();
            let words = first.trim_start_matches(|c: char| c != ' ').trim_start().trim_start_matches("[AUTH] ");
            let plain = words.chars().all(|c| c.is_ascii_digit() || c == ' ') || words == "1 u1" || first == "+ ";
            let numbers = words.contains("«octets»");
            assert!(plain || numbers || (words.starts_with('«') && words.ends_with('»')), "{line}: {said}");
        }
        host
    };
    let long = "x".repeat(2_000);
    let lines = [
        "CAPA",
        "LANG",
        "LANG xx",
        "LANG 1",
        "NOOP",
        "STLS",
        "UTF8",
        "X",
        "RETR x",
        "AUTH",
        "AUTH X",
        "AUTH PLAIN",
        "*",
        "AUTH PLAIN",
        "!",
        "USER x",
        "PASS x",
        "PASS x",
        &long,
        "USER ann",
        "PASS two words",
        "UTF8",
        "STAT",
        "LIST",
        "LIST 1",
        "UIDL",
        "UIDL 1",
        "RETR 1",
        "TOP 1 1",
        "DELE 1",
        "DELE 1",
        "RSET",
        "NOOP",
        "QUIT",
    ];
    let mut all = run(&lines, Some(tls())).said;
    all += &run(&["USER ann", "STLS"], None).said;
    all += &run(&["GET /"], Some(tls())).said;
    all += &run(&["APOP ann c4c9334bac560ecc979e58001b3e22fb", "X\u{7f}"], Some(tls())).said;
    all += &run(&[], Some(tls())).send(b"a\n");
    all += &run(&[], Some(tls())).send(b"STLS\r\nCAPA\r\n");
    let mut host = run(&[], Some(tls()));
    host.server.tell(Notice::Shutdown, NOW).unwrap();
    host.go();
    all += &host.said;
    // The other two end a session that cannot be brought about here.
    let silent = TEXTS.iter().filter(|text| !all.contains(&format!("«{text}»"))).collect::<Vec<_>>();
    assert_eq!(silent, [&"Not possible now", &"Plaintext after STLS"]);
}

/// RFC 6856, 2.1 and 3.2: beyond ASCII only to those who have asked for it.
#[test]
fn texts_are_ascii_until_utf8_or_lang() {
    let greeted = |config: Config| Host::new(config, Limits::default(), Some(tls()));
    let mut config = Config::default();
    config.languages = languages();
    config.greeting = "Grüße".to_owned();
    let mut host = greeted(config.clone());
    assert_eq!(host.said, "+OK Gr??e\r\n");
    assert!(!host.server.utf8() && host.server.language().is_none());
    host.line("USER ann");
    host.server.receive(b"PASS x\r\n", NOW);
    assert!(matches!(host.server.poll(), Some(Event::Login { .. })));
    let refusal = || pop3_proto::Response::err(None, "Grüße");
    host.server.answer(Answer::Reply(refusal()), NOW).unwrap();
    host.go();
    assert!(host.said.ends_with("-ERR Gr??e\r\n"));
    for (line, language) in [("UTF8", None), ("LANG de", Some("de")), ("LANG i-default", Some("i-default"))] {
        let mut host = greeted(config.clone());
        host.line(line);
        assert_eq!((host.server.utf8(), host.server.language()), (language.is_none(), language));
        host.line("USER ann");
        host.server.receive(b"PASS x\r\n", NOW);
        host.server.poll();
        host.server.answer(Answer::Reply(refusal()), NOW).unwrap();
        host.go();
        assert!(host.said.ends_with("-ERR Grüße\r\n"), "{line}");
    }
}

/// RFC 6856, 2.1: what was said before STLS does not count, UTF8 among it.
#[test]
fn utf8_is_forgotten_by_stls() {
    let mut config = Config::default();
    config.stls = true;
    let mut host = Host::new(config, Limits::default(), None);
    host.line("UTF8");
    assert!(host.server.utf8());
    host.line("STLS");
    host.server.secured(tls(), NOW);
    host.go();
    assert!(!host.server.utf8());
}
