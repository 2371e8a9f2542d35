//! What goes wrong by the server's doing, by time, or by the caller's.

use std::time::Duration;

use smtp_proto::{
    Client, Wants,
    client::{Answer, Event, Limits, Request},
};

use crate::talk::*;

#[test]
fn what_became_of_the_message() {
    let accepted = "S: 250 OK\nS: 250 OK\nS: 250 OK\nS: 354 Go on\nB: Hi\nC: Hi\n";
    for (script, outcome) in [
        ("EOF".to_owned(), "Failed { error: ConnectionLost, outcome: NotDelivered }"),
        (format!("{accepted}EOF"), "Failed { error: ConnectionLost, outcome: NotDelivered }"),
        (format!("{accepted}R: END\nC: .\nEOF"), "Failed { error: ConnectionLost, outcome: Unknown }"),
        (format!("{accepted}R: END\nC: .\nS: 421 Going down\nEOF"), "outcome: NotDelivered }"),
        (
            format!("{accepted}R: END\nC: .\nS: 354 What?"),
            "Failed { error: Unexpected { step: End, code: 354 }, outcome: Unknown }",
        ),
        (format!("{accepted}S: 452 Disk full"), "Failed { error: Refused { step: Content"),
        (format!("{accepted}S: 250 OK"), "Failed { error: Unsolicited, outcome: NotDelivered }"),
        (
            format!("{accepted}R: END\nC: .\nS: 250 OK\nE: Delivered\nEOF"),
            "Failed { error: ConnectionLost, outcome: Nothing }",
        ),
        ("S: 550 No\nE: Refused\nEOF".to_owned(), "Failed { error: ConnectionLost, outcome: Nothing }"),
        ("S: 250 OK\nS: 421 Going down".to_owned(), "outcome: NotDelivered }"),
        ("S: 354 Go on".to_owned(), "Failed { error: Unexpected { step: Mail, code: 354 }, outcome: NotDelivered }"),
    ] {
        check(&plain(), &group(&format!("{script}\nE: {outcome}\nE: Closing\nCLOSE")));
    }
}

#[test]
fn a_reply_to_an_end_that_has_not_been_sent() {
    for (reply, event) in [("250 Taken\r\n", None), ("552 Enough\r\n", Some("Failed { error: Refused { step: Content"))]
    {
        let mut talk = Talk::new(&plain(), &Limits::default(), None, false);
        talk.run(&group("S: 250 OK\nS: 250 OK\nS: 250 OK\nS: 354 Go on"));
        talk.events.clear();
        let content = [b'x'; 1000];
        assert_eq!(talk.client.feed(&content, talk.now), content.len());
        talk.client.tell(Request::BodyEnd, talk.now).unwrap();
        talk.client.receive(reply.as_bytes(), talk.now);
        match event {
            None => {
                assert_eq!(talk.client.poll(), None);
                assert_eq!(talk.client.wants(), Wants::Flush);
                talk.go();
                talk.step("E: Delivered");
            }
            Some(event) => {
                talk.go();
                talk.step(&format!("E: {event}"));
            }
        }
    }
}

