//! One more set for the chain (RFC 8617, 5.1).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use auth_results::{AuthenticationResults, Leniency};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dkim::{Algorithm, BodyHash, BodyHashes, Canonicalization, Field, Header, HeaderReader};
use dns::Name;

use crate::chain;
use crate::field::{is_of_set, key_name};
use crate::{ArcResult, Exceeded, Limits, Problem};

/// How long a line gets.
const LINE: usize = 76;

/// The field for results that are not part of a chain.
const RESULTS: &str = "Authentication-Results";

/// Why a message cannot be sealed. Pass it on without a seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The header block is too large.
    #[error(transparent)]
    Limit(#[from] Exceeded),
    /// There are 50 sets, and may be no more (RFC 8617, 4.2.1).
    #[error("there are {0} sets, and may be no more")]
    Full(u8),
    /// The newest seal says that the chain has failed: there is nothing to add (RFC 8617, 5.1, 2).
    #[error("the newest seal, of instance {0}, says that the chain has failed")]
    SaidToFail(u8),
    /// The chain passed when the message arrived, and does not have a chain's form any more: it was changed in between.
    #[error("the chain passed and has been changed since: {0}")]
    Broken(Problem),
    /// The message begins with white space, which would go on with the last field of the set.
    #[error("the message begins with white space")]
    Folded,
    /// There was no chain when the message arrived, and there is one now; or the other way round.
    #[error("cv={status} does not fit a message with {sets} sets")]
    Status {
        /// What the caller says.
        status: ArcResult,
        /// The newest set's instance.
        sets: u8,
    },
}

/// The caller's own mistake. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The domain is none. It is configuration: correct it there.
    #[error("d= is no domain name; correct the configuration")]
    Domain,
    /// The selector is none. It is configuration: correct it there.
    #[error("s= is no selector; correct the configuration")]
    Selector,
    /// Nothing is sealed by it (RFC 8301, 3.1).
    #[error("nobody may seal with {0}")]
    Algorithm(Algorithm),
    /// A message signature over no fields, over Authentication-Results or ARC fields (RFC 8617, 4.1.2), or over what is no name.
    #[error("a message signature cannot be over these fields")]
    Names,
    /// The results cannot be written.
    #[error(transparent)]
    Results(#[from] auth_results::Misuse),
    /// A signature that nobody asked for.
    #[error("no signature is wanted now")]
    NotAsked,
}

/// Who seals, and how: made once, used for each message.
///
/// The key stays with the caller. A [`Sealing`] hands out twice what is to be signed, and takes the signature.
///
/// ```
/// use arc::{ArcResult, SealStep, Sealer};
/// use auth_results::{AuthenticationResults, Resinfo, ResultCode};
/// use dkim::Algorithm;
///
/// # fn sign(_: &[u8]) -> Vec<u8> { vec![1; 64] }
/// let sealer = Sealer::new("lists.example.org", "2026", Algorithm::Ed25519Sha256)?;
/// // what this host found out when the message arrived
/// let results = AuthenticationResults::new("lists.example.org")
///     .result(Resinfo::arc(ResultCode::None, None, None))
///     .result(Resinfo::dmarc(ResultCode::Pass, "example.net", Some("reject")));
/// let mut sealing = sealer.seal(ArcResult::None, &results, 1_795_000_000)?;
///
/// // the message as it leaves, after all changes
/// sealing.receive(b"From: a@example.net\r\n\r\nHello\r\n");
/// sealing.end();
/// let fields = loop {
///     match sealing.step()? {
///         SealStep::Sign(input) => {
///             let signature = sign(input); // Ed25519 signs the SHA-256 of it
///             sealing.signed(&signature)?;
///         }
///         SealStep::Done(fields) => break fields, // to be put on top of the message
///         SealStep::Wait => unreachable!("the message has ended"),
///     }
/// };
/// assert!(fields.starts_with(b"ARC-Seal: i=1; a=ed25519-sha256; t=1795000000; cv=none;\r\n\td=lists.example.org; s=2026;\r\n\tb="));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sealer {
    domain: Box<str>,
    selector: Box<str>,
    algorithm: Algorithm,
    names: Option<Vec<Box<str>>>,
    limits: Limits,
}

