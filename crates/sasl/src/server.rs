//! The server's side.

use alloc::{borrow::ToOwned as _, boxed::Box, string::String, vec::Vec};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::{
    binding::ChannelBinding,
    error::{Exceeded, Failure, Misuse, SyntaxError},
    keys::{Decoys, StoredKeys},
    limits::Limits,
    mechanism::{Hash, Mechanism},
    oauth,
    password::{Password, Token},
    plain::{self, utf8},
    prepare::prepare,
    scram::{
        exchange::{Exchange, agree},
        message::ClientFirst,
    },
};

/// What one exchange is made with.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// Fresh random octets for this exchange alone; our part of the SCRAM nonce. Used again, they let an old exchange be replayed.
    pub entropy: Zeroizing<[u8; 18]>,
    /// The keys of users that do not exist. The same in every exchange.
    pub decoys: Decoys,
    /// The bindings to the TLS connection that a client may choose from, where a `-PLUS` mechanism is offered on it. None: it is not
    /// offered. RFC 9266, 2, wants `tls-exporter` to be one of them with TLS 1.3.
    pub bindings: Vec<ChannelBinding>,
    /// For EXTERNAL: whom the certificate is of that the client has shown in TLS; `None` where it has shown none.
    pub external: Option<String>,
    /// For OAUTHBEARER and XOAUTH2: what a client whose token is not valid learns about getting another.
    pub discovery: Discovery,
}

/// Where a client gets a token that is valid (RFC 7628, 3.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discovery {
    /// The scope that a token must have; `None` where tokens without scope do.
    pub scope: Option<String>,
    /// The address, by `https`, of the provider's configuration document (OpenID Connect Discovery 1.0, 3).
    pub openid_configuration: Option<String>,
}

impl Config {
    /// With fresh randomness, without channel binding and certificate.
    #[must_use]
    pub fn new(entropy: [u8; 18], decoys: Decoys) -> Self {
        Self {
            entropy: Zeroizing::new(entropy),
            decoys,
            bindings: Vec::new(),
            external: None,
            discovery: Discovery::default(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Config({:?}, {:?}, ..)", self.decoys, self.bindings)
    }
}

/// What comes next in an exchange.
#[derive(Debug)]
pub enum Step<'a> {
    /// Send this to the client, base64 as the protocol wants it, then give its response to [`Server::receive`]. Before the first response
    /// there is a challenge, too, for clients that send no initial response; with an initial response it is never asked for.
    Challenge(&'a [u8]),
    /// Answer this by [`Server::answer`].
    Ask(Question<'a>),
    /// Nothing new: a response or an answer is waited for.
    Wait,
    /// The verdict.
    Done(Result<&'a Identity, Failure>),
}

/// What only the caller knows. Names are [prepared](prepare()).
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question<'a> {
    /// Is this the password of that user? Take as long for a user that does not exist ([`Decoys`]). Answer: [`Answer::Verified`].
    VerifyPassword {
        /// Who it claims to be.
        authcid: &'a str,
        /// Prepared as well.
        password: &'a Password,
    },
    /// What are this user's keys? Answer: [`Answer::Keys`].
    StoredKeys {
        /// Who it claims to be.
        authcid: &'a str,
        /// The hash that the keys must be for.
        hash: Hash,
    },
    /// Whose is this token? Whether it is signed by whom we trust, still valid, and made for us (RFC 6750, 5.2: the audience) is for the
    /// caller to find out. Answer: [`Answer::Owner`].
    VerifyToken {
        /// Whom the client wants to be; empty where it leaves that to the token. Not prepared, and nothing to rely on.
        claimed: &'a str,
        /// As it was sent.
        token: &'a Token,
        /// The host that the client believes it speaks to: where it is told, it must be ours (RFC 7628, 3.2).
        host: Option<&'a str>,
        /// The port, likewise.
        port: Option<u16>,
    },
    /// May this user, who has proved who it is, act for another? Answer: [`Answer::Authorized`].
    Authorize {
        /// Who it is.
        authcid: &'a str,
        /// Whom it wants to act for.
        authzid: &'a str,
    },
}

/// The caller's word on a [`Question`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Answer {
    /// Whether the user exists and this is the password.
    Verified(bool),
    /// Whose token it is; `None` where it is good for nothing here. The name is prepared by [`Server::answer`]; where the client wants to be
    /// another, [`Question::Authorize`] follows.
    Owner(Option<String>),
    /// The user's keys; `None` where there is no such user, which the client does not learn: it goes on with those of [`Decoys`].
    Keys(Option<StoredKeys>),
    /// Whether the one may act for the other.
    Authorized(bool),
    /// To any question: it cannot be answered now. The verdict is [`Failure::Unavailable`].
    Unavailable,
}

/// Who has logged in, and for whom. Both names are [prepared](prepare()).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    authcid: String,
    /// Where it is another.
    authzid: Option<String>,
}

impl Identity {
    /// Whose credentials they were.
    #[must_use]
    pub fn authcid(&self) -> &str {
        &self.authcid
    }

