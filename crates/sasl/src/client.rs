//! The client's side.

use alloc::{borrow::ToOwned as _, boxed::Box, format, string::String, vec::Vec};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{
    binding::ChannelBinding,
    error::{ClientError, Exceeded},
    keys::MIN_ITERATIONS,
    limits::Limits,
    mechanism::Mechanism,
    password::Password,
    plain::utf8,
    prepare::{NotPrepared, prepare},
    scram::{
        crypto::{Key, hash, hmac, salted_password, sign, xor},
        message::{ServerFinal, ServerFirst, escape},
    },
};

/// How much of an unknown server's error is shown.
const SHOWN: usize = 80;

/// One exchange, as the client goes through it.
///
/// [`Self::initial`] goes with the command where the protocol can carry it; each challenge goes to [`Self::receive`], whose result is the
/// response; when the server announces success, [`Self::finish`] says whether to believe it. After an error nothing but the error comes.
///
/// ```
/// use sasl::{Client, Limits, Password};
///
/// let mut client = Client::plain("", "tim", Password::from("tanstaaftanstaaf"), Limits::default())?;
/// assert_eq!(client.mechanism().name(), "PLAIN");
/// assert_eq!(client.initial(), Some(&b"\0tim\0tanstaaftanstaaf"[..]));
/// client.finish()?; // the server says success
/// # Ok::<(), sasl::ClientError>(())
/// ```
pub struct Client {
    mechanism: Mechanism,
    limits: Limits,
    authzid: String,
    authcid: String,
    password: Password,
    /// SCRAM: our part of the nonce.
    nonce: String,
    /// SCRAM: `gs2-header`, and the octets that are bound.
    header: String,
    bound: Box<[u8]>,
    stage: Stage,
    message: Zeroizing<Vec<u8>>,
}

enum Stage {
    /// Nothing has been sent.
    First,
    LoginPassword,
    ScramFirst,
    /// The signature that only a server which knows the password's keys can make.
    ScramFinal(Key),
    /// The server has the last word.
    Sent,
    Failed(ClientError),
}

impl Client {
    /// PLAIN. `authzid` is whom to act for, empty for oneself.
    ///
    /// # Errors
    /// [`ClientError::Limit`]; [`ClientError::Unprepared`] where name or password is empty or has a NUL.
    pub fn plain(authzid: &str, authcid: &str, password: Password, limits: Limits) -> Result<Self, ClientError> {
        Self::new(Mechanism::Plain, authzid, authcid, password, limits)
    }

    /// LOGIN, for servers that know nothing better. It has no way to act for another.
    ///
    /// # Errors
    /// As for [`Self::plain`].
    pub fn login(authcid: &str, password: Password, limits: Limits) -> Result<Self, ClientError> {
        Self::new(Mechanism::Login, "", authcid, password, limits)
    }

    /// SCRAM-SHA-256 by a client that cannot bind to the TLS connection. `entropy` is fresh randomness for this exchange alone.
    ///
    /// # Errors
    /// As for [`Self::plain`], and [`ClientError::Unprepared`] for what SASLprep forbids.
    pub fn scram_sha_256(
        authzid: &str,
        authcid: &str,
        password: Password,
        entropy: [u8; 18],
        limits: Limits,
    ) -> Result<Self, ClientError> {
        let mut client = Self::new(Mechanism::ScramSha256, authzid, authcid, password, limits)?;
        client.authcid = prepare(&client.authcid)?.into_owned();
        client.password = client.password.prepared()?;
        client.nonce = STANDARD.encode(entropy);
        client.set_header("n");
        Ok(client)
    }

    /// SCRAM-SHA-256-PLUS: the same, bound to the TLS connection.
    ///
    /// # Errors
    /// As for [`Self::scram_sha_256`].
    pub fn scram_sha_256_plus(
        authzid: &str,
        authcid: &str,
        password: Password,
        entropy: [u8; 18],
        binding: ChannelBinding,
        limits: Limits,
    ) -> Result<Self, ClientError> {
        let mut client = Self::scram_sha_256(authzid, authcid, password, entropy, limits)?;
        client.mechanism = Mechanism::ScramSha256Plus;
        client.set_header(&format!("p={}", binding.kind.name()));
        client.bound = binding.data;
        Ok(client)
    }

