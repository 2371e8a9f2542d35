//! Envelopes, content by DATA and BDAT, LMTP.

use smtp_proto::client::{Limits, WithoutDsn};

use crate::talk::*;

#[test]
fn a_message_in_one_group() {
    check(
        &plain(),
        &group(
            "
        S: 250 OK
        S: 250 OK
        S: 250 OK
        S: 354 Go on
        E: Recipient { index: 0
        E: Recipient { index: 1
        B: Subject: dots
        B:
        B: .
        B: ..two
        R: END
        C: Subject: dots
        C:
        C: ..
        C: ...two
        C: .
        S: 250 2.0.0 Taken
        E: Delivered { recipient: None, reply: Reply { code: 250
        E: Ready
        R: QUIT
        C: QUIT
        S: 221 Bye
        E: Closing
    ",
        ),
    );
}

#[test]
fn one_by_one_without_pipelining() {
    check(
        &plain(),
        &format!(
            "{OLD}
        R: SEND
        C: MAIL FROM:<bob@example.net>
        S: 250 OK
        C: RCPT TO:<alice@example.org>
        S: 550 5.1.1 No such user
        E: Recipient {{ index: 0, reply: Reply {{ code: 550
        C: RCPT TO:<carol@example.org>
        S: 251 Will forward
        E: Recipient {{ index: 1, reply: Reply {{ code: 251
        C: DATA
        S: 354 Go on
        B: Hi
        R: END
        C: Hi
        C: .
        S: 250 OK
        E: Delivered
        E: Ready
    "
        ),
    );
}

#[test]
fn a_refused_recipient_loses_nobody() {
    check(
        &plain(),
        &group(
            "
        S: 250 OK
        S: 550 5.1.1 No
        S: 250 OK
        S: 354 Go on
        E: Recipient { index: 0, reply: Reply { code: 550
        E: Recipient { index: 1, reply: Reply { code: 250
        R: END
        C: .
        S: 250 OK
        E: Delivered
        E: Ready
    ",
        ),
    );
}

#[test]
fn s552_to_rcpt_counts_as_452() {
    check(&plain(), &group("
        S: 250 OK
        S: 250 OK
        S: 552 5.5.3 Too many
        E: Recipient { index: 1, reply: Reply { code: 452, status: Some(EnhancedStatus { class: 4, subject: 5, detail: 3 })
    "));
}

#[test]
fn all_refused_and_data_refused() {
    check(
        &plain(),
        &group(
            "
        S: 250 OK
        S: 550 No
        S: 450 Later
        S: 503 Nobody
        E: Recipient { index: 1
        E- Refused
        C: RSET
        S: 250 OK
        E: Ready
    ",
        ),
    );
}

#[test]
fn all_refused_but_data_accepted() {
    for word in ["250 Taken", "554 No valid recipients"] {
        check(
            &plain(),
            &group(&format!(
                "
            S: 250 OK
            S: 550 No
            S: 550 No
            S: 354 Go on
            C: .
            S: {word}
            E- Delivered
            E- Refused
            C: RSET
            S: 250 OK
            E: Ready
        "
            )),
        );
    }
}

#[test]
fn mail_refused() {
    check(
        &plain(),
        &group(
            "
        S: 550 5.7.1 Not you
        S: 503 MAIL first
        S: 503 MAIL first
        S: 503 MAIL first
        E: Refused { step: Mail, recipient: None, reply: Reply { code: 550
        E- Recipient
        E: Ready
    ",
        ),
    );
    check(
        &plain(),
        &format!("{OLD}R: SEND\nC: MAIL FROM:<bob@example.net>\nS: 451 Later\nE: Refused {{ step: Mail\nE: Ready"),
    );
}

/// A server out of its mind must not get an empty message delivered to somebody.
#[test]
fn no_lone_dot_where_a_recipient_was_accepted() {
    check(
        &plain(),
        &group(
            "
        S: 550 Not you
        S: 250 OK
        S: 503 MAIL first
        S: 354 Go on
        E: Refused { step: Mail
        E: Closing
        CLOSE
    ",
        ),
    );
}

#[test]
fn data_refused() {
    check(
        &plain(),
        &group(
            "
        S: 250 OK
        S: 250 OK
        S: 250 OK
        S: 451 Later
        E: Refused { step: Data, recipient: None, reply: Reply { code: 451
        C: RSET
        S: 250 OK
        E: Ready
    ",
        ),
    );
}

#[test]
fn message_refused_and_the_next_one_sent() {
    check(
        &plain(),
        &group(
            "
        S: 250 OK
        S: 250 OK
        S: 250 OK
        S: 354 Go on
        B: Hi
        R: END
        C: Hi
        C: .
        S: 554 5.6.0 Spam
        E: Refused { step: End, recipient: None, reply: Reply { code: 554
        E: Ready
        R: RCPT TO:<dave@example.org>
        R: SEND
        C: MAIL FROM:<bob@example.net>
        C: RCPT TO:<dave@example.org>
        C: DATA
    ",
        ),
    );
}

#[test]
fn groups_are_bounded() {
    let mut limits = Limits::default();
    limits.pipeline = 4;
    check_with(
        &plain(),
        &limits,
        None,
        &hello(
            "
        R: RCPT TO:<dave@example.org>
        R: RCPT TO:<erin@example.org>
        R: SEND
        C: MAIL FROM:<bob@example.net>
        C: RCPT TO:<alice@example.org>
        C: RCPT TO:<carol@example.org>
        C: RCPT TO:<dave@example.org>
        S: 250 OK
        E- Recipient
        S: 250 OK
        C: RCPT TO:<erin@example.org>
        C: DATA
        S: 250 OK
        S: 250 OK
        S: 250 OK
        S: 354 Go on
        R: END
        C: .
    ",
        ),
    );
}

#[test]
fn parameters_go_where_they_are_known() {
    let envelope = "
        R: MAIL FROM:<bob@example.net> SIZE=1000 BODY=8BITMIME RET=HDRS ENVID=x AUTH=<>
        R: RCPT TO:<alice@example.org> NOTIFY=NEVER ORCPT=rfc822;alice@example.org
        R: SEND
    ";
    check(&plain(), &HELLO.replace("    R: MAIL FROM:<bob@example.net>\n    R: RCPT TO:<alice@example.org>\n    R: RCPT TO:<carol@example.org>\n", &format!("{envelope}
        C: MAIL FROM:<bob@example.net> SIZE=1000 BODY=8BITMIME RET=HDRS ENVID=x
        C: RCPT TO:<alice@example.org> NOTIFY=NEVER ORCPT=rfc822;alice@example.org
        C: DATA
    ")));
    check(
        &plain(),
        &format!(
            "
        S: 220 mx
        C: EHLO client.example.net
        S: 250-mx
        S: 250-8BITMIME
        S: 250 AUTH PLAIN
        {envelope}
        C: MAIL FROM:<bob@example.net> BODY=8BITMIME AUTH=<>
        S: 250 OK
        C: RCPT TO:<alice@example.org>
    "
        ),
    );
}

#[test]
fn unsendable() {
    let mut refuse = plain();
    refuse.without_dsn = WithoutDsn::Refuse;
    for (config, mail, rcpt, fault) in [
        (&plain(), "MAIL FROM:<bob@example.net> BODY=8BITMIME", "RCPT TO:<alice@example.org>", "EightBit"),
        (&plain(), "MAIL FROM:<bob@example.net> BODY=BINARYMIME", "RCPT TO:<alice@example.org>", "Binary"),
        (&plain(), "MAIL FROM:<bob@example.net> SMTPUTF8", "RCPT TO:<alice@example.org>", "Utf8"),
        (&plain(), "MAIL FROM:<bob@example.net>", "RCPT TO:<älice@example.org>", "Utf8"),
        (&plain(), "MAIL FROM:<bob@example.net> SIZE=1001", "RCPT TO:<alice@example.org>", "TooBig { limit: 1000 }"),
        (&refuse, "MAIL FROM:<bob@example.net> RET=FULL", "RCPT TO:<alice@example.org>", "Dsn"),
        (&refuse, "MAIL FROM:<bob@example.net>", "RCPT TO:<alice@example.org> NOTIFY=NEVER", "Dsn"),
    ] {
        check(
            config,
            &format!(
                "
            S: 220 mx
            C: EHLO client.example.net
            S: 250-mx
            S: 250 SIZE 1000
            E: Ready
            R: {mail}
            R: {rcpt}
            R: SEND
            E: Unsendable({fault})
            E: Ready
            R: QUIT
            C: QUIT
        "
            ),
        );
    }
}

#[test]
fn an_address_beyond_ascii_asks_for_smtputf8() {
    check(&plain(), &HELLO.replace("    R: MAIL FROM:<bob@example.net>\n    R: RCPT TO:<alice@example.org>\n    R: RCPT TO:<carol@example.org>\n", "
        R: MAIL FROM:<bob@example.net>
        R: RCPT TO:<älice@example.org>
        R: SEND
        C: MAIL FROM:<bob@example.net> SMTPUTF8
        C: RCPT TO:<älice@example.org>
        C: DATA
    "));
}

#[test]
fn binary_goes_by_bdat_as_it_is() {
    let mut talk = Talk::new(&plain(), &Limits::default(), None, false);
    talk.run(&HELLO.replace("R: MAIL FROM:<bob@example.net>", "R: MAIL FROM:<bob@example.net> BODY=BINARYMIME"));
    talk.run(
        "
        R: SEND
        C: MAIL FROM:<bob@example.net> BODY=BINARYMIME
        C: RCPT TO:<alice@example.org>
        C: RCPT TO:<carol@example.org>
        S: 250 OK
        S: 250 OK
        S: 250 OK
    ",
    );
    assert_eq!(talk.client.feed(b"a\nb\r.", talk.now), 5);
    talk.run("R: END");
    assert_eq!(std::mem::take(&mut talk.said), "BDAT 5 LAST\r\na\nb\r.");
    talk.run("S: 250 OK\nE: Delivered\nE: Ready");
}

#[test]
fn chunks() {
    let (config, limits) = chunking();
    check_with(
        &config,
        &limits,
        None,
        &hello(&format!(
            "{CHUNKS}
        B: abcd
        C: BDAT 6
        C: abcd
        B: efgh
        C: BDAT 6
        C: efgh
        S: 250 OK
        R: END
        C: BDAT 0 LAST
        R: MISUSE ABANDON
        S: 250 OK
        S: 250 OK
        E: Delivered
        E: Ready
    "
        )),
    );
}

#[test]
fn a_chunk_refused_and_what_follows_it() {
    let (config, limits) = chunking();
    check_with(
        &config,
        &limits,
        None,
        &hello(&format!(
            "{CHUNKS}
        B: abcd
        B: efgh
        R: END
        C: BDAT 6
        C: abcd
        C: BDAT 6
        C: efgh
        C: BDAT 0 LAST
        S: 552 Too much
        S: 503 Too much
        S: 503 Too much
        E: Refused {{ step: Bdat, recipient: None, reply: Reply {{ code: 552
        E- Refused
        C: RSET
        S: 250 OK
        E: Ready
    "
        )),
    );
    check_with(
        &config,
        &limits,
        None,
        &hello(&format!(
            "{CHUNKS}
        B: abcd
        C: BDAT 6
        C: abcd
        S: 452 Not now
        E: Refused {{ step: Bdat
        C: RSET
        S: 250 OK
        E: Ready
        R: MISUSE END
    "
        )),
    );
}

#[test]
fn the_last_chunk_refused() {
    let (config, limits) = chunking();
    check_with(
        &config,
        &limits,
        None,
        &hello(&format!(
            "{CHUNKS}
        R: END
        C: BDAT 0 LAST
        S: 554 No
        E: Refused {{ step: End
        C: RSET
        S: 250 OK
        E: Ready
    "
        )),
    );
}

#[test]
fn one_chunk_at_a_time_without_pipelining() {
    let (config, limits) = chunking();
    check_with(
        &config,
        &limits,
        None,
        "
        S: 220 mx
        C: EHLO client.example.net
        S: 250-mx
        S: 250 CHUNKING
        R: MAIL FROM:<bob@example.net>
        R: RCPT TO:<alice@example.org>
        R: SEND
        C: MAIL FROM:<bob@example.net>
        S: 250 OK
        C: RCPT TO:<alice@example.org>
        S: 250 OK
        B: abcd
        C: BDAT 6
        C: abcd
        B: efgh
        R: END
        S: 250 OK
        C: BDAT 6 LAST
        C: efgh
        S: 250 OK
        E: Delivered
        E: Ready
    ",
    );
}

const LMTP: &str = "
    S: 220 mx LMTP
    C: LHLO client.example.net
    S: 250-mx
    S: 250 PIPELINING
    R: MAIL FROM:<bob@example.net>
    R: RCPT TO:<alice@example.org>
    R: RCPT TO:<carol@example.org>
    R: RCPT TO:<dave@example.org>
    R: SEND
    C: MAIL FROM:<bob@example.net>
    C: RCPT TO:<alice@example.org>
    C: RCPT TO:<carol@example.org>
    C: RCPT TO:<dave@example.org>
    C: DATA
";

#[test]
fn lmtp_has_a_word_for_each() {
    let until = format!(
        "{LMTP}
        S: 250 OK
        S: 250 OK
        S: 550 No
        S: 250 OK
        S: 354 Go on
        R: END
        C: .
        S: 452 4.2.2 Full
    "
    );
    check(
        &lmtp(),
        &format!(
            "{until}
        S: 250 OK
        E: Refused {{ step: End, recipient: Some(0), reply: Reply {{ code: 452
        E: Delivered {{ recipient: Some(2)
        E: Ready
    "
        ),
    );
    check(
        &lmtp(),
        &format!(
            "{until}
        EOF
        E: Refused {{ step: End, recipient: Some(0)
        E: Failed {{ error: ConnectionLost, outcome: Unknown }}
    "
        ),
    );
}

#[test]
fn lmtp_data_for_nobody() {
    check(
        &lmtp(),
        &format!(
            "{LMTP}S: 250 OK\nS: 550 No\nS: 550 No\nS: 550 No\nS: 354 Go on\nE: Failed {{ error: Unexpected {{ step: Data, code: 354 }}, outcome: Nothing }}\nCLOSE"
        ),
    );
    check(
        &lmtp(),
        &format!("{LMTP}S: 250 OK\nS: 550 No\nS: 550 No\nS: 550 No\nS: 503 Nobody\nC: RSET\nS: 250 OK\nE: Ready"),
    );
}
