//! DMARC beside mail-auth, which keeps parsed records and walks as we do, and mailrs-dmarc, which is handed the policy and looks nothing up.
//!
//! - eval: one message, its records parsed and in a map of the same kind for all. Look-ups are a part of it: `decide` has one, for the Author Domain; mail-auth walks to
//!   the top.
//! - record: one record, parsed.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use benches::{
    cache::{MailAuthCache, Map},
    report_allocations,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dmarc::{
    Authors, Check, Config, Dkim, DmarcResult, Identity, Limits, Order, Outcome, Published, Record, Spf, Verdict,
    decide,
};
use dns::{Inquiry, Name, Step, Txt};
use futures::executor::block_on;
use mail_auth::{
    AuthenticatedMessage, DkimOutput, DkimResult, MessageAuthenticator, SpfOutput, SpfResult,
    dkim::Signature,
    dmarc::{DmarcRecord, verify::DmarcParameters},
    dns::{Parameters, ResolverCache, TxtRecord, TxtRecordParser},
};

const RECORD: &str = "v=DMARC1; p=reject; rua=mailto:d@example.net; adkim=r; aspf=r; pct=100";
const LONG: &str = "v=DMARC1; p=quarantine; sp=reject; rua=mailto:d@example.net,mailto:e@rua.example.com!10m; \
                    ruf=mailto:f@example.net; adkim=s; aspf=r; fo=1:d:s; pct=50; ri=86400";
/// What has no record.
const SILENT: [&str; 3] = ["_dmarc.net", "_dmarc.news.example.net", "_dmarc.bounce.example.net"];

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// One message, evaluated to the end with what a cache has.
fn evaluate(cache: &Map<Name, Published>, authors: &Authors, spf: &Spf, dkim: &Dkim, order: Order) -> Verdict {
    let mut config = Config::default();
    config.order = order;
    let mut check = Check::new(authors, config, Limits::default(), Duration::ZERO);
    check.spf(spf);
    check.dkim(dkim);
    check.complete();
    loop {
        match check.step() {
            Step::Ask(question) => {
                let (id, published) = (question.id, cache.get(question.name).unwrap());
                check.answer_parsed(id, &published);
            }
            Step::Wait => panic!("all is answered"),
            Step::Done(verdict) => return verdict,
        }
    }
}

