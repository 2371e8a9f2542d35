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
    mechanism::{Hash, Mechanism},
    oauth::{self, is_token},
    password::{Password, Token},
    plain::utf8,
    prepare::{NotPrepared, prepare},
    scram::{
        crypto::{Key, digest, hmac, salted_password, sign, xor},
        message::{ServerFinal, ServerFirst, escape, write_header},
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
    secret: Held,
    /// SCRAM: our part of the nonce.
    nonce: String,
    /// SCRAM: `gs2-header`, and the octets that are bound.
    header: String,
    bound: Box<[u8]>,
    stage: Stage,
    message: Zeroizing<Vec<u8>>,
}

/// What the client has.
enum Held {
    Password(Password),
    Token {
        token: Token,
        host: Option<String>,
        port: Option<u16>,
    },
    /// The certificate is shown by TLS.
    Nothing,
}

enum Stage {
    /// Nothing has been sent.
    First,
    LoginPassword,
    ScramFirst(Hash),
    /// The token is out: either the server announces success, or it says what is wrong and waits to hear that we have read it.
    TokenSent,
    /// The signature that only a server which knows the password's keys can make.
    ScramFinal(Hash, Key),
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
        Self::scram(Hash::Sha256, authzid, authcid, password, entropy, limits)
    }

    /// SCRAM-SHA-1, [obsolete](Mechanism::is_obsolete), for servers that have nothing better; TLS below it should be checked well.
    ///
    /// # Errors
    /// As for [`Self::scram_sha_256`].
    pub fn scram_sha_1(
        authzid: &str,
        authcid: &str,
        password: Password,
        entropy: [u8; 18],
        limits: Limits,
    ) -> Result<Self, ClientError> {
        Self::scram(Hash::Sha1, authzid, authcid, password, entropy, limits)
    }

    /// Binds a SCRAM exchange that has not begun to the TLS connection: it is of the `-PLUS` mechanism then, which the server must have
    /// offered. Without effect on other mechanisms, and after the first message.
    ///
    /// ```
    /// use sasl::{BindingType, ChannelBinding, Client, Limits, Password};
    ///
    /// let exported = [7; 32]; // what the TLS library exports for the label EXPORTER-Channel-Binding
    /// let client = Client::scram_sha_256("", "user", Password::from("pencil"), [4; 18], Limits::default())?
    ///     .bound(ChannelBinding::new(BindingType::TlsExporter, exported));
    /// assert_eq!(client.mechanism().name(), "SCRAM-SHA-256-PLUS");
    /// # Ok::<(), sasl::ClientError>(())
    /// ```
    #[must_use]
    pub fn bound(mut self, binding: ChannelBinding) -> Self {
        if let (Some(hash), Stage::First) = (self.mechanism.hash(), &self.stage) {
            self.mechanism = hash.mechanism_plus();
            self.set_header(&format!("p={}", binding.kind.name()));
            self.bound = binding.data;
        }
        self
    }

    /// Tells a SCRAM server that we could have bound to the TLS connection, had it offered the `-PLUS` mechanism. If it did offer it, it
    /// knows then that somebody removed the offer (RFC 5802, 6). Without effect on other mechanisms, and after the first message.
    #[must_use]
    pub fn binding_not_offered(mut self) -> Self {
        if self.mechanism.hash().is_some() && !self.mechanism.is_bound() && matches!(self.stage, Stage::First) {
            self.set_header("y");
        }
        self
    }

    /// OAUTHBEARER: a token in place of a password. `authzid` is whom to act for, or whose mailbox is wanted; many servers demand it.
    /// `host` and `port` are what the connection was made to, so that a token meant for one server is no use to another.
    ///
    /// ```
    /// use sasl::{Client, Limits, Token};
    ///
    /// let to = Some(("mx.example.org", 587));
    /// let mut client = Client::oauth_bearer("user@example.org", Token::from("dG9rZW4="), to, Limits::default())?;
    /// let message = b"n,a=user@example.org,\x01host=mx.example.org\x01port=587\x01auth=Bearer dG9rZW4=\x01\x01";
    /// assert_eq!(client.initial(), Some(&message[..]));
    /// # Ok::<(), sasl::ClientError>(())
    /// ```
    ///
    /// # Errors
    /// [`ClientError::Limit`]; [`ClientError::Unprepared`] where the token is not one (RFC 6750, 2.1) or a name has a NUL or control-A.
    pub fn oauth_bearer(
        authzid: &str,
        token: Token,
        to: Option<(&str, u16)>,
        limits: Limits,
    ) -> Result<Self, ClientError> {
        Self::token(Mechanism::OauthBearer, authzid, token, to, limits)
    }

    /// XOAUTH2: a token and the user it is of, for servers without OAUTHBEARER.
    ///
    /// # Errors
    /// As for [`Self::oauth_bearer`], and [`ClientError::Unprepared`] for an empty name.
    pub fn xoauth2(user: &str, token: Token, limits: Limits) -> Result<Self, ClientError> {
        if user.is_empty() {
            return Err(NotPrepared::Empty.into());
        }
        Self::token(Mechanism::Xoauth2, user, token, None, limits)
    }

    /// EXTERNAL: TLS has been shown a certificate that says who we are. `authzid` is whom to act for, empty for oneself.
    ///
    /// # Errors
    /// As for [`Self::plain`].
    pub fn external(authzid: &str, limits: Limits) -> Result<Self, ClientError> {
        Self::with(Mechanism::External, authzid, "", Held::Nothing, limits)
    }

    fn scram(
        hash: Hash,
        authzid: &str,
        authcid: &str,
        password: Password,
        entropy: [u8; 18],
        limits: Limits,
    ) -> Result<Self, ClientError> {
        let mut client = Self::new(hash.mechanism(), authzid, authcid, password, limits)?;
        client.authcid = prepare(&client.authcid)?.into_owned();
        if let Held::Password(password) = &mut client.secret {
            *password = password.prepared()?;
        }
        client.nonce = STANDARD.encode(entropy);
        client.set_header("n");
        Ok(client)
    }

    fn token(
        mechanism: Mechanism,
        authzid: &str,
        token: Token,
        to: Option<(&str, u16)>,
        limits: Limits,
    ) -> Result<Self, ClientError> {
        if token.expose().len() > limits.token {
            return Err(Exceeded::Token(limits.token).into());
        }
        let host = to.map(|(host, _)| host.to_owned());
        let separates = |name: &str| name.contains(oauth::SEPARATOR);
        if !is_token(token.expose()) || separates(authzid) || host.as_deref().is_some_and(separates) {
            return Err(NotPrepared::Forbidden.into());
        }
        let held = Held::Token { token, host, port: to.map(|(_, port)| port) };
        Self::with(mechanism, authzid, "", held, limits)
    }

    fn new(
        mechanism: Mechanism,
        authzid: &str,
        authcid: &str,
        password: Password,
        limits: Limits,
    ) -> Result<Self, ClientError> {
        if password.expose().len() > limits.password {
            return Err(Exceeded::Password(limits.password).into());
        }
        if authcid.is_empty() || password.expose().is_empty() {
            return Err(NotPrepared::Empty.into());
        }
        // No mechanism can carry a NUL: it separates the parts in PLAIN, SASLprep and the grammar of SCRAM forbid it.
        if password.expose().contains('\0') {
            return Err(NotPrepared::Forbidden.into());
        }
        Self::with(mechanism, authzid, authcid, Held::Password(password), limits)
    }

    fn with(
        mechanism: Mechanism,
        authzid: &str,
        authcid: &str,
        secret: Held,
        limits: Limits,
    ) -> Result<Self, ClientError> {
        if authcid.len().max(authzid.len()) > limits.name {
            return Err(Exceeded::Name(limits.name).into());
        }
        if authzid.contains('\0') || authcid.contains('\0') {
            return Err(NotPrepared::Forbidden.into());
        }
        Ok(Self {
            mechanism,
            limits,
            authzid: authzid.to_owned(),
            authcid: authcid.to_owned(),
            secret,
            nonce: String::new(),
            header: String::new(),
            bound: Box::default(),
            stage: Stage::First,
            message: Zeroizing::default(),
        })
    }

    fn set_header(&mut self, flag: &str) {
        self.header.clear();
        write_header(flag, &self.authzid, &mut self.header);
    }

    /// The password, where the mechanism has one.
    fn password(&self) -> &str {
        match &self.secret {
            Held::Password(password) => password.expose(),
            Held::Token { .. } | Held::Nothing => "",
        }
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
            Stage::Sent | Stage::TokenSent => Ok(()),
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
                self.message = Zeroizing::new(self.password().as_bytes().to_vec());
                self.stage = Stage::Sent;
            }
            Stage::ScramFirst(hash) => self.prove(*hash, challenge)?,
            Stage::TokenSent => {
                let error = ClientError::Refused(shown(utf8(challenge)?));
                // RFC 7628, 3.2.3: the error is acknowledged; XOAUTH2 does it by an empty response.
                let read = if self.mechanism == Mechanism::OauthBearer { oauth::SEPARATOR } else { "" };
                self.message = Zeroizing::new(read.as_bytes().to_vec());
                self.stage = Stage::Failed(error);
            }
            Stage::ScramFinal(hash, expected) => {
                match ServerFinal::parse(*hash, utf8(challenge)?)? {
                    ServerFinal::Signature(signature) if bool::from(signature.ct_eq(expected)) => {}
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

    /// Makes the first message.
    fn first(&mut self) {
        (self.message, self.stage) = match (&self.secret, self.mechanism.hash()) {
            (Held::Nothing, _) => (Zeroizing::new(self.authzid.clone().into_bytes()), Stage::Sent),
            (Held::Token { token, host, port }, _) => {
                let user = self.authzid.as_str().into();
                let message = oauth::Message { user, host: host.as_deref(), port: *port, token: token.expose() };
                let xoauth2 = self.mechanism == Mechanism::Xoauth2;
                let text = if xoauth2 { message.write_xoauth2() } else { message.write() };
                (octets(text), Stage::TokenSent)
            }
            (Held::Password(_), Some(hash)) => {
                let mut message = self.header.clone();
                self.bare(&mut message);
                (Zeroizing::new(message.into_bytes()), Stage::ScramFirst(hash))
            }
            (Held::Password(password), None) => {
                let parts = [self.authzid.as_str(), "\0", &self.authcid, "\0", password.expose()];
                // Large enough at once: a text that grows would leave a password behind unzeroed.
                let mut message = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
                parts.iter().for_each(|part| message.extend_from_slice(part.as_bytes()));
                (Zeroizing::new(message), Stage::Sent)
            }
        };
    }

    /// `client-first-message-bare`
    fn bare(&self, out: &mut String) {
        out.push_str("n=");
        escape(&self.authcid, out);
        out.push_str(",r=");
        out.push_str(&self.nonce);
    }

    /// Answers the server's first message with the proof.
    fn prove(&mut self, hash: Hash, challenge: &[u8]) -> Result<(), ClientError> {
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

        let salted = salted_password(hash, self.password().as_bytes(), &server.salt, server.iterations);
        let messages = [bare.as_str(), challenge, last.as_str()];
        let client_key = hmac(hash, &salted, &[b"Client Key"]);
        let proof = xor(&client_key, &sign(hash, &digest(hash, &client_key), messages));
        self.stage = Stage::ScramFinal(hash, sign(hash, &hmac(hash, &salted, &[b"Server Key"]), messages));
        last.push_str(",p=");
        STANDARD.encode_string(&*proof, &mut last);
        self.message = Zeroizing::new(last.into_bytes());
        Ok(())
    }
}

/// A secret text as octets, without a copy of it.
fn octets(mut text: Zeroizing<String>) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(core::mem::take(&mut *text).into_bytes())
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

    #[test]
    fn the_exchange_of_rfc_5802() {
        let mut client = Client::scram_sha_1("", "user", Password::from("pencil"), [0; 18], Limits::default()).unwrap();
        client.nonce = "fyko+d2lbbFgONRv9qkxdawL".into();
        assert_eq!(client.initial(), Some(&b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"[..]));
        let challenge = b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
        let last = b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=";
        assert_eq!(client.receive(challenge), Ok(&last[..]));
        assert_eq!(client.receive(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), Ok(&b""[..]));
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
