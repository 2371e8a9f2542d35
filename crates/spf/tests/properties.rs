//! What holds for all records, zones and orders of answers.

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

use std::time::Duration;

use dns::{Absence, Inquiry, Kind, Mx, Name, QuestionId, RecordSet, Response, Step, Zone};
use proptest::prelude::*;
use spf::{CheckHost, Config, Limits, Record, Survey, Verdict};

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (0..6_u8).prop_map(|at| format!("d{at}.example")),
        1 => Just("%{i}._spf.%{d2}".into()),
        1 => Just("%{p}.example".into()),
        1 => Just("%{l1r-}.%{o}".into()),
        1 => Just("%%%_%-x.%{h}".into()),
        1 => Just("a..b.example".into()),
        1 => "[!-~]{1,12}",
    ]
}

fn term() -> impl Strategy<Value = String> {
    let prefixes =
        prop_oneof![Just(String::new()), (0..40_u8).prop_map(|bits| format!("/{bits}")), Just("//64".into())];
    let qualifier = prop_oneof![3 => Just(""), 1 => Just("-"), 1 => Just("~"), 1 => Just("?"), 1 => Just("+")];
    let mechanism = prop_oneof![
        1 => Just("all".to_string()),
        4 => name().prop_map(|name| format!("include:{name}")),
        2 => (name(), prefixes.clone()).prop_map(|(name, bits)| format!("A:{name}{bits}")),
        2 => prefixes.clone().prop_map(|bits| format!("mx{bits}")),
        2 => (name(), prefixes).prop_map(|(name, bits)| format!("mx:{name}{bits}")),
        1 => Just("ptr".into()),
        1 => name().prop_map(|name| format!("ptr:{name}")),
        2 => name().prop_map(|name| format!("exists:{name}")),
        2 => (0..4_u8, 0..=32_u8).prop_map(|(last, bits)| format!("ip4:192.0.2.{last}/{bits}")),
        1 => (0..=128_u8).prop_map(|bits| format!("Ip6:2001:db8::1/{bits}")),
    ];
    prop_oneof![
        8 => (qualifier, mechanism).prop_map(|(qualifier, mechanism)| format!("{qualifier}{mechanism}")),
        1 => name().prop_map(|name| format!("redirect={name}")),
        1 => name().prop_map(|name| format!("exp={name}")),
        1 => "[a-z]{1,3}[=:/.]?[!-~]{0,6}",
    ]
}

fn record() -> impl Strategy<Value = String> {
    prop::collection::vec(term(), 0..6).prop_map(|terms| format!("v=spf1 {}", terms.join(" ")))
}

fn response() -> impl Strategy<Value = (Kind, Response)> {
    let records = |records| Response::Records { records, ttl: 1, authenticated: false };
    let host = || (0..6_u8).prop_map(|at| format!("d{at}.example").parse::<Name>().unwrap());
    prop_oneof![
        (0..4_u8).prop_map(move |last| (Kind::A, records(RecordSet::A(vec![[192, 0, 2, last].into()])))),
        Just((Kind::Aaaa, records(RecordSet::Aaaa(vec!["2001:db8::1".parse().unwrap()])))),
        prop::collection::vec(host(), 0..12).prop_map(move |hosts| {
            let host = |exchange| Mx { preference: 1, exchange };
            (Kind::Mx, records(RecordSet::Mx(hosts.into_iter().map(host).collect())))
        }),
        prop_oneof![Just(Kind::A), Just(Kind::Mx), Just(Kind::Txt)].prop_map(|kind| (kind, Absence::TryLater.into())),
        "[ -~]{0,40}".prop_map(move |text| (Kind::Txt, records(RecordSet::Txt(vec![(&*text).into()])))),
    ]
}

/// Six domains that lead to one another, and the names of the clients.
fn zone() -> impl Strategy<Value = Zone> {
    let owner = || (0..6_u8).prop_map(|at| format!("d{at}.example").parse::<Name>().unwrap());
    (
        prop::collection::vec((owner(), record()), 1..7),
        prop::collection::vec((owner(), response()), 0..10),
        prop::collection::vec(owner(), 0..12),
    )
        .prop_map(|(records, others, names)| {
            let mut zone = Zone::new();
            for (owner, text) in records {
                zone.set(
                    owner,
                    Kind::Txt,
                    Response::Records { records: RecordSet::Txt(vec![(&*text).into()]), ttl: 1, authenticated: false },
                );
            }
            for (owner, (kind, response)) in others {
                zone.set(owner, kind, response);
            }
            for client in CLIENTS {
                zone.add(Name::reverse(client.parse().unwrap()), RecordSet::Ptr(names.clone()));
            }
            zone
        })
}

const CLIENTS: [&str; 3] = ["192.0.2.1", "198.51.100.1", "2001:db8::1"];

