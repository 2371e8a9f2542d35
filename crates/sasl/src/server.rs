//! The server's side.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::{
    binding::ChannelBinding,
    error::{Exceeded, Failure, Misuse, SyntaxError},
    keys::{Decoys, StoredKeys},
    limits::Limits,
    mechanism::Mechanism,
    password::Password,
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
    /// The binding to the TLS connection, where the `-PLUS` mechanism is offered on it. `None`: it is not offered.
    pub binding: Option<ChannelBinding>,
}

impl Config {
    /// With fresh randomness, and without channel binding.
    #[must_use]
    pub fn new(entropy: [u8; 18], decoys: Decoys) -> Self {
        Self { entropy: Zeroizing::new(entropy), decoys, binding: None }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Config({:?}, {:?}, ..)", self.decoys, self.binding)
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
    /// The user's keys; `None` where there is no such user, which the client does not learn: it goes on with those of [`Decoys`].
    Keys(Option<StoredKeys>),
    /// Whether the one may act for the other.
    Authorized(bool),
    /// To any question: it cannot be answered now. The verdict is [`Failure::Unavailable`].
    Unavailable,
}

/// Who has logged in, and for whom. Both names are [prepared](prepare()).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// Whose credentials they were.
    pub authcid: String,
    /// Whom the session acts for; the same as `authcid` unless the caller has allowed another.
    pub authzid: String,
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
///         Step::Ask(Question::StoredKeys { authcid: "user" }) => server.answer(Answer::Keys(Some(keys.clone())))?,
///         Step::Done(verdict) => break verdict?.clone(),
///         other => panic!("{other:?}"),
///     }
/// };
/// client.finish()?;
/// assert_eq!(identity.authcid, "user");
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

/// Where the exchange is. The first four wait for a response, the next three for an answer.
enum Stage {
    First,
    LoginPassword,
    ScramFinal(Box<Exchange>),
    /// The server's signature is out; an empty response confirms it.
    ScramConfirm,
    VerifyPassword(Password),
    StoredKeys(Box<Exchange>),
    /// With the message to send if the answer is yes; empty where there is none.
    Authorize(String),
    Done(Result<(), Failure>),
}

impl Server {
    /// Begins an exchange by this mechanism. Whether the mechanism may be used at all, so without TLS, is for the caller to know
    /// ([`Mechanism::sends_password`]).
    #[must_use]
    pub fn new(mechanism: Mechanism, config: Config, limits: Limits) -> Self {
        let challenge: &[u8] = match mechanism {
            // Old clients look for these words, not for the draft's.
            Mechanism::Login => b"Username:",
            Mechanism::Plain | Mechanism::ScramSha256 | Mechanism::ScramSha256Plus => b"",
        };
        Self {
            mechanism,
            config,
            limits,
            identity: Identity { authcid: String::new(), authzid: String::new() },
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
        let Identity { authcid, authzid } = &self.identity;
        match &self.stage {
            Stage::VerifyPassword(password) => Some(Question::VerifyPassword { authcid, password }),
            Stage::StoredKeys(_) => Some(Question::StoredKeys { authcid }),
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
        let next = match core::mem::replace(&mut self.stage, Stage::Done(Err(Failure::Cancelled))) {
            Stage::Done(verdict) => {
                self.stage = Stage::Done(verdict);
                return Err(Misuse("receive: the exchange is over"));
            }
            _ if response.len() > self.limits.message => Err(Exceeded::Message(self.limits.message).into()),
            Stage::First => match self.mechanism {
                Mechanism::Plain => self.plain(response),
                Mechanism::Login => self.login_name(response),
                Mechanism::ScramSha256 | Mechanism::ScramSha256Plus => self.scram_first(response),
            },
            Stage::LoginPassword => self.login_password(response),
            Stage::ScramFinal(exchange) => self.scram_final(&exchange, response),
            _ if response.is_empty() => Ok(Stage::Done(Ok(()))),
            _ => Err(SyntaxError { at: 0, what: "not the empty response that ends the exchange" }.into()),
        };
        self.enter(next);
        Ok(())
    }

    /// Answers the open question.
    ///
    /// # Errors
    /// [`Misuse`] where no question is open or the answer is to another one.
    pub fn answer(&mut self, answer: Answer) -> Result<(), Misuse> {
        let open = core::mem::replace(&mut self.stage, Stage::Done(Err(Failure::Cancelled)));
        let next = match (open, answer) {
            (Stage::VerifyPassword(_) | Stage::StoredKeys(_) | Stage::Authorize(_), Answer::Unavailable) => {
                Err(Failure::Unavailable)
            }
            (Stage::VerifyPassword(_), Answer::Verified(true)) => Ok(self.proven(String::new())),
            (Stage::VerifyPassword(_), Answer::Verified(false)) => Err(Failure::Credentials),
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
        if !matches!(self.stage, Stage::Done(_)) {
            self.enter(Err(Failure::Cancelled));
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

    fn scram_first(&mut self, response: &[u8]) -> Result<Stage, Failure> {
        let first = ClientFirst::parse(response)?;
        agree(first.flag, self.mechanism, self.config.binding.as_ref())?;
        self.identify(&first.authcid, &first.authzid)?;
        // Made for every user, so that those who need it cost no more than the others.
        let decoy = self.config.decoys.keys(&self.identity.authcid);
        Ok(Stage::StoredKeys(Box::new(Exchange::new(&first, &STANDARD.encode(*self.config.entropy), decoy))))
    }

    fn scram_final(&mut self, exchange: &Exchange, response: &[u8]) -> Result<Stage, Failure> {
        let binding = self.config.binding.as_ref().filter(|_| self.mechanism == Mechanism::ScramSha256Plus);
        let message = exchange.conclude(response, binding)?;
        Ok(self.proven(message))
    }

    /// The user is who it claims to be. May it act for whom it wants to?
    fn proven(&mut self, message: String) -> Stage {
        if self.identity.authzid == self.identity.authcid { self.conclude(message) } else { Stage::Authorize(message) }
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
        self.identity.authzid = if authzid.is_empty() { self.identity.authcid.clone() } else { self.name(authzid)? };
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
            Stage::First | Stage::LoginPassword | Stage::ScramFinal(_) | Stage::ScramConfirm => "response",
            Stage::VerifyPassword(_) | Stage::StoredKeys(_) | Stage::Authorize(_) => "answer",
            Stage::Done(_) => "nothing",
        };
        write!(f, "Server({}, waits for {stage})", self.mechanism)
    }
}
