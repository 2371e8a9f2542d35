//! SPF beside mail-auth, which keeps parsed records, and mailrs-spf, which parses them each time: the same world, the same clients, the same results.
//!
//! All answers come from the same kind of map, so a name's look-up costs all the same.

use std::{
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use benches::{
    cache::{Cached, MailAuthCache, Map},
    report_allocations,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dns::{Absence, Answer, Inquiry, Kind, Mx, Name, Records, Step, Txt};
use futures::executor::block_on;
use mail_auth::{
    MessageAuthenticator,
    dns::{DnssecStatus, Parameters, RecordSet, ResolverCache, TxtRecord, TxtRecordParser},
    spf::verify::SpfParameters,
};
use spf::{CheckHost, Config, Limits, Record, SpfResult};

/// A name that exists only for the macros of `macro.test`.
const MACRO_NAME: &str = "3.2.0.192.bob._spf.macro.test";
const HOST: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 77);

/// The texts of a small world: a simple sender, and one with six records and twelve terms that ask or name a network each.
fn texts() -> Vec<(&'static str, String)> {
    let networks = |first: u8| {
        let each = (0..10).map(|at| format!("ip4:{first}.{}.{}.0/20", 10 + at, at * 16));
        each.collect::<Vec<_>>().join(" ")
    };
    let mailer = |first, six| format!("v=spf1 {} ip6:2001:db8:{six}::/36 ~all", networks(first));
    let big = "v=spf1 ip4:203.0.113.5 a mx include:_spf.mailer.test include:spf.other.test ~all";
    vec![
        ("simple.test", "v=spf1 ip4:192.0.2.0/24 -all".into()),
        ("big.test", big.into()),
        (
            "_spf.mailer.test",
            "v=spf1 include:_n1.mailer.test include:_n2.mailer.test include:_n3.mailer.test ~all".into(),
        ),
        ("_n1.mailer.test", mailer(35, 1000)),
        ("_n2.mailer.test", mailer(64, 2000)),
        ("_n3.mailer.test", mailer(108, 3000)),
        ("spf.other.test", "v=spf1 ip4:198.51.100.0/24 -all".into()),
        ("macro.test", "v=spf1 exists:%{ir}.%{l1r-}._spf.%{d2} -all".into()),
    ]
}

/// Who sends, for whom, and what comes of it.
const CASES: [(&str, &str, &str, SpfResult); 4] = [
    ("simple-ip4", "192.0.2.9", "bob@simple.test", SpfResult::Pass),
    ("big-include-match", "108.19.146.7", "bob@big.test", SpfResult::Pass),
    ("big-include-none", "9.9.9.9", "bob@big.test", SpfResult::Softfail),
    ("macro-exists", "192.0.2.3", "bob@macro.test", SpfResult::Pass),
];

/// Our side of the world.
struct Ours {
    records: Map<Name, Record>,
    txt: Map<Name, Vec<Txt>>,
    a: Map<Name, Vec<Ipv4Addr>>,
    mx: Map<Name, Vec<Mx>>,
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

impl Ours {
    fn new() -> Self {
        let host = |text| Mx { preference: 10, exchange: name(text) };
        let hosts = ["big.test", "mx1.big.test", "mx2.big.test", MACRO_NAME];
        Self {
            records: texts().iter().map(|(owner, text)| (name(owner), text.parse().unwrap())).collect(),
            txt: texts().iter().map(|(owner, text)| (name(owner), vec![Txt::from(&**text)])).collect(),
            a: hosts.map(|owner| (name(owner), vec![HOST])).into_iter().collect(),
            mx: [(name("big.test"), vec![host("mx1.big.test"), host("mx2.big.test")])].into_iter().collect(),
        }
    }

    fn check(&self, ip: IpAddr, sender: &str, parsed: bool) -> SpfResult {
        let config = Config::new("mx.our.test");
        let mut check = CheckHost::mail_from(ip, "mta.sender.test", sender, &config, Limits::default(), Duration::ZERO);
        loop {
            let question = match check.step() {
                Step::Ask(question) => question,
                Step::Wait => panic!("it waits for nothing"),
                Step::Done(verdict) => return verdict.result,
            };
            let (id, records) = (question.id, |records| Answer::Records { records, ttl: 300, authenticated: false });
            match question.kind {
                Kind::Txt if parsed => match self.records.0.read().unwrap().get(question.name) {
                    Some(record) => check.answer_parsed(id, record),
                    None => check.answer(id, Absence::NoSuchName.into()),
                },
                Kind::Txt => {
                    let all = self.txt.0.read().unwrap();
                    let found = all.get(question.name).map_or(Answer::NoSuchName, |all| records(Records::Txt(all)));
                    check.answer(id, found);
                }
                Kind::A => {
                    let all = self.a.0.read().unwrap();
                    let found = all.get(question.name).map_or(Answer::NoSuchName, |all| records(Records::A(all)));
                    check.answer(id, found);
                }
                Kind::Mx => {
                    let all = self.mx.0.read().unwrap();
                    let found = all.get(question.name).map_or(Answer::NoSuchName, |all| records(Records::Mx(all)));
                    check.answer(id, found);
                }
                _ => check.answer(id, Answer::NoSuchName),
            }
        }
    }
}

fn set<T: Clone>(records: &[T]) -> Cached<T> {
    Ok(RecordSet { records: records.to_vec().into(), dnssec_status: DnssecStatus::Indeterminate })
}

fn key(owner: &str) -> Box<str> {
    format!("{owner}.").into()
}

/// mail-auth's side.
fn mail_auth_cache() -> MailAuthCache {
    let record = |text: &str| TxtRecord::from(mail_auth::spf::SpfRecord::parse(text.as_bytes()).unwrap());
    let hosts = ["big.test", "mx1.big.test", "mx2.big.test"];
    let exchanges = vec!["mx1.big.test.".into(), "mx2.big.test.".into()].into();
    let mx = mail_auth::dns::Mx { exchanges, preference: 10 };
    MailAuthCache {
        txt: texts().iter().map(|(owner, text)| (key(owner), record(text))).collect(),
        mx: [(key("big.test"), set(&[mx]))].into_iter().collect(),
        ipv4: hosts.iter().chain(&[MACRO_NAME]).map(|owner| (key(owner), set(&[HOST]))).collect(),
        ipv6: hosts.iter().map(|owner| (key(owner), set(&[]))).collect(),
        ptr: [].into_iter().collect(),
    }
}

/// mailrs-spf's side.
struct Mailrs {
    txt: Map<String, Vec<String>>,
    a: Map<String, Vec<IpAddr>>,
    mx: Map<String, Vec<(u16, String)>>,
}

impl Mailrs {
    fn new() -> Self {
        let hosts = ["big.test", "mx1.big.test", "mx2.big.test", MACRO_NAME];
        let mx = vec![(10, "mx1.big.test".into()), (10, "mx2.big.test".into())];
        Self {
            txt: texts().into_iter().map(|(owner, text)| (owner.into(), vec![text])).collect(),
            a: hosts.map(|owner| (owner.into(), vec![HOST.into()])).into_iter().collect(),
            mx: [("big.test".into(), mx)].into_iter().collect(),
        }
    }
}

#[async_trait::async_trait]
impl mailrs_spf::SpfResolver for Mailrs {
    async fn lookup_txt(&self, name: &str) -> Result<Vec<String>, mailrs_spf::SpfError> {
        Ok(self.txt.get(name).unwrap_or_default())
    }

    async fn lookup_a(&self, name: &str) -> Result<Vec<IpAddr>, mailrs_spf::SpfError> {
        Ok(self.a.get(name).unwrap_or_default())
    }

    async fn lookup_aaaa(&self, _: &str) -> Result<Vec<IpAddr>, mailrs_spf::SpfError> {
        Ok(Vec::new())
    }

    async fn lookup_mx(&self, name: &str) -> Result<Vec<(u16, String)>, mailrs_spf::SpfError> {
        Ok(self.mx.get(name).unwrap_or_default())
    }
}

fn checks(c: &mut Criterion) {
    let (ours, mail_auth, mailrs) = (Ours::new(), mail_auth_cache(), Mailrs::new());
    let authenticator = MessageAuthenticator::new_cloudflare().expect("a resolver that is never asked");
    for (case, ip, sender, expected) in CASES {
        let ip: IpAddr = ip.parse().unwrap();
        let cached = || ours.check(black_box(ip), black_box(sender), true);
        let parsing = || ours.check(black_box(ip), black_box(sender), false);
        let theirs_cached = || {
            let parameters = SpfParameters::mail_from(ip, "mta.sender.test", "mx.our.test", black_box(sender));
            block_on(authenticator.verify_spf(Parameters::new(parameters).with_cache(&mail_auth)))
        };
        let input = mailrs_spf::VerifyInput { ip, helo: "mta.sender.test".into(), mail_from: sender.into() };
        let theirs_parsing = || block_on(mailrs_spf::verify(&mailrs, black_box(&input)));

        assert_eq!((cached(), parsing()), (expected, expected), "{case}");
        let (pass, softfail) = (expected == SpfResult::Pass, expected == SpfResult::Softfail);
        assert_eq!(theirs_cached().result() == mail_auth::SpfResult::Pass, pass, "{case}");
        assert_eq!(theirs_cached().result() == mail_auth::SpfResult::SoftFail, softfail, "{case}");
        assert_eq!(theirs_parsing() == mailrs_spf::SpfResult::Pass, pass, "{case}");
        assert_eq!(theirs_parsing() == mailrs_spf::SpfResult::SoftFail, softfail, "{case}");

        report_allocations(&format!("spf/{case}/mailwright, records kept"), 1, cached);
        report_allocations(&format!("spf/{case}/mailwright, parsing"), 1, parsing);
        let mut group = c.benchmark_group(format!("spf/{case}"));
        group.throughput(Throughput::Elements(1));
        group.bench_function("mailwright, records kept", |b| b.iter(cached));
        group.bench_function("mail-auth, records kept", |b| b.iter(theirs_cached));
        group.bench_function("mailwright, parsing", |b| b.iter(parsing));
        group.bench_function("mailrs-spf, parsing", |b| b.iter(theirs_parsing));
        group.finish();
    }
}

fn parse(c: &mut Criterion) {
    let texts = texts();
    for (_, text) in &texts {
        assert!(Record::parse(text.as_bytes()).is_ok(), "{text}");
        assert!(mail_auth::spf::SpfRecord::parse(text.as_bytes()).is_ok(), "{text}");
    }
    let mut group = c.benchmark_group("spf/record-parse");
    group.throughput(Throughput::Elements(texts.len() as u64));
    let ours = || {
        for (_, text) in &texts {
            assert!(black_box(Record::parse(black_box(text.as_bytes()))).is_ok());
        }
    };
    report_allocations("spf/record-parse/mailwright", texts.len() as u64, ours);
    group.bench_function("mailwright", |b| b.iter(ours));
    group.bench_function("mail-auth", |b| {
        b.iter(|| {
            for (_, text) in &texts {
                assert!(black_box(mail_auth::spf::SpfRecord::parse(black_box(text.as_bytes()))).is_ok());
            }
        });
    });
    group.bench_function("mailrs-spf", |b| {
        b.iter(|| {
            for (_, text) in &texts {
                let _ = black_box(mailrs_spf::Record::parse(black_box(text)));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, checks, parse);
criterion_main!(benches);