#[test]
fn rset_refused_is_the_end() {
    check(
        &plain(),
        &group(
            "
        S: 250 OK
        S: 550 No
        S: 550 No
        S: 503 No
        C: RSET
        S: 500 What?
        E: Failed { error: Refused { step: Rset
        C: QUIT
        S: 221 Bye
        E: Closing
    ",
        ),
    );
}

#[test]
fn w11_hostile_replies() {
    let mut lines = String::new();
    for _ in 0..101 {
        lines += "S: 250-x\n";
    }
    for (script, error) in [
        (format!("S: 220 {}", "x".repeat(2_043)), "Limit { limit: ReplyLine, value: 2048 }"),
        (format!("S: 220 {}", "x".repeat(1 << 16)), "Limit { limit: ReplyLine, value: 2048 }"),
        (format!("S: 220 mx\nC: EHLO client.example.net\n{lines}"), "Limit { limit: ReplyLines, value: 100 }"),
        (
            format!("S: 220 mx\nC: EHLO client.example.net\n{}", format!("S: 250-{}\n", "x".repeat(1000)).repeat(40)),
            "Limit { limit: Reply, value: 32768 }",
        ),
        ("S: 220-mx\nS: 250 mx".to_owned(), "Reply(CodeChanged { at: 8, from: 220, to: 250 })"),
        ("S: +OK POP3".to_owned(), "Reply(NotAReply { at: 0 })"),
        (OLD.to_owned() + "S: 250 OK", "Unsolicited"),
        (OLD.to_owned() + "S: 421 Idle for too long", "Failed { error: Closing"),
    ] {
        check(&plain(), &format!("{script}\nE: {error}\nE: Closing\nCLOSE"));
    }
    let mut talk = Talk::new(&plain(), &Limits::default(), None, false);
    talk.receive(b"220 mx\n");
    talk.step("E: BareLineEnd");
}

/// W-11: what the server said before a request was told is no reply to it.
#[test]
fn w11_a_reply_before_the_request() {
    for (reply, error) in [
        (&b"250 OK\r\n"[..], "Unsolicited"),
        (b"250 O", "Unsolicited"),
        (b"421 Bye\r\n", "Closing"),
        (b"nonsense\r\n", "Reply("),
    ] {
        let mut talk = Talk::new(&plain(), &Limits::default(), None, false);
        talk.run(OLD);
        talk.client.receive(reply, talk.now);
        talk.request("SEND");
        talk.go();
        assert_eq!(talk.said, "");
        talk.step(&format!("E: Failed {{ error: {error}"));
        talk.step("CLOSE");
    }
}

#[test]
fn memory_is_bounded_whatever_the_server_says() {
    let mut talk = Talk::new(&plain(), &Limits::default(), None, false);
    let mut most = 0;
    for _ in 0..10_000 {
        talk.client.receive(b"220-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", talk.now);
        talk.go();
        most = most.max(talk.client.memory());
    }
    assert!(most <= 65_536 + 4096, "{most}");
}

#[test]
fn every_wait_has_an_end() {
    let accepted = "S: 250 OK\nS: 250 OK\nS: 250 OK\nS: 354 Go on\nB: Hi\nC: Hi\n";
    for (script, seconds, timer) in [
        (String::new(), 300, "TimedOut(Greeting), outcome: Nothing"),
        ("S: 220-mx".to_owned(), 300, "TimedOut(Greeting), outcome: Nothing"),
        ("S: 220 mx\nC: EHLO client.example.net".to_owned(), 300, "TimedOut(Hello)"),
        (
            "S: 220 mx\nC: EHLO client.example.net\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 Go".to_owned(),
            300,
            "TimedOut(Hello)",
        ),
        (group(""), 300, "TimedOut(Command), outcome: NotDelivered"),
        (group("S: 250 OK\nS: 250 OK\nS: 250 OK"), 120, "TimedOut(Data), outcome: NotDelivered"),
        (group(&format!("{accepted}R: END\nC: .")), 600, "TimedOut(End), outcome: Unknown"),
    ] {
        check(&plain(), &format!("{script}\nWAIT {}\nE- TimedOut\nWAIT 1\nE: {timer}\nE: Closing\nCLOSE", seconds - 1));
    }
    check(
        &plain(),
        &group(
            "S: 250 OK\nWAIT 299\nS: 250 OK\nWAIT 299\nS: 250 OK\nWAIT 119\nS: 354 Go on\nWAIT 100000\nB: Hi\nC: Hi\nWAIT 100000\nR: END\nC: .\nWAIT 599\nS: 250 OK\nE: Delivered",
        ),
    );
    check(&plain(), &hello("WAIT 100000\nR: QUIT\nC: QUIT\nWAIT 10\nE- TimedOut\nE: Closing\nCLOSE"));
}

#[test]
fn a_server_that_takes_no_content_and_one_that_takes_it_slowly() {
    for (step, timer) in [(Duration::ZERO, "TimedOut(Content)"), (Duration::from_secs(100), "TimedOut(Message)")] {
        let mut talk = Talk::new(&plain(), &Limits::default(), None, false);
        talk.run(&group("S: 250 OK\nS: 250 OK\nS: 250 OK\nS: 354 Go on"));
        assert_eq!(talk.client.feed(&[b'x'; 1000], talk.now), 1000);
        talk.client.tell(Request::BodyEnd, talk.now).unwrap();
        while let Some(at) = talk.client.deadline().filter(|_| talk.now < Duration::from_secs(20_000)) {
            talk.now = if step.is_zero() { at } else { talk.now + step };
            talk.client.tick(talk.now);
            if !step.is_zero() {
                talk.client.transmitted(1, talk.now);
            }
            while let Some(event) = talk.client.poll() {
                talk.events.push(format!("{event:?}"));
            }
        }
        talk.step(&format!("E: {timer}, outcome: NotDelivered"));
        assert!(talk.now < Duration::from_secs(7_400));
    }
}

#[test]
fn buffers_are_given_back() {
    let mut talk = Talk::new(&plain(), &Limits::default(), None, false);
    talk.receive(b"220 mx\r\n");
    talk.receive(b"250 mx\r\n");
    assert!(talk.client.memory() > 0);
    assert_eq!(talk.client.deadline(), Some(Duration::from_secs(5)));
    talk.step("WAIT 5");
    assert_eq!(talk.client.memory(), 0);
    assert_eq!(talk.client.deadline(), None);
}

#[test]
fn abandoned() {
    check(
        &plain(),
        &group(
            "
        R: ABANDON
        E: Abandoned
        R: MISUSE ABANDON
        S: 250 OK
        S: 550 No
        S: 550 No
        S: 503 No
        E- Recipient
        C: RSET
        S: 250 OK
        E: Ready
    ",
        ),
    );
    check(
        &plain(),
        &group("S: 250 OK\nR: ABANDON\nS: 250 OK\nS: 250 OK\nS: 354 Go on\nE: Abandoned\nE: Closing\nCLOSE"),
    );
    check(
        &plain(),
        &group(
            "S: 250 OK\nS: 250 OK\nS: 250 OK\nS: 354 Go on\nB: Hi\nC: Hi\nR: ABANDON\nE: Abandoned\nE: Closing\nCLOSE",
        ),
    );
    check(&plain(), &group("S: 250 OK\nS: 250 OK\nS: 250 OK\nS: 354 Go on\nR: END\nC: .\nR: MISUSE ABANDON"));
    let (config, limits) = chunking();
    check_with(
        &config,
        &limits,
        None,
        &hello(&format!(
            "{CHUNKS}B: abcd\nC: BDAT 6\nC: abcd\nR: ABANDON\nE: Abandoned\nS: 250 OK\nC: RSET\nS: 250 OK\nE: Ready"
        )),
    );
    check_with(
        &config,
        &limits,
        None,
        &hello(&format!("{CHUNKS}R: ABANDON\nE: Abandoned\nC: RSET\nS: 250 OK\nE: Ready")),
    );
}

#[test]
fn requests_that_are_one_command() {
    check(
        &plain(),
        &hello(
            "
        R: NOOP
        R: MISUSE NOOP
        C: NOOP
        S: 250 OK
        E: Answered { step: Noop
        E: Ready
        R: VRFY alice
        C: VRFY alice
        S: 252 Who knows
        E: Answered { step: Vrfy
        E: Ready
        R: RSET
        C: RSET
        S: 451 Hm
        E: Answered { step: Rset
        E: Ready
        R: MISUSE VRFY a\u{1}b
        R: VRFY älice
        C: VRFY älice SMTPUTF8
        S: 252 Who knows
        E: Ready
        R: MISUSE END
        R: MISUSE ABANDON
    ",
        ),
    );
}

#[test]
fn misuse_changes_nothing() {
    let mut client = Client::new(plain(), Limits::default(), None, Duration::ZERO);
    assert!(client.answer(Answer::Cancel, Duration::ZERO).is_err());
    assert!(client.tell(Request::Quit, Duration::ZERO).is_err());
    assert_eq!(client.feed(b"x", Duration::ZERO), 0);
    client.secured(tls(), Duration::ZERO);
    client.transmitted(100, Duration::ZERO);
    assert_eq!(client.poll(), None);
    assert_eq!((client.wants(), client.tls()), (Wants::Input, None));
    client.receive(b"220 mx\r\n", Duration::ZERO);
    assert_eq!(client.poll(), None);
    assert_eq!(client.transmit(), b"EHLO client.example.net\r\n");
    assert!(!Event::Ready.asks());
}