/// Takes the open questions in an order that the numbers say, and counts them.
fn run<I: Kept>(inquiry: &mut I, zone: &Zone, order: &[usize], kept: bool) -> (I::Verdict, usize) {
    let mut open: Vec<(QuestionId, Response)> = Vec::new();
    let (mut asked, mut turn) = (0, 0);
    loop {
        match inquiry.step() {
            Step::Ask(question) => {
                asked += 1;
                open.push((question.id, zone.lookup(question.name, question.kind)));
            }
            Step::Wait => {
                assert!(!open.is_empty(), "it waits for nothing");
                let at = order.get(turn % order.len().max(1)).map_or(0, |at| at % open.len());
                turn += 1;
                let (id, response) = open.swap_remove(at);
                inquiry.give(id, &response, kept);
                // A second answer, and one to no question, change nothing.
                inquiry.answer(id, Absence::NoSuchName.into());
                inquiry.answer(QuestionId(u32::MAX), Absence::NoSuchName.into());
            }
            Step::Done(verdict) => return (verdict, asked),
        }
    }
}

/// An inquiry that may take records which have been parsed before.
trait Kept: Inquiry {
    fn give(&mut self, id: QuestionId, response: &Response, _kept: bool) {
        self.answer(id, response.as_answer());
    }
}

impl Kept for Survey {}

impl Kept for CheckHost {
    fn give(&mut self, id: QuestionId, response: &Response, kept: bool) {
        match response.as_answer().txt().map(Record::select) {
            Ok(Ok(Some(record))) if kept => {
                // Refused where a text is wanted that is no record: then it is still open.
                self.answer_parsed(id, &record);
                self.answer(id, response.as_answer());
            }
            _ => self.answer(id, response.as_answer()),
        }
    }
}

fn check(client: &str, sender: &str, limits: Limits) -> CheckHost {
    let mut config = Config::new("mx.example.com");
    config.explain = true;
    config.explanation = "no: %{p}";
    CheckHost::mail_from(client.parse().unwrap(), "mail.d1.example", sender, &config, limits, Duration::ZERO)
}

fn seen(verdict: Verdict, check: &CheckHost) -> (Verdict, String, Option<String>, String) {
    let field = check.received_spf().unwrap().to_string();
    (verdict, check.trace().to_string(), check.explanation().map(Into::into), field)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_parsed_and_written_is_the_same_record(text in record()) {
        if let Ok(record) = text.parse::<Record>() {
            let written = record.to_string();
            let again: Record = written.parse().unwrap();
            let kinds = |record: &Record| record.terms().map(|term| term.kind.to_string()).collect::<Vec<_>>();
            prop_assert_eq!(kinds(&record), kinds(&again));
            prop_assert_eq!(&written, &again.to_string());
            for term in record.terms() {
                prop_assert_eq!(&text[term.span], term.text);
            }
            prop_assert!(record.lint().len() <= 3 * record.terms().len() + 2);
        }
    }

    #[test]
    fn any_octets_parse_or_not(octets in prop::collection::vec(any::<u8>(), 0..80)) {
        let text = [b"v=spf1 ".as_slice(), &octets].concat();
        if let Ok(record) = Record::parse(&text) {
            prop_assert_eq!(record.as_str().as_bytes(), &*text);
        }
    }

    #[test]
    fn s1_answers_in_any_order_make_the_same_verdict_and_questions_are_bounded(
        zone in zone(),
        client in prop::sample::select(&CLIENTS[..]),
        sender in prop_oneof![Just("jane-doe@d0.example"), Just("b\u{fc}cher@d0.example"), Just("")],
        order in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        let limits = Limits::default();
        let mut first = check(client, sender, limits);
        let (verdict, asked) = run(&mut first, &zone, &[], false);
        prop_assert!(verdict.lookups <= 10 && verdict.voids <= 3, "{}", first.trace());
        // The sender's record, ten terms with ten hosts each, the client's names, the explanation.
        prop_assert!(asked <= 1 + 10 * 11 + 11 + 1, "{asked}");
        let expected = seen(verdict, &first);
        prop_assert!(!expected.3.trim_end().replace("\r\n\t", "").contains(['\r', '\n']));
        for kept in [false, true] {
            let mut other = check(client, sender, limits);
            let (verdict, _) = run(&mut other, &zone, &order, kept);
            prop_assert_eq!(&seen(verdict, &other), &expected);
        }
    }

    #[test]
    fn a_survey_finds_the_same_in_any_order(
        zone in zone(),
        order in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        let survey = || Survey::new("d0.example".parse().unwrap(), Limits::default(), Duration::ZERO);
        let (mut first, mut second) = (survey(), survey());
        let (tally, asked) = run(&mut first, &zone, &[], false);
        prop_assert!(asked <= 400);
        if asked < 400 {
            prop_assert_eq!(run(&mut second, &zone, &order, false).0, tally);
            prop_assert_eq!(first.findings(), second.findings());
        }
    }
}
