//! Reports, written and read again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at what they do not expect"
)]

use message::{Index, mime::Parser};
use relay::{Action, Limits, Outcome, Recipient, Report, Written};
use smtp_proto::{
    EnhancedStatus, Reply,
    client::Step,
    dsn::{Notify, OriginalRecipient, Ret},
    path::{Mailbox, ReversePath},
    xtext::Xtext,
};

const MAIL: &[u8] = b"From: ann@example.org\r\nSubject: Hello\r\n\r\nHi.\r\n";

fn recipient(address: &str) -> Recipient<'_> {
    let reply = Reply::new(550, Some(EnhancedStatus::new(5, 1, 1)), "No such user");
    Recipient {
        address: Mailbox::parse(address, true).unwrap(),
        original: None,
        notify: None,
        action: Action::Failed,
        outcome: Outcome::reply(Step::Rcpt, &reply),
        host: Some("mx.example.net"),
        last_attempt: Some(60),
    }
}

fn sender() -> ReversePath<'static> {
    ReversePath::parse("<ann@example.org>", false).unwrap()
}

fn build(report: &Report<'_>) -> Option<Written> {
    report.build(61, [7; 32], &Limits::default()).unwrap()
}

/// The fields of one group, by name.
type Group = Vec<(String, String)>;

/// The parts of a report: the text, the groups of fields, and what came back with its type.
fn read(message: &[u8]) -> (String, Vec<Group>, String, Vec<u8>) {
    let mut parser = Parser::default();
    let mail = parser.parse(message).unwrap();
    assert_eq!(mail.defects().count(), 0);
    let root = mail.root();
    assert!(root.media_type().is("multipart", "report"));
    let content_type = mail.headers().get("content-type").unwrap().text().into_owned();
    assert!(content_type.contains("report-type=delivery-status"), "{content_type}");
    assert_eq!(mail.headers().get("auto-submitted").unwrap().text(), "auto-replied");
    let parts: Vec<_> = root.children().collect();
    assert_eq!(parts.len(), 3);
    assert!(parts[1].media_type().is("message", "delivery-status"));
    let status = parts[1].decoded().bytes.into_owned();
    let mut groups = Vec::new();
    let mut rest = &status[..];
    while !rest.is_empty() {
        let mut index = Index::default();
        let headers = index.parse(rest).unwrap();
        let fields = headers.iter().map(|field| (field.name().to_owned(), field.text().into_owned()));
        groups.push(fields.collect());
        let read = rest.len() - headers.body().len();
        rest = &rest[read..];
    }
    let returned = parts[2];
    let kind = format!("{}/{}", returned.media_type().main(), returned.media_type().sub());
    (parts[0].text().unwrap().into_owned(), groups, kind, returned.decoded().bytes.into_owned())
}

fn field<'a>(group: &'a [(String, String)], name: &str) -> Option<&'a str> {
    group.iter().find(|(there, _)| there == name).map(|(_, value)| value.as_str())
}

