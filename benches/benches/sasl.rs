//! SASL: whole exchanges beside rsasl, keys beside ring, and what the server does for users that exist and for those that do not.
//!
//! - plain: a server's side of PLAIN with a password compared in memory. One operation is one login.
//! - exchange: client and server of SCRAM-SHA-256 to the end, with 4,096 iterations, which are most of it.
//! - derive: 4,096 iterations alone, by the hash that the crate uses and by ring's.
//! - server: our server's side of SCRAM-SHA-256 alone, which has no iterations. The two must not differ (row A-2).

use std::{hint::black_box, num::NonZeroU32, sync::Arc};

use benches::report_allocations;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ring::pbkdf2;
use rsasl::{
    callback::{Context, Request, SessionCallback, SessionData},
    config::SASLConfig,
    mechanisms::scram::properties::ScramStoredPassword,
    mechname::Mechname,
    prelude::{SASLClient, SASLServer, SessionError},
    property::{AuthId, Password as PasswordProperty},
    validate::{Validate, Validation, ValidationError},
};
use sasl::{
    Answer, Client, Config, Decoys, Limits, MIN_ITERATIONS, Mechanism, Password, Question, Server, Step, StoredKeys,
};

const PLAIN: &[u8] = b"\0alice@example.org\0correct horse battery staple";
const USER: &str = "alice@example.org";
const PASSWORD: &str = "correct horse battery staple";
const SALT: [u8; 16] = *b"a salt of sixtee";

fn keys() -> StoredKeys {
    StoredKeys::derive(&Password::from(PASSWORD), SALT, MIN_ITERATIONS).expect("a good password")
}

fn server(mechanism: Mechanism) -> Server {
    Server::new(mechanism, Config::new([1; 18], Decoys::new([2; 32], MIN_ITERATIONS)), Limits::default())
}

fn client() -> Client {
    Client::scram_sha_256("", USER, Password::from(PASSWORD), [4; 18], Limits::default()).expect("a good name")
}

/// The same user for rsasl.
struct Peer {
    stored_key: Vec<u8>,
    server_key: Vec<u8>,
}

struct Verdict;

impl Validation for Verdict {
    type Value = bool;
}

impl Peer {
    fn config() -> Arc<SASLConfig> {
        let text = keys().to_text();
        let (stored, server) = text.rsplit_once('$').and_then(|(_, keys)| keys.split_once(':')).expect("two keys");
        let mut peer = Self { stored_key: Vec::new(), server_key: Vec::new() };
        wire::base64::decode(stored.as_bytes(), &mut peer.stored_key).expect("base64");
        wire::base64::decode(server.as_bytes(), &mut peer.server_key).expect("base64");
        SASLConfig::builder().with_defaults().with_callback(peer).expect("a configuration")
    }
}

impl SessionCallback for Peer {
    fn callback(&self, _: &SessionData, context: &Context<'_>, request: &mut Request<'_>) -> Result<(), SessionError> {
        if context.get_ref::<AuthId>() == Some(USER) {
            request.satisfy::<ScramStoredPassword<'_>>(&ScramStoredPassword::new(
                MIN_ITERATIONS,
                &SALT,
                &self.stored_key,
                &self.server_key,
            ))?;
        }
        Ok(())
    }

    fn validate(
        &self,
        session: &SessionData,
        context: &Context<'_>,
        validate: &mut Validate<'_>,
    ) -> Result<(), ValidationError> {
        let plain = session.mechanism().mechanism.as_str() == "PLAIN";
        let right = context.get_ref::<AuthId>() == Some(USER)
            && (!plain || context.get_ref::<PasswordProperty>() == Some(PASSWORD.as_bytes()));
        validate.with::<Verdict, _>(|| Ok(right))?;
        Ok(())
    }
}

fn plain(c: &mut Criterion) {
    let mut group = c.benchmark_group("sasl/plain");
    group.throughput(Throughput::Elements(1));
    let password = Password::from(PASSWORD);
    let ours = || {
        let mut server = server(Mechanism::Plain);
        server.receive(black_box(PLAIN)).expect("a response is due");
        let Step::Ask(Question::VerifyPassword { authcid, password: given }) = server.step() else {
            panic!("a question")
        };
        let right = authcid == USER && *given == password;
        server.answer(Answer::Verified(right)).expect("an answer is due");
        assert!(matches!(server.step(), Step::Done(Ok(_))));
    };
    report_allocations("sasl/plain/mailwright", 1, ours);
    group.bench_function("mailwright", |b| b.iter(ours));
    let config = Peer::config();
    let peer = || {
        let name = Mechname::parse(b"PLAIN").expect("a name");
        let mut session = SASLServer::<Verdict>::new(config.clone()).start_suggested(name).expect("a session");
        session.step(Some(black_box(PLAIN)), &mut Vec::new()).expect("a step");
        assert_eq!(session.validation(), Some(true));
    };
    report_allocations("sasl/plain/rsasl", 1, peer);
    group.bench_function("rsasl", |b| b.iter(peer));
    group.finish();
}

