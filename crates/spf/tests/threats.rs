//! Known attacks, each by its row.

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

use std::{fmt::Write as _, time::Duration};

use dns::{Absence, Inquiry, Kind, Mx, Name, QuestionId, RecordSet, Response, Step, Zone, drive};
use spf::{CheckHost, Config, Identity, Limits, Reason, Record, RecordError, SpfResult, SyntaxError, Verdict};

const CLIENT: &str = "192.0.2.17";

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A zone of texts, addresses and, behind `MX `, hosts.
fn zone(records: &[(&str, &str)]) -> Zone {
    let mut zone = Zone::new();
    for (owner, data) in records {
        let records = match data.strip_prefix("MX ") {
            Some(host) => RecordSet::Mx(vec![Mx { preference: 10, exchange: name(host) }]),
            None => match data.parse() {
                Ok(address) => RecordSet::A(vec![address]),
                Err(_) => RecordSet::Txt(vec![(*data).into()]),
            },
        };
        zone.add(name(owner), records);
    }
    zone
}

fn mail_from(sender: &str) -> CheckHost {
    mail_from_within(sender, Limits::default())
}

fn mail_from_within(sender: &str, limits: Limits) -> CheckHost {
    let mut config = Config::new("mx.example.com");
    config.explain = true;
    CheckHost::mail_from(CLIENT.parse().unwrap(), "mail.example.net", sender, &config, limits, Duration::ZERO)
}

fn verdict(zone: &Zone, sender: &str) -> Verdict {
    drive::blocking(mail_from(sender), |name, kind| zone.lookup(name, kind))
}

/// How many questions it takes.
fn questions(zone: &Zone, sender: &str) -> (Verdict, usize) {
    let mut count = 0;
    let verdict = drive::blocking(mail_from(sender), |name, kind| {
        count += 1;
        zone.lookup(name, kind)
    });
    (verdict, count)
}

#[test]
fn s1_loops_of_includes_and_redirects_end() {
    let zone = zone(&[
        ("a.example", "v=spf1 include:b.example -all"),
        ("b.example", "v=spf1 include:a.example -all"),
        ("c.example", "v=spf1 redirect=c.example"),
    ]);
    for sender in ["x@a.example", "x@c.example"] {
        let (verdict, count) = questions(&zone, sender);
        assert_eq!((verdict.result, verdict.reason), (SpfResult::Permerror, Reason::Lookups(10)));
        assert_eq!(count, 11);
    }
}

#[test]
fn s1_the_eleventh_term_that_asks_is_one_too_many_in_all_records_together() {
    let mut zone = zone(&[
        ("ten.example", "v=spf1 include:nine.example ip4:192.0.2.17 -all"),
        ("eleven.example", "v=spf1 include:nine.example a:h.example ip4:192.0.2.17 -all"),
        ("h.example", "198.51.100.1"),
    ]);
    let nine = format!("v=spf1{}", " a:h.example".repeat(9));
    zone.add(name("nine.example"), RecordSet::Txt(vec![(&*nine).into()]));
    assert_eq!(verdict(&zone, "x@ten.example").result, SpfResult::Pass);
    assert_eq!(verdict(&zone, "x@eleven.example").reason, Reason::Lookups(10));
}

#[test]
fn s1_mail_hosts_are_ten_at_most_and_asked_for_at_once() {
    let hosts = |count: u16| {
        let host = |at| Mx { preference: at, exchange: name(&format!("h{at}.example")) };
        RecordSet::Mx((0..count).map(host).collect())
    };
    let mut zone = zone(&[("ten.example", "v=spf1 mx -all"), ("eleven.example", "v=spf1 mx -all")]);
    zone.add(name("ten.example"), hosts(10));
    zone.add(name("eleven.example"), hosts(11));
    zone.add(name("h9.example"), RecordSet::A(vec![CLIENT.parse().unwrap()]));
    assert_eq!(verdict(&zone, "x@eleven.example").reason, Reason::MxNames(10));
    assert_eq!(verdict(&zone, "x@ten.example").result, SpfResult::Pass);

    let mut check = mail_from("x@ten.example");
    for expected in [1, 1, 10] {
        let mut open: Vec<(QuestionId, Response)> = Vec::new();
        while let Step::Ask(question) = check.step() {
            open.push((question.id, zone.lookup(question.name, question.kind)));
        }
        assert_eq!(open.len(), expected);
        for (id, response) in open {
            check.answer(id, response.as_answer());
        }
    }
    assert_eq!(check.verdict().unwrap().result, SpfResult::Pass);
}

