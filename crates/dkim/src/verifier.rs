//! The verifier: a message in, questions about keys out, a verdict.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use dns::{Absence, Answer, Inquiry, Name, QuestionId, Step};

use crate::fetch::{Found, KeyFetch, verify_by_any};
use crate::header::Place;
use crate::signature::first_of_b;
use crate::tag_list::TagListError;
use crate::verdict::Inner;
use crate::{
    BodyDigest, BodyHashes, BodyLength, Exceeded, Field, Form, Header, HeaderReader, KeyRecord, Limits, Policy,
    Problem, Signature, SignatureError, SignatureVerdict, TagList, Verdict,
};

/// The name of the field that a signature stands in.
pub(crate) const FIELD: &str = "DKIM-Signature";

/// Judges the signatures of a message while it streams by.
///
/// The message goes in by [`receive`](Self::receive), in pieces of any size, and [`end`](Self::end). As soon as the header is there, all keys are asked for at once; the body
/// is hashed as it passes, once for each way in which it is signed. What is held is the header block, however long the message is.
///
/// Lines end in CRLF, as they do on the wire before dots are stuffed; a lone CR or LF is an octet like any other. A message from a file with other line ends has to be
/// given them first.
///
/// A caller that waits for the end of the message before it answers questions uses [`verify`](crate::verify).
///
/// ```
/// use core::time::Duration;
/// use dkim::{Limits, Outcome, Policy, Verifier};
/// use dns::{Inquiry, Step, Zone};
///
/// # let zone = Zone::new();
/// let unix_time = 1_795_000_000;
/// let mut verifier = Verifier::new(Policy::default(), Limits::default(), Duration::ZERO, unix_time);
/// for piece in ["From: a@example.net\r\n", "\r\nHello\r\n"] {
///     verifier.receive(piece.as_bytes());
///     while let Step::Ask(question) = verifier.step() {
///         let (id, response) = (question.id, zone.lookup(question.name, question.kind)); // or start a lookup, and answer when it is done
///         verifier.answer(id, response.as_answer());
///     }
/// }
/// verifier.end();
/// let Step::Done(verdict) = verifier.step() else { panic!("every question has been answered") };
/// assert_eq!(verdict.outcome(), Outcome::None);
/// assert_eq!(verdict.to_string(), "dkim=none");
/// ```
#[derive(Debug)]
pub struct Verifier {
    policy: Policy,
    limits: Limits,
    unix_time: i64,
    clock: Duration,
    header: HeaderReader,
    /// Whether the header has been read, and where its fields are.
    read: bool,
    places: Vec<Place>,
    tries: Vec<Try>,
    ignored: usize,
    exceeded: Option<Exceeded>,
    keys: KeyFetch,
    body: BodyHashes,
    digests: Option<Vec<BodyDigest>>,
    verdict: Option<Verdict>,
}

/// One signature that is being tried.
#[derive(Debug)]
struct Try {
    verdict: SignatureVerdict,
    /// Which field of the header it is.
    field: usize,
    /// Its hash of the body, and its key.
    body: usize,
    key: usize,
}

impl Verifier {
    /// The beginning of a message. `now` is the caller's clock, for [`Inquiry::deadline`]; `unix_time` is the calendar, for `t=` and `x=`.
    #[must_use]
    pub fn new(policy: Policy, limits: Limits, now: Duration, unix_time: i64) -> Self {
        Self {
            policy,
            limits,
            unix_time,
            clock: now,
            header: HeaderReader::default(),
            read: false,
            places: Vec::new(),
            tries: Vec::new(),
            ignored: 0,
            exceeded: None,
            keys: KeyFetch::default(),
            body: BodyHashes::default(),
            digests: None,
            verdict: None,
        }
    }

