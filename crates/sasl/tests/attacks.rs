//! One test for each known attack; the names are those of the rows in the project's table of threats.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

mod support;

use sasl::{
    BindingType, ChannelBinding, Client, ClientError, Config, Decoys, Exceeded, Failure, KeyError, Limits,
    MIN_ITERATIONS, Mechanism, Password, Server, Step, StoredKeys,
};
use support::{CLIENT_ENTROPY, End, User, client, run, server, settle};

/// The challenge to a first message of this user.
fn challenge(name: &str, user: &User) -> String {
    let mut server = server(Mechanism::ScramSha256, None);
    server.receive(format!("n,,n={name},r=nonce").as_bytes()).unwrap();
    String::from_utf8(settle(&mut server, user).unwrap()).unwrap()
}

#[test]
fn a2_unknown_users_look_like_known_ones() {
    let user = User::new("user", "pencil");
    let (known, unknown, other) = (challenge("user", &user), challenge("nobody", &user), challenge("nemo", &user));
    assert_eq!(unknown, challenge("nobody", &user), "the salt stays");
    assert_ne!(unknown, other, "and is each name's own");
    assert_eq!(known.len(), unknown.len());
    assert!(known.ends_with(",i=4096") && unknown.ends_with(",i=4096"));
    let secret = Decoys::new([3; 32], MIN_ITERATIONS);
    assert_ne!(secret.keys("nobody"), support::decoys().keys("nobody"), "without the secret nobody knows the salt");

    // To the end, and with the same words.
    for mechanism in [Mechanism::Plain, Mechanism::Login, Mechanism::ScramSha256] {
        let wrong =
            run(&mut client(mechanism, "", "user", "crayon").unwrap(), &mut server(mechanism, None), &user, true);
        let unknown =
            run(&mut client(mechanism, "", "nobody", "pencil").unwrap(), &mut server(mechanism, None), &user, true);
        assert_eq!(wrong, End::Refused(Failure::Credentials));
        assert_eq!(wrong, unknown);
    }
}

#[test]
fn a2_no_password_fits_a_decoy() {
    let decoy = support::decoys().keys("nobody");
    assert_eq!(decoy.iterations(), MIN_ITERATIONS, "a check of it costs what a check of a user's costs");
    assert!(!decoy.verify(&Password::from("pencil")));
}

#[test]
fn a3_a_bad_response_ends_this_exchange_alone() {
    let user = User::new("user", "pencil");
    let mut other = server(Mechanism::ScramSha256, None);
    let mut client = client(Mechanism::ScramSha256, "", "user", "pencil").unwrap();
    other.receive(client.initial().unwrap()).unwrap();
    for bad in [
        &b"user"[..],
        b"\0\0",
        b"\0user\0",
        b"\0\0pencil",
        b"\0user\0pencil\0",
        b"\xff\0user\0pencil",
        b"=",
        &[b'x'; 20_000],
    ] {
        let mut server = server(Mechanism::Plain, None);
        server.receive(bad).unwrap();
        assert!(matches!(server.step(), Step::Done(Err(failure)) if failure.is_malformed()), "{}", bad.escape_ascii());
    }
    assert!(matches!(run(&mut client, &mut other, &user, false), End::Success(_)));
}

#[test]
fn a3_login_refuses_what_is_empty() {
    for (name, password) in [("", "pencil"), ("user", ""), ("us\0er", "pencil"), ("user", "pen\0cil")] {
        let mut server = server(Mechanism::Login, None);
        server.receive(name.as_bytes()).unwrap();
        let _ = server.receive(password.as_bytes());
        assert!(matches!(server.step(), Step::Done(Err(Failure::Unprepared(_)))), "{name:?} {password:?}");
    }
}

#[test]
fn a4_acting_for_another_is_asked_and_only_of_who_has_proved_himself() {
    let mut user = User::new("user", "pencil");
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256] {
        for (acts_for, authzid, password, expected) in [
            (None, "", "pencil", Ok("user")),
            (None, "user", "pencil", Ok("user")),
            (None, "boss", "pencil", Err(Failure::NotAuthorized)),
            (Some("boss"), "boss", "pencil", Ok("boss")),
            (Some("boss"), "bos", "pencil", Err(Failure::NotAuthorized)),
            (Some("boss"), "User", "pencil", Err(Failure::NotAuthorized)),
            (Some("boss"), "boss", "crayon", Err(Failure::Credentials)),
        ] {
            user.acts_for = acts_for.map(Into::into);
            let mut client = client(mechanism, authzid, "user", password).unwrap();
            match (run(&mut client, &mut server(mechanism, None), &user, true), expected) {
                (End::Success(identity), Ok(authzid)) => {
                    assert_eq!((identity.authcid(), identity.authzid()), ("user", authzid));
                }
                (End::Refused(failure), Err(expected)) => assert_eq!(failure, expected),
                (end, _) => panic!("{mechanism} {authzid}: {end:?}"),
            }
        }
    }
}

