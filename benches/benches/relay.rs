//! A route, the schedule's decision, and a report; the report beside a builder of MIME messages that is given the same parts. There is no crate that decides routes
//! without asking a resolver of its own.

use std::{hint::black_box, time::Duration};

use benches::report_allocations;
use criterion::{Criterion, criterion_group, criterion_main};
use dns::{Inquiry as _, Kind, Mx, RecordSet, Response, Step};
use mail_builder::{
    MessageBuilder,
    headers::{HeaderType, content_type::ContentType, raw::Raw},
    mime::{BodyPart, MimePart},
};
use message::DateTime;
use relay::{Action, Destination, Life, Limits, Outcome, Recipient, Report, Route, Schedule, Settings};
use smtp_proto::{
    EnhancedStatus, Reply, client,
    path::{Mailbox, ReversePath},
};
use std::sync::Arc;

fn route(c: &mut Criterion) {
    let found = |records| Response::Records { records, ttl: 300, authenticated: false };
    let mx = |n: u16| Mx { preference: 10 * n, exchange: format!("mx{n}.example.org").parse().unwrap() };
    let hosts = found(RecordSet::Mx(vec![mx(3), mx(1), mx(2)]));
    let four = found(RecordSet::A(vec![[192, 0, 2, 1].into(), [192, 0, 2, 2].into()]));
    let six = found(RecordSet::Aaaa(vec!["2001:db8::1".parse().unwrap()]));
    let settings = Arc::new(Settings::default());
    let domain = Destination::Domain("example.org".parse().unwrap());
    let mut ours = || {
        let mut route = Route::new(domain, settings.clone(), Limits::default(), [7; 16], Duration::ZERO);
        loop {
            let (id, response) = match route.step() {
                Step::Ask(question) => (
                    question.id,
                    match question.kind {
                        Kind::Mx => &hosts,
                        Kind::A => &four,
                        _ => &six,
                    },
                ),
                Step::Wait => unreachable!(),
                Step::Done(plan) => break plan,
            };
            route.answer(id, response.as_answer());
        }
    };
    assert_eq!(ours().unwrap().targets().count(), 5);
    report_allocations("relay/route/mailwright", 1, &mut ours);
    c.bench_function("relay/route/mailwright", |b| b.iter(|| black_box(ours())));
}

fn schedule(c: &mut Criterion) {
    let schedule = Schedule::default();
    let life = Life { arrived: 0, attempts: 5, delay_told: false, bounce: false };
    let mut ours = || schedule.next(black_box(&life), black_box(4_000), black_box(77));
    report_allocations("relay/schedule/mailwright", 1, &mut ours);
    c.bench_function("relay/schedule/mailwright", |b| b.iter(&mut ours));
}

fn report(c: &mut Criterion) {
    let mail = [
        "Received: from a by b; Thu, 01 Jan 1970 00:00:00 +0000\r\n".repeat(20),
        "Subject: Hello\r\n\r\nHi.\r\n".into(),
    ]
    .concat();
    let sender = ReversePath::parse("<ann@example.org>", false).unwrap();
    let reply = Reply::new(550, Some(EnhancedStatus::new(5, 1, 1)), "No such user");
    let mut ours = || {
        let mut report = Report::new("mx.example.org", &sender, mail.as_bytes(), 0);
        report.recipients.push(Recipient {
            address: Mailbox::parse("ben@example.net", false).unwrap(),
            original: None,
            notify: None,
            action: Action::Failed,
            outcome: Outcome::reply(client::Step::Rcpt, &reply),
            host: Some("mx.example.net"),
            last_attempt: Some(60),
        });
        report.build(61, [7; 32], &Limits::default()).unwrap().unwrap().message
    };
    // the same facts, made into the same words
    let (server, host, address, words) = ("mx.example.org", "mx.example.net", "ben@example.net", "No such user");
    let mut peer = || {
        let date = DateTime::utc(black_box(0));
        let text = format!(
            "This is the mail system at {server}.\n\nYour message of {date}\ncould not be delivered to the following recipients, and will not be \
             tried again:\n\n  <{address}>\n    {host} said: 550 5.1.1 {words}\n\nThe details are below, for programs, and what was sent is behind \
             them.\n"
        );
        let status = format!(
            "Reporting-MTA: dns; {server}\r\nArrival-Date: {date}\r\n\r\nFinal-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
             Remote-MTA: dns; {host}\r\nDiagnostic-Code: smtp; 550 5.1.1 {words}\r\nLast-Attempt-Date: {}\r\n",
            DateTime::utc(60)
        );
        let header = mail.split_once("\r\n\r\n").unwrap().0;
        MessageBuilder::new()
            .date(61_i64)
            .message_id("07070707070707070707070707070707@mx.example.org")
            .from(("Mail Delivery System", "MAILER-DAEMON@mx.example.org"))
            .to("ann@example.org")
            .header("Auto-Submitted", HeaderType::Raw(Raw::new("auto-replied")))
            .subject("Your message could not be delivered")
            .body(MimePart::new(
                ContentType::new("multipart/report").attribute("report-type", "delivery-status"),
                BodyPart::Multipart(vec![
                    MimePart::new(ContentType::new("text/plain"), BodyPart::Text(text.as_str().into())),
                    MimePart::new(ContentType::new("message/delivery-status"), BodyPart::Text(status.into())),
                    MimePart::new(ContentType::new("text/rfc822-headers"), BodyPart::Text(header.into())),
                ]),
            ))
            .write_to_vec()
            .unwrap()
    };
    // both say the same of the recipient
    let fields = |message: &[u8]| {
        let mut parser = message::mime::Parser::default();
        let mail = parser.parse(message).unwrap();
        let part = mail.root().children().nth(1).unwrap();
        let text = String::from_utf8(part.decoded().bytes.into_owned()).unwrap();
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(fields(&ours()), fields(&peer()));
    report_allocations("relay/report/mailwright", 1, &mut ours);
    report_allocations("relay/report/mail-builder", 1, &mut peer);
    let mut group = c.benchmark_group("relay/report");
    group.bench_function("mailwright", |b| b.iter(|| black_box(ours())));
    group.bench_function("mail-builder", |b| b.iter(|| black_box(peer())));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(40).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = route, schedule, report
}
criterion_main!(benches);