#[test]
fn a_failure_says_what_was_sent_to_whom_and_why() {
    let sender = sender();
    let mut report = Report::new("mx.example.org", &sender, MAIL, 0);
    report.envelope_id = Some(Xtext::encode(b"order=7"));
    let original = OriginalRecipient::new("rfc822", Xtext::encode(b"Ben+x@example.net")).unwrap();
    report.recipients.push(Recipient { original: Some(original), ..recipient("ben@example.net") });
    report.recipients.push(Recipient {
        host: None,
        last_attempt: None,
        outcome: Outcome::unreachable("no answer").expired(),
        ..recipient("cid@example.com")
    });
    let written = build(&report).unwrap();
    assert_eq!(written.to.as_str(), "ann@example.org");
    assert!(!written.utf8 && !written.eight_bit);
    let (text, groups, kind, returned) = read(&written.message);
    assert!(
        text.contains("<ben@example.net>") && text.contains("mx.example.net said: 550 5.1.1 No such user"),
        "{text}"
    );
    assert_eq!(groups.len(), 3);
    assert_eq!(field(&groups[0], "Reporting-MTA"), Some("dns; mx.example.org"));
    assert_eq!(field(&groups[0], "Original-Envelope-Id"), Some("order=7"));
    assert_eq!(field(&groups[0], "Arrival-Date"), Some("Thu, 01 Jan 1970 00:00:00 +0000"));
    assert_eq!(field(&groups[1], "Original-Recipient"), Some("rfc822; Ben+x@example.net"));
    assert_eq!(field(&groups[1], "Final-Recipient"), Some("rfc822; ben@example.net"));
    assert_eq!(field(&groups[1], "Action"), Some("failed"));
    assert_eq!(field(&groups[1], "Status"), Some("5.1.1"));
    assert_eq!(field(&groups[1], "Remote-MTA"), Some("dns; mx.example.net"));
    assert_eq!(field(&groups[1], "Diagnostic-Code"), Some("smtp; 550 5.1.1 No such user"));
    assert_eq!(field(&groups[1], "Last-Attempt-Date"), Some("Thu, 01 Jan 1970 00:01:00 +0000"));
    assert_eq!(field(&groups[1], "Will-Retry-Until"), None);
    assert_eq!(field(&groups[2], "Status"), Some("5.4.7"));
    assert_eq!(field(&groups[2], "Diagnostic-Code"), None, "no server said anything");
    assert_eq!(kind, "text/rfc822-headers");
    assert_eq!(returned, b"From: ann@example.org\r\nSubject: Hello\r\n");
}

#[test]
fn r3_there_is_no_report_about_a_report() {
    let mut report = Report::new("mx.example.org", &ReversePath::Null, MAIL, 0);
    report.recipients.push(recipient("ben@example.net"));
    assert_eq!(build(&report), None);
}

#[test]
fn only_what_is_wanted_is_told() {
    let sender = sender();
    let told = |action: Action, notify: Option<Notify>| {
        let mut report = Report::new("mx.example.org", &sender, MAIL, 0);
        report.recipients.push(Recipient { action, notify, ..recipient("ben@example.net") });
        build(&report).is_some()
    };
    let only =
        |word: &str| Some(Notify { success: word == "success", failure: word == "failure", delay: word == "delay" });
    let delayed = Action::Delayed { until: 100 };
    assert!(told(Action::Failed, None) && told(delayed, None) && !told(Action::Delivered, None));
    for action in [Action::Failed, delayed, Action::Delivered, Action::Relayed, Action::Expanded] {
        assert!(!told(action, Some(Notify::NEVER)));
        assert_eq!(told(action, only("failure")), action == Action::Failed);
        assert_eq!(told(action, only("delay")), action == delayed);
        assert_eq!(told(action, only("success")), action != Action::Failed && action != delayed);
    }
    // who does not want to know is not in a report for others
    let mut report = Report::new("mx.example.org", &sender, MAIL, 0);
    report.recipients.push(recipient("ben@example.net"));
    report.recipients.push(Recipient { notify: Some(Notify::NEVER), ..recipient("cid@example.net") });
    let written = String::from_utf8(build(&report).unwrap().message).unwrap();
    assert!(written.contains("ben@") && !written.contains("cid@"));
}

#[test]
fn a_delay_says_until_when() {
    let sender = sender();
    let mut report = Report::new("mx.example.org", &sender, MAIL, 0);
    report.ret = Some(Ret::Full);
    report.recipients.push(Recipient { action: Action::Delayed { until: 432_000 }, ..recipient("ben@example.net") });
    let (_, groups, kind, _) = read(&build(&report).unwrap().message);
    assert_eq!(field(&groups[1], "Action"), Some("delayed"));
    assert_eq!(field(&groups[1], "Will-Retry-Until"), Some("Tue, 06 Jan 1970 00:00:00 +0000"));
    assert_eq!(kind, "text/rfc822-headers", "a whole message comes back only when it failed");
}

