//! Whatever strangers have said, a report is one message of three parts, and says of each recipient what became of it, once.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use message::{Index, mime::Parser};
use relay::{Action, Limits, Outcome, Recipient, Report};
use smtp_proto::{
    Reply,
    client::Step,
    dsn::{Notify, OriginalRecipient, Ret},
    path::{Mailbox, ReversePath},
    xtext::Xtext,
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    sender: &'a str,
    mail: &'a [u8],
    envelope_id: Option<&'a [u8]>,
    ret: Option<Ret>,
    recipients: Vec<One<'a>>,
    random: [u8; 32],
    now: i64,
}

#[derive(Arbitrary, Debug)]
struct One<'a> {
    address: &'a str,
    original: Option<(&'a str, &'a [u8])>,
    notify: Option<Notify>,
    action: u8,
    code: u16,
    words: &'a str,
    host: Option<&'a str>,
    at: i64,
}

fuzz_target!(|input: Input<'_>| {
    let path = format!("<{}>", input.sender);
    let sender =
        ReversePath::parse(&path, true).unwrap_or_else(|_| ReversePath::parse("<ann@example.org>", false).unwrap());
    let mut report = Report::new("mx.example.org", &sender, input.mail, input.now);
    report.envelope_id = input.envelope_id.map(Xtext::encode);
    report.ret = input.ret;
    for one in input.recipients.iter().take(20) {
        report.recipients.push(Recipient {
            address: Mailbox::parse(one.address, true).unwrap_or_else(|_| Mailbox::parse("x@y", false).unwrap()),
            original: one.original.and_then(|(kind, address)| OriginalRecipient::new(kind, Xtext::encode(address))),
            notify: one.notify,
            action: [
                Action::Failed,
                Action::Delayed { until: one.at },
                Action::Delivered,
                Action::Relayed,
                Action::Expanded,
            ][usize::from(one.action % 5)],
            outcome: Outcome::reply(Step::Rcpt, &Reply::new(one.code, None, one.words)),
            host: one.host,
            last_attempt: Some(one.at),
        });
    }
    let wanted = report.recipients.iter().filter(|one| match (one.action, one.notify) {
        (Action::Failed, notify) => notify.is_none_or(|notify| notify.failure),
        (Action::Delayed { .. }, notify) => notify.is_none_or(|notify| notify.delay),
        (_, notify) => notify.is_some_and(|notify| notify.success),
    });
    let wanted = if sender == ReversePath::Null { 0 } else { wanted.count() };
    let Some(written) = report.build(input.now, input.random, &Limits::default()).unwrap() else {
        return assert_eq!(wanted, 0);
    };
    assert!(written.message.len() < 51_200 * 4 + wanted * 4_000);
    let mut parser = Parser::default();
    let mail = parser.parse(&written.message).unwrap();
    let parts: Vec<_> = mail.root().children().collect();
    assert_eq!(parts.len(), 3);
    assert!(parts[1].media_type().is("message", "delivery-status"));
    let status = parts[1].decoded().bytes.into_owned();
    let mut rest = &status[..];
    let mut groups = 0;
    while !rest.is_empty() {
        let mut index = Index::default();
        let headers = index.parse(rest).unwrap();
        let once = if groups == 0 { "Reporting-MTA" } else { "Action" };
        assert_eq!(headers.all(once).count(), 1);
        assert_eq!(headers.all("Final-Recipient").count(), usize::from(groups > 0));
        let read = rest.len() - headers.body().len();
        rest = &rest[read..];
        groups += 1;
    }
    assert_eq!(groups, 1 + wanted);
});
