//! Records, terms and what is wrong with them.

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

use dns::{RecordSet, Zone, drive};
use spf::{
    CheckHost, Config, Limits, Mechanism, Problem, Record, RecordError, SpfResult, Survey, SyntaxError, TermKind,
};

fn error(terms: &str) -> SyntaxError {
    match format!("v=spf1 {terms}").parse::<Record>() {
        Err(RecordError::Syntax(error)) => error,
        other => panic!("{terms}: {other:?}"),
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    assert_eq!(Record::parse(b"v=spf10 all"), Err(SyntaxError::Version.into()));
    assert_eq!(error("a moo"), SyntaxError::Mechanism { at: 9 });
    assert_eq!(error("a\tb"), SyntaxError::Octet { at: 8 });
    assert_eq!(error("-exp=a.example"), SyntaxError::Modifier { at: 7 });
    assert_eq!(error("=x"), SyntaxError::Modifier { at: 7 });
    assert_eq!(error("all:x"), SyntaxError::Argument { at: 10 });
    assert_eq!(error("include"), SyntaxError::Argument { at: 14 });
    assert_eq!(error("ptr/24"), SyntaxError::Argument { at: 10 });
    assert_eq!(error("a:"), SyntaxError::Domain { at: 9 });
    assert_eq!(error("a:192.0.2.1"), SyntaxError::Domain { at: 9 });
    assert_eq!(error("a:b.example/33"), SyntaxError::Prefix { at: 18 });
    assert_eq!(error("a:b.example//129"), SyntaxError::Prefix { at: 18 });
    assert_eq!(error("mx/024"), SyntaxError::Prefix { at: 9 });
    assert_eq!(error("exists:%{x}.b.example"), SyntaxError::Macro { at: 14 });
    assert_eq!(error("exists:a%{d0}.b.example"), SyntaxError::Macro { at: 15 });
    assert_eq!(error("exists:a.%{c}"), SyntaxError::Macro { at: 16 });
    assert_eq!(error("exists:a%{d}b"), SyntaxError::Domain { at: 14 });
    assert_eq!(error("ip4:192.0.2"), SyntaxError::Address { at: 11 });
    assert_eq!(error("ip4:192.0.02.1"), SyntaxError::Address { at: 11 });
    assert_eq!(error("ip4:192.0.2.256"), SyntaxError::Address { at: 11 });
    assert_eq!(error("ip4:192.0.2.1/"), SyntaxError::Prefix { at: 20 });
    assert_eq!(error("ip6:192.0.2.1"), SyntaxError::Address { at: 11 });
    assert_eq!(error("exp=a.example redirect=b.example Exp=c.example"), SyntaxError::Twice { at: 40 });
    assert_eq!(error("redirect=b.example Redirect=c.example"), SyntaxError::Twice { at: 26 });
    assert_eq!(error("x=%"), SyntaxError::Macro { at: 9 });
}

#[test]
fn all_that_the_grammar_has_is_read() {
    let text = "V=SPF1  a A/24 a//64 a:b.example/24//64 mx:%{d2}/0 ptr:b.example. ip6:2001:db8::/32 \
                ?exists:%{ir}.%{v}._spf.%{d128r-+,/_=} x-y.z_1=%%%_%- redirect=_%{o}.b.example ~all  ";
    let record: Record = text.parse().unwrap();
    assert_eq!(
        record.to_string(),
        "v=spf1 a a/24 a//64 a:b.example/24//64 mx:%{d2}/0 ptr:b.example. ip6:2001:db8::/32 \
         ?exists:%{ir}.%{v}._spf.%{d128r-+,/_=} x-y.z_1=%%%_%- redirect=_%{o}.b.example ~all"
    );
    assert_eq!(record.terms().len(), 11);
    let domains = record.terms().filter_map(|term| match term.kind {
        TermKind::Directive(_, Mechanism::Ptr { domain: Some(domain) }) => domain.name.copied(),
        _ => None,
    });
    assert_eq!(domains.collect::<Vec<_>>(), ["b.example"]);
}

#[test]
fn where_a_verdict_comes_from_can_be_read() {
    let mut zone = Zone::new();
    let mut text = |owner: &str, text: &str| zone.add(owner.parse().unwrap(), RecordSet::Txt(vec![text.into()]));
    text("a.example", "v=spf1 include:b.example redirect=c.example");
    text("b.example", "v=spf1 -ip4:192.0.2.0/24 +all");
    text("c.example", "v=spf1 a:%{d} ~include:d.example -all");
    text("d.example", "v=spf1 redirect=e.example");
    text("e.example", "v=spf1 ip4:192.0.2.0/24 oops=1 ");
    let client = "::ffff:192.0.2.17".parse().unwrap();
    let config = Config::new("mx.example.com");
    let mut check =
        CheckHost::mail_from(client, "mail.example.net", "x@A.example", &config, Limits::default(), Duration::ZERO);
    let verdict = drive::blocking_mut(&mut check, |name, kind| zone.lookup(name, kind));
    assert_eq!(verdict.result, SpfResult::Softfail);
    assert_eq!(
        check.trace().to_string(),
        "softfail: ip4:192.0.2.0/24 of e.example, by redirect=e.example of d.example, by ~include:d.example of c.example, \
         by redirect=c.example of a.example; 5 lookups, 1 void"
    );
    let places: Vec<_> = check.places().map(|place| (place.domain.to_string(), place.term.unwrap().span)).collect();
    assert_eq!(places[0], ("a.example".into(), 25..43));
    assert_eq!(places.len(), 4);
    assert_eq!(check.parsed().map(Record::as_str), Some("v=spf1 ip4:192.0.2.0/24 oops=1 "));
}

#[test]
fn an_operator_learns_what_to_mend() {
    let problems = |text: &str| {
        let record: Record = text.parse().unwrap();
        record.lint().into_iter().map(|finding| (finding.span.start, finding.problem)).collect::<Vec<_>>()
    };
    assert_eq!(problems("v=spf1 a mx -all"), []);
    assert_eq!(problems("v=spf1 redirect=b.example"), []);
    assert_eq!(problems("v=spf1 a"), [(0, Problem::NoAll)]);
    assert_eq!(problems("v=spf1 all"), [(7, Problem::PassAll)]);
    assert_eq!(problems("v=spf1 -all a exp=b.example"), [(12, Problem::AfterAll)]);
    assert_eq!(problems("v=spf1 ?all redirect=b.example"), [(12, Problem::UselessRedirect)]);
    assert_eq!(problems("v=spf1 ptr exists:%{p}.b.example -all"), [(7, Problem::Ptr), (11, Problem::Ptr)]);
    assert_eq!(problems("v=spf1 ip4:10.0.0.0/8 -ip4:11.0.0.0/8 -all"), [(7, Problem::Wide)]);
    assert_eq!(problems("v=spf1 include=b.example -all"), [(7, Problem::UnknownModifier)]);
    let long = format!("v=spf1 {}-all", "ip4:192.0.2.1 ".repeat(40));
    assert_eq!(problems(&long), [(0, Problem::Long(long.len()))]);
}

#[test]
fn a_survey_follows_all_records() {
    let mut zone = Zone::new();
    let mut text = |owner: &str, text: &str| zone.add(owner.parse().unwrap(), RecordSet::Txt(vec![text.into()]));
    text("a.example", "v=spf1 include:b.example include:gone.example a:c.example mx ptr exists:%{i}.x.example -all");
    text("b.example", "v=spf1 include:a.example include:w.example a:gone.example a:h.example exists:a..x.example");
    text("w.example", "v=spf1 a:192.0.2.1");
    zone.add("h.example".parse().unwrap(), RecordSet::Aaaa(vec!["2001:db8::1".parse().unwrap()]));
    let mut survey = Survey::new("a.example".parse().unwrap(), Limits::default(), Duration::ZERO);
    let tally = drive::blocking_mut(&mut survey, |name, kind| zone.lookup(name, kind));
    assert_eq!((tally.lookups, tally.voids), (11, 4));
    let found: Vec<_> = survey.findings().iter().map(|finding| finding.problem).collect();
    assert_eq!(
        found,
        [
            Problem::Lookups(11),
            Problem::Voids(4),
            Problem::Ptr,
            Problem::Loop,
            Problem::Wrong(SyntaxError::Domain { at: 9 }.into()),
            Problem::Void,
            Problem::Void,
            Problem::NoRecord,
            Problem::Void,
            Problem::Void,
        ]
    );
}
