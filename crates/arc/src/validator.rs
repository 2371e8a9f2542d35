//! The validator: a message in, questions about keys out, a verdict.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use dkim::{
    Algorithm, BodyDigest, BodyHashes, BodyLength, Canonicalization, Field, Found, Header, HeaderReader, KeyFetch,
    KeyRecord, Policy, Signature, verify_by_any,
};
use dns::{Answer, Inquiry, Name, QuestionId, Step};

use crate::chain::{self, Link};
use crate::verdict::Inner;
use crate::{FieldKind, Limits, Problem, Set, Verdict};

/// Validates the chain of a message while it streams by (RFC 8617, 5.2).
///
/// The message goes in by [`receive`](Self::receive), in pieces of any size, and [`end`](Self::end). As soon as the header is there, the structure of the chain is checked, and if
/// it is right, all keys are asked for at once; the body is hashed as it passes, once for each way in which it is signed. What is held is the header block,
/// however long the message is.
///
/// Lines end in CRLF, as they do on the wire before dots are stuffed.
///
/// A caller that waits for the end of the message before it answers questions uses [`validate`](crate::validate).
///
/// ```
/// use core::time::Duration;
/// use arc::{ArcResult, Limits, Validator};
/// use dns::{Inquiry, Step, Zone};
///
/// # let zone = Zone::new();
/// let unix_time = 1_795_000_000;
/// let mut validator = Validator::new(Limits::default(), Duration::ZERO, unix_time);
/// for piece in ["From: a@example.net\r\n", "\r\nHello\r\n"] {
///     validator.receive(piece.as_bytes());
///     while let Step::Ask(question) = validator.step() {
///         let (id, response) = (question.id, zone.lookup(question.name, question.kind)); // or start a lookup, and answer when it is done
///         validator.answer(id, response.as_answer());
///     }
/// }
/// validator.end();
/// let Step::Done(verdict) = validator.step() else { panic!("every question has been answered") };
/// assert_eq!(verdict.result(), ArcResult::None);
/// assert_eq!(verdict.to_string(), "arc=none");
/// ```
#[derive(Debug)]
pub struct Validator {
    policy: Policy,
    limits: Limits,
    unix_time: i64,
    clock: Duration,
    header: HeaderReader,
    /// Whether the header has been read.
    read: bool,
    problem: Option<Problem>,
    links: Vec<Link>,
    /// The message signatures that are tried, the newest first: their hashes of the body, and their keys.
    messages: Vec<Message>,
    /// The keys of the seals, in the order of the links.
    seals: Vec<usize>,
    author: Option<Name>,
    keys: KeyFetch,
    body: BodyHashes,
    digests: Option<Vec<BodyDigest>>,
    verdict: Option<Verdict>,
}

#[derive(Clone, Copy, Debug)]
struct Message {
    body: usize,
    key: usize,
}

impl Validator {
    /// The beginning of a message. `now` is the caller's clock, for [`Inquiry::deadline`]; `unix_time` is the calendar, for `t=` and `x=` of message signatures.
    #[must_use]
    pub fn new(limits: Limits, now: Duration, unix_time: i64) -> Self {
        Self {
            policy: Policy::default(),
            limits,
            unix_time,
            clock: now,
            header: HeaderReader::default(),
            read: false,
            problem: None,
            links: Vec::new(),
            messages: Vec::new(),
            seals: Vec::new(),
            author: None,
            keys: KeyFetch::default(),
            body: BodyHashes::default(),
            digests: None,
            verdict: None,
        }
    }

    /// With another policy about keys and signatures than DKIM's default one.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The next piece of the message. Behind the end nothing is taken any more.
    pub fn receive(&mut self, piece: &[u8]) {
        if self.digests.is_some() || self.problem.is_some() {
            return;
        }
        let body = match self.header.receive(piece, &self.limits.dkim) {
            Ok(body) => body,
            Err(exceeded) => {
                self.problem = Some(Problem::Limit(exceeded.into()));
                return;
            }
        };
        if self.header.is_complete() {
            self.read_header();
        }
        self.body.update(body);
    }

    /// The end of the message. A second one is ignored.
    pub fn end(&mut self) {
        if self.digests.is_none() {
            self.read_header();
            self.digests = Some(core::mem::take(&mut self.body).finish());
        }
    }

