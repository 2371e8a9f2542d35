//! Client against server, by every mechanism.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

mod support;

use proptest::prelude::*;
use sasl::{Answer, Failure, Limits, Mechanism, Misuse, Password, Step, prepare};
use support::{End, User, client, run, server};

const UNBOUND: [Mechanism; 3] = [Mechanism::Plain, Mechanism::Login, Mechanism::ScramSha256];

/// Texts that SASLprep lets pass, the characters that SCRAM escapes among them.
fn text() -> impl Strategy<Value = String> {
    "[ -~,=äßéñÀ-žа-я一-丂]{1,12}".prop_filter("forbidden", |text| prepare(text).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_sides_agree(name in text(), password in text(), initial: bool) {
        let user = User::new(&name, &password);
        for mechanism in UNBOUND {
            let mut client = client(mechanism, "", &name, &password).unwrap();
            let End::Success(identity) = run(&mut client, &mut server(mechanism, None), &user, initial) else {
                return Err(TestCaseError::fail(format!("{mechanism}")));
            };
            prop_assert_eq!(&identity.authcid, &user.name);
            prop_assert_eq!(&identity.authzid, &user.name);
        }
    }

    #[test]
    fn a_wrong_password_fails(name in text(), password in text(), guess in text()) {
        prop_assume!(prepare(&guess) != prepare(&password));
        let user = User::new(&name, &password);
        for mechanism in UNBOUND {
            let mut client = client(mechanism, "", &name, &guess).unwrap();
            let end = run(&mut client, &mut server(mechanism, None), &user, true);
            prop_assert_eq!(end, End::Refused(Failure::Credentials));
            prop_assert!(mechanism != Mechanism::ScramSha256 || client.finish().is_err());
        }
    }

    #[test]
    fn any_response_leads_to_a_verdict(responses in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 4)) {
        let user = User::new("user", "pencil");
        for mechanism in Mechanism::ALL {
            let mut server = server(mechanism, None);
            for response in &responses {
                let _ = server.receive(response);
                let _ = support::settle(&mut server, &user);
            }
            prop_assert!(matches!(server.step(), Step::Done(Err(_))));
        }
    }
}

/// Each thing is said once, the question can be looked at again, and a call at the wrong moment changes nothing.
#[test]
fn misuse_changes_nothing() {
    let user = User::new("user", "pencil");
    let mut server = server(Mechanism::Plain, None);
    assert!(matches!(server.step(), Step::Challenge(b"")));
    assert!(matches!(server.step(), Step::Wait));
    assert_eq!(server.answer(Answer::Verified(true)), Err(Misuse("answer: not to the open question")));
    server.receive(b"\0user\0pencil").unwrap();
    assert!(matches!(server.step(), Step::Ask(_)));
    assert!(matches!(server.step(), Step::Wait));
    assert!(server.receive(b"\0other\0pencil").is_err());
    for wrong in [Answer::Keys(None), Answer::Keys(Some(user.keys.clone())), Answer::Authorized(true)] {
        assert!(server.answer(wrong).is_err());
    }
    let answer = user.answer(&server.asked().unwrap());
    server.answer(answer).unwrap();
    assert!(matches!(server.step(), Step::Done(Ok(_))));
    assert!(server.receive(b"").is_err());
    server.cancel();
    assert!(matches!(server.step(), Step::Done(Ok(_))), "a verdict stays");
}

#[test]
fn cancelled_or_unavailable_is_a_verdict() {
    let mut cancelled = server(Mechanism::Login, None);
    cancelled.receive(b"user").unwrap();
    cancelled.cancel();
    assert!(matches!(cancelled.step(), Step::Done(Err(Failure::Cancelled))));
    let mut unavailable = server(Mechanism::Plain, None);
    unavailable.receive(b"\0user\0pencil").unwrap();
    unavailable.answer(Answer::Unavailable).unwrap();
    assert!(matches!(unavailable.step(), Step::Done(Err(Failure::Unavailable))));
}

/// draft-murchison-sasl-login: prompts that old clients know; the name may come with the command.
#[test]
fn login_asks_for_the_name_and_the_password() {
    let mut server = server(Mechanism::Login, None);
    assert!(matches!(server.step(), Step::Challenge(b"Username:")));
    server.receive(b"user").unwrap();
    assert!(matches!(server.step(), Step::Challenge(b"Password:")));
}

#[test]
fn secrets_stay_out_of_debug() {
    let user = User::new("user", "pencil");
    let mut server = server(Mechanism::Plain, None);
    let client = client(Mechanism::Plain, "", "user", "pencil").unwrap();
    server.receive(b"\0user\0pencil").unwrap();
    let shown = format!("{server:?} {:?} {client:?} {:?} {:?}", server.asked(), user.keys, Password::from("pencil"));
    assert!(!shown.contains("pencil"), "{shown}");
    assert!(shown.contains("Password(..)") && shown.contains("StoredKeys(4096 iterations, ..)"), "{shown}");
}

#[test]
fn limits_are_refused_before_anything_is_asked() {
    let limits = Limits::default();
    let long = "x".repeat(limits.password + 1);
    for response in
        [format!("\0{long}\0pencil"), format!("\0user\0{long}"), format!("\0user\0{}", "x".repeat(limits.message))]
    {
        let mut server = server(Mechanism::Plain, None);
        server.receive(response.as_bytes()).unwrap();
        assert!(matches!(server.step(), Step::Done(Err(failure @ Failure::Limit(_))) if failure.is_malformed()));
    }
    assert!(client(Mechanism::Plain, "", &long, "pencil").is_err());
    assert!(client(Mechanism::ScramSha256, "", "user", &long).is_err());
}
