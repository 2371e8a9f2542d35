//! Ways to a domain's mail, out of zones in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at what they do not expect"
)]

use core::{net::IpAddr, time::Duration};

use dns::{Absence, Inquiry as _, Kind, Mx, Name, QuestionId, RecordSet, Response, Step, Zone};
use relay::{Destination, Limits, NoRoute, Plan, Route, Settings, Way};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// Lines such as `example.org MX 10 mx.example.org`; a kind alone makes the name silent.
fn zone(lines: &str) -> Zone {
    let mut zone = Zone::new();
    for line in lines.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            [] => {}
            [owner, kind, "silent"] => zone.set(name(owner), kind.parse().unwrap(), Absence::TryLater.into()),
            [owner, "MX", preference, exchange] => {
                let record = Mx { preference: preference.parse().unwrap(), exchange: name(exchange) };
                zone.add(name(owner), RecordSet::Mx(vec![record]));
            }
            [owner, "A", address] => zone.add(name(owner), RecordSet::A(vec![address.parse().unwrap()])),
            [owner, "AAAA", address] => zone.add(name(owner), RecordSet::Aaaa(vec![address.parse().unwrap()])),
            [owner, "CNAME", target] => zone.add(name(owner), RecordSet::Cname(vec![name(target)])),
            [owner, "silent"] => zone.set_absent(name(owner), Absence::TryLater),
            _ => panic!("{line}"),
        }
    }
    zone
}

fn run(zone: &Zone, settings: Settings, limits: Limits, to: Destination, random: u8) -> Result<Plan, NoRoute> {
    let route = Route::new(to, settings, limits, [random; 16], Duration::ZERO);
    dns::drive::blocking(route, |name, kind| zone.lookup(name, kind))
}

fn to(domain: &str) -> Destination {
    Destination::Domain(name(domain))
}

/// The way as one line.
fn way(lines: &str, domain: &str) -> String {
    match run(&zone(lines), Settings::default(), Limits::default(), to(domain), 1) {
        Ok(plan) => plan.to_string(),
        Err(reason) => format!("{} {}", reason.code(), reason.status()),
    }
}

#[test]
fn hosts_come_by_preference() {
    let lines = "
        a.test MX 20 mx2.a.test
        a.test MX 10 mx1.a.test
        mx1.a.test A 192.0.2.1
        mx2.a.test A 192.0.2.2
        mx2.a.test AAAA 2001:db8::2";
    assert_eq!(way(lines, "a.test"), "MX: mx1.a.test [192.0.2.1] mx2.a.test [2001:db8::2 192.0.2.2]");
}

#[test]
fn equals_come_in_random_order() {
    let lines = (1..=4).map(|n| format!("a.test MX 10 m{n}.a.test\nm{n}.a.test A 192.0.2.{n}\n")).collect::<String>();
    let zone = zone(&lines);
    let first = |random| {
        let plan = run(&zone, Settings::default(), Limits::default(), to("a.test"), random).unwrap();
        plan.hosts[0].name.unwrap().to_string()
    };
    let mut seen: Vec<_> = (0..64).map(first).collect();
    assert_eq!(first(9), first(9), "the same octets give the same order");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4, "each is first at times: {seen:?}");
}

#[test]
fn a_domain_without_mx_is_its_own_host() {
    assert_eq!(
        way("a.test A 192.0.2.1\na.test AAAA 2001:db8::1", "a.test"),
        "implicit MX: a.test [2001:db8::1 192.0.2.1]"
    );
    assert_eq!(way("www.a.test A 192.0.2.1", "a.test"), "550 5.1.2", "it exists and has nothing");
    assert_eq!(way("", "a.test"), "550 5.1.2");
    assert_eq!(way("a.test CNAME b.test\nb.test A 192.0.2.1", "a.test"), "implicit MX: a.test [192.0.2.1]");
}

#[test]
fn an_mx_that_fails_is_not_replaced_by_the_domain() {
    assert_eq!(way("a.test MX silent\na.test A 192.0.2.1", "a.test"), "451 4.4.3");
    assert_eq!(way("a.test MX 10 gone.test\na.test A 192.0.2.1", "a.test"), "550 5.4.4");
    assert_eq!(way("a.test MX 10 mx.test\nmx.test silent\na.test A 192.0.2.1", "a.test"), "451 4.4.3");
    assert_eq!(way("a.test A silent\na.test AAAA silent", "a.test"), "451 4.4.3");
}

#[test]
fn a_host_that_is_not_known_now_is_passed_over() {
    let lines = "
        a.test MX 10 silent.test
        a.test MX 20 mx.test
        silent.test silent
        mx.test A 192.0.2.1
        mx.test AAAA silent";
    assert_eq!(way(lines, "a.test"), "MX: mx.test [192.0.2.1]");
}

#[test]
fn r8_null_mx_is_final() {
    assert_eq!(way("a.test MX 0 .\na.test A 192.0.2.1", "a.test"), "556 5.1.10");
    // beside others it names no host
    assert_eq!(way("a.test MX 0 .\na.test MX 10 mx.test\nmx.test A 192.0.2.1", "a.test"), "MX: mx.test [192.0.2.1]");
}

