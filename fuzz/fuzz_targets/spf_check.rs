//! A check against any zone: whatever the order of answers, and whether records were parsed before or not, it comes to the same verdict by the same way; its questions
//! are bounded; and its field stays a field.
#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use dns::{Absence, Inquiry, Kind, Mx, Name, QuestionId, RecordSet, Response, Step, Zone};
use libfuzzer_sys::fuzz_target;
use spf::{CheckHost, Config, Limits, Record, Verdict};

#[derive(Arbitrary, Debug)]
enum Data {
    Text(String),
    Address([u8; 2]),
    Hosts(Vec<u8>),
    Names(Vec<u8>),
    Silent,
}

#[derive(Arbitrary, Debug)]
struct Input {
    zone: Vec<(u8, Data)>,
    six: bool,
    local: String,
    helo: String,
    order: Vec<u8>,
    limits: [u8; 4],
}

/// Few names, so that they lead to one another.
fn name(at: u8) -> Name {
    format!("{}.x", char::from(b'a' + at % 8)).parse().expect("a name")
}

fn zone(input: &Input, client: std::net::IpAddr) -> Zone {
    let mut zone = Zone::new();
    for (owner, data) in &input.zone {
        let records = match data {
            Data::Text(text) => RecordSet::Txt(vec![(&*format!("v=spf1 {text}")).into()]),
            Data::Address([last, _]) if !input.six => RecordSet::A(vec![[192, 0, 2, *last].into()]),
            Data::Address([last, _]) => {
                RecordSet::Aaaa(vec![format!("2001:db8::{last:x}").parse().expect("an address")])
            }
            Data::Hosts(hosts) => {
                RecordSet::Mx(hosts.iter().map(|at| Mx { preference: 1, exchange: name(*at) }).collect())
            }
            Data::Names(names) => {
                zone.add(Name::reverse(client), RecordSet::Ptr(names.iter().map(|at| name(*at)).collect()));
                continue;
            }
            Data::Silent => {
                zone.set_absent(name(*owner), Absence::TryLater);
                continue;
            }
        };
        zone.add(name(*owner), records);
    }
    zone
}

fn run(check: &mut CheckHost, zone: &Zone, order: &[u8], kept: bool) -> (Verdict, usize) {
    let mut open: Vec<(QuestionId, Kind, Response)> = Vec::new();
    let mut asked = 0;
    let mut order = order.iter().cycle();
    loop {
        match check.step() {
            Step::Ask(question) => {
                asked += 1;
                open.push((question.id, question.kind, zone.lookup(question.name, question.kind)));
            }
            Step::Wait => {
                assert!(!open.is_empty(), "it waits for nothing");
                let at = order.next().map_or(0, |at| usize::from(*at) % open.len());
                let (id, kind, response) = open.swap_remove(at);
                if let (Ok(texts), true, Kind::Txt) = (response.as_answer().txt(), kept, kind)
                    && let Ok(Some(record)) = Record::select(texts)
                {
                    check.answer_parsed(id, &record);
                }
                check.answer(id, response.as_answer());
            }
            Step::Done(verdict) => return (verdict, asked),
        }
    }
}

fuzz_target!(|input: Input| {
    let client = if input.six { "2001:db8::1" } else { "192.0.2.1" }.parse().expect("an address");
    let zone = zone(&input, client);
    let mut config = Config::new("mx.example.com");
    config.explain = true;
    config.explanation = "%{p} %{c}";
    let mut limits = Limits::default();
    let [lookups, voids, mx, ptr] = input.limits.map(|value| u32::from(value % 16));
    (limits.lookups, limits.voids, limits.mx_names, limits.ptr_names) = (lookups, voids, mx, ptr);
    let sender = format!("{}@a.x", input.local);
    let new = || CheckHost::mail_from(client, &input.helo, &sender, &config, limits, Duration::ZERO);

    let mut first = new();
    let (verdict, asked) = run(&mut first, &zone, &[], false);
    assert!(verdict.lookups <= lookups && verdict.voids <= voids + 1);
    assert!(asked as u32 <= 1 + lookups * (1 + mx) + 1 + ptr + 1, "{asked}");
    let field = first.received_spf().expect("it is done").to_string();
    assert!(field.ends_with("\r\n") && field.is_ascii());
    assert!(!field.replace("\r\n\t", "").trim_end_matches("\r\n").contains(['\r', '\n']));
    if let Some(text) = first.explanation() {
        assert!(text.len() <= 250 && text.bytes().all(|octet| (0x20..=0x7E).contains(&octet)));
    }
    for kept in [false, true] {
        let mut other = new();
        assert_eq!(run(&mut other, &zone, &input.order, kept).0, verdict);
        assert_eq!(other.explanation(), first.explanation());
        assert_eq!(other.trace().to_string(), first.trace().to_string());
    }
});
