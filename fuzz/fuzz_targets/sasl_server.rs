//! Any responses to a server, by every mechanism: it never panics, always comes to one verdict that stays, asks only what the mechanism
//! asks, and lets in only who has sent the password.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sasl::{
    Answer, BindingType, ChannelBinding, Config, Credential, Decoys, Hash, Limits, Mechanism, Password, Question,
    Server, Step, StoredKeys,
};
use std::sync::LazyLock;

static KEYS: LazyLock<[StoredKeys; 2]> = LazyLock::new(|| {
    [Hash::Sha1, Hash::Sha256].map(|hash| {
        StoredKeys::derive_with(hash, &Password::from("pencil"), [1; 16], sasl::MIN_ITERATIONS)
            .expect("a good password")
    })
});

#[derive(Arbitrary, Debug)]
struct Input {
    mechanism: Mechanism,
    offers_binding: bool,
    certificate: bool,
    responses: Vec<Vec<u8>>,
}

fuzz_target!(|input: Input| {
    let mut config = Config::new([1; 18], Decoys::new([2; 32], sasl::MIN_ITERATIONS));
    config.bindings.extend(input.offers_binding.then(|| ChannelBinding::new(BindingType::TlsExporter, [3; 32])));
    config.external = input.certificate.then(|| "user".into());
    let mut server = Server::new(input.mechanism, config, Limits::default());
    let (mut sent, mut verdict) = (false, None);
    for response in &input.responses {
        // A misuse changes nothing: what was open or decided still is.
        if server.receive(response).is_err() {
            assert!(verdict.is_some());
        }
        loop {
            let answer = match server.step() {
                Step::Ask(Question::VerifyPassword { authcid, password }) => {
                    assert!(matches!(input.mechanism, Mechanism::Plain | Mechanism::Login) && !authcid.is_empty());
                    sent = authcid == "user" && password.expose() == "pencil";
                    Answer::Verified(sent)
                }
                Step::Ask(Question::VerifyToken { token, .. }) => {
                    assert_eq!(input.mechanism.credential(), Credential::Token);
                    assert!(!token.expose().contains(['\x01', ' ']));
                    sent = token.expose() == "dG9rZW4";
                    Answer::Owner(sent.then(|| "user".into()))
                }
                Step::Ask(Question::StoredKeys { authcid, hash }) => {
                    assert!(input.mechanism.hash() == Some(hash) && !authcid.is_empty());
                    Answer::Keys(KEYS.iter().find(|keys| authcid == "user" && keys.hash() == hash).cloned())
                }
                Step::Ask(Question::Authorize { authcid, authzid }) => {
                    assert_ne!(authcid, authzid);
                    Answer::Authorized(true)
                }
                Step::Ask(other) => panic!("a question of a new kind: {other:?}"),
                Step::Challenge(_) | Step::Wait => break,
                Step::Done(Ok(identity)) => {
                    // Nobody can compute a proof by chance.
                    assert!(
                        (sent || input.certificate && input.mechanism == Mechanism::External)
                            && identity.authcid() == "user"
                    );
                    assert_ne!(verdict, Some(false));
                    verdict = Some(true);
                    break;
                }
                Step::Done(Err(_)) => {
                    assert_ne!(verdict, Some(true));
                    verdict = Some(false);
                    break;
                }
            };
            server.answer(answer).expect("an answer to the open question");
        }
    }
});