fn eval(c: &mut Criterion) {
    let cache = Map::<Name, Published>::default();
    let theirs = MailAuthCache::default();
    let read = |texts: Vec<Txt>| {
        let records = dns::RecordSet::Txt(texts);
        let answer = dns::Answer::Records { records: records.as_records(), ttl: 300, authenticated: false };
        Published::read(answer, &Limits::default()).unwrap()
    };
    let later = Instant::now() + Duration::from_secs(3600);
    cache.insert(name("_dmarc.example.net"), read(vec![RECORD.into()]), later);
    let own = Map::<Name, Published>::default();
    own.insert(name("example.net"), read(vec![RECORD.into()]), later);
    let record = DmarcRecord::parse(RECORD.as_bytes()).unwrap();
    theirs.txt.insert("_dmarc.example.net.".into(), TxtRecord::from(record), later);
    for silent in SILENT {
        cache.insert(name(silent), Published::Nothing, later);
        let none = TxtRecord::Error(mail_auth::Error::Dns(mail_auth::DnsError::InvalidRecordType));
        theirs.txt.insert(format!("{silent}.").into(), none, later);
    }
    let authenticator = MessageAuthenticator::new_cloudflare().expect("a resolver that is never asked");

    for (case, from, mail_from) in
        [("same", "example.net", "example.net"), ("relaxed", "news.example.net", "bounce.example.net")]
    {
        let mut group = c.benchmark_group(format!("dmarc/eval-{case}"));
        group.throughput(Throughput::Elements(1));
        let authors = Authors::from(name(from));
        let spf = Spf { outcome: Outcome::Pass, domain: name(mail_from), identity: Identity::MailFrom };
        let dkim = Dkim { outcome: Outcome::Pass, domain: name("example.net"), partial: false };

        let text = format!("From: a@{from}\r\nTo: b@example.com\r\nSubject: x\r\n\r\nx\r\n");
        let message = AuthenticatedMessage::parse(text.as_bytes()).unwrap();
        let signature = Signature { d: "example.net".into(), ..Signature::default() };
        let signed = [DkimOutput::from(DkimResult::Pass).with_signature(&signature)];
        let sent = SpfOutput::new(mail_from.into()).with_result(SpfResult::Pass);
        let peer = || {
            let parameters = DmarcParameters::new(&message, black_box(&signed), mail_from, black_box(&sent));
            block_on(authenticator.verify_dmarc(Parameters::new(parameters).with_cache(&theirs)))
        };
        assert!(matches!(peer().result(), mail_auth::DmarcResult::Pass));
        for (order, what) in [(Order::Parallel, "mailwright"), (Order::Sequential, "mailwright-sequential")] {
            let ours = || evaluate(&cache, black_box(&authors), black_box(&spf), black_box(&dkim), order);
            let verdict = ours();
            assert_eq!(verdict.result, DmarcResult::Pass);
            assert_eq!((verdict.spf.is_aligned(), verdict.dkim.is_aligned()), (true, true));
            report_allocations(&format!("dmarc/eval-{case}/{what}"), 1, ours);
            group.bench_function(what, |b| b.iter(ours));
        }
        if case == "same" {
            let (config, limits) = (Config::default(), Limits::default());
            let author = name(from);
            let ours = || {
                let published = own.get(black_box(&author)).unwrap();
                let dkim = core::slice::from_ref(&dkim);
                decide(&author, &published, Some(black_box(&spf)), black_box(dkim), &config, &limits)
            };
            assert_eq!(ours(), Some(evaluate(&cache, &authors, &spf, &dkim, Order::Sequential)));
            report_allocations("dmarc/eval-same/mailwright-decide", 1, ours);
            group.bench_function("mailwright-decide", |b| b.iter(ours));
            let published = own.get(&author).unwrap();
            let handed = || {
                let dkim = core::slice::from_ref(&dkim);
                decide(&author, black_box(&published), Some(black_box(&spf)), black_box(dkim), &config, &limits)
            };
            group.bench_function("mailwright-decide, record handed over", |b| b.iter(handed));
        }
        report_allocations(&format!("dmarc/eval-{case}/mail-auth"), 1, peer);
        group.bench_function("mail-auth", |b| b.iter(peer));

        let policy = mailrs_dmarc::DmarcPolicy::parse(RECORD).unwrap();
        let input = mailrs_dmarc::DmarcInput {
            from_domain: from.into(),
            policy_domain: "example.net".into(),
            spf: Some(mailrs_dmarc::SpfResult { domain: mail_from.into(), pass: true }),
            dkim: vec![mailrs_dmarc::DkimSignatureResult { d_domain: "example.net".into(), pass: true }],
        };
        let handed = || mailrs_dmarc::evaluate(black_box(&policy), black_box(&input));
        assert!(handed().dmarc_pass);
        report_allocations(&format!("dmarc/eval-{case}/mailrs-dmarc, policy handed over"), 1, handed);
        group.bench_function("mailrs-dmarc, policy handed over", |b| b.iter(handed));
        group.finish();
    }
}

fn record(c: &mut Criterion) {
    let mut group = c.benchmark_group("dmarc/record");
    group.throughput(Throughput::Bytes(LONG.len() as u64));
    let ours = || Record::parse(black_box(LONG.as_bytes())).unwrap().rules().p;
    let kept = || Record::parse(black_box(LONG.as_bytes())).unwrap().to_owned();
    let mail_auth = || DmarcRecord::parse(black_box(LONG.as_bytes())).unwrap();
    let mailrs = || mailrs_dmarc::DmarcPolicy::parse(black_box(LONG)).unwrap();
    assert_eq!(ours(), Some(dmarc::Policy::Quarantine));
    assert_eq!(kept().as_record().rua().valid().count(), mail_auth().rua().len());
    assert_eq!(mailrs().policy, mailrs_dmarc::PolicyAction::Quarantine);
    report_allocations("dmarc/record/mailwright", 1, ours);
    group.bench_function("mailwright", |b| b.iter(ours));
    report_allocations("dmarc/record/mailwright, kept", 1, kept);
    group.bench_function("mailwright, kept", |b| b.iter(kept));
    report_allocations("dmarc/record/mail-auth", 1, mail_auth);
    group.bench_function("mail-auth", |b| b.iter(mail_auth));
    report_allocations("dmarc/record/mailrs-dmarc", 1, mailrs);
    group.bench_function("mailrs-dmarc", |b| b.iter(mailrs));
    group.finish();
}

criterion_group!(benches, eval, record);
criterion_main!(benches);