#[test]
fn r6_whole_messages_come_back_on_demand_and_only_small_ones() {
    let sender = sender();
    let returned = |message: &[u8], ret| {
        let mut report = Report::new("mx.example.org", &sender, message, 0);
        report.ret = ret;
        report.recipients.push(recipient("ben@example.net"));
        let written = build(&report).unwrap();
        let (_, _, kind, returned) = read(&written.message);
        (kind, returned.len(), written.eight_bit)
    };
    let mail = |size: usize| [MAIL, &b"0123456789\r\n".repeat(size / 12)].concat();
    let small = mail(50_000);
    assert_eq!(returned(&small, Some(Ret::Full)), ("message/rfc822".into(), small.len(), false));
    assert_eq!(returned(&small, Some(Ret::Headers)).0, "text/rfc822-headers");
    assert_eq!(returned(&small, None).0, "text/rfc822-headers");
    assert_eq!(returned(&mail(60_000), Some(Ret::Full)).0, "text/rfc822-headers");
    let latin = [MAIL, b"caf\xE9\r\n"].concat();
    assert_eq!(returned(&latin, Some(Ret::Full)), ("message/rfc822".into(), latin.len(), true));
    let binary = [MAIL, b"\0\r\n"].concat();
    assert_eq!(returned(&binary, Some(Ret::Full)).0, "text/rfc822-headers");
    // a header of a megabyte is cut between lines
    let long = ["X-A: 0123456789\r\n".repeat(60_000).as_bytes(), b"\r\nx\r\n"].concat();
    let (_, length, _) = returned(&long, None);
    assert!(length <= 51_200 && length % 17 == 0, "{length}");
}

#[test]
fn r6_what_strangers_say_breaks_nothing() {
    let sender = sender();
    let mut report = Report::new("mx.example.org", &sender, MAIL, 0);
    report.envelope_id = Some(Xtext::encode(b"a\r\nAction: delivered"));
    let evil = Xtext::encode(b"x\r\n\r\nFinal-Recipient: rfc822; y@z");
    let words = "no\r\n\r\nAction: delivered\r\n--=_07\r\n<script>\u{7}\u{e9}";
    report.recipients.push(Recipient {
        original: OriginalRecipient::new("rfc822", evil),
        outcome: Outcome::reply(Step::Rcpt, &Reply::new(550, None, words)),
        host: Some("evil\r\nX: y"),
        ..recipient("ben@example.net")
    });
    let (_, groups, _, _) = read(&build(&report).unwrap().message);
    assert_eq!(groups.len(), 2);
    assert_eq!(field(&groups[0], "Original-Envelope-Id"), None);
    assert_eq!(field(&groups[1], "Original-Recipient"), None);
    assert_eq!(field(&groups[1], "Action"), Some("failed"));
    let diagnostic = field(&groups[1], "Diagnostic-Code").unwrap();
    assert_eq!(diagnostic, "smtp; 550 no Action: delivered --=_07 <script>??");
}

#[test]
fn mail_beyond_ascii_is_reported_too() {
    let sender = ReversePath::parse("<zoë@example.org>", true).unwrap();
    let mail = "Subject: Grüße\r\n\r\nHi.\r\n".as_bytes();
    let mut report = Report::new("mx.example.org", &sender, mail, 0);
    report.ret = Some(Ret::Full);
    report.recipients.push(recipient("jörg@example.net"));
    let written = build(&report).unwrap();
    assert!(written.utf8);
    let (text, groups, kind, returned) = read(&written.message);
    assert!(text.contains("<jörg@example.net>"), "{text}");
    assert_eq!(field(&groups[1], "Final-Recipient"), Some("utf-8; j\\x{F6}rg@example.net"));
    assert_eq!((kind.as_str(), returned.as_slice()), ("message/global-headers", "Subject: Grüße\r\n".as_bytes()));
}
