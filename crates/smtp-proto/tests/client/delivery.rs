//! What the sender asks of delivery, what a server says it takes at most, and speaking for another client.

use smtp_proto::client::Limits;

use crate::talk::*;

/// What MAIL becomes, or why the message cannot go there: parameters, extensions, and the command or the fault.
fn mail(secure: bool, params: &str, offers: &[&str], expected: Result<&str, &str>) {
    let offers: String = offers.iter().map(|offer| format!("S: 250-{offer}\n")).collect();
    let expected = match expected {
        Ok(params) => format!("C: MAIL FROM:<bob@example.net>{params}\nC: RCPT TO:<alice@example.org>"),
        Err(fault) => format!("E: Unsendable({fault}\nE: Ready"),
    };
    let script = format!(
        "S: 220 mx.example.org ESMTP
        C: EHLO client.example.net
        S: 250-mx.example.org
        {offers}
        S: 250 PIPELINING
        E: Ready
        R: MAIL FROM:<bob@example.net>{params}
        R: RCPT TO:<alice@example.org>
        R: SEND
        {expected}"
    );
    for bytewise in [false, true] {
        let mut talk = Talk::new(&plain(), &Limits::default(), secure.then(tls), bytewise);
        talk.run(&script);
    }
}

#[test]
fn parameters_go_only_where_they_are_kept() {
    mail(true, " REQUIRETLS", &["REQUIRETLS"], Ok(" REQUIRETLS"));
    mail(true, " REQUIRETLS", &[], Err("RequireTls"));
    // RFC 8689, 4.2.1: whatever it offers, in the clear it is not to have it.
    mail(false, " REQUIRETLS", &["REQUIRETLS"], Err("RequireTls"));

    mail(false, " BY=120;R", &["DELIVERBY 60"], Ok(" BY=120;R"));
    mail(false, " BY=120;R", &["DELIVERBY"], Ok(" BY=120;R"));
    mail(false, " BY=59;R", &["DELIVERBY 60,x"], Err("DeliverBy"));
    mail(false, " BY=120;R", &[], Err("DeliverBy"));
    mail(false, " BY=59;NT", &["DELIVERBY 60"], Ok(" BY=59;NT"));
    mail(false, " BY=59;N", &[], Ok(""));

    let future = "FUTURERELEASE 3600 2026-12-01T00:00:00Z";
    mail(false, " HOLDFOR=3600", &[future], Ok(" HOLDFOR=3600"));
    mail(false, " HOLDFOR=3601", &[future], Err("Hold"));
    mail(false, " HOLDUNTIL=2026-11-30T23:00:00-01:00", &[future], Ok(" HOLDUNTIL=2026-12-01T00:00:00Z"));
    mail(false, " HOLDUNTIL=2026-12-01T00:00:01Z", &[future], Err("Hold"));
    mail(false, " HOLDFOR=60", &[], Err("Hold"));

    mail(false, " MT-PRIORITY=-3", &["MT-PRIORITY MIXER"], Ok(" MT-PRIORITY=-3"));
    mail(false, " MT-PRIORITY=-3", &[], Ok(""));
}

/// RFC 9422: the limits of the last EHLO; what is not well-formed counts for nothing.
#[test]
fn a_server_is_not_asked_for_more_than_it_takes() {
    check(
        &plain(),
        "
        S: 220 mx.example.org ESMTP
        C: EHLO client.example.net
        S: 250-mx.example.org
        S: 250 LIMITS RCPTMAX=1 MAILMAX=1 RCPTDOMAINMAX=x
        E: Ready
        R: MAIL FROM:<bob@example.net>
        R: RCPT TO:<alice@example.org>
        R: RCPT TO:<carol@example.org>
        R: SEND
        E: Unsendable(TooManyRecipients { limit: 1 })
        E: Ready
        R: RCPT TO:<alice@example.org>
        R: SEND
        C: MAIL FROM:<bob@example.net>
        S: 550 Not you
        E: Refused
        E: Ready
        R: RCPT TO:<alice@example.org>
        R: SEND
        E: Unsendable(TooManyMessages { limit: 1 })
        E: Ready
    ",
    );
}

#[test]
fn xclient_begins_the_session_anew() {
    check(
        &plain(),
        "
        S: 220 mx.example.org ESMTP
        C: EHLO client.example.net
        S: 250-mx.example.org
        S: 250-XFORWARD NAME ADDR
        S: 250 XCLIENT NAME ADDR
        E: Ready
        R: XCLIENT ADDR=192.0.2.7 HELO=client.example
        C: XCLIENT ADDR=192.0.2.7 HELO=client.example
        S: 220 mx.example.org ESMTP
        C: EHLO client.example.net
        S: 250-mx.example.org
        S: 250 XFORWARD NAME ADDR
        E: Ready
        R: MISUSE XCLIENT ADDR=192.0.2.7
        R: XFORWARD ADDR=192.0.2.7
        C: XFORWARD ADDR=192.0.2.7
        S: 250 OK
        E: Answered { step: Xforward
        E: Ready
    ",
    );
    check(
        &plain(),
        "
        S: 220 mx.example.org ESMTP
        C: EHLO client.example.net
        S: 250-mx.example.org
        S: 250 XCLIENT NAME ADDR
        E: Ready
        R: XCLIENT ADDR=192.0.2.7
        C: XCLIENT ADDR=192.0.2.7
        S: 550 5.7.0 Not you
        E: Answered { step: Xclient, reply: Reply { code: 550
        E: Ready
    ",
    );
}