    /// The answer to a question as a record that was parsed before, for as long as its TTL allows. It has to be the only record of its name, and from an answer to the same
    /// question.
    pub fn answer_parsed(&mut self, id: QuestionId, record: Arc<KeyRecord>, ttl: u32, authenticated: bool) {
        self.keys.answer_parsed(id, record, ttl, authenticated);
    }

    /// Whether the body matters: false, once the header is there and has no chain, or one that fails whatever follows.
    #[must_use]
    pub fn needs_body(&self) -> bool {
        self.problem.is_none() && (!self.read || !self.links.is_empty())
    }

    fn read_header(&mut self) {
        if self.read || self.problem.is_some() {
            return;
        }
        self.read = true;
        self.problem = self.plan().err();
        if self.problem.is_none() {
            self.keys.start(self.clock, &self.limits.dkim);
        }
    }

    /// What has to be asked and hashed.
    fn plan(&mut self) -> Result<(), Problem> {
        let header = Header::parse(self.header.as_bytes(), &self.limits.dkim)
            .map_err(|exceeded| Problem::Limit(exceeded.into()))?;
        let links = chain::read(&header, &self.limits)?;
        if let Some(Link { instance, .. }) = links.iter().find(|link| !self.takes(link.seal.algorithm())) {
            return Err(Problem::Seal { instance: *instance, problem: dkim::Problem::Sha1 });
        }
        for (at, link) in links.iter().rev().take(usize::from(self.limits.messages.max(1))).enumerate() {
            let instance = link.instance;
            let checked = link.message.as_ref().map_err(|problem| *problem).and_then(|signature| {
                let problem = self.refusal(signature);
                problem.map_or(Ok(signature), |problem| Err(Problem::Message { instance, problem }))
            });
            match checked {
                Ok(signature) if at > 0 && self.is_worthless(signature) => break,
                Ok(signature) => {
                    let (body, key) = (self.body.add(signature.wanted_body()), self.keys.want(*signature.key_name()));
                    self.messages.push(Message { body, key });
                    if at == 0 && signature.signed_names().any(|name| name.eq_ignore_ascii_case("From")) {
                        self.author = author(&header);
                    }
                }
                // 5 A: an older one decides nothing
                Err(_) if at > 0 => break,
                Err(problem) => return Err(problem),
            }
        }
        self.seals = links.iter().map(|link| self.keys.want(*link.seal.key_name())).collect();
        self.links = links;
        Ok(())
    }

    /// RFC 8301, 3.1.
    fn takes(&self, algorithm: Algorithm) -> bool {
        algorithm != Algorithm::RsaSha1 || self.policy.takes_sha1()
    }

    /// Why a message signature is none, by what it says itself: RFC 8301, 3.1, and RFC 6376, 3.5.
    fn refusal(&self, signature: &Signature) -> Option<dkim::Problem> {
        if !self.takes(signature.algorithm()) {
            return Some(dkim::Problem::Sha1);
        }
        let now = u64::try_from(self.unix_time).unwrap_or_default();
        let skew = self.policy.clock_skew.as_secs();
        let ago = signature.expiration().map(|end| now.saturating_sub(end)).filter(|ago| *ago > skew);
        let ahead = signature.timestamp().map(|made| made.saturating_sub(now)).filter(|ahead| *ahead > skew);
        ago.map(|ago| dkim::Problem::Expired { ago }).or(ahead.map(|ahead| dkim::Problem::Early { ahead }))
    }

    /// Whether a signature will not pass for its `l=`, so that an older one need not be tried, nor a hash made for it.
    fn is_worthless(&self, signature: &Signature) -> bool {
        signature.length().is_some() && self.policy.body_length == BodyLength::Refused
    }

    /// All answers and the whole message are there.
    fn judge(&mut self) -> Verdict {
        let mut inner = Inner { problem: self.problem, ..Inner::default() };
        let header = Header::parse(self.header.as_bytes(), &self.limits.dkim).ok();
        if let Some(header) = header.filter(|_| !self.links.is_empty()) {
            let fields: Vec<Field<'_>> = header.fields().collect();
            inner.sets = self.sets(&fields);
            if inner.problem.is_none() {
                let case = Case { this: self, header: &header, fields: &fields };
                inner.problem = case.judge(&mut inner.sets, &mut inner.oldest_pass).err();
            }
            inner.author = self.author;
        }
        Verdict { inner: Arc::new(inner) }
    }

