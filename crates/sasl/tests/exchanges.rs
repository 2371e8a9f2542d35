//! Client against server, by every mechanism.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

mod support;

use proptest::prelude::*;
use sasl::{
    Answer, Client, ClientError, Config, Failure, Limits, Mechanism, Misuse, NotPrepared, Password, Question, Server,
    Step, Token, prepare,
};
use support::{End, User, client, run, server};

/// Those that two sides without TLS can speak, with a password or a token.
const UNBOUND: [Mechanism; 6] = [
    Mechanism::Plain,
    Mechanism::Login,
    Mechanism::ScramSha1,
    Mechanism::ScramSha256,
    Mechanism::OauthBearer,
    Mechanism::Xoauth2,
];

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
            prop_assert_eq!(identity.authcid(), &user.name);
            prop_assert_eq!(identity.authzid(), &user.name);
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
            prop_assert!(matches!(mechanism, Mechanism::Plain | Mechanism::Login) || client.finish().is_err());
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
            // EXTERNAL has had its proof from TLS.
            prop_assert!(mechanism == Mechanism::External || matches!(server.step(), Step::Done(Err(_))));
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
    for wrong in
        [Answer::Keys(None), Answer::Owner(None), Answer::Keys(Some(user.keys.clone())), Answer::Authorized(true)]
    {
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

/// RFC 7628, 3.2.2 and 3.2.3: why a token is not valid, then the client's word that it has read it, then the verdict.
#[test]
fn a_token_that_is_not_valid_is_explained() {
    for (mechanism, error, read) in [
        (
            Mechanism::OauthBearer,
            r#"{"status":"invalid_token","scope":"mail","openid-configuration":"https://id.example/"}"#,
            "\x01",
        ),
        (Mechanism::Xoauth2, r#"{"status":"401","schemes":"bearer","scope":"mail"}"#, ""),
    ] {
        let mut config = Config::new([1; 18], support::decoys());
        config.discovery.scope = Some("mail".into());
        config.discovery.openid_configuration = Some("https://id.example/".into());
        let mut server = Server::new(mechanism, config, Limits::default());
        let mut client = client(mechanism, "user", "user", "crayon").unwrap();
        server.receive(client.initial().unwrap()).unwrap();
        let token = support::token("crayon");
        let (host, port) =
            if mechanism == Mechanism::OauthBearer { (Some("mx.example.org"), Some(587)) } else { (None, None) };
        assert_eq!(server.asked(), Some(Question::VerifyToken { claimed: "user", token: &token, host, port }));
        server.answer(Answer::Owner(None)).unwrap();
        let Step::Challenge(challenge) = server.step() else { panic!("a challenge") };
        assert_eq!(challenge, error.as_bytes());
        assert_eq!(client.receive(challenge), Ok(read.as_bytes()));
        assert!(matches!(client.finish(), Err(ClientError::Refused(_))));
        // By the response, or by giving up: it has failed, and is counted as such.
        server.cancel();
        assert!(matches!(server.step(), Step::Done(Err(Failure::Credentials))));
    }
}

#[test]
fn what_is_no_token_is_not_sent() {
    for bad in ["", "two words", "a\x01auth=Bearer b", "=", "tökn"] {
        let client = Client::oauth_bearer("", Token::from(bad), None, Limits::default());
        assert!(matches!(client, Err(ClientError::Unprepared(NotPrepared::Forbidden))), "{bad:?}");
    }
    assert!(Client::oauth_bearer("a\x01", Token::from("t"), None, Limits::default()).is_err());
    assert!(Client::xoauth2("", Token::from("t"), Limits::default()).is_err());
    let long = "t".repeat(Limits::default().token + 1);
    assert!(matches!(Client::xoauth2("u", Token::from(long), Limits::default()), Err(ClientError::Limit(_))));
}

/// RFC 4422, A: the certificate says who it is; the response, whom to act for.
#[test]
fn external_is_who_the_certificate_says() {
    let mut user = User::new("user", "pencil");
    user.acts_for = Some("boss".into());
    for (authzid, expected) in [("", Some("user")), ("user", Some("user")), ("boss", Some("boss")), ("other", None)] {
        for initial in [true, false] {
            let mut client = client(Mechanism::External, authzid, "", "").unwrap();
            match (run(&mut client, &mut server(Mechanism::External, None), &user, initial), expected) {
                (End::Success(identity), Some(expected)) => assert_eq!(identity.authzid(), expected),
                (End::Refused(Failure::NotAuthorized), None) => {}
                (end, _) => panic!("{authzid}: {end:?}"),
            }
        }
    }
    let mut nobody = Server::new(Mechanism::External, Config::new([1; 18], support::decoys()), Limits::default());
    nobody.receive(b"").unwrap();
    assert!(matches!(nobody.step(), Step::Done(Err(Failure::Credentials))));
}

/// RFC 5802, 3: keys are those of one hash.
#[test]
fn keys_for_another_hash_are_misuse() {
    let user = User::new("user", "pencil");
    let mut server = server(Mechanism::ScramSha1, None);
    server.receive(b"n,,n=user,r=nonce").unwrap();
    assert!(server.answer(Answer::Keys(Some(user.keys.clone()))).is_err());
    server.answer(Answer::Keys(Some(user.old_keys))).unwrap();
    assert!(matches!(server.step(), Step::Challenge(_)));
}

#[test]
fn secrets_stay_out_of_debug() {
    let user = User::new("user", "pencil");
    let mut server = server(Mechanism::Plain, None);
    let client = client(Mechanism::Plain, "", "user", "pencil").unwrap();
    server.receive(b"\0user\0pencil").unwrap();
    let shown = format!("{server:?} {:?} {client:?} {:?} {:?}", server.asked(), user.keys, Password::from("pencil"));
    assert!(!shown.contains("pencil"), "{shown}");
    assert!(
        shown.contains("Password(..)") && shown.contains("StoredKeys(SCRAM-SHA-256, 4096 iterations, ..)"),
        "{shown}"
    );
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