#[test]
fn s1_names_of_the_client_are_ten_at_most() {
    let mut zone = zone(&[("a.example", "v=spf1 ptr -all")]);
    let names = |count| (0..count).map(|at| name(&format!("h{at}.a.example"))).collect();
    zone.add(Name::reverse(CLIENT.parse().unwrap()), RecordSet::Ptr(names(1_000)));
    let (verdict, count) = questions(&zone, "x@a.example");
    assert_eq!((verdict.result, count), (SpfResult::Fail, 1 + 1 + 10));
}

#[test]
fn s1_the_third_term_without_records_is_one_too_many() {
    let zone = zone(&[
        ("two.example", "v=spf1 a:x.example mx:y.example ?all"),
        ("three.example", "v=spf1 a:x.example mx:y.example exists:z.example ?all"),
    ]);
    assert_eq!(verdict(&zone, "x@two.example").result, SpfResult::Neutral);
    assert_eq!(verdict(&zone, "x@three.example").reason, Reason::Voids(2));
    let mut limits = Limits::default();
    limits.voids = 3;
    let check = mail_from_within("x@three.example", limits);
    let patient = drive::blocking(check, |name, kind| zone.lookup(name, kind));
    assert_eq!((patient.result, patient.voids), (SpfResult::Neutral, 3));
}

#[test]
fn s1_hosts_without_an_address_of_the_clients_kind_count_once() {
    let mut zone = zone(&[("a.example", "v=spf1 mx ?all"), ("h.example", "192.0.2.1")]);
    let hosts = vec![Mx { preference: 1, exchange: name("h.example") }; 5];
    zone.add(name("a.example"), RecordSet::Mx(hosts));
    let config = Config::new("mx.example.com");
    let client = "2001:db8::1".parse().unwrap();
    let check =
        CheckHost::mail_from(client, "mail.example.net", "x@a.example", &config, Limits::default(), Duration::ZERO);
    let verdict = drive::blocking(check, |name, kind| zone.lookup(name, kind));
    assert_eq!((verdict.result, verdict.voids), (SpfResult::Neutral, 1));
}

#[test]
fn s1_time_is_over_at_twenty_seconds() {
    let mut check = mail_from("x@a.example");
    assert_eq!(check.deadline(), Some(Duration::from_secs(20)));
    let Step::Ask(question) = check.step() else { panic!("a question") };
    let id = question.id;
    assert_eq!(check.step(), Step::Wait);
    check.tick(Duration::from_millis(19_999));
    assert_eq!(check.step(), Step::Wait);
    check.tick(Duration::from_secs(20));
    let Step::Done(verdict) = check.step() else { panic!("a verdict") };
    assert_eq!((verdict.result, verdict.reason), (SpfResult::Temperror, Reason::Time));
    // What comes late changes nothing.
    let zone = zone(&[("a.example", "v=spf1 +all")]);
    check.answer(id, zone.lookup(&name("a.example"), Kind::Txt).as_answer());
    assert_eq!(check.deadline(), None);
    assert_eq!(check.step(), Step::Done(verdict));
}

#[test]
fn s1_an_explanation_that_does_not_come_leaves_the_fail() {
    let zone = zone(&[("a.example", "v=spf1 -all exp=e.example")]);
    let mut check = mail_from("x@a.example");
    let Step::Ask(question) = check.step() else { panic!("a question") };
    let (id, response) = (question.id, zone.lookup(question.name, question.kind));
    check.answer(id, response.as_answer());
    assert!(matches!(check.step(), Step::Ask(question) if question.to_string() == "e.example TXT"));
    check.tick(Duration::from_secs(30));
    assert!(matches!(check.step(), Step::Done(verdict) if verdict.result == SpfResult::Fail));
    assert_eq!(check.explanation(), None);
}

