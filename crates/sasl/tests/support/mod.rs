//! Joins a client and a server, with one user behind the server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

use sasl::{
    Answer, ChannelBinding, Client, ClientError, Config, Credential, Decoys, Failure, Hash, Identity, Limits,
    MIN_ITERATIONS, Mechanism, Password, Question, Server, Step, StoredKeys, Token, prepare,
};

pub(crate) const CLIENT_ENTROPY: [u8; 18] = [4; 18];

/// The one user there is.
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) keys: StoredKeys,
    /// For SCRAM-SHA-1.
    pub(crate) old_keys: StoredKeys,
    /// A token that is the user's.
    pub(crate) token: Token,
    /// Whom the user may act for.
    pub(crate) acts_for: Option<String>,
}

impl User {
    pub(crate) fn new(name: &str, password: &str) -> Self {
        let keys = |hash| {
            StoredKeys::derive_with(hash, &Password::from(password), *b"a salt of sixtee", MIN_ITERATIONS).unwrap()
        };
        Self {
            name: prepare(name).unwrap().into_owned(),
            keys: keys(Hash::Sha256),
            old_keys: keys(Hash::Sha1),
            token: token(password),
            acts_for: None,
        }
    }

    pub(crate) fn answer(&self, question: &Question<'_>) -> Answer {
        match question {
            Question::VerifyPassword { authcid, password } => {
                let known = *authcid == self.name;
                let keys = if known { self.keys.clone() } else { decoys().keys(authcid) };
                Answer::Verified(keys.verify(password) & known)
            }
            Question::StoredKeys { authcid, hash } => {
                let keys = if *hash == Hash::Sha1 { &self.old_keys } else { &self.keys };
                Answer::Keys((*authcid == self.name).then(|| keys.clone()))
            }
            Question::VerifyToken { token, .. } => Answer::Owner((**token == self.token).then(|| self.name.clone())),
            Question::Authorize { authcid, authzid } => {
                Answer::Authorized(*authcid == self.name && self.acts_for.as_deref() == Some(*authzid))
            }
            other => panic!("a question of a new kind: {other:?}"),
        }
    }
}

/// The token that somebody with this password has been given.
pub(crate) fn token(password: &str) -> Token {
    password.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

pub(crate) fn decoys() -> Decoys {
    Decoys::new([2; 32], MIN_ITERATIONS)
}

pub(crate) fn server(mechanism: Mechanism, binding: Option<ChannelBinding>) -> Server {
    let mut config = Config::new([1; 18], decoys());
    config.bindings.extend(binding);
    config.external = Some("user".into());
    Server::new(mechanism, config, Limits::default())
}

pub(crate) fn client(mechanism: Mechanism, authzid: &str, name: &str, password: &str) -> Result<Client, ClientError> {
    let (password, limits) = (Password::from(password), Limits::default());
    match (mechanism, mechanism.credential()) {
        (Mechanism::Plain, _) => Client::plain(authzid, name, password, limits),
        (Mechanism::Login, _) => Client::login(name, password, limits),
        (Mechanism::ScramSha1, _) => Client::scram_sha_1(authzid, name, password, CLIENT_ENTROPY, limits),
        (Mechanism::OauthBearer, _) => {
            Client::oauth_bearer(authzid, token(password.expose()), Some(("mx.example.org", 587)), limits)
        }
        (Mechanism::Xoauth2, _) => {
            let user = if authzid.is_empty() { name } else { authzid };
            Client::xoauth2(user, token(password.expose()), limits)
        }
        (_, Credential::Certificate) => Client::external(authzid, limits),
        _ => Client::scram_sha_256(authzid, name, password, CLIENT_ENTROPY, limits),
    }
}

/// How an exchange ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Both sides are content.
    Success(Identity),
    /// The server refused.
    Refused(Failure),
    /// The client gave up, or does not believe the server.
    GaveUp(ClientError),
}

/// Answers whatever the server asks until it has something for the client: its challenge or its verdict.
pub(crate) fn settle(server: &mut Server, user: &User) -> Result<Vec<u8>, Result<Identity, Failure>> {
    loop {
        let answer = match server.step() {
            Step::Challenge(challenge) => return Ok(challenge.to_vec()),
            Step::Done(verdict) => return Err(verdict.cloned()),
            Step::Ask(question) => user.answer(&question),
            Step::Wait => panic!("nothing is new"),
        };
        server.answer(answer).unwrap();
    }
}

/// Runs the exchange to its end. `initial`: whether the client's first message goes with the command.
pub(crate) fn run(client: &mut Client, server: &mut Server, user: &User, initial: bool) -> End {
    if initial && let Some(response) = client.initial() {
        server.receive(response).unwrap();
    }
    loop {
        match settle(server, user) {
            Err(Err(failure)) => return End::Refused(failure),
            Err(Ok(identity)) => {
                return match client.finish() {
                    Ok(()) => End::Success(identity),
                    Err(error) => End::GaveUp(error),
                };
            }
            Ok(challenge) => match client.receive(&challenge) {
                Ok(response) => server.receive(response).unwrap(),
                Err(error) => return End::GaveUp(error),
            },
        }
    }
}