#[test]
#[cfg(feature = "saslprep")]
fn a4_look_alikes_are_one_name_or_none() {
    let user = User::new("user", "IX");
    // Full width letters and the Roman numeral are the same name and password, an unassigned code point is none.
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256] {
        let mut client = client(mechanism, "", "\u{ff55}ser", "\u{2168}").unwrap();
        assert!(matches!(run(&mut client, &mut server(mechanism, None), &user, true), End::Success(_)));
    }
    let mut server = server(Mechanism::Plain, None);
    server.receive("\0us\u{1f600}er\0IX".as_bytes()).unwrap();
    assert!(matches!(server.step(), Step::Done(Err(Failure::Unprepared(_)))));
}

/// A client after its first message, `n,,n=user,r=` and 24 characters.
fn waiting(limits: Limits) -> (Client, String) {
    let mut client = Client::scram_sha_256("", "user", Password::from("pencil"), CLIENT_ENTROPY, limits).unwrap();
    let first = String::from_utf8(client.initial().unwrap().to_vec()).unwrap();
    let nonce = first.strip_prefix("n,,n=user,r=").unwrap().into();
    (client, nonce)
}

#[test]
fn a5_the_client_bounds_the_iterations() {
    let mut limits = Limits::default();
    limits.max_iterations = 5_000;
    for (iterations, expected) in [
        ("1", Err(ClientError::FewIterations(1))),
        ("4095", Err(ClientError::FewIterations(4_095))),
        ("4096", Ok(())),
        ("5001", Err(ClientError::Limit(Exceeded::Iterations(5_000)))),
        ("4294967297", Err(ClientError::Limit(Exceeded::Iterations(5_000)))),
    ] {
        let (mut client, nonce) = waiting(limits);
        let challenge = format!("r={nonce}more,s=c2FsdA==,i={iterations}");
        assert_eq!(client.receive(challenge.as_bytes()).map(|_| ()), expected, "{iterations}");
    }
    let text = "SCRAM-SHA-256$4095:c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(StoredKeys::parse(text), Err(KeyError::Iterations));
    assert_eq!(StoredKeys::derive(&Password::from("pencil"), [0; 16], 4_095), Err(KeyError::Iterations));
}

#[test]
fn a5_the_nonce_must_continue_ours() {
    for nonce in ["", "x", "OTHER"] {
        let (mut client, own) = waiting(Limits::default());
        // Replaced, shortened, or not continued.
        let challenge = if nonce.is_empty() {
            format!("r={own},s=c2FsdA==,i=4096")
        } else {
            format!("r={nonce}{own},s=c2FsdA==,i=4096")
        };
        assert_eq!(client.receive(challenge.as_bytes()), Err(ClientError::Nonce));
        assert_eq!(client.finish(), Err(ClientError::Nonce));
    }
}

#[test]
fn a5_a_server_that_proves_nothing_is_not_believed() {
    // Success at once, after the first message, and after the proof.
    let (mut client, nonce) = waiting(Limits::default());
    assert_eq!(client.finish(), Err(ClientError::Unfinished));
    client.receive(format!("r={nonce}more,s=c2FsdA==,i=4096").as_bytes()).unwrap();
    assert_eq!(client.finish(), Err(ClientError::Unfinished));
    let made_up = b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(client.receive(made_up), Err(ClientError::ServerSignature));
    assert_eq!(client.finish(), Err(ClientError::ServerSignature));
    let (mut client, _) = waiting(Limits::default());
    assert_eq!(client.receive(b"e=unknown-user\x1b"), Err(ClientError::Refused("e=unknown-user\\u{1b}".into())));
}

/// whoever has a token of one user is not another, unless that is allowed.
#[test]
fn a4_a_token_is_of_its_owner() {
    let mut user = User::new("user", "pencil");
    for mechanism in [Mechanism::OauthBearer, Mechanism::Xoauth2] {
        for (acts_for, authzid, expected) in
            [(None, "user", Ok("user")), (None, "boss", Err(())), (Some("boss"), "boss", Ok("boss"))]
        {
            user.acts_for = acts_for.map(Into::into);
            let mut client = client(mechanism, authzid, "", "pencil").unwrap();
            match (run(&mut client, &mut server(mechanism, None), &user, true), expected) {
                (End::Success(identity), Ok(authzid)) => {
                    assert_eq!((identity.authcid(), identity.authzid()), ("user", authzid));
                }
                (End::Refused(Failure::NotAuthorized), Err(())) => {}
                (end, _) => panic!("{mechanism} {authzid}: {end:?}"),
            }
        }
    }
}