impl Sealer {
    /// A sealer whose key is published at `selector._domainkey.domain`, as a DKIM key is.
    ///
    /// # Errors
    ///
    /// [`Misuse::Domain`], [`Misuse::Selector`], [`Misuse::Algorithm`].
    pub fn new(domain: &str, selector: &str, algorithm: Algorithm) -> Result<Self, Misuse> {
        let plain =
            |text: &str| text.chars().all(|letter| !letter.is_control() && !letter.is_whitespace() && letter != ';');
        let name = Name::parse(domain).ok().filter(|name| !name.is_root() && plain(domain)).ok_or(Misuse::Domain)?;
        if key_name(selector, &name).is_none() || !plain(selector) {
            return Err(Misuse::Selector);
        }
        if algorithm == Algorithm::RsaSha1 {
            return Err(Misuse::Algorithm(algorithm));
        }
        let (domain, selector) = (domain.into(), selector.into());
        Ok(Self { domain, selector, algorithm, names: None, limits: Limits::default() })
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Which fields the message signature is over, in this order; a name that is there again stands for the next field of this name from the bottom up, or for none, so that
    /// nobody can add one. Without this, it is over all that people see, and the message's DKIM-Signature fields.
    ///
    /// # Errors
    ///
    /// [`Misuse::Names`].
    pub fn with_names<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Result<Self, Misuse> {
        let names: Vec<Box<str>> = names.into_iter().map(Into::into).collect();
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic() && !matches!(octet, b':' | b';'))
        };
        let fits =
            |name: &str| is_name(name) && name.len() <= 128 && !is_of_set(name) && !name.eq_ignore_ascii_case(RESULTS);
        if names.is_empty() || names.len() > self.limits.dkim.signed_fields || !names.iter().all(|name| fits(name)) {
            return Err(Misuse::Names);
        }
        self.names = Some(names);
        Ok(self)
    }

    /// Begins to seal one message.
    ///
    /// `chain` is [`Verdict::result`](crate::Verdict::result) from when the message arrived, before anything was changed. `results` are those of this host, all of them
    /// (RFC 8617, 4.1.1), with `arc` among them; [`own_results`] gathers them from fields. `unix_time` is for `t=`.
    ///
    /// # Errors
    ///
    /// [`Misuse::Results`].
    pub fn seal(
        &self,
        chain: ArcResult,
        results: &AuthenticationResults<'_>,
        unix_time: i64,
    ) -> Result<Sealing, Misuse> {
        // what can be wrong with it is wrong with any instance
        results.write_arc(1, &mut Vec::new())?;
        let mut body = BodyHashes::default();
        let hash = self.algorithm.hash();
        body.add(BodyHash { canonicalization: Canonicalization::Relaxed, hash, length: None });
        Ok(Sealing {
            sealer: self.clone(),
            chain,
            results: results.clone().into_owned(),
            time: u64::try_from(unix_time).unwrap_or_default(),
            header: HeaderReader::default(),
            body,
            state: State::Reading,
            set: Set::default(),
            input: Vec::new(),
        })
    }
}