    /// Tells a SCRAM-SHA-256 server that we could have bound to the TLS connection, had it offered the `-PLUS` mechanism. If it did offer
    /// it, it knows then that somebody removed the offer (RFC 5802, 6). Without effect on other mechanisms, and after the first message.
    #[must_use]
    pub fn binding_not_offered(mut self) -> Self {
        if self.mechanism == Mechanism::ScramSha256 && matches!(self.stage, Stage::First) {
            self.set_header("y");
        }
        self
    }

    fn new(
        mechanism: Mechanism,
        authzid: &str,
        authcid: &str,
        password: Password,
        limits: Limits,
    ) -> Result<Self, ClientError> {
        if authcid.len().max(authzid.len()) > limits.name {
            return Err(Exceeded::Name(limits.name).into());
        }
        if password.expose().len() > limits.password {
            return Err(Exceeded::Password(limits.password).into());
        }
        if authcid.is_empty() || password.expose().is_empty() {
            return Err(NotPrepared::Empty.into());
        }
        // No mechanism can carry a NUL: it separates the parts in PLAIN, SASLprep and the grammar of SCRAM forbid it.
        if [authzid, authcid, password.expose()].iter().any(|text| text.contains('\0')) {
            return Err(NotPrepared::Forbidden.into());
        }
        Ok(Self {
            mechanism,
            limits,
            authzid: authzid.to_owned(),
            authcid: authcid.to_owned(),
            password,
            nonce: String::new(),
            header: String::new(),
            bound: Box::default(),
            stage: Stage::First,
            message: Zeroizing::default(),
        })
    }

    fn set_header(&mut self, flag: &str) {
        self.header = format!("{flag},");
        if !self.authzid.is_empty() {
            self.header.push_str("a=");
            escape(&self.authzid, &mut self.header);
        }
        self.header.push(',');
    }

    /// The mechanism to name in the command.
    #[must_use]
    pub const fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// The initial response, before base64, to send with the command; `None` where the mechanism has none (LOGIN), and once something has
    /// been sent. Where the protocol cannot carry it, do not ask: the server's first, empty challenge brings it out.
    pub fn initial(&mut self) -> Option<&[u8]> {
        if self.mechanism == Mechanism::Login || !matches!(self.stage, Stage::First) {
            return None;
        }
        self.first();
        Some(&self.message)
    }

    /// Takes a challenge, after base64, and gives the response, before base64.
    ///
    /// SCRAM's first challenge costs the iterations it demands: milliseconds as a rule, a second at the limit. Not for a thread that serves
    /// many connections.
    ///
    /// # Errors
    /// [`ClientError`]; cancel the exchange then.
    pub fn receive(&mut self, challenge: &[u8]) -> Result<&[u8], ClientError> {
        if let Err(error) = self.respond(challenge) {
            self.message.clear();
            self.stage = Stage::Failed(error.clone());
            return Err(error);
        }
        Ok(&self.message)
    }