    /// The next piece of the message. Behind the end nothing is taken any more.
    pub fn receive(&mut self, piece: &[u8]) {
        if self.digests.is_some() || self.exceeded.is_some() {
            return;
        }
        let body = match self.header.receive(piece, &self.limits) {
            Ok(body) => body,
            Err(exceeded) => {
                self.exceeded = Some(exceeded);
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

    /// The answer to a question as a record that was parsed before, from [`SignatureVerdict::key`] of an earlier verdict, for as long as its TTL allows. It has to be the only
    /// record of its name, and from an answer to the same question.
    pub fn answer_parsed(&mut self, id: QuestionId, record: Arc<KeyRecord>, ttl: u32, authenticated: bool) {
        self.keys.answer_parsed(id, record, ttl, authenticated);
    }

    /// Whether anything in the message is worth to go on with: false, once the header is there and has no signature that can be read.
    #[must_use]
    pub fn needs_body(&self) -> bool {
        !self.read || self.tries.iter().any(|this| this.verdict.problem.is_none())
    }

    fn read_header(&mut self) {
        if self.read || self.exceeded.is_some() {
            return;
        }
        self.read = true;
        let header = match Header::parse(self.header.as_bytes(), &self.limits) {
            Ok(header) => header,
            Err(exceeded) => {
                self.exceeded = Some(exceeded);
                return;
            }
        };
        let fields: Vec<(usize, Field<'_>)> =
            header.fields().enumerate().filter(|(_, field)| field.is(FIELD)).collect();
        self.ignored = fields.len().saturating_sub(self.limits.signatures);
        for (at, field) in chosen(&header, fields, &self.limits) {
            let mut verdict = read(&field, &self.limits, &self.policy);
            let mut this = (0, 0);
            if verdict.problem.is_none()
                && let Some(signature) = &verdict.signature
            {
                verdict.age = signature.timestamp().map(|made| self.unix_seconds().saturating_sub(made));
                verdict.problem = self.untimely(signature);
                if verdict.problem.is_none() {
                    this = (self.body.add(signature.wanted_body()), self.keys.want(signature.key_name));
                }
            }
            self.tries.push(Try { verdict, field: at, body: this.0, key: this.1 });
        }
        self.places = header.into_places();
        self.keys.start(self.clock, &self.limits);
    }

    fn unix_seconds(&self) -> u64 {
        u64::try_from(self.unix_time).unwrap_or_default()
    }

    /// RFC 6376, 3.5: what is made in the future or has expired.
    fn untimely(&self, signature: &Signature) -> Option<Problem> {
        let (now, skew) = (self.unix_seconds(), self.policy.clock_skew.as_secs());
        let ago = signature.expiration().map(|end| now.saturating_sub(end)).filter(|ago| *ago > skew);
        let ahead = signature.timestamp().map(|made| made.saturating_sub(now)).filter(|ahead| *ahead > skew);
        ago.map(|ago| Problem::Expired { ago }).or(ahead.map(|ahead| Problem::Early { ahead }))
    }

    /// All answers and the whole message are there.
    fn judge(&mut self) -> Verdict {
        let digests = self.digests.as_deref().unwrap_or_default();
        let block = self.header.as_bytes();
        let header = Header::from_places(block, core::mem::take(&mut self.places));
        let mut signatures = Vec::with_capacity(self.tries.len());
        let mut input = Vec::with_capacity(if self.tries.is_empty() { 0 } else { block.len() });
        for this in self.tries.drain(..) {
            let mut verdict = this.verdict;
            if let (None, Some(signature)) = (verdict.problem, verdict.signature.clone()) {
                let case = Case {
                    header: &header,
                    own: header.fields().nth(this.field),
                    digest: digests.get(this.body),
                    policy: &self.policy,
                    limits: &self.limits,
                };
                verdict.problem = case.judge(&signature, self.keys.found(this.key), &mut verdict, &mut input).err();
            }
            signatures.push(verdict);
        }
        let exceeded = self.exceeded;
        Verdict { inner: Arc::new(Inner { signatures, ignored: self.ignored, exceeded }) }
    }
}

impl Inquiry for Verifier {
    type Verdict = Verdict;

    /// [`Step::Wait`] also as long as the message has not ended.
    fn step(&mut self) -> Step<'_, Verdict> {
        if let Some(verdict) = &self.verdict {
            return Step::Done(verdict.clone());
        }
        let over = self.digests.is_some() || self.exceeded.is_some();
        if over && !self.keys.is_waiting() {
            let verdict = self.judge();
            self.header = HeaderReader::default();
            self.verdict = Some(verdict.clone());
            return Step::Done(verdict);
        }
        self.keys.ask().map_or(Step::Wait, Step::Ask)
    }

    fn answer(&mut self, id: QuestionId, answer: Answer<'_>) {
        self.keys.answer(id, answer, &self.limits);
    }

    /// [`Limits::time`] after the header was there, as long as a question is open. The message itself may take any time.
    fn deadline(&self) -> Option<Duration> {
        self.keys.deadline()
    }

    /// The largest time there is says that nothing more will come: of a message that has not ended, all signatures are temporary errors.
    fn tick(&mut self, now: Duration) {
        self.clock = self.clock.max(now);
        self.keys.tick(now);
        if now == Duration::MAX && self.digests.is_none() && self.exceeded.is_none() {
            self.end();
            self.keys.tick(now);
            self.tries.iter_mut().for_each(|this| _ = this.verdict.problem.get_or_insert(Problem::Cut));
        }
    }
}

/// The fields that are tried, in their order. Where there are too many, those by the author's domain, or by one above or below it, come first (row K-5).
fn chosen<'a>(header: &Header<'a>, fields: Vec<(usize, Field<'a>)>, limits: &Limits) -> Vec<(usize, Field<'a>)> {
    if fields.len() <= limits.signatures {
        return fields;
    }
    let author = author(header);
    let related = |field: &Field<'_>| {
        let tags = TagList::parse(field.value(), limits).ok()?;
        let domain = Name::parse(tags.get("d")?.text().ok()?).ok()?;
        author.map(|author| author.is_within(&domain) || domain.is_within(&author))
    };
    let (mut first, others): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(_, field)| related(field) == Some(true));
    first.extend(others);
    first.truncate(limits.signatures);
    first.sort_by_key(|(at, _)| *at);
    first
}

/// The author's domain, where there is one author.
fn author(header: &Header<'_>) -> Option<Name> {
    let from = header.fields().find(|field| field.is("From"))?;
    let value = from.value().strip_suffix(b"\r\n").unwrap_or(from.value());
    let mailbox = message::Mailbox::parse(value).ok()?;
    Name::parse(mailbox.address().domain()).ok()
}

/// One field, as far as it can be judged alone.
fn read(field: &Field<'_>, limits: &Limits, policy: &Policy) -> SignatureVerdict {
    let mut verdict = SignatureVerdict {
        problem: None,
        signature: None,
        domain: None,
        selector: None,
        first_of_b: "".into(),
        key: None,
        key_ttl: 0,
        key_authenticated: false,
        body: None,
        age: None,
        count_testing: policy.count_testing,
    };
    let tags = match TagList::parse(field.value(), limits) {
        Ok(tags) => tags,
        Err(error) => {
            verdict.problem = Some(Problem::Signature(match error {
                TagListError::Syntax(syntax) => SignatureError::Syntax(syntax),
                TagListError::Limit(exceeded) => SignatureError::Limit(exceeded),
            }));
            return verdict;
        }
    };
    let text = |name: &str| tags.get(name).and_then(|tag| tag.text().ok()).map(Into::into);
    verdict.domain = text("d");
    verdict.selector = text("s");
    verdict.first_of_b = tags.get("b").map(first_of_b).unwrap_or_default();
    match Signature::from_tags(&tags, Form::Dkim, limits) {
        Ok(signature) => {
            // RFC 8301, 3.1
            verdict.problem =
                (signature.algorithm() == crate::Algorithm::RsaSha1 && !policy.sha1).then_some(Problem::Sha1);
            verdict.signature = Some(Arc::new(signature));
        }
        Err(error) => verdict.problem = Some(Problem::Signature(error)),
    }
    verdict
}

/// What a signature is judged by.
struct Case<'a> {
    header: &'a Header<'a>,
    own: Option<Field<'a>>,
    digest: Option<&'a BodyDigest>,
    policy: &'a Policy,
    limits: &'a Limits,
}