/// What a [`Sealing`] wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealStep<'a> {
    /// More of the message, or its end.
    Wait,
    /// A signature over these octets, by [`Sealing::signed`]: PKCS #1 1.5 over their SHA-256 with RSA, or over their SHA-256 with Ed25519, which is what RFC 8463, 3, has
    /// signed. Asked for twice.
    Sign(&'a [u8]),
    /// The three fields, to be put on top of the message.
    Done(&'a [u8]),
}

/// One message that is being sealed.
#[derive(Debug)]
pub struct Sealing {
    sealer: Sealer,
    chain: ArcResult,
    results: AuthenticationResults<'static>,
    time: u64,
    header: HeaderReader,
    body: BodyHashes,
    state: State,
    set: Set,
    /// What is to be signed; at the end, the fields.
    input: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    SigningMessage,
    SigningSeal,
    Done,
    Failed(SealError),
}

/// The set's fields; the signatures without their `b=` at first.
#[derive(Debug, Default)]
struct Set {
    results: Vec<u8>,
    message: Vec<u8>,
    seal: Vec<u8>,
    /// What the seal is over besides this set.
    before: Vec<u8>,
}

impl Sealing {
    /// The next piece of the message, as it will leave but for the seal. Behind the end nothing is taken any more.
    pub fn receive(&mut self, piece: &[u8]) {
        if self.state != State::Reading {
            return;
        }
        match self.header.receive(piece, &self.sealer.limits.dkim) {
            Ok(body) => self.body.update(body),
            Err(exceeded) => self.state = State::Failed(SealError::Limit(exceeded.into())),
        }
    }

    /// The end of the message. A second one is ignored.
    pub fn end(&mut self) {
        if self.state == State::Reading {
            self.state = self.compose().map_or_else(State::Failed, |()| State::SigningMessage);
        }
    }

    /// What is wanted next.
    ///
    /// # Errors
    ///
    /// [`SealError`]: the message is to be passed on without a seal.
    pub fn step(&self) -> Result<SealStep<'_>, SealError> {
        match self.state {
            State::Reading => Ok(SealStep::Wait),
            State::SigningMessage | State::SigningSeal => Ok(SealStep::Sign(&self.input)),
            State::Done => Ok(SealStep::Done(&self.input)),
            State::Failed(error) => Err(error),
        }
    }

    /// The signature that was asked for. Whether it is right is not checked.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`].
    pub fn signed(&mut self, signature: &[u8]) -> Result<(), Misuse> {
        let limits = &self.sealer.limits;
        match self.state {
            State::SigningMessage => {
                push_base64(&mut self.set.message, signature);
                self.input = core::mem::take(&mut self.set.before);
                for field in [&self.set.results, &self.set.message] {
                    with_field(field, limits, |field| field.canonicalize(Canonicalization::Relaxed, &mut self.input));
                }
                append_unsigned(&self.set.seal, limits, &mut self.input);
                self.state = State::SigningSeal;
            }
            State::SigningSeal => {
                push_base64(&mut self.set.seal, signature);
                let Set { results, message, seal, .. } = &self.set;
                self.input = [&**seal, message, results].concat();
                self.state = State::Done;
            }
            _ => return Err(Misuse::NotAsked),
        }
        Ok(())
    }

    /// The set but for its signatures, and what the first of them is over.
    fn compose(&mut self) -> Result<(), SealError> {
        let (sealer, limits) = (&self.sealer, &self.sealer.limits);
        let header = Header::parse(self.header.as_bytes(), &limits.dkim).map_err(Exceeded::from)?;
        if self.header.as_bytes().starts_with(b" ") || self.header.as_bytes().starts_with(b"\t") {
            return Err(SealError::Folded);
        }
        let (newest, failed) = chain::highest(&header, limits);
        if failed {
            return Err(SealError::SaidToFail(newest));
        }
        let fits = match self.chain {
            ArcResult::None => newest == 0,
            ArcResult::Pass => newest > 0,
            ArcResult::Fail => true,
        };
        if !fits {
            return Err(SealError::Status { status: self.chain, sets: newest });
        }
        if newest >= limits.max_sets() {
            return Err(SealError::Full(newest));
        }
        let instance = newest + 1;
        // RFC 8617, 5.1.2: the seal of a chain that has failed is over its own set alone
        let links = match self.chain {
            ArcResult::Pass => chain::read(&header, limits).map_err(SealError::Broken)?,
            _ => Vec::new(),
        };
        let fields: Vec<Field<'_>> = header.fields().collect();
        for field in links.iter().flat_map(|link| link.places).filter_map(|place| fields.get(place)) {
            field.canonicalize(Canonicalization::Relaxed, &mut self.set.before);
        }
        // the results were written once to see that they can be
        let _ = self.results.write_arc(instance, &mut self.set.results);

        let names = sealer.names.clone().unwrap_or_else(|| usual_names(&header, limits.dkim.signed_fields));
        let digest = core::mem::take(&mut self.body).finish();
        let digest = digest.first().map(|digest| STANDARD.encode(digest.as_bytes())).unwrap_or_default();
        self.set.message = sealer.message_field(instance, self.time, &names, &digest);
        self.set.seal = sealer.seal_field(instance, self.time, self.chain);
        for field in header.select(names.iter().map(|name| name.as_bytes())) {
            field.canonicalize(Canonicalization::Relaxed, &mut self.input);
        }
        append_unsigned(&self.set.message, limits, &mut self.input);
        self.header = HeaderReader::default();
        Ok(())
    }
}