    /// Whom the session acts for; the same as [`Self::authcid`] unless the caller has allowed another.
    #[must_use]
    pub fn authzid(&self) -> &str {
        self.authzid.as_deref().unwrap_or(&self.authcid)
    }
}

/// One exchange, as the server leads it.
///
/// [`Self::step`] says each thing once, then [`Step::Wait`]; the verdict as often as it is asked. An exchange that has failed stays so.
///
/// ```
/// use sasl::{Answer, Client, Config, DEFAULT_ITERATIONS, Decoys, Limits, Mechanism, Password, Question, Server, Step, StoredKeys};
///
/// let keys = StoredKeys::derive(&Password::from("pencil"), [3; 16], DEFAULT_ITERATIONS)?;
/// let decoys = Decoys::new([2; 32], DEFAULT_ITERATIONS);
/// let mut client = Client::scram_sha_256("", "user", Password::from("pencil"), [4; 18], Limits::default())?;
/// let mut server = Server::new(Mechanism::ScramSha256, Config::new([1; 18], decoys), Limits::default());
///
/// server.receive(client.initial().unwrap_or_default())?;
/// let identity = loop {
///     match server.step() {
///         Step::Challenge(challenge) => {
///             let response = client.receive(challenge)?;
///             server.receive(response)?;
///         }
///         Step::Ask(Question::StoredKeys { authcid: "user", .. }) => server.answer(Answer::Keys(Some(keys.clone())))?,
///         Step::Done(verdict) => break verdict?.clone(),
///         other => panic!("{other:?}"),
///     }
/// };
/// client.finish()?;
/// assert_eq!(identity.authcid(), "user");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Server {
    mechanism: Mechanism,
    config: Config,
    limits: Limits,
    identity: Identity,
    challenge: Vec<u8>,
    stage: Stage,
    /// Whether the present step has been given out.
    told: bool,
}

/// A token, and where it was sent to.
struct Bearer {
    claimed: String,
    token: Token,
    host: Option<String>,
    port: Option<u16>,
}

/// Where the exchange is. The first five wait for a response, the next four for an answer.
enum Stage {
    First,
    LoginPassword,
    ScramFinal(Box<Exchange>),
    /// The server's signature is out; an empty response confirms it.
    ScramConfirm,
    /// The client has been told why its token is not valid; whatever it says, the exchange has failed (RFC 7628, 3.2.3).
    TokenRefused,
    VerifyPassword(Password),
    VerifyToken(Box<Bearer>),
    StoredKeys(Box<Exchange>),
    /// With the message to send if the answer is yes; empty where there is none.
    Authorize(String),
    Done(Result<(), Failure>),
}

impl Server {
    /// Begins an exchange by this mechanism. Whether the mechanism may be used at all, so without TLS, is for the caller to know
    /// ([`Mechanism::sends_secret`]).
    #[must_use]
    pub fn new(mechanism: Mechanism, config: Config, limits: Limits) -> Self {
        let challenge: &[u8] = match mechanism {
            // Old clients look for these words, not for the draft's.
            Mechanism::Login => b"Username:",
            _ => b"",
        };
        Self {
            mechanism,
            config,
            limits,
            identity: Identity::default(),
            challenge: challenge.into(),
            stage: Stage::First,
            told: false,
        }
    }

