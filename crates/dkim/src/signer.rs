//! The signer: a message in, signatures out.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::crypto::sha256;
use crate::tag_list::encode_base64;
use crate::verifier::FIELD;
use crate::{
    Algorithm, BodyDigest, BodyHash, BodyHashes, Canonicalization, Exceeded, Header, HeaderReader, Key, Limits, Misuse,
    Signature, Signing,
};

/// Where lines are folded, and the longest piece of base64 in one.
const LINE: usize = 76;

/// Which signature of one signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignId(pub usize);

/// A signature that somebody else has to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignRequest<'a> {
    /// To be given back with the signature.
    pub id: SignId,
    /// By what.
    pub algorithm: Algorithm,
    /// What is to be signed: for rsa-sha256 by RSASSA-PKCS1-v1_5 with SHA-256, which hashes it; for ed25519-sha256 by Ed25519 as it is, since it is a hash already
    /// (RFC 8463, 3).
    pub input: &'a [u8],
    /// The SHA-256 hash of what rsa-sha256 signs, for keys that want to be given that; for ed25519-sha256 the same as the input.
    pub digest: [u8; 32],
}

/// How a [`Signer`] goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignStep<'a> {
    /// A signature is wanted. Each request is handed out once; step again to have all.
    Sign(SignRequest<'a>),
    /// Nothing goes on before the message ends, or a signature comes.
    Wait,
    /// The fields to be put on top of the message, with their line ends; the same however often they are asked for.
    Done(Result<&'a [u8], SignError>),
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The message has no From field: no verifier would look at the signature (RFC 6376, 5.4).
    #[error("the message has no From field")]
    NoFrom,
    /// The message is too large in some way.
    #[error(transparent)]
    Limit(#[from] Exceeded),
    /// The key did not sign.
    #[error("the key did not sign")]
    Key,
}

/// Signs a message while it streams by, by as many keys as are wanted, in one pass.
///
/// What is signed has to be what the next server gets: lines that end in CRLF, before dots are stuffed, without lone CR and LF, and in 7 bits where somebody on the way may
/// need that (RFC 6376, 5.3). `l=` is never written (row K-1).
///
/// ```
/// use std::sync::Arc;
/// use dkim::{Limits, SignStep, Signer, Signing, SigningKey};
///
/// let key = SigningKey::from_seed(&[7; 32])?;
/// let signing = Arc::new(Signing::new("example.net", "2026", key)?);
///
/// let mut signer = Signer::new([signing], Limits::default(), 1_795_000_000);
/// signer.receive(b"From: a@example.net\r\n\r\nHello\r\n");
/// signer.end();
/// let SignStep::Done(Ok(fields)) = signer.step() else { panic!("the key is here") };
/// assert!(fields.starts_with(b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Signer {
    limits: Limits,
    unix_time: i64,
    header: HeaderReader,
    body: BodyHashes,
    parts: Vec<Part>,
    ended: bool,
    result: Option<Result<Vec<u8>, SignError>>,
    error: Option<SignError>,
}

#[derive(Debug)]
struct Part {
    signing: Arc<Signing>,
    body: usize,
    /// The field up to `b=`, and what is signed; once the message has ended.
    field: Vec<u8>,
    input: Vec<u8>,
    digest: [u8; 32],
    asked: bool,
    signature: Option<Box<[u8]>>,
}

impl Signer {
    /// The beginning of a message. `unix_time` goes into `t=`.
    #[must_use]
    pub fn new(signings: impl IntoIterator<Item = Arc<Signing>>, limits: Limits, unix_time: i64) -> Self {
        let mut body = BodyHashes::default();
        let part = |signing: Arc<Signing>| Part {
            body: body.add(BodyHash {
                canonicalization: signing.body_form,
                hash: signing.algorithm().hash(),
                length: None,
            }),
            signing,
            field: Vec::new(),
            input: Vec::new(),
            digest: [0; 32],
            asked: false,
            signature: None,
        };
        let parts = signings.into_iter().map(part).collect();
        let header = HeaderReader::default();
        Self { limits, unix_time, header, body, parts, ended: false, result: None, error: None }
    }

    /// The next piece of the message. Behind the end nothing is taken any more.
    pub fn receive(&mut self, piece: &[u8]) {
        if self.ended {
            return;
        }
        match self.header.receive(piece, &self.limits) {
            Ok(body) => self.body.update(body),
            Err(exceeded) => self.fail(exceeded.into()),
        }
    }

    /// The end of the message. A second one is ignored.
    pub fn end(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        if let Err(error) = self.prepare() {
            self.fail(error);
        }
    }

    fn fail(&mut self, error: SignError) {
        self.ended = true;
        self.error.get_or_insert(error);
    }

    fn prepare(&mut self) -> Result<(), SignError> {
        let digests = core::mem::take(&mut self.body).finish();
        let header = Header::parse(self.header.as_bytes(), &self.limits)?;
        if !header.fields().any(|field| field.is("From")) {
            return Err(SignError::NoFrom);
        }
        for part in &mut self.parts {
            let body_hash = digests.get(part.body).map(BodyDigest::as_bytes).unwrap_or_default();
            let signature = part.signing.begin(&header, body_hash, self.unix_time);
            if signature.signed_names().count() > self.limits.signed_fields {
                return Err(Exceeded::SignedFields(self.limits.signed_fields).into());
            }
            part.field = begin_field(&signature);
            part.input = input(&signature, &header, &part.field);
            let digest = sha256(&part.input);
            part.digest.iter_mut().zip(digest.as_ref()).for_each(|(to, octet)| *to = *octet);
            if signature.algorithm() == Algorithm::Ed25519Sha256 {
                part.input = part.digest.into();
            }
            if let Key::Held(key) = part.signing.key() {
                part.asked = true;
                part.signature = Some(key.sign(&part.input).ok_or(SignError::Key)?);
            }
        }
        self.header = HeaderReader::default();
        Ok(())
    }

    /// What it wants next.
    pub fn step(&mut self) -> SignStep<'_> {
        if !self.ended {
            return SignStep::Wait;
        }
        let open = if self.error.is_none() { self.parts.iter().position(|part| !part.asked) } else { None };
        if let Some(part) = open.and_then(|at| self.parts.get_mut(at)) {
            part.asked = true;
        } else if self.result.is_none() {
            self.result = self.error.map(Err).or_else(|| self.fields().map(Ok));
        }
        if let Some((at, part)) = open.and_then(|at| Some((at, self.parts.get(at)?))) {
            let (algorithm, input, digest) = (part.signing.algorithm(), &part.input, part.digest);
            return SignStep::Sign(SignRequest { id: SignId(at), algorithm, input, digest });
        }
        match &self.result {
            None => SignStep::Wait,
            Some(Ok(fields)) => SignStep::Done(Ok(fields)),
            Some(Err(error)) => SignStep::Done(Err(*error)),
        }
    }

    /// A signature that was asked for; `None`, where the key's keeper will not sign, which ends all in [`SignError::Key`].
    ///
    /// It is not verified here.
    ///
    /// # Errors
    ///
    /// [`Misuse`], where it was not asked for, or is there already.
    pub fn answer(&mut self, id: SignId, signature: Option<&[u8]>) -> Result<(), Misuse> {
        let open = |part: &&mut Part| part.asked && part.signature.is_none();
        let part = self.parts.get_mut(id.0).filter(open).ok_or(Misuse("nobody waits for this signature"))?;
        match signature {
            Some(signature) => part.signature = Some(signature.into()),
            None => self.fail(SignError::Key),
        }
        Ok(())
    }

    /// All fields, once all signatures are there.
    fn fields(&self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for part in &self.parts {
            out.extend_from_slice(&part.field);
            let mut column = column(&part.field);
            for letter in encode_base64(part.signature.as_ref()?).bytes() {
                if column >= LINE {
                    out.extend_from_slice(b"\r\n\t");
                    column = 8;
                }
                out.push(letter);
                column += 1;
            }
            out.extend_from_slice(b"\r\n");
        }
        Some(out)
    }
}

