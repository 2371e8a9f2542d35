//! Any zone, any facts, any order of answers: the same verdict, with the record at hand too, no name asked twice, eight questions a walk at most; and nothing that does not fail is rejected.
#![no_main]

use core::time::Duration;

use dmarc::{
    Authors, Check, Config, Destinations, Dkim, DmarcResult, Identity, Limits, Order, Outcome, Policy, Published,
    Record, Spf, Verdict, decide,
};
use dns::{Absence, Inquiry, Kind, Name, QuestionId, Response, Step, Zone, drive};
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};

#[derive(Arbitrary, Debug)]
enum Told {
    Nothing,
    Texts(Vec<Vec<u8>>),
    Record { p: u8, sp: Option<u8>, np: Option<u8>, psd: Option<bool>, strict: bool },
    TryLater,
    Refused,
    NoRecords,
}

/// A name: so many labels of one long path, others in front.
#[derive(Arbitrary, Debug)]
struct Place {
    depth: u8,
    front: Option<u8>,
}

#[derive(Arbitrary, Debug)]
struct Case {
    author: Place,
    facts: Vec<(Place, u8)>,
    zone: Vec<(Place, Told)>,
    picks: Vec<u8>,
    rua: Vec<u8>,
}

impl Place {
    fn name(&self) -> Name {
        let front = self.front.map(|front| format!("x{}", front % 4));
        let path = (0..=self.depth % 12).rev().map(|at| format!("l{at}"));
        let labels: Vec<String> = front.into_iter().chain(path).collect();
        labels.join(".").parse().expect("a name")
    }
}

impl Told {
    fn response(&self) -> Response {
        let policy = |at: &u8| ["none", "quarantine", "reject", "bad"][usize::from(at % 4)];
        let texts = match self {
            Self::Nothing => return Absence::NoSuchName.into(),
            Self::TryLater => return Absence::TryLater.into(),
            Self::Refused => return Absence::Refused.into(),
            Self::NoRecords => return Absence::NoRecords.into(),
            Self::Texts(texts) => texts.iter().map(|text| dns::Txt(text.as_slice().into())).collect(),
            Self::Record { p, sp, np, psd, strict } => {
                let mut text = format!("v=DMARC1; p={}", policy(p));
                for (name, value) in [("sp", sp), ("np", np)] {
                    if let Some(value) = value {
                        text += &format!("; {name}={}", policy(value));
                    }
                }
                if let Some(psd) = psd {
                    text += if *psd { "; psd=y" } else { "; psd=n" };
                }
                text += if *strict { "; aspf=s; t=y" } else { "" };
                vec![text.as_str().into()]
            }
        };
        Response::Records { records: dns::RecordSet::Txt(texts), ttl: 1, authenticated: false }
    }
}

fn facts(case: &Case) -> (Option<Spf>, Vec<Dkim>) {
    let outcome = |outcome: &u8| [Outcome::Pass, Outcome::Fail, Outcome::TempError][usize::from(outcome % 3)];
    let mut facts = case.facts.iter().map(|(place, number)| (place.name(), outcome(number)));
    let spf = facts.next().map(|(domain, outcome)| Spf { outcome, domain, identity: Identity::MailFrom });
    (spf, facts.map(|(domain, outcome)| Dkim { outcome, domain, partial: false }).collect())
}

fn run(case: &Case, zone: &Zone, order: Order, picks: &[u8]) -> (Verdict, usize) {
    let mut config = Config::default();
    config.order = order;
    let mut check = Check::new(&Authors::from(case.author.name()), config, Limits::default(), Duration::ZERO);
    let (spf, dkim) = facts(case);
    spf.iter().for_each(|spf| check.spf(spf));
    dkim.iter().for_each(|dkim| check.dkim(dkim));
    check.complete();
    let mut open: Vec<(QuestionId, Response)> = Vec::new();
    let mut picks = picks.iter();
    let mut asked: Vec<(Name, Kind)> = Vec::new();
    let mut walked = 0;
    loop {
        match check.step() {
            Step::Ask(question) => {
                assert!(!asked.contains(&(*question.name, question.kind)), "asked twice");
                walked += usize::from(question.id.0 < 8);
                asked.push((*question.name, question.kind));
                open.push((question.id, zone.lookup(question.name, question.kind)));
            }
            Step::Wait => {
                let pick = usize::from(picks.next().copied().unwrap_or_default()) % open.len();
                let (id, response) = open.swap_remove(pick);
                check.answer(id, response.as_answer());
                check.answer(id, dns::Answer::NoRecords);
            }
            Step::Done(verdict) => {
                assert!(walked <= Limits::WALK && asked.len() <= Limits::default().questions());
                assert_eq!(check.step(), Step::Done(verdict.clone()));
                return (verdict, asked.len());
            }
        }
    }
}

fuzz_target!(|case: Case| {
    let mut zone = Zone::new();
    for (place, told) in &case.zone {
        zone.set(place.name().prefixed("_dmarc").expect("room"), Kind::Txt, told.response());
    }
    let (verdict, count) = run(&case, &zone, Order::Parallel, &[]);
    assert_eq!(run(&case, &zone, Order::Parallel, &case.picks).0, verdict);
    let (frugal, fewer) = run(&case, &zone, Order::Sequential, &[]);
    assert_eq!(frugal, verdict);
    assert!(fewer <= count);
    assert!(verdict.disposition == Policy::None || verdict.result == DmarcResult::Fail);
    let (domain, line) = (verdict.policy_domain(), verdict.to_string());
    assert!(domain.is_none_or(|domain| case.author.name().is_within(&domain.parse().expect("a name"))), "{line}");

    let author = case.author.name();
    let own = zone.lookup(&author.prefixed("_dmarc").expect("room"), Kind::Txt);
    if let Ok(own) = Published::read(own.as_answer(), &Limits::default()) {
        let (spf, dkim) = facts(&case);
        let decided = decide(&author, &own, spf.as_ref(), &dkim, &Config::default(), &Limits::default());
        assert!(decided.is_none_or(|decided| decided == verdict));
    }

    let text = [b"v=DMARC1; rua=", &case.rua[..]].concat();
    if let Ok(record) = Record::parse(&text) {
        let mut count = 0;
        let inquiry = Destinations::new(case.author.name(), record.rua(), Limits::default(), Duration::ZERO);
        let all = drive::blocking(inquiry, |name, kind| {
            count += 1;
            zone.lookup(name, kind)
        });
        assert!(all.len() <= Limits::default().uris && count <= 8 + 9 * all.len());
    }
});