    /// The mechanism of this exchange.
    #[must_use]
    pub const fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// What comes next.
    pub fn step(&mut self) -> Step<'_> {
        let told = core::mem::replace(&mut self.told, true);
        match &self.stage {
            Stage::Done(Ok(())) => Step::Done(Ok(&self.identity)),
            Stage::Done(Err(failure)) => Step::Done(Err(*failure)),
            _ if told => Step::Wait,
            _ => match self.asked() {
                Some(question) => Step::Ask(question),
                None => Step::Challenge(&self.challenge),
            },
        }
    }

    /// The open question, to look at again.
    #[must_use]
    pub fn asked(&self) -> Option<Question<'_>> {
        let (authcid, authzid) = (self.identity.authcid(), self.identity.authzid());
        match &self.stage {
            Stage::VerifyPassword(password) => Some(Question::VerifyPassword { authcid, password }),
            Stage::VerifyToken(bearer) => Some(Question::VerifyToken {
                claimed: &bearer.claimed,
                token: &bearer.token,
                host: bearer.host.as_deref(),
                port: bearer.port,
            }),
            Stage::StoredKeys(exchange) => Some(Question::StoredKeys { authcid, hash: exchange.hash() }),
            Stage::Authorize(_) => Some(Question::Authorize { authcid, authzid }),
            _ => None,
        }
    }

    /// Takes the client's response, after base64. The first one is its initial response, if it sent one with the command.
    ///
    /// # Errors
    /// [`Misuse`] while a question is open or after the verdict. A bad response is not an error here; [`Self::step`] tells the verdict.
    pub fn receive(&mut self, response: &[u8]) -> Result<(), Misuse> {
        if self.asked().is_some() {
            return Err(Misuse("receive: a question is open, answer it first"));
        }
        if let Stage::Done(_) = self.stage {
            return Err(Misuse("receive: the exchange is over"));
        }
        let next = self.respond(response);
        self.enter(next);
        Ok(())
    }

    fn respond(&mut self, response: &[u8]) -> Result<Stage, Failure> {
        if response.len() > self.limits.message {
            return Err(Exceeded::Message(self.limits.message).into());
        }
        match &self.stage {
            Stage::First => match self.mechanism {
                Mechanism::Plain => self.plain(response),
                Mechanism::Login => self.login_name(response),
                Mechanism::External => self.external(response),
                Mechanism::OauthBearer => self.bearer(oauth::Message::parse(response)),
                Mechanism::Xoauth2 => self.bearer(oauth::Message::parse_xoauth2(response)),
                Mechanism::ScramSha1 | Mechanism::ScramSha1Plus => self.scram_first(Hash::Sha1, response),
                Mechanism::ScramSha256 | Mechanism::ScramSha256Plus => self.scram_first(Hash::Sha256, response),
            },
            Stage::LoginPassword => self.login_password(response),
            Stage::ScramFinal(exchange) => {
                let message = exchange.conclude(response, &self.config.bindings)?;
                Ok(self.proven(message))
            }
            Stage::TokenRefused => Err(Failure::Credentials),
            _ if response.is_empty() => Ok(Stage::Done(Ok(()))),
            _ => Err(SyntaxError { at: 0, what: "not the empty response that ends the exchange" }.into()),
        }
    }

    /// Answers the open question.
    ///
    /// # Errors
    /// [`Misuse`] where no question is open or the answer is to another one.
    pub fn answer(&mut self, answer: Answer) -> Result<(), Misuse> {
        let open = core::mem::replace(&mut self.stage, Stage::Done(Err(Failure::Cancelled)));
        let next = match (open, answer) {
            (
                Stage::VerifyPassword(_) | Stage::VerifyToken(_) | Stage::StoredKeys(_) | Stage::Authorize(_),
                Answer::Unavailable,
            ) => Err(Failure::Unavailable),
            (Stage::VerifyPassword(_), Answer::Verified(true)) => Ok(self.proven(String::new())),
            (Stage::VerifyPassword(_), Answer::Verified(false)) => Err(Failure::Credentials),
            (Stage::VerifyToken(bearer), Answer::Owner(Some(owner))) => self.owned(&bearer.claimed, &owner),
            (Stage::VerifyToken(_), Answer::Owner(None)) => Ok(self.refuse_token()),
            (Stage::StoredKeys(exchange), Answer::Keys(Some(keys))) if keys.hash() != exchange.hash() => {
                self.stage = Stage::StoredKeys(exchange);
                return Err(Misuse("answer: the keys are for another hash"));
            }
            (Stage::StoredKeys(mut exchange), Answer::Keys(keys)) => {
                self.challenge = exchange.challenge(keys).into();
                Ok(Stage::ScramFinal(exchange))
            }
            (Stage::Authorize(message), Answer::Authorized(true)) => Ok(self.conclude(message)),
            (Stage::Authorize(_), Answer::Authorized(false)) => Err(Failure::NotAuthorized),
            (other, _) => {
                self.stage = other;
                return Err(Misuse("answer: not to the open question"));
            }
        };
        self.enter(next);
        Ok(())
    }

    /// The client gave up, as by `*`. Harmless after the verdict.
    pub fn cancel(&mut self) {
        match self.stage {
            Stage::Done(_) => {}
            // RFC 7628, 3.2.3: one of the two ways to say that the error has been read. Who gives up has failed all the same.
            Stage::TokenRefused => self.enter(Err(Failure::Credentials)),
            _ => self.enter(Err(Failure::Cancelled)),
        }
    }

    fn enter(&mut self, next: Result<Stage, Failure>) {
        self.stage = next.unwrap_or_else(|failure| Stage::Done(Err(failure)));
        self.told = false;
    }

    fn plain(&mut self, response: &[u8]) -> Result<Stage, Failure> {
        let message = plain::Message::parse(response)?;
        self.identify(message.authcid, message.authzid)?;
        self.password(message.password)
    }

    fn login_name(&mut self, response: &[u8]) -> Result<Stage, Failure> {
        self.identify(utf8(response)?, "")?;
        self.challenge = b"Password:".into();
        Ok(Stage::LoginPassword)
    }

    fn login_password(&self, response: &[u8]) -> Result<Stage, Failure> {
        self.password(utf8(response)?)
    }

    /// RFC 4422, A: the response is whom to act for, or nothing.
    fn external(&mut self, response: &[u8]) -> Result<Stage, Failure> {
        let authzid = utf8(response)?;
        let external = self.config.external.take().ok_or(Failure::Credentials)?;
        self.identify(&external, authzid)?;
        Ok(self.proven(String::new()))
    }

    fn bearer(&self, message: Result<oauth::Message<'_>, SyntaxError>) -> Result<Stage, Failure> {
        let message = message?;
        if message.user.len().max(message.host.map_or(0, str::len)) > self.limits.name {
            return Err(Exceeded::Name(self.limits.name).into());
        }
        if message.token.len() > self.limits.token {
            return Err(Exceeded::Token(self.limits.token).into());
        }
        Ok(Stage::VerifyToken(Box::new(Bearer {
            claimed: message.user.into_owned(),
            token: message.token.into(),
            host: message.host.map(str::to_owned),
            port: message.port,
        })))
    }

    /// The token is of this user.
    fn owned(&mut self, claimed: &str, owner: &str) -> Result<Stage, Failure> {
        self.identify(owner, claimed)?;
        Ok(self.proven(String::new()))
    }

    /// Tells the client why; the verdict comes after its response.
    fn refuse_token(&mut self) -> Stage {
        let Discovery { scope, openid_configuration } = &self.config.discovery;
        let scope = ("scope", scope.as_deref());
        self.challenge = if self.mechanism == Mechanism::Xoauth2 {
            oauth::json(&[("status", Some("401")), ("schemes", Some("bearer")), scope])
        } else {
            let configuration = ("openid-configuration", openid_configuration.as_deref());
            oauth::json(&[("status", Some("invalid_token")), scope, configuration])
        }
        .into_bytes();
        Stage::TokenRefused
    }

    fn scram_first(&mut self, hash: Hash, response: &[u8]) -> Result<Stage, Failure> {
        let first = ClientFirst::parse(response)?;
        let binding = agree(first.header.flag, self.mechanism, &self.config.bindings)?;
        self.identify(&first.authcid, &first.header.authzid)?;
        // Made for every user, so that those who need it cost no more than the others.
        let decoy = self.config.decoys.keys_with(hash, &self.identity.authcid);
        let nonce = STANDARD.encode(*self.config.entropy);
        Ok(Stage::StoredKeys(Box::new(Exchange::new(&first, binding, &nonce, decoy))))
    }

    /// The user is who it claims to be. May it act for whom it wants to?
    fn proven(&mut self, message: String) -> Stage {
        if self.identity.authzid.is_none() { self.conclude(message) } else { Stage::Authorize(message) }
    }

    /// All is well; `message` goes out before the verdict, if there is one.
    fn conclude(&mut self, message: String) -> Stage {
        if message.is_empty() {
            return Stage::Done(Ok(()));
        }
        self.challenge = message.into_bytes();
        Stage::ScramConfirm
    }

    fn identify(&mut self, authcid: &str, authzid: &str) -> Result<(), Failure> {
        self.identity.authcid = self.name(authcid)?;
        if !authzid.is_empty() {
            self.identity.authzid = Some(self.name(authzid)?).filter(|authzid| *authzid != self.identity.authcid);
        }
        Ok(())
    }

    fn name(&self, name: &str) -> Result<String, Failure> {
        if name.len() > self.limits.name {
            return Err(Exceeded::Name(self.limits.name).into());
        }
        Ok(prepare(name)?.into_owned())
    }

    fn password(&self, password: &str) -> Result<Stage, Failure> {
        if password.len() > self.limits.password {
            return Err(Exceeded::Password(self.limits.password).into());
        }
        let prepared = prepare(password)?;
        Ok(Stage::VerifyPassword(Password::from(prepared.into_owned())))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Done(_) => "nothing",
            _ if self.asked().is_some() => "answer",
            _ => "response",
        };
        write!(f, "Server({}, waits for {stage})", self.mechanism)
    }
}