impl Case<'_> {
    fn judge(
        &self,
        signature: &Signature,
        found: Result<&Found, Absence>,
        verdict: &mut SignatureVerdict,
        input: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let found = found.map_err(Problem::NoKey)?;
        (verdict.key_ttl, verdict.key_authenticated) = (found.ttl, found.authenticated);
        // the cheap half comes first: of a body that was changed nobody needs to know whether its signature was right
        let body = self.body(signature, verdict);
        let checked =
            verify_by_any(found, signature.algorithm(), signature.is_strict(), self.policy, self.limits, |record| {
                if body.is_err() {
                    return true;
                }
                input.clear();
                if let Some(own) = &self.own {
                    signature.append_input(self.header, own, input);
                }
                record.key().verify(signature.algorithm(), input, signature.signature())
            });
        match checked {
            Ok(record) => verdict.key = Some(record),
            Err((problem, record)) => {
                verdict.key = record;
                let library = cfg!(any(feature = "ring", feature = "aws-lc-rs"));
                return Err(if problem == Problem::Header && !library { Problem::NoLibrary } else { problem });
            }
        }
        body?;
        let (signed, size) = verdict.body.unwrap_or_default();
        match (signature.length(), self.policy.body_length) {
            (Some(_), BodyLength::Refused) => Err(Problem::BodyPart { signed, size }),
            (Some(_), BodyLength::Whole) if signed < size => Err(Problem::BodyPart { signed, size }),
            _ => Ok(()),
        }
    }

    fn body(&self, signature: &Signature, verdict: &mut SignatureVerdict) -> Result<(), Problem> {
        let digest = self.digest.ok_or(Problem::Body)?;
        verdict.body = Some((digest.hashed, digest.size));
        // RFC 6376, 3.5, l=: nobody signs more than there is
        if let Some(signed) = signature.length().filter(|length| *length > digest.size) {
            return Err(Problem::BodyShort { signed, size: digest.size });
        }
        if digest.as_bytes() == signature.body_hash() { Ok(()) } else { Err(Problem::Body) }
    }
}

/// Judges a whole message: a [`Verifier`] that has it all and needs only answers, for [`dns::drive`].
///
/// ```
/// use core::time::Duration;
/// use dkim::{Limits, Outcome, Policy};
///
/// # let zone = dns::Zone::new();
/// let message = b"From: a@example.net\r\n\r\nHello\r\n";
/// let verifier = dkim::verify(message, Policy::default(), Limits::default(), Duration::ZERO, 1_795_000_000);
/// let verdict = dns::drive::blocking(verifier, |name, kind| zone.lookup(name, kind));
/// assert_eq!(verdict.outcome(), Outcome::None);
/// ```
#[must_use]
pub fn verify(message: &[u8], policy: Policy, limits: Limits, now: Duration, unix_time: i64) -> Verifier {
    let mut verifier = Verifier::new(policy, limits, now, unix_time);
    verifier.receive(message);
    verifier.end();
    verifier
}