    /// The server announces success. Whether to believe it: in SCRAM it must have proved that it knows the password.
    ///
    /// # Errors
    /// [`ClientError::Unfinished`], or the error of before. Do not trust the connection then.
    pub fn finish(&self) -> Result<(), ClientError> {
        match &self.stage {
            Stage::Sent => Ok(()),
            Stage::Failed(error) => Err(error.clone()),
            _ => Err(ClientError::Unfinished),
        }
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<(), ClientError> {
        if challenge.len() > self.limits.message {
            return Err(Exceeded::Message(self.limits.message).into());
        }
        match &self.stage {
            Stage::First if self.mechanism == Mechanism::Login => {
                // What the prompts say differs from server to server; their order does not.
                self.message = Zeroizing::new(self.authcid.clone().into_bytes());
                self.stage = Stage::LoginPassword;
            }
            Stage::First if challenge.is_empty() => self.first(),
            Stage::LoginPassword => {
                self.message = Zeroizing::new(self.password.expose().as_bytes().to_vec());
                self.stage = Stage::Sent;
            }
            Stage::ScramFirst => self.prove(challenge)?,
            Stage::ScramFinal(expected) => {
                match ServerFinal::parse(utf8(challenge)?)? {
                    ServerFinal::Signature(signature) if bool::from(signature.ct_eq(&**expected)) => {}
                    ServerFinal::Signature(_) => return Err(ClientError::ServerSignature),
                    ServerFinal::Error(error) => return Err(ClientError::Refused(shown(error))),
                }
                self.message.clear();
                self.stage = Stage::Sent;
            }
            Stage::Failed(error) => return Err(error.clone()),
            Stage::First | Stage::Sent => return Err(ClientError::Unexpected),
        }
        Ok(())
    }

    /// Makes the first message of PLAIN or SCRAM.
    fn first(&mut self) {
        let mut message = Zeroizing::new(String::with_capacity(
            // Large enough at once: a string that grows would leave a password behind unzeroed.
            self.header.len()
                + self.authzid.len()
                + 3 * self.authcid.len()
                + self.nonce.len()
                + self.password.expose().len()
                + 8,
        ));
        if self.mechanism == Mechanism::Plain {
            for part in [&self.authzid, "\0", &self.authcid, "\0", self.password.expose()] {
                message.push_str(part);
            }
            self.stage = Stage::Sent;
        } else {
            message.push_str(&self.header);
            self.bare(&mut message);
            self.stage = Stage::ScramFirst;
        }
        self.message = Zeroizing::new(core::mem::take(&mut *message).into_bytes());
    }

    /// `client-first-message-bare`
    fn bare(&self, out: &mut String) {
        out.push_str("n=");
        escape(&self.authcid, out);
        out.push_str(",r=");
        out.push_str(&self.nonce);
    }

    /// Answers the server's first message with the proof.
    fn prove(&mut self, challenge: &[u8]) -> Result<(), ClientError> {
        let challenge = utf8(challenge)?;
        if challenge.starts_with("e=") {
            return Err(ClientError::Refused(shown(challenge)));
        }
        let server = ServerFirst::parse(challenge)?;
        if server.nonce.strip_prefix(&self.nonce).is_none_or(str::is_empty) {
            return Err(ClientError::Nonce);
        }
        if server.iterations < MIN_ITERATIONS {
            return Err(ClientError::FewIterations(server.iterations));
        }
        if server.iterations > self.limits.max_iterations {
            return Err(Exceeded::Iterations(self.limits.max_iterations).into());
        }
        let mut binding = self.header.clone().into_bytes();
        binding.extend_from_slice(&self.bound);
        let mut last = format!("c={},r={}", STANDARD.encode(binding), server.nonce);
        let mut bare = String::new();
        self.bare(&mut bare);

        let salted = salted_password(self.password.expose().as_bytes(), &server.salt, server.iterations);
        let messages = [bare.as_str(), challenge, last.as_str()];
        let client_key = hmac(&salted, &[b"Client Key"]);
        let proof = xor(&client_key, &sign(&hash(&*client_key), messages));
        self.stage = Stage::ScramFinal(sign(&hmac(&salted, &[b"Server Key"]), messages));
        last.push_str(",p=");
        STANDARD.encode_string(*proof, &mut last);
        self.message = Zeroizing::new(last.into_bytes());
        Ok(())
    }
}

/// A server's error, made safe to show.
fn shown(error: &str) -> Box<str> {
    error.escape_default().take(SHOWN).collect::<String>().into_boxed_str()
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({}, ..)", self.mechanism)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const SIGNATURE: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    fn client() -> Client {
        let mut client =
            Client::scram_sha_256("", "user", Password::from("pencil"), [0; 18], Limits::default()).unwrap();
        client.nonce = "rOprNGfwEbeRWgbNEkqO".into();
        assert_eq!(client.initial(), Some(&b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"[..]));
        client
    }

    #[test]
    fn the_exchange_of_rfc_7677() {
        let mut client = client();
        let last = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(client.receive(CHALLENGE.as_bytes()), Ok(&last[..]));
        assert_eq!(client.receive(SIGNATURE.as_bytes()), Ok(&b""[..]));
        assert_eq!(client.finish(), Ok(()));
    }

    /// A-5: whatever is changed on the way, the client does not end content.
    #[test]
    fn a5_no_mutation_of_the_vector_is_believed() {
        for at in (0..CHALLENGE.len()).step_by(7) {
            let mut changed = Vec::from(CHALLENGE.as_bytes());
            changed[at] ^= 1;
            let mut client = client();
            let believed = client.receive(&changed).is_ok() && client.receive(SIGNATURE.as_bytes()).is_ok();
            assert!(!believed && client.finish().is_err(), "{}", changed.escape_ascii());
        }
    }
}