impl Sealer {
    /// The ARC-Message-Signature up to the value of `b=`.
    fn message_field(&self, instance: u8, time: u64, names: &[Box<str>], digest: &str) -> Vec<u8> {
        let Self { domain, selector, algorithm, .. } = self;
        let mut out = alloc::format!(
            "ARC-Message-Signature: i={instance}; a={algorithm}; c=relaxed/relaxed;\r\n\tt={time}; d={domain}; s={selector};\r\n\th="
        );
        let mut column = 3;
        for (at, name) in names.iter().enumerate() {
            if at > 0 {
                out.push(':');
                column += 1;
                if column + name.len() + 1 > LINE {
                    out.push_str("\r\n\t ");
                    column = 2;
                }
            }
            out.push_str(name);
            column += name.len();
        }
        // writing into a string does not fail
        let _ = write!(out, ";\r\n\tbh={digest};\r\n\tb=");
        out.into_bytes()
    }

    /// The ARC-Seal up to the value of `b=`.
    fn seal_field(&self, instance: u8, time: u64, chain: ArcResult) -> Vec<u8> {
        let Self { domain, selector, algorithm, .. } = self;
        let out = alloc::format!(
            "ARC-Seal: i={instance}; a={algorithm}; t={time}; cv={chain};\r\n\td={domain}; s={selector};\r\n\tb="
        );
        out.into_bytes()
    }
}

/// The names of all fields that are worth it, and once more those that must not be added.
fn usual_names(header: &Header<'_>, max: usize) -> Vec<Box<str>> {
    let mut names: Vec<Box<str>> = Vec::with_capacity(32);
    // RFC 8617, 4.1.2: what DKIM signs, and its signatures that are there
    for name in dkim::SIGNED.into_iter().chain(["DKIM-Signature"]) {
        let count = header.fields().filter(|field| field.is(name)).count();
        let once_more = usize::from(dkim::OVERSIGNED.contains(&name));
        names.extend((0..(count + once_more).min(max)).map(|_| name.into()));
    }
    names.truncate(max);
    names
}

/// Runs `what` with a field that was just written.
fn with_field(field: &[u8], limits: &Limits, what: impl FnOnce(&Field<'_>)) {
    if let Ok(header) = Header::parse(field, &limits.dkim)
        && let Some(field) = header.fields().next()
    {
        what(&field);
    }
}

/// Appends how a signature is over the field that it will stand in: with nothing in `b=`, and without a line end.
fn append_unsigned(field: &[u8], limits: &Limits, out: &mut Vec<u8>) {
    with_field(field, limits, |field| {
        let end = field.value().len();
        field.canonicalize_without(Canonicalization::Relaxed, end..end, out);
    });
}

/// Appends the value of `b=`, and the end of the field.
fn push_base64(field: &mut Vec<u8>, signature: &[u8]) {
    let text: String = STANDARD.encode(signature);
    for (at, line) in text.as_bytes().chunks(LINE - 4).enumerate() {
        if at > 0 {
            field.extend_from_slice(b"\r\n\t ");
        }
        field.extend_from_slice(line);
    }
    field.extend_from_slice(b"\r\n");
}

/// What this host has already said in Authentication-Results fields with its id, all in one, as RFC 8617, 4.1.1, wants it; `header` is the header block.
///
/// Only for messages from which forged fields with this id were removed on arrival (RFC 8601, 5; [`auth_results::claims`]): whatever bears the id is believed. What cannot be
/// read is left out.
#[must_use]
pub fn own_results<'a>(header: &'a [u8], authserv_id: &'a str, limits: &Limits) -> AuthenticationResults<'a> {
    let mut all = AuthenticationResults::new(authserv_id);
    let Ok(header) = Header::parse(header, &limits.dkim) else { return all };
    for field in header.fields().filter(|field| field.is(RESULTS)) {
        let limits = auth_results::Limits::default();
        let results = AuthenticationResults::parse_with(field.value(), &limits, Leniency::Forgiving);
        if let Ok(results) = results
            && results.authserv_id.eq_ignore_ascii_case(authserv_id)
        {
            all.results.extend(results.results);
        }
    }
    all
}