#[test]
fn r4_what_is_no_better_than_we_are_is_dropped() {
    let zone = zone(
        "
        a.test MX 10 best.test
        a.test MX 20 us.test
        a.test MX 20 equal.test
        a.test MX 30 worse.test
        best.test A 192.0.2.1
        us.test A 192.0.2.2
        equal.test A 192.0.2.3
        worse.test A 192.0.2.4
        b.test MX 10 us.test
        b.test MX 20 best.test
        c.test A 192.0.2.2
        d.test MX 10 alias.test
        d.test MX 10 equal.test
        alias.test A 192.0.2.9
        alias.test A 192.0.2.2",
    );
    let mut by_name = Settings::default();
    by_name.own_names.insert(name("us.test"));
    let mut by_address = Settings::default();
    by_address.own_addresses.insert("192.0.2.2".parse().unwrap());
    for settings in [by_name, by_address.clone()] {
        let plan = run(&zone, settings.clone(), Limits::default(), to("a.test"), 3).unwrap();
        assert_eq!(plan.to_string(), "MX: best.test [192.0.2.1]");
        assert_eq!(run(&zone, settings, Limits::default(), to("b.test"), 3), Err(NoRoute::Loop));
    }
    for domain in ["c.test", "d.test"] {
        assert_eq!(run(&zone, by_address.clone(), Limits::default(), to(domain), 3), Err(NoRoute::Loop), "{domain}");
    }
    let literal = Destination::Address("192.0.2.2".parse().unwrap());
    assert_eq!(run(&zone, by_address, Limits::default(), literal, 3), Err(NoRoute::Loop));
    assert_eq!((NoRoute::Loop.code(), NoRoute::Loop.status().to_string()), (554, "5.4.6".into()));
}

#[test]
fn r8_nobody_sends_us_to_ourselves_or_our_neighbours() {
    for address in ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "224.0.0.1"] {
        assert_eq!(way(&format!("a.test MX 10 mx.test\nmx.test A {address}"), "a.test"), "550 5.4.4", "{address}");
        assert_eq!(way(&format!("a.test A {address}"), "a.test"), "550 5.4.4", "{address}");
    }
    for address in ["::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::"] {
        assert_eq!(way(&format!("a.test MX 10 mx.test\nmx.test AAAA {address}"), "a.test"), "550 5.4.4", "{address}");
    }
    let lines = "a.test MX 10 localhost\nlocalhost A 127.0.0.1\na.test MX 20 mx.test\nmx.test A 192.0.2.1";
    assert_eq!(way(lines, "a.test"), "MX: mx.test [192.0.2.1]");
    let literal = Destination::Address("127.0.0.1".parse().unwrap());
    let zone = zone("a.test A 127.0.0.1");
    assert_eq!(run(&zone, Settings::default(), Limits::default(), literal, 1), Err(NoRoute::NotPublic));
    let mut settings = Settings::default();
    settings.private_networks = true;
    assert!(run(&zone, settings.clone(), Limits::default(), literal, 1).is_ok());
    assert!(run(&zone, settings, Limits::default(), to("a.test"), 1).is_ok());
}

#[test]
fn r8_a_hundred_hosts_with_a_hundred_addresses_are_five_attempts() {
    let mut zone = Zone::new();
    let exchange = |n: u16| name(&format!("mx{n}.test"));
    zone.add(name("a.test"), RecordSet::Mx((0..100).map(|n| Mx { preference: n, exchange: exchange(n) }).collect()));
    for n in 0..100_u16 {
        zone.add(exchange(n), RecordSet::A((1..=100).map(|last| [198, 51, 100, last].into()).collect()));
    }
    let mut questions = 0;
    let route = Route::new(to("a.test"), Settings::default(), Limits::default(), [1; 16], Duration::ZERO);
    let plan = dns::drive::blocking(route, |name, kind| {
        questions += 1;
        zone.lookup(name, kind)
    })
    .unwrap();
    assert_eq!(plan.targets().count(), 5);
    assert_eq!(plan.hosts.len(), 5, "each host has one before any has two");
    assert_eq!(questions, 1 + 2 * 10);
    // one host alone has them all
    zone.add(name("b.test"), RecordSet::A((1..=100).map(|last| [198, 51, 100, last].into()).collect()));
    let plan = run(&zone, Settings::default(), Limits::default(), to("b.test"), 1).unwrap();
    assert_eq!(plan.hosts[0].addresses.len(), 5);
}

#[test]
fn families_come_in_turn_and_only_where_they_are_had() {
    let lines = "
        a.test A 192.0.2.1
        a.test A 192.0.2.2
        a.test AAAA 2001:db8::1
        a.test AAAA 2001:db8::2
        six.test AAAA 2001:db8::1";
    assert_eq!(way(lines, "a.test"), "implicit MX: a.test [2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2]");
    let mut settings = Settings::default();
    settings.ipv6 = false;
    let plan = run(&zone(lines), settings.clone(), Limits::default(), to("a.test"), 1).unwrap();
    assert_eq!(plan.to_string(), "implicit MX: a.test [192.0.2.1 192.0.2.2]");
    assert!(run(&zone(lines), settings, Limits::default(), to("six.test"), 1).unwrap_err().is_permanent());
}