    fn sets(&self, fields: &[Field<'_>]) -> Vec<Set> {
        let value = |link: &Link| link.places.first().and_then(|place| fields.get(*place)).map(Field::value);
        let set = |link: &Link| Set {
            instance: link.instance,
            seal: link.seal.clone(),
            testing: false,
            value: value(link).unwrap_or_default().into(),
        };
        self.links.iter().map(set).collect()
    }
}

impl Inquiry for Validator {
    type Verdict = Verdict;

    /// [`Step::Wait`] also as long as the message has not ended.
    fn step(&mut self) -> Step<'_, Verdict> {
        if let Some(verdict) = &self.verdict {
            return Step::Done(verdict.clone());
        }
        let over = self.digests.is_some() || self.problem.is_some();
        if over && (self.problem.is_some() || !self.keys.is_waiting()) {
            let verdict = self.judge();
            self.header = HeaderReader::default();
            self.links = Vec::new();
            self.verdict = Some(verdict.clone());
            return Step::Done(verdict);
        }
        self.keys.ask().map_or(Step::Wait, Step::Ask)
    }

    fn answer(&mut self, id: QuestionId, answer: Answer<'_>) {
        self.keys.answer(id, answer, &self.limits.dkim);
    }

    /// [`dkim::Limits::time`] after the header was there, as long as a question is open. The message itself may take any time.
    fn deadline(&self) -> Option<Duration> {
        self.keys.deadline()
    }

    /// The largest time there is says that nothing more will come: a chain whose message has not ended fails, for now.
    fn tick(&mut self, now: Duration) {
        self.clock = self.clock.max(now);
        self.keys.tick(now);
        if now == Duration::MAX && self.digests.is_none() && self.problem.is_none() {
            self.end();
            self.keys.tick(now);
            if !self.links.is_empty() || !self.header.is_complete() {
                self.problem.get_or_insert(Problem::Cut);
            }
        }
    }
}

/// The author's domain, where there is one From with one author.
fn author(header: &Header<'_>) -> Option<Name> {
    let mut from = header.fields().filter(|field| field.is("From"));
    let (Some(field), None) = (from.next(), from.next()) else { return None };
    let value = field.value();
    let mailbox = message::Mailbox::parse(value.strip_suffix(b"\r\n").unwrap_or(value)).ok()?;
    Name::parse(mailbox.address().domain()).ok()
}

/// What a chain is judged by.
struct Case<'v> {
    this: &'v Validator,
    header: &'v Header<'v>,
    fields: &'v [Field<'v>],
}