#[test]
fn s2_macros_of_any_size_stay_within_a_name() {
    let local = "x".repeat(63);
    let mut zone = Zone::new();
    let text = format!("v=spf1 exists:{}%{{i}}.%{{d}} -all", "%{l999999r-}.".repeat(100));
    zone.add(name("a.example"), RecordSet::Txt(vec![(&*text).into()]));
    let mut longest = 0;
    let result = drive::blocking(mail_from(&format!("{local}@a.example")), |name, kind| {
        longest = longest.max(name.as_str().len());
        zone.lookup(name, kind)
    });
    assert_eq!(result.result, SpfResult::Fail);
    assert!((200..=253).contains(&longest), "{longest}");
}

#[test]
fn s2_the_clients_name_is_not_looked_up_where_that_is_turned_off() {
    let zone = zone(&[("a.example", "v=spf1 exists:%{p}.b.example -all"), ("unknown.b.example", "127.0.0.2")]);
    let mut config = Config::new("mx.example.com");
    config.look_up_p = false;
    let client = CLIENT.parse().unwrap();
    let check =
        CheckHost::mail_from(client, "mail.example.net", "x@a.example", &config, Limits::default(), Duration::ZERO);
    let mut asked = String::new();
    let verdict = drive::blocking(check, |name, kind| {
        write!(asked, "{name} {kind}; ").unwrap();
        zone.lookup(name, kind)
    });
    assert_eq!((verdict.result, &*asked), (SpfResult::Pass, "a.example TXT; unknown.b.example A; "));
}

#[test]
fn s3_explanations_are_bounded_and_not_asked_for_unless_wanted() {
    let long = "no %{h} ".repeat(100);
    let zone = zone(&[("a.example", "v=spf1 -all exp=e.example"), ("e.example", &long)]);
    let mut check = mail_from("x@a.example");
    drive::blocking_mut(&mut check, |name, kind| zone.lookup(name, kind));
    assert_eq!(check.explanation().map(str::len), Some(250));
    let config = Config::new("mx.example.com");
    let client = CLIENT.parse().unwrap();
    let check =
        CheckHost::mail_from(client, "mail.example.net", "x@a.example", &config, Limits::default(), Duration::ZERO);
    let verdict = drive::blocking(check, |name, kind| {
        assert_ne!(*name, "e.example");
        zone.lookup(name, kind)
    });
    assert_eq!(verdict.result, SpfResult::Fail);
}

#[test]
fn s3_nothing_a_client_says_gets_out_of_its_place_in_received_spf() {
    let evil = "a\r\nSubject: x; result=\"pass\" \\ (\u{fc}) ";
    let zone = zone(&[("a.example", "v=spf1 ?all")]);
    let mut config = Config::new(evil);
    config.explain = true;
    let client = "2001:db8::1".parse().unwrap();
    let sender = format!("{evil}@a.example");
    let mut check = CheckHost::mail_from(client, evil, &sender, &config, Limits::default(), Duration::ZERO);
    assert!(check.received_spf().is_none());
    drive::blocking_mut(&mut check, |name, kind| zone.lookup(name, kind));
    let quoted = r#"a??Subject: x; result=\"pass\" \\ (?) "#;
    assert_eq!(
        check.received_spf().unwrap().to_string(),
        format!(
            "Received-SPF: neutral receiver=\"{quoted}\"; client-ip=\"2001:db8::1\";\r\n\tidentity=mailfrom; \
             helo=\"{quoted}\";\r\n\tenvelope-from=\"{quoted}@a.example\";\r\n\tmechanism=?all\r\n"
        )
    );
    let helo = "x".repeat(100_000);
    let mut check = CheckHost::helo(client, &helo, &config, Limits::default(), Duration::ZERO);
    assert!(matches!(check.step(), Step::Done(verdict) if verdict.result == SpfResult::None));
    assert!(check.received_spf().unwrap().to_string().lines().all(|line| line.len() < 998));
}

#[test]
fn s4_how_wide_a_record_is_can_be_seen_and_the_result_stays() {
    let wide: Record = "v=spf1 ip4:10.0.0.0/8 ip4:192.0.2.1 -ip4:172.16.0.0/12 ?all".parse().unwrap();
    assert_eq!(wide.ipv4_addresses(), (1 << 24) + 1);
    let all: Record = "v=spf1 ip4:192.0.2.1 +all".parse().unwrap();
    assert_eq!(all.ipv4_addresses(), 1 << 32);
    let zone = zone(&[("a.example", "v=spf1 include:b.example -all"), ("b.example", "v=spf1 ip4:192.0.0.0/8")]);
    let mut check = mail_from("x@a.example");
    let verdict = drive::blocking_mut(&mut check, |name, kind| zone.lookup(name, kind));
    assert_eq!(verdict.result, SpfResult::Pass);
    assert_eq!(check.places().next_back().unwrap().record.ipv4_addresses(), 1 << 24);
}