fn bound(data: &[u8]) -> ChannelBinding {
    ChannelBinding::new(BindingType::TlsExporter, data)
}

fn plus(data: &[u8]) -> Client {
    client(Mechanism::ScramSha256, "", "user", "pencil").unwrap().bound(bound(data))
}

#[test]
fn a5_channel_binding_ties_both_ends_together() {
    let user = User::new("user", "pencil");
    let mut same = server(Mechanism::ScramSha256Plus, Some(bound(&[9; 32])));
    assert!(matches!(run(&mut plus(&[9; 32]), &mut same, &user, true), End::Success(_)));
    // Somebody with a TLS connection to each side: the octets differ.
    for data in [&[8; 32][..], &[9; 31], &[9; 33], &[]] {
        let mut server = server(Mechanism::ScramSha256Plus, Some(bound(&[9; 32])));
        assert_eq!(run(&mut plus(data), &mut server, &user, true), End::Refused(Failure::BindingMismatch));
    }
}

#[test]
fn a5_a_binding_that_does_not_fit_is_refused() {
    let offered = || Some(bound(&[9; 32]));
    for (mechanism, binding, flag, expected) in [
        (Mechanism::ScramSha256, None, "n", None),
        (Mechanism::ScramSha256, None, "y", None),
        (Mechanism::ScramSha256, offered(), "n", None),
        (Mechanism::ScramSha256, offered(), "y", Some(Failure::Downgrade)),
        (Mechanism::ScramSha256, offered(), "p=tls-exporter", Some(Failure::BindingType)),
        (Mechanism::ScramSha256, None, "p=tls-exporter", Some(Failure::BindingType)),
        (Mechanism::ScramSha256Plus, offered(), "p=tls-exporter", None),
        (Mechanism::ScramSha256Plus, offered(), "p=TLS-EXPORTER", Some(Failure::BindingType)),
        (Mechanism::ScramSha256Plus, offered(), "p=tls-unique", Some(Failure::BindingType)),
        (Mechanism::ScramSha256Plus, offered(), "n", Some(Failure::BindingType)),
        (Mechanism::ScramSha256Plus, offered(), "y", Some(Failure::Downgrade)),
        (Mechanism::ScramSha256Plus, None, "p=tls-exporter", Some(Failure::BindingType)),
    ] {
        let mut server = server(mechanism, binding);
        server.receive(format!("{flag},,n=user,r=nonce").as_bytes()).unwrap();
        match (server.step(), expected) {
            (Step::Ask(_), None) => {}
            (Step::Done(Err(failure)), Some(expected)) => assert_eq!(failure, expected, "{mechanism} {flag}"),
            (step, _) => panic!("{mechanism} {flag}: {step:?}"),
        }
    }
    // The client's side of the downgrade.
    let user = User::new("user", "pencil");
    let deceived = || client(Mechanism::ScramSha256, "", "user", "pencil").unwrap().binding_not_offered();
    let mut offering = server(Mechanism::ScramSha256, offered());
    assert_eq!(run(&mut deceived(), &mut offering, &user, true), End::Refused(Failure::Downgrade));
    assert!(matches!(run(&mut deceived(), &mut server(Mechanism::ScramSha256, None), &user, true), End::Success(_)));
}

/// Yesterday's messages are worth nothing against today's nonce.
#[test]
fn a5_a_replayed_exchange_fails() {
    let user = User::new("user", "pencil");
    let mut client = client(Mechanism::ScramSha256, "", "user", "pencil").unwrap();
    let first = client.initial().unwrap().to_vec();
    let mut yesterday = server(Mechanism::ScramSha256, None);
    yesterday.receive(&first).unwrap();
    let last = client.receive(&settle(&mut yesterday, &user).unwrap()).unwrap().to_vec();
    yesterday.receive(&last).unwrap();
    assert!(settle(&mut yesterday, &user).unwrap().starts_with(b"v="));

    let mut today = Server::new(Mechanism::ScramSha256, Config::new([7; 18], support::decoys()), Limits::default());
    today.receive(&first).unwrap();
    settle(&mut today, &user).unwrap();
    today.receive(&last).unwrap();
    assert_eq!(settle(&mut today, &user), Err(Err(Failure::Credentials)));
}
