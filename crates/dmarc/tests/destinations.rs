//! Destinations of reports: RFC 9990, "Verifying External Destinations".
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use core::time::Duration;

use dmarc::{Destination, Destinations, Limits, Permission, Record};
use dns::{Absence, Kind, RecordSet, Zone, drive};
use support::{name, zone};

fn told(domain: &str, rua: &str, zone: &Zone) -> (Vec<Destination>, usize) {
    let record = format!("v=DMARC1; p=none; rua={rua}");
    let record = Record::parse(record.as_bytes()).unwrap();
    let mut asked = 0;
    let inquiry = Destinations::new(name(domain), record.rua(), Limits::default(), Duration::ZERO);
    let all = drive::blocking(inquiry, |name, kind| {
        asked += 1;
        zone.lookup(name, kind)
    });
    (all, asked)
}

fn permit(zone: &mut Zone, owner: &str, text: &str) {
    zone.add(name(owner), RecordSet::Txt(vec![text.into()]));
}

#[test]
fn d5_strangers_are_asked() {
    let mut zone = zone(&[("example.com", "v=DMARC1; p=none"), ("cut.example.com", "v=DMARC1; p=none; psd=n")]);
    permit(&mut zone, "example.com._report._dmarc.old.example.net", "v=DMARC1;");
    permit(&mut zone, "example.com._report._dmarc.any.example.net", "something else");
    permit(&mut zone, "example.com._report._dmarc.any.example.net", "v=DMARC1; p=none");
    permit(&mut zone, "example.com._report._dmarc.victim.example.net", "v=spf1 -all");
    zone.set(name("example.com._report._dmarc.slow.example.net"), Kind::Txt, Absence::TryLater.into());
    for (uri, permission) in [
        ("mailto:a@example.com", Permission::Inside),
        ("mailto:a@Reports.Example.com!10m", Permission::Inside),
        ("mailto:a@old.example.net", Permission::Granted),
        ("mailto:a@any.example.net", Permission::Granted),
        ("mailto:a@victim.example.net", Permission::NotGranted),
        ("mailto:a@nobody.example.net", Permission::NotGranted),
        ("mailto:a@slow.example.net", Permission::TryLater),
        // below the same domain, and another organization
        ("mailto:a@cut.example.com", Permission::NotGranted),
        ("mailto:a@com", Permission::NotGranted),
        ("https://example.com/reports", Permission::NotMail),
    ] {
        let (all, _) = told("example.com", uri, &zone);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].permission, permission, "{uri}");
        let sent = matches!(permission, Permission::Inside | Permission::Granted);
        assert_eq!(all[0].targets().count(), usize::from(sent));
    }
}

#[test]
fn d5_a_destination_replaces_within_its_host_only() {
    let mut zone = zone(&[("example.com", "v=DMARC1; p=none")]);
    permit(
        &mut zone,
        "example.com._report._dmarc.third.example.net",
        "v=DMARC1; rua=mailto:new@third.example.net, mailto:b@third.example.net; ruf=mailto:f@other.example",
    );
    permit(
        &mut zone,
        "example.com._report._dmarc.evil.example.net",
        "v=DMARC1; rua=mailto:new@evil.example.net,mailto:victim@example.org",
    );
    let (all, _) = told("example.com", "mailto:old@third.example.net,mailto:x@evil.example.net", &zone);
    assert_eq!(all[0].targets().collect::<Vec<_>>(), ["mailto:new@third.example.net", "mailto:b@third.example.net"]);
    assert_eq!((all[1].permission, all[1].targets().count()), (Permission::Elsewhere, 0));

    let record = Record::parse(b"v=DMARC1; p=none; ruf=mailto:old@third.example.net").unwrap();
    let inquiry =
        Destinations::for_failure_reports(name("example.com"), record.ruf(), Limits::default(), Duration::ZERO);
    let all = drive::blocking(inquiry, |name, kind| zone.lookup(name, kind));
    assert_eq!(all[0].permission, Permission::Elsewhere);
}

#[test]
fn d5_questions_and_destinations_are_bounded() {
    let zone = zone(&[]);
    let uris: Vec<String> = (0..50).map(|number| format!("mailto:a@a.b.c.d.e.f.g{number}.example.com")).collect();
    let (all, asked) = told("x.y.example.com", &uris.join(","), &zone);
    assert_eq!(all.len(), 5);
    assert!(asked <= 8 + 5 * 9, "{asked}");
    // Over-long names cannot be asked.
    let long = [&*"x".repeat(60); 3].join(".");
    let (all, _) =
        told(&format!("{long}.example.com"), "mailto:a@a-host-with-a-long-name-of-its-own.example.net", &zone);
    assert_eq!(all[0].permission, Permission::NotGranted);
}

#[test]
fn what_the_dns_does_not_tell_is_tried_later() {
    let mut zone = zone(&[("example.com", "v=DMARC1; p=none")]);
    zone.set(name("_dmarc.reports.example.com"), Kind::Txt, Absence::TryLater.into());
    let (all, _) = told("example.com", "mailto:a@reports.example.com", &zone);
    assert_eq!(all[0].permission, Permission::TryLater);
    permit(&mut zone, "example.com._report._dmarc.reports.example.com", "v=DMARC1");
    let (all, _) = told("example.com", "mailto:a@reports.example.com", &zone);
    assert_eq!(all[0].permission, Permission::Granted);
}

#[test]
fn the_example_of_b_2_3_and_4() {
    let mut zone = zone(&[("example.com", "v=DMARC1; p=none")]);
    permit(&mut zone, "example.com._report._dmarc.thirdparty.example.net", "v=DMARC1;");
    let record = Record::parse(
        b"v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com; ruf=mailto:auth-reports@thirdparty.example.net",
    )
    .unwrap();
    let failures = |zone: &Zone| {
        let inquiry =
            Destinations::for_failure_reports(name("example.com"), record.ruf(), Limits::default(), Duration::ZERO);
        drive::blocking(inquiry, |name, kind| zone.lookup(name, kind))
    };
    assert_eq!(failures(&zone)[0].targets().collect::<Vec<_>>(), ["mailto:auth-reports@thirdparty.example.net"]);
    // B.2.4: another address at the same host; the one for aggregate reports has nothing to replace
    let mut zone = support::zone(&[("example.com", "v=DMARC1; p=none")]);
    permit(
        &mut zone,
        "example.com._report._dmarc.thirdparty.example.net",
        "v=DMARC1; rua=mailto:aggregate-reports@thirdparty.example.net; ruf=mailto:failure-reports@thirdparty.example.net",
    );
    assert_eq!(failures(&zone)[0].targets().collect::<Vec<_>>(), ["mailto:failure-reports@thirdparty.example.net"]);
    let (aggregate, asked) = told("example.com", "mailto:dmarc-feedback@example.com", &zone);
    assert_eq!((aggregate[0].permission, asked), (Permission::Inside, 0));
}