fn exchange(c: &mut Criterion) {
    let mut group = c.benchmark_group("sasl/exchange");
    group.throughput(Throughput::Elements(1));
    let keys = keys();
    let ours = || {
        let (mut client, mut server) = (client(), server(Mechanism::ScramSha256));
        server.receive(client.initial().expect("a message")).expect("a response is due");
        loop {
            match server.step() {
                Step::Challenge(challenge) => {
                    let response = client.receive(challenge).expect("a good challenge");
                    server.receive(response).expect("a response is due");
                }
                Step::Ask(_) => server.answer(Answer::Keys(Some(keys.clone()))).expect("an answer is due"),
                Step::Done(verdict) => break assert!(verdict.is_ok() && client.finish().is_ok()),
                Step::Wait => panic!("nothing is new"),
            }
        }
    };
    report_allocations("sasl/exchange/mailwright", 1, ours);
    group.bench_function("mailwright", |b| b.iter(ours));
    let config = Peer::config();
    let peer = || {
        let name = Mechname::parse(b"SCRAM-SHA-256").expect("a name");
        let mut server = SASLServer::<Verdict>::new(config.clone()).start_suggested(name).expect("a session");
        let credentials =
            SASLConfig::with_credentials(None, USER.to_owned(), PASSWORD.to_owned()).expect("credentials");
        let mut client = SASLClient::new(credentials).start_suggested(&[name]).expect("a session");
        let mut response = Vec::new();
        client.step(None, &mut response).expect("a step");
        loop {
            let mut challenge = Vec::new();
            let running = server.step(Some(&response), &mut challenge).expect("a step").is_running();
            response.clear();
            client.step(Some(&challenge), &mut response).expect("a step");
            if !running {
                break;
            }
        }
        assert_eq!(server.validation(), Some(true));
    };
    report_allocations("sasl/exchange/rsasl", 1, peer);
    group.bench_function("rsasl", |b| b.iter(peer));
    group.finish();
}

fn derive(c: &mut Criterion) {
    let mut group = c.benchmark_group("sasl/derive");
    group.throughput(Throughput::Elements(u64::from(MIN_ITERATIONS)));
    group.bench_function("mailwright", |b| b.iter(keys));
    let iterations = NonZeroU32::new(MIN_ITERATIONS).expect("not zero");
    group.bench_function("ring", |b| {
        b.iter(|| {
            let mut salted = [0; 32];
            pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &SALT, black_box(PASSWORD.as_bytes()), &mut salted);
            salted
        });
    });
    group.finish();
}

/// The server's side again, with what the client has once said: its nonce and ours are the same each time.
fn server_alone(c: &mut Criterion) {
    let keys = keys();
    let mut client = client();
    let first = client.initial().expect("a message").to_vec();
    let mut once = server(Mechanism::ScramSha256);
    once.receive(&first).expect("a response is due");
    once.answer(Answer::Keys(Some(keys.clone()))).expect("an answer is due");
    let Step::Challenge(challenge) = once.step() else { panic!("a challenge") };
    let mut wrong = client.receive(challenge).expect("a good challenge").to_vec();
    // A well-formed proof that is not right, so that both users fail.
    let last = wrong.len() - 10;
    wrong[last] = if wrong[last] == b'A' { b'B' } else { b'A' };

    let mut group = c.benchmark_group("sasl/server");
    group.throughput(Throughput::Elements(1));
    for (user, known) in [("known", true), ("unknown", false)] {
        let work = || {
            let mut server = server(Mechanism::ScramSha256);
            server.receive(black_box(&first)).expect("a response is due");
            // Read from the database in both cases; only one of them finds something.
            let found = black_box(keys.clone());
            server.answer(Answer::Keys(known.then_some(found))).expect("an answer is due");
            server.receive(black_box(&wrong)).expect("a response is due");
            assert!(matches!(server.step(), Step::Done(Err(sasl::Failure::Credentials))));
        };
        report_allocations(&format!("sasl/server/{user}"), 1, work);
        group.bench_function(user, |b| b.iter(work));
    }
    group.finish();
}

criterion_group!(benches, plain, exchange, derive, server_alone);
criterion_main!(benches);