impl Case<'_> {
    /// Steps 4 to 6. What can never pass comes before what may pass later.
    fn judge(&self, sets: &mut [Set], oldest_pass: &mut u8) -> Result<(), Problem> {
        let mut temporary = Ok(());
        let mut note = |found: Result<(), Problem>| match found {
            Err(problem) if problem.is_temporary() => {
                temporary = temporary.and(Err(problem));
                Ok(())
            }
            found => found,
        };
        let mut input = Vec::new();
        let mut tries = self.this.links.iter().rev().zip(&self.this.messages);
        if let Some((link, message)) = tries.next() {
            let instance = link.instance;
            let found = self.message(link, *message, &mut input);
            note(found.map_err(|problem| Problem::Message { instance, problem }))?;
            *oldest_pass = instance;
        }
        for (link, message) in tries {
            if self.message(link, *message, &mut input).is_err() {
                break;
            }
            *oldest_pass = link.instance;
        }
        // 5 B
        if *oldest_pass == 1 {
            *oldest_pass = 0;
        }
        // All have to be right, so the order does not matter; from the oldest on each is over what the last one was over, and more.
        input.clear();
        for ((link, key), set) in self.this.links.iter().zip(&self.this.seals).zip(sets) {
            let instance = set.instance;
            let found = self.seal(link, *key, &mut input);
            set.testing = found.as_ref().is_ok_and(|record| record.testing);
            note(found.map(|_| ()).map_err(|problem| Problem::Seal { instance, problem }))?;
        }
        temporary
    }

    fn field(&self, link: &Link, kind: FieldKind) -> Option<&Field<'_>> {
        link.places.get(kind as usize).and_then(|place| self.fields.get(*place))
    }

    /// One message signature, as a DKIM signature is judged (RFC 6376, 6.1.3).
    fn message(&self, link: &Link, at: Message, input: &mut Vec<u8>) -> Result<(), dkim::Problem> {
        let Ok(signature) = &link.message else { return Err(dkim::Problem::Header) };
        let found = self.this.keys.found(at.key).map_err(dkim::Problem::NoKey)?;
        let digest = self.this.digests.as_deref().unwrap_or_default().get(at.body).ok_or(dkim::Problem::Body)?;
        let (signed, size) = (digest.hashed, digest.size);
        if let Some(signed) = signature.length().filter(|length| *length > size) {
            return Err(dkim::Problem::BodyShort { signed, size });
        }
        // the cheap half comes first
        if digest.as_bytes() != signature.body_hash() {
            return Err(dkim::Problem::Body);
        }
        input.clear();
        if let Some(own) = self.field(link, FieldKind::Message) {
            signature.append_input(self.header, own, input);
        }
        self.verify(found, signature.algorithm(), input, signature.signature())?;
        match (signature.length(), self.this.policy.body_length) {
            (Some(_), BodyLength::Refused) => Err(dkim::Problem::BodyPart { signed, size }),
            (Some(_), BodyLength::Whole) if signed < size => Err(dkim::Problem::BodyPart { signed, size }),
            _ => Ok(()),
        }
    }

    /// One seal. `input` has the sets before it, and has this one as well afterwards (RFC 8617, 5.1.1).
    fn seal(&self, link: &Link, key: usize, input: &mut Vec<u8>) -> Result<Arc<KeyRecord>, dkim::Problem> {
        for kind in [FieldKind::Results, FieldKind::Message] {
            if let Some(field) = self.field(link, kind) {
                field.canonicalize(Canonicalization::Relaxed, input);
            }
        }
        let own = self.field(link, FieldKind::Seal).ok_or(dkim::Problem::Header)?;
        let before = input.len();
        own.canonicalize_without(Canonicalization::Relaxed, link.seal.span.clone(), input);
        let found = self.this.keys.found(key).map_err(dkim::Problem::NoKey);
        let verified = found.and_then(|found| self.verify(found, link.seal.algorithm(), input, &link.seal.signature));
        input.truncate(before);
        own.canonicalize(Canonicalization::Relaxed, input);
        verified
    }

    fn verify(
        &self,
        found: &Found,
        algorithm: Algorithm,
        input: &[u8],
        signature: &[u8],
    ) -> Result<Arc<KeyRecord>, dkim::Problem> {
        let (policy, limits) = (&self.this.policy, &self.this.limits.dkim);
        // there is no identity but d= itself, so that a key with t=s fits
        let by_any = verify_by_any(found, algorithm, true, policy, limits, |record| {
            record.key().verify(algorithm, input, signature)
        });
        by_any.map_err(|(problem, _)| {
            let library = cfg!(any(feature = "ring", feature = "aws-lc-rs"));
            if problem == dkim::Problem::Header && !library { dkim::Problem::NoLibrary } else { problem }
        })
    }
}

/// Validates a whole message: a [`Validator`] that has it all and needs only answers, for [`dns::drive`].
///
/// ```
/// use core::time::Duration;
/// use arc::{ArcResult, Limits};
///
/// # let zone = dns::Zone::new();
/// let message = b"From: a@example.net\r\n\r\nHello\r\n";
/// let validator = arc::validate(message, Limits::default(), Duration::ZERO, 1_795_000_000);
/// let verdict = dns::drive::blocking(validator, |name, kind| zone.lookup(name, kind));
/// assert_eq!(verdict.result(), ArcResult::None);
/// ```
#[must_use]
pub fn validate(message: &[u8], limits: Limits, now: Duration, unix_time: i64) -> Validator {
    let mut validator = Validator::new(limits, now, unix_time);
    validator.receive(message);
    validator.end();
    validator
}