#[test]
fn literals_are_hosts() {
    let literal = |text: &str| {
        let path = smtp_proto::path::Mailbox::parse(text, false).unwrap();
        let to = Destination::try_from(path.domain())?;
        run(&Zone::new(), Settings::default(), Limits::default(), to, 1)
    };
    assert_eq!(literal("a@[192.0.2.1]").unwrap().to_string(), "address literal: [192.0.2.1]");
    assert_eq!(literal("a@[IPv6:2001:db8::1]").unwrap().hosts[0].addresses, ["2001:db8::1".parse::<IpAddr>().unwrap()]);
    assert_eq!(literal("a@[x25:123]"), Err(NoRoute::Domain));
}

#[test]
fn the_operators_word_goes_before_the_dns() {
    let zone = zone("a.test MX 0 .\nsmart.test A 10.0.0.1\nlist.test MX 10 smart.test");
    let mut settings = Settings::default();
    settings.own_names.insert(name("smart.test"));
    settings.smart_host = Some("smart.test:587".parse().unwrap());
    settings.domains.insert(name("b.test"), "[127.0.0.1]:2500".parse().unwrap());
    let mut with_mx: relay::NextHop = "list.test".parse().unwrap();
    with_mx.mx = true;
    settings.domains.insert(name("c.test"), with_mx);
    settings.domains.insert(name("d.test"), "gone.test".parse().unwrap());
    let target = |domain| {
        let plan = run(&zone, settings.clone(), Limits::default(), to(domain), 1)?;
        assert_eq!(plan.way, Way::Set);
        Ok(plan.targets().map(|(_, address)| address.to_string()).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(target("a.test").unwrap(), "10.0.0.1:587");
    assert_eq!(target("sub.b.test").unwrap(), "10.0.0.1:587");
    assert_eq!(target("b.test").unwrap(), "127.0.0.1:2500");
    assert_eq!(target("c.test").unwrap(), "10.0.0.1:25");
    assert_eq!(target("d.test"), Err(NoRoute::Hop), "not the sender's fault");
    for wrong in ["", ":25", "a b", "[192.0.2.1", "[host]:25", "host:", "host:0", "host:x", "smtp://host", "a@b"] {
        assert!(wrong.parse::<relay::NextHop>().is_err(), "{wrong}");
    }
    assert_eq!("192.0.2.1:26".parse::<relay::NextHop>().unwrap().to_string(), "[192.0.2.1]:26");
}

#[test]
fn dnssec_is_told() {
    let mut zone = Zone::new();
    let secure = |records| Response::Records { records, ttl: 60, authenticated: true };
    let mx = |host: &str| Mx { preference: 10, exchange: name(host) };
    zone.set(name("a.test"), Kind::Mx, secure(RecordSet::Mx(vec![mx("x.test"), mx("y.test")])));
    zone.set(name("x.test"), Kind::A, secure(RecordSet::A(vec![[192, 0, 2, 1].into()])));
    zone.add(name("y.test"), RecordSet::A(vec![[192, 0, 2, 2].into()]));
    let plan = run(&zone, Settings::default(), Limits::default(), to("a.test"), 1).unwrap();
    assert!(plan.authenticated);
    for host in plan.hosts {
        assert_eq!(host.authenticated, host.name.unwrap() == "x.test");
    }
}

#[test]
fn time_is_a_limit() {
    let mut route = Route::new(to("a.test"), Settings::default(), Limits::default(), [0; 16], Duration::ZERO);
    assert!(matches!(route.step(), Step::Ask(question) if question.kind == Kind::Mx));
    assert!(matches!(route.step(), Step::Wait));
    assert_eq!(route.deadline(), Some(Duration::from_secs(60)));
    route.tick(Duration::from_secs(59));
    assert!(matches!(route.step(), Step::Wait));
    route.tick(Duration::from_secs(60));
    assert_eq!(route.step(), Step::Done(Err(NoRoute::Lookup(Absence::TryLater))));
    assert_eq!(route.deadline(), None);

    // what is known has to do
    let mut route = Route::new(to("a.test"), Settings::default(), Limits::default(), [0; 16], Duration::ZERO);
    route.answer(QuestionId(0), dns::Answer::NoSuchName);
    let Step::Ask(question) = route.step() else { panic!("an answer before its question does nothing") };
    let id = question.id;
    route.answer(id, dns::Answer::NoRecords);
    while let Step::Ask(question) = route.step() {
        let (id, kind) = (question.id, question.kind);
        if kind == Kind::A {
            route.answer(id, zone("a.test A 192.0.2.1").lookup(&name("a.test"), kind).as_answer());
        }
    }
    route.tick(Duration::from_secs(60));
    assert!(matches!(route.step(), Step::Done(Ok(_))));
}
