//! [`decide`] beside [`Check`]: where it says something, both say the same.

mod support;

use dmarc::{
    Authors, Check, Config, Dkim, DmarcResult, Identity, Limits, Order, Outcome, Published, SeveralRecords, Spf,
    Verdict, decide,
};
use dns::{Answer, Inquiry, Name, RecordSet, Zone};
use proptest::prelude::*;
use support::{dkim, name, run, spf};

const AUTHOR: &str = "news.example.org";

fn checked(spf: Option<&Spf>, dkim: &[Dkim], config: Config, limits: Limits, records: &[&str]) -> Verdict {
    let mut zone = Zone::new();
    if !records.is_empty() {
        let texts = records.iter().map(|text| (*text).into()).collect();
        zone.add(name(&format!("_dmarc.{AUTHOR}")), RecordSet::Txt(texts));
    }
    let mut check = Check::new(&Authors::from(name(AUTHOR)), config, limits, core::time::Duration::ZERO);
    spf.into_iter().for_each(|spf| check.spf(spf));
    dkim.iter().for_each(|dkim| check.dkim(dkim));
    check.complete();
    let (verdict, _) = run(&mut check, &zone);
    assert_eq!(check.deadline(), None);
    verdict
}

fn published(records: &[&str]) -> Published {
    let records = RecordSet::Txt(records.iter().map(|text| (*text).into()).collect());
    let answer = Answer::Records { records: records.as_records(), ttl: 300, authenticated: false };
    Published::read(answer, &Limits::default()).unwrap_or_default()
}

fn domains() -> impl Strategy<Value = Name> {
    prop::sample::select(vec![
        AUTHOR,
        AUTHOR,
        AUTHOR,
        "example.org",
        "a.news.example.org",
        "xnews.example.org",
        "org",
        "example.com",
        "esp.example.net",
    ])
    .prop_map(name)
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop::sample::select(vec![Outcome::Pass, Outcome::Pass, Outcome::Fail, Outcome::TempError])
}

fn spfs() -> impl Strategy<Value = Spf> {
    let identities = prop::sample::select(vec![Identity::MailFrom, Identity::MailFrom, Identity::Helo]);
    (outcomes(), domains(), identities).prop_map(|(outcome, domain, identity)| Spf { outcome, domain, identity })
}

fn dkims() -> impl Strategy<Value = Dkim> {
    (outcomes(), domains(), prop::bool::weighted(0.2)).prop_map(|(outcome, domain, partial)| Dkim {
        outcome,
        domain,
        partial,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn both_say_the_same(
        record in prop::sample::select(vec![
            "v=DMARC1; p=reject",
            "v=DMARC1; p=reject; adkim=s; aspf=s",
            "v=DMARC1; p=quarantine; adkim=s; t=y",
            "v=DMARC1; p=reject; aspf=s; pct=0",
            "v=DMARC1; p=reject; psd=n; sp=none",
            "v=DMARC1; p=reject; psd=y",
            "v=DMARC1; p=bad; rua=mailto:a@b.example",
            "v=DMARC1; sp=reject",
        ]),
        count in 0_usize..=6,
        spf in prop::option::of(spfs()),
        dkim in prop::collection::vec(dkims(), 0..5),
        (walk_on, partial_signatures, old, identifiers) in (any::<bool>(), any::<bool>(), any::<bool>(), 0_usize..4),
    ) {
        let mut config = Config::default();
        config.order = Order::Sequential;
        config.several_records = if walk_on { SeveralRecords::WalkOn } else { SeveralRecords::End };
        config.partial_signatures = partial_signatures;
        config.old_zero_percent_is_testing = old;
        let mut limits = Limits::default();
        limits.identifiers = identifiers;
        let records = match count {
            0 => &[][..],
            6 => &[record, record],
            _ => &[record],
        };
        if let Some(decided) = decide(&name(AUTHOR), &published(records), spf.as_ref(), &dkim, &config, &limits) {
            for order in [Order::Sequential, Order::Parallel] {
                config.order = order;
                prop_assert_eq!(&decided, &checked(spf.as_ref(), &dkim, config, limits, records));
            }
        }
    }
}

fn decided(records: &[&str], spf_domain: &str, signatures: &[&str]) -> Option<DmarcResult> {
    let signatures: Vec<Dkim> = signatures.iter().map(|domain| dkim(domain)).collect();
    let published = published(records);
    let (config, limits) = (Config::default(), Limits::default());
    decide(&name(AUTHOR), &published, Some(&spf(spf_domain)), &signatures, &config, &limits).map(|it| it.result)
}

#[test]
fn most_mail_is_decided_by_its_own_record() {
    let relaxed = &["v=DMARC1; p=reject"][..];
    assert_eq!(decided(relaxed, AUTHOR, &[AUTHOR]), Some(DmarcResult::Pass));
    assert_eq!(decided(relaxed, "esp.example", &[AUTHOR, "esp.example"]), Some(DmarcResult::Pass));
    assert_eq!(decided(relaxed, "esp.example", &["esp.example"]), Some(DmarcResult::Fail));
    assert_eq!(decided(&["v=DMARC1; p=reject; adkim=s; aspf=s"], "example.org", &["org"]), Some(DmarcResult::Fail));
    assert_eq!(decided(&["v=DMARC1; np=reject"], "example.org", &["org"]), Some(DmarcResult::None));
    assert_eq!(decided(&["v=DMARC1", "v=DMARC1"], "example.org", &["org"]), Some(DmarcResult::None));
}

#[test]
fn what_needs_a_walk_is_not_decided() {
    let relaxed = &["v=DMARC1; p=reject"][..];
    assert_eq!(decided(relaxed, "example.org", &["esp.example"]), None);
    assert_eq!(decided(relaxed, "example.org", &[AUTHOR]), None);
    assert_eq!(decided(&[], AUTHOR, &[AUTHOR]), None);
    let root = decide(&Name::ROOT, &published(relaxed), None, &[], &Config::default(), &Limits::default());
    assert_eq!(root, None);
}