/// How much stands in the last line.
fn column(text: &[u8]) -> usize {
    let start = memchr::memrchr(b'\n', text).map_or(0, |end| end + 1);
    let line = text.get(start..).unwrap_or_default();
    line.len() + if line.starts_with(b"\t") { 7 } else { 0 }
}

/// The field up to and with `b=`, folded between tags, and in `h=` between names (RFC 6376, 3.5, has white space everywhere there).
fn begin_field(signature: &Signature) -> Vec<u8> {
    let mut out = Vec::with_capacity(1_024);
    out.extend_from_slice(FIELD.as_bytes());
    out.push(b':');
    let mut column = out.len();
    let mut put = |out: &mut Vec<u8>, text: &str, space: bool| {
        if column + text.len() + usize::from(space) > LINE {
            out.extend_from_slice(b"\r\n\t");
            column = 8;
        } else if space {
            out.push(b' ');
            column += 1;
        }
        out.extend_from_slice(text.as_bytes());
        column += text.len();
    };
    for (name, value) in signature.tags() {
        match name {
            "h" => {
                let mut names = value.split(':').peekable();
                let mut first = true;
                while let Some(name) = names.next() {
                    let end = if names.peek().is_some() { ":" } else { ";" };
                    let begin = if first { "h=" } else { "" };
                    put(&mut out, &alloc::format!("{begin}{name}{end}"), first);
                    first = false;
                }
            }
            "b" => put(&mut out, "b=", true),
            _ => put(&mut out, &alloc::format!("{name}={value};"), true),
        }
    }
    out
}

/// What the signature is made over.
fn input(signature: &Signature, header: &Header<'_>, field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2_048);
    for field in header.select(signature.signed_names()) {
        field.canonicalize(signature.header_form(), &mut out);
    }
    match signature.header_form() {
        Canonicalization::Simple => out.extend_from_slice(field),
        Canonicalization::Relaxed => {
            // it has at least its own name, so that there is a field
            if let Some(own) = Header::parse(field, &Limits::default()).ok().and_then(|own| own.fields().next()) {
                own.canonicalize_without(Canonicalization::Relaxed, 0..0, &mut out);
            }
        }
    }
    out
}

/// Signs a whole message with keys that are here: the fields to be put on top of it.
///
/// ```
/// # use dkim::{Limits, Signing, SigningKey};
/// # let signing = std::sync::Arc::new(Signing::new("example.net", "2026", SigningKey::from_seed(&[7; 32])?)?);
/// let message = b"From: a@example.net\r\n\r\nHello\r\n";
/// let signed = [dkim::sign(message, [signing], Limits::default(), 1_795_000_000)?, message.to_vec()].concat();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`SignError`]; a key that is elsewhere does not sign.
pub fn sign(
    message: &[u8],
    signings: impl IntoIterator<Item = Arc<Signing>>,
    limits: Limits,
    unix_time: i64,
) -> Result<Vec<u8>, SignError> {
    let mut signer = Signer::new(signings, limits, unix_time);
    signer.receive(message);
    signer.end();
    match signer.step() {
        SignStep::Done(fields) => fields.map(<[u8]>::to_vec),
        SignStep::Sign(_) | SignStep::Wait => Err(SignError::Key),
    }
}
