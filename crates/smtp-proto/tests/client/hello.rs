//! From the greeting to the first `Ready`, STARTTLS and AUTH.

use smtp_proto::{
    Wants,
    client::{Answer, Config, Limits, Request, Role, StartTls},
};

use crate::talk::*;

#[test]
fn helo_where_ehlo_is_not_known() {
    check(
        &plain(),
        "
        S: 220 old.example.org
        C: EHLO client.example.net
        S: 502 What?
        C: HELO client.example.net
        S: 250 Hello
        E: Ready
        R: QUIT
        C: QUIT
        S: 221 Bye
        E: Closing
        CLOSE
    ",
    );
}

#[test]
fn no_helo_for_submission_lmtp_and_where_tls_is_required() {
    check_with(
        &submission(),
        &Limits::default(),
        Some(&tls()),
        "
        S: 220 mx
        C: EHLO client.example.net
        S: 502 What?
        E: Failed { error: Refused { step: Ehlo
        C: QUIT
        S: 221 Bye
        E: Closing
    ",
    );
    check(
        &lmtp(),
        "
        S: 220 mx
        C: LHLO client.example.net
        S: 500 What?
        E: Refused { step: Ehlo
        C: QUIT
        EOF
        E: Closing
    ",
    );
    let mut config = plain();
    config.starttls = StartTls::Required;
    check(
        &config,
        "
        S: 220 mx
        C: EHLO client.example.net
        S: 500 What?
        C: HELO client.example.net
        S: 250 mx
        E: Failed { error: TlsNotOffered, outcome: Nothing }
        C: QUIT
        WAIT 10
        E: Closing
    ",
    );
}

#[test]
fn greeting_refused() {
    check(
        &plain(),
        "
        S: 554-No service
        S: 554 here
        E: Refused { step: Connect
        C: QUIT
        S: 221 Bye
        E: Closing
        CLOSE
    ",
    );
    check(
        &plain(),
        "
        S: 421 Later
        E: Failed { error: Closing
        E: Closing
        CLOSE
    ",
    );
    check(
        &plain(),
        "
        S: 354 Go on
        E: Unexpected { step: Connect, code: 354 }
        E: Closing
    ",
    );
}

#[test]
fn a_name_that_is_none_is_not_said() {
    check(
        &Config::new(Role::Smtp, "no name\r\nMAIL"),
        "
        S: 220 mx
        E: Failed { error: Name
        C: QUIT
        S: 221 Bye
        E: Closing
    ",
    );
}

#[test]
fn starttls_and_everything_again() {
    check(
        &plain(),
        "
        S: 220 mx
        C: EHLO client.example.net
        S: 250-mx
        S: 250-PIPELINING
        S: 250 STARTTLS
        C: STARTTLS
        S: 220 Go ahead
        TLS
        C: EHLO client.example.net
        S: 250 mx
        E: Ready
        R: MAIL FROM:<bob@example.net>
        R: RCPT TO:<alice@example.org>
        R: SEND
        C: MAIL FROM:<bob@example.net>
        S: 250 OK
        C: RCPT TO:<alice@example.org>
        S: 250 OK
        E: Recipient { index: 0
        C: DATA
    ",
    );
}

#[test]
fn w12_nothing_is_believed_from_before_tls() {
    let mut config = submission();
    config.auth_without_tls = true;
    check(
        &config,
        "
        S: 220 mx
        C: EHLO client.example.net
        S: 250-mx
        S: 250-AUTH PLAIN
        S: 250 STARTTLS
        C: STARTTLS
        S: 220 Go ahead
        TLS
        C: EHLO client.example.net
        S: 250 mx
        E: Ready
        R: MISUSE AUTH PLAIN secret
    ",
    );
}

#[test]
fn starttls_refused() {
    check(
        &plain(),
        "
        S: 220 mx
        C: EHLO client.example.net
        S: 250-mx
        S: 250 STARTTLS
        C: STARTTLS
        S: 454 Not now
        E: TlsRefused
        E: Ready
    ",
    );
    check(
        &submission(),
        "
        S: 220 mx
        C: EHLO client.example.net
        S: 250-mx
        S: 250 STARTTLS
        C: STARTTLS
        S: 454 Not now
        E: Failed { error: TlsRefused
        C: QUIT
        S: 221 Bye
        E: Closing
    ",
    );
    check(
        &submission(),
        "
        S: 220 mx
        C: EHLO client.example.net
        S: 250-mx
        S: 250 STARTTLS
        C: STARTTLS
        S: 221 Bye
        E: Unexpected { step: StartTls, code: 221 }
        CLOSE
    ",
    );
}

#[test]
fn starttls_never_and_not_twice() {
    let mut config = plain();
    config.starttls = StartTls::Never;
    let script = "
        S: 220 mx
        C: EHLO client.example.net
        S: 250-mx
        S: 250 STARTTLS
        E: Ready
    ";
    check(&config, script);
    config.starttls = StartTls::Required;
    check_with(&config, &Limits::default(), Some(&tls()), script);
}

#[test]
fn t2_plaintext_behind_the_reply_to_starttls() {
    let mut talk = Talk::new(&submission(), &Limits::default(), None, false);
    talk.receive(b"220 mx\r\n");
    talk.receive(b"250-mx\r\n250 STARTTLS\r\n");
    talk.receive(b"220 Go ahead\r\n250-mx\r\n250 AUTH PLAIN\r\n");
    assert_eq!(talk.client.wants(), Wants::Secure);
    talk.client.secured(tls(), talk.now);
    talk.go();
    talk.step("E: PlaintextAfterStartTls { bytes: 24 }, outcome: Nothing");
    talk.step("CLOSE");
    assert!(talk.said.ends_with("STARTTLS\r\n"), "nothing more is said");
}

const SECURE: &str = "
    S: 220 mx
    C: EHLO client.example.net
    S: 250-mx
    S: 250 AUTH PLAIN LOGIN
    E: Ready
";

#[test]
fn auth() {
    for (script, event) in [
        ("R: AUTH plain \0bob\0hunter2\nC: AUTH plain AGJvYgBodW50ZXIy\nS: 235 Welcome", "Authenticated"),
        ("R: AUTH PLAIN =\nC: AUTH PLAIN =\nS: 535 No", "AuthFailed"),
        (
            "R: AUTH LOGIN\nC: AUTH LOGIN\nS: 334 VXNlcjo=\nE: Challenge([85, 115, 101, 114, 58])\nA: bob\nC: Ym9i\nS: 334 \nE: Challenge([])\nA: x\nC: eA==\nS: 235 2.7.0 OK",
            "Authenticated",
        ),
        ("R: AUTH LOGIN\nC: AUTH LOGIN\nS: 334\nA: *\nC: *\nS: 501 Cancelled", "AuthFailed"),
        ("R: AUTH LOGIN\nC: AUTH LOGIN\nS: 334 not base64\nC: *\nS: 501 Cancelled", "AuthFailed"),
    ] {
        check_with(&submission(), &Limits::default(), Some(&tls()), &format!("{SECURE}{script}\nE: {event}\nE: Ready"));
    }
}

#[test]
fn an_initial_response_that_is_too_long_goes_by_itself() {
    let long = "x".repeat(600);
    let coded = "eHh4".repeat(200);
    let begin = format!("{SECURE}R: AUTH PLAIN {long}\nC: AUTH PLAIN\n");
    check_with(
        &submission(),
        &Limits::default(),
        Some(&tls()),
        &format!("{begin}S: 334 \nC: {coded}\nS: 235 OK\nE: Authenticated\nE: Ready"),
    );
    check_with(
        &submission(),
        &Limits::default(),
        Some(&tls()),
        &format!("{begin}S: 334 Zm9v\nC: *\nS: 501 OK\nE: AuthFailed\nE: Ready"),
    );
    let longer = "x".repeat(10_000);
    check_with(
        &submission(),
        &Limits::default(),
        Some(&tls()),
        &format!("{SECURE}R: MISUSE AUTH PLAIN {longer}\nR: QUIT\nC: QUIT"),
    );
}

#[test]
fn t6_no_auth_without_tls() {
    check(&plain(), &format!("{SECURE}R: MISUSE AUTH PLAIN secret\nR: QUIT\nC: QUIT"));
    let mut config = plain();
    config.auth_without_tls = true;
    check(
        &config,
        &format!(
            "{SECURE}R: MISUSE AUTH CRAM-MD5\nR: AUTH PLAIN =\nC: AUTH PLAIN =\nS: 235 OK\nE: Ready\nR: MISUSE AUTH PLAIN ="
        ),
    );
}

#[test]
fn secrets_are_not_shown_and_do_not_stay() {
    let mut talk = Talk::new(&submission(), &Limits::default(), Some(tls()), false);
    talk.receive(b"220 mx\r\n");
    talk.receive(b"250-mx\r\n250 AUTH PLAIN\r\n");
    let request = Request::Auth { mechanism: "PLAIN", initial: Some(b"hunter2") };
    assert!(!format!("{request:?}{:?}", Answer::Response(b"hunter2")).contains("104"));
    talk.client.tell(request, talk.now).unwrap();
    assert_eq!(talk.client.transmit(), b"AUTH PLAIN aHVudGVyMg==\r\n");
    assert!(!format!("{:?}", talk.client).contains("97, 72, 86, 117"), "the line is in Debug");
    talk.go();
    assert_eq!(talk.client.transmit(), b"");
}