#[test]
fn s5_several_records_and_octets_beyond_ascii_are_errors() {
    let twice = zone(&[("a.example", "v=spf1 +all"), ("a.example", "V=SPF1 +all")]);
    assert_eq!(verdict(&twice, "x@a.example").reason, Reason::Record(RecordError::Several));
    let umlaut = zone(&[("a.example", "v=spf1 +all \u{fc}")]);
    let error = SyntaxError::Octet { at: 12 };
    assert_eq!(verdict(&umlaut, "x@a.example").reason, Reason::Record(error.into()));
    let long = format!("v=spf1 {}+all", "ip4:192.0.2.1 ".repeat(600));
    let long = zone(&[("a.example", &long)]);
    assert_eq!(verdict(&long, "x@a.example").reason, Reason::Record(RecordError::Long(8_192)));
    assert_eq!(Record::parse(&[b'v'; 70_000]), Err(RecordError::Long(65_535)));
}

#[test]
fn s6_what_the_dns_does_not_tell_is_no_pass() {
    for absence in [Absence::TryLater, Absence::Refused] {
        for text in ["a:b.example", "mx:b.example", "include:b.example", "exists:b.example", "redirect=b.example"] {
            let mut zone = zone(&[("a.example", &format!("v=spf1 {text}"))]);
            zone.set_absent(name("b.example"), absence);
            assert_eq!(verdict(&zone, "x@a.example").result, SpfResult::Temperror, "{text}");
        }
        let mut zone = Zone::new();
        zone.set_absent(name("a.example"), absence);
        assert_eq!(verdict(&zone, "x@a.example").result, SpfResult::Temperror);
        // 5.5: who has no name that can be found out does not match.
        let mut zone = names_only();
        zone.set(Name::reverse(CLIENT.parse().unwrap()), Kind::Ptr, absence.into());
        let verdict = verdict(&zone, "x@a.example");
        assert_eq!((verdict.result, verdict.voids), (SpfResult::Softfail, 0));
    }
}

fn names_only() -> Zone {
    zone(&[("a.example", "v=spf1 ptr ~all")])
}

#[test]
fn s6_one_silent_host_hides_no_other_that_matches() {
    let mut zone = zone(&[("a.example", "v=spf1 mx -all"), ("a.example", "MX dead.example")]);
    zone.add(name("a.example"), RecordSet::Mx(vec![Mx { preference: 20, exchange: name("live.example") }]));
    zone.set_absent(name("dead.example"), Absence::TryLater);
    assert_eq!(verdict(&zone, "x@a.example").result, SpfResult::Temperror);
    zone.add(name("live.example"), RecordSet::A(vec![CLIENT.parse().unwrap()]));
    assert_eq!(verdict(&zone, "x@a.example").result, SpfResult::Pass);
}

#[test]
fn s7_an_empty_reverse_path_is_the_postmaster_of_the_helo_name() {
    let zone = zone(&[("mail.example.net", "v=spf1 exists:%{l}.%{o}.b.example -all")]);
    let mut asked = Vec::new();
    let mut check = mail_from("");
    drive::blocking_mut(&mut check, |name, kind| {
        asked.push(name.to_string());
        zone.lookup(name, kind)
    });
    assert_eq!(asked, ["mail.example.net", "postmaster.mail.example.net.b.example"]);
    assert_eq!((check.identity(), check.domain()), (Identity::MailFrom, Some(&name("mail.example.net"))));
    let config = Config::new("mx.example.com");
    let client = CLIENT.parse().unwrap();
    let helo = |helo| CheckHost::helo(client, helo, &config, Limits::default(), Duration::ZERO);
    assert_eq!(helo("mail.example.net").identity(), Identity::Helo);
    for no_domain in ["localhost", "[192.0.2.17]", "a..example", ""] {
        assert!(matches!(helo(no_domain).step(), Step::Done(verdict) if verdict.reason == Reason::NoDomain));
    }
}
