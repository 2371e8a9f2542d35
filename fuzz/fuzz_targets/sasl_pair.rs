//! Client against server with somebody in between who changes one message: a SCRAM exchange that was changed never leaves both sides
//! content, an unchanged one does exactly with the right password.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sasl::{
    Answer, BindingType, ChannelBinding, Client, Config, Decoys, Hash, Limits, Password, Question, Server, Step,
    StoredKeys,
};
use std::sync::LazyLock;

static KEYS: LazyLock<[StoredKeys; 2]> = LazyLock::new(|| {
    [Hash::Sha1, Hash::Sha256].map(|hash| {
        StoredKeys::derive_with(hash, &Password::from("pencil"), [1; 16], sasl::MIN_ITERATIONS)
            .expect("a good password")
    })
});

fn keys(hash: Hash) -> StoredKeys {
    KEYS.iter().find(|keys| keys.hash() == hash).expect("keys for each hash").clone()
}

#[derive(Arbitrary, Debug)]
enum Change {
    Flip { at: u16, bits: u8 },
    Cut { at: u16 },
    Insert { at: u16, what: Vec<u8> },
    Replace { with: Vec<u8> },
}

#[derive(Arbitrary, Debug)]
struct Input {
    bound: bool,
    sha_1: bool,
    right: bool,
    change: Option<(u8, Change)>,
}

impl Input {
    /// The message as it arrives: the first is the client's.
    fn pass(&self, number: u8, message: &[u8]) -> Vec<u8> {
        let mut passed = message.to_vec();
        let Some((_, change)) = self.change.as_ref().filter(|(changed, _)| changed % 4 == number) else {
            return passed;
        };
        match change {
            Change::Flip { at, bits } => {
                let at = usize::from(*at) % passed.len().max(1);
                if let Some(byte) = passed.get_mut(at) {
                    *byte ^= bits;
                }
            }
            Change::Cut { at } => passed.truncate(usize::from(*at)),
            // An extension after the server's signature is no part of what is signed, and means nothing (RFC 5802, 5.1).
            Change::Insert { .. } if number == 3 => {}
            Change::Insert { at, what } => {
                let at = usize::from(*at) % (passed.len() + 1);
                passed.splice(at..at, what.iter().copied());
            }
            Change::Replace { .. } if number == 3 => {}
            Change::Replace { with } => passed.clone_from(with),
        }
        passed
    }
}

fuzz_target!(|input: Input| {
    let binding = ChannelBinding::new(BindingType::TlsExporter, [3; 32]);
    let password = Password::from(if input.right { "pencil" } else { "crayon" });
    let hash = if input.sha_1 { Hash::Sha1 } else { Hash::Sha256 };
    let scram = if input.sha_1 { Client::scram_sha_1 } else { Client::scram_sha_256 };
    let mut client = scram("", "user", password, [4; 18], Limits::default()).expect("a good name and password");
    let mut config = Config::new([1; 18], Decoys::new([2; 32], sasl::MIN_ITERATIONS));
    if input.bound {
        config.bindings = vec![ChannelBinding::new(BindingType::TlsServerEndPoint, [5; 32]), binding.clone()];
        client = client.bound(binding);
    }
    let mechanism = client.mechanism();
    let mut server = Server::new(mechanism, config, Limits::default());

    let mut changed = false;
    let mut number = 0;
    let mut message = client.initial().expect("SCRAM has an initial response").to_vec();
    let content = loop {
        let passed = input.pass(number, &message);
        changed |= passed != message;
        number += 1;
        server.receive(&passed).expect("the server waits for a response");
        let challenge = loop {
            let answer = match server.step() {
                Step::Challenge(challenge) => break Ok(challenge.to_vec()),
                Step::Ask(Question::StoredKeys { authcid, hash: asked }) => {
                    assert_eq!(asked, hash);
                    Answer::Keys((authcid == "user").then(|| keys(hash)))
                }
                Step::Ask(Question::Authorize { .. }) => Answer::Authorized(true),
                Step::Done(verdict) => break Err(verdict.is_ok()),
                step => panic!("unexpected {step:?}"),
            };
            server.answer(answer).expect("an answer to the open question");
        };
        let challenge = match challenge {
            Ok(challenge) => challenge,
            Err(verdict) => break verdict && client.finish().is_ok(),
        };
        let passed = input.pass(number, &challenge);
        changed |= passed != challenge;
        number += 1;
        match client.receive(&passed) {
            Ok(response) => message = response.to_vec(),
            Err(_) => break false,
        }
    };
    assert_eq!(content, input.right && !changed, "changed: {changed}");
});
