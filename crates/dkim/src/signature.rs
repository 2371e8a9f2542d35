//! The DKIM-Signature field (RFC 6376, 3.5; RFC 8616, 4).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use dns::Name;

use crate::tag_list::encode_base64;
use crate::{Algorithm, BodyHash, Canonicalization, Exceeded, Header, Limits, SignatureError, Tag, TagList};

/// Which field it is that a signature stands in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// DKIM-Signature.
    #[default]
    Dkim,
    /// ARC-Message-Signature (RFC 8617, 4.1.2): the same without `v=`, and `i=` is a number, which is left to the reader of the chain.
    Arc,
}

/// A signature as it is written, checked as far as that goes without its key, the message, and the time.
///
/// ```
/// use dkim::{Limits, Signature};
///
/// let value = b" v=1; a=rsa-sha256; d=example.net; s=2026; h=from : to;\r\n\
///     \tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=c2lnbmF0dXJl";
/// let signature = Signature::parse(value, &Limits::default())?;
/// assert_eq!(signature.domain(), "example.net");
/// assert_eq!(signature.key_name(), "2026._domainkey.example.net");
/// assert!(signature.signed_names().eq(["from", "to"]));
/// # Ok::<(), dkim::SignatureError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub(crate) algorithm: Algorithm,
    pub(crate) header_form: Canonicalization,
    pub(crate) body_form: Canonicalization,
    pub(crate) domain: Box<str>,
    pub(crate) domain_name: Name,
    pub(crate) selector: Box<str>,
    pub(crate) key_name: Name,
    pub(crate) identity: Option<Box<str>>,
    /// Whether the domain of `i=` is the one of `d=`.
    pub(crate) strict: bool,
    /// Joined with colons, without white space.
    pub(crate) names: String,
    pub(crate) body_hash: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) length: Option<u64>,
    pub(crate) timestamp: Option<u64>,
    pub(crate) expiration: Option<u64>,
    pub(crate) span: Range<usize>,
}

impl Signature {
    /// Reads the value of a DKIM-Signature field, all behind its colon.
    ///
    /// # Errors
    ///
    /// [`SignatureError`].
    pub fn parse(value: &[u8], limits: &Limits) -> Result<Self, SignatureError> {
        Self::from_tags(&TagList::parse(value, limits)?, Form::Dkim, limits)
    }

    /// Reads it from the tags of a field.
    ///
    /// # Errors
    ///
    /// [`SignatureError`].
    pub fn from_tags(tags: &TagList<'_>, form: Form, limits: &Limits) -> Result<Self, SignatureError> {
        let must = |name: &'static str| tags.get(name).ok_or(SignatureError::Missing(name));
        if form == Form::Dkim && must("v")?.value() != b"1" {
            return Err(SignatureError::Version);
        }
        let algorithm = Algorithm::from_name(must("a")?.value()).ok_or(SignatureError::Algorithm)?;
        let (header_form, body_form) = forms(tags.get("c"))?;
        if tags.get("q").is_some_and(|tag| !tag.list().any(|query| query.eq_ignore_ascii_case(b"dns/txt"))) {
            return Err(SignatureError::Query);
        }
        let domain = must("d")?.text()?;
        let domain_name = Name::parse(domain).ok().filter(|name| !name.is_root()).ok_or(SignatureError::Domain)?;
        let selector = must("s")?.text()?;
        let key_name = key_name(selector, &domain_name).ok_or(SignatureError::Selector)?;
        let (identity, strict) = match tags.get("i").filter(|_| form == Form::Dkim) {
            Some(tag) => identity(tag, &domain_name)?,
            None => (None, true),
        };
        let names = names(must("h")?, form, limits)?;
        let body_hash = must("bh")?.base64()?;
        if body_hash.len() != algorithm.hash().octets() {
            return Err(SignatureError::BodyHash);
        }
        let b = must("b")?;
        let number = |name: &str| tags.get(name).map(Tag::number).transpose();
        let (length, timestamp, expiration) = (number("l")?, number("t")?, number("x")?);
        if timestamp.zip(expiration).is_some_and(|(made, end)| end <= made) {
            return Err(SignatureError::Expiration);
        }
        Ok(Self {
            algorithm,
            header_form,
            body_form,
            domain: domain.into(),
            domain_name,
            selector: selector.into(),
            key_name,
            identity,
            strict,
            names,
            body_hash,
            signature: b.base64()?,
            length,
            timestamp,
            expiration,
            span: b.span(),
        })
    }

    /// `a=`.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The form of the header that is signed, from `c=`.
    #[must_use]
    pub const fn header_form(&self) -> Canonicalization {
        self.header_form
    }

    /// The form of the body that is signed, from `c=`.
    #[must_use]
    pub const fn body_form(&self) -> Canonicalization {
        self.body_form
    }

    /// `d=` as it was written, which is how it belongs into Authentication-Results (RFC 8616, 5).
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// `d=` as a name, to be compared.
    #[must_use]
    pub const fn domain_name(&self) -> &Name {
        &self.domain_name
    }

    /// `s=` as it was written.
    #[must_use]
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// Where the key is (RFC 6376, 3.6.2.1).
    #[must_use]
    pub const fn key_name(&self) -> &Name {
        &self.key_name
    }

    /// `i=`, without its quoting; where it is not there, it stands for `@` and [`Self::domain`].
    #[must_use]
    pub fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    /// The names in `h=`, in their order, repetitions included.
    pub fn signed_names(&self) -> core::str::Split<'_, char> {
        self.names.split(':')
    }

    /// `bh=`.
    #[must_use]
    pub fn body_hash(&self) -> &[u8] {
        &self.body_hash
    }

    /// `b=`.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// `l=`: how many octets of the canonical body are signed, where it is not all. Anybody can add what is behind them.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        self.length
    }

    /// `t=`: when it was made, in Unix seconds.
    #[must_use]
    pub const fn timestamp(&self) -> Option<u64> {
        self.timestamp
    }

    /// `x=`: when it ends, in Unix seconds.
    #[must_use]
    pub const fn expiration(&self) -> Option<u64> {
        self.expiration
    }

    /// Whether the domain of `i=` is the one of `d=`, as a key with `t=s` demands (RFC 6376, 3.6.1).
    #[must_use]
    pub const fn is_strict(&self) -> bool {
        self.strict
    }

    /// What of the body it signs, and how.
    #[must_use]
    pub const fn wanted_body(&self) -> BodyHash {
        BodyHash { canonicalization: self.body_form, hash: self.algorithm.hash(), length: self.length }
    }

    /// Appends what the signature is made over: the signed fields, then the field it stands in with nothing in `b=` (RFC 6376, 3.7).
    pub fn append_input(&self, header: &Header<'_>, own: &crate::Field<'_>, out: &mut Vec<u8>) {
        for field in header.select(self.signed_names()) {
            field.canonicalize(self.header_form, out);
        }
        own.canonicalize_without(self.header_form, self.span.clone(), out);
    }

    /// Appends the tags, as a DKIM-Signature has them, in one line.
    ///
    /// ```
    /// # use dkim::{Limits, Signature};
    /// # let value = b"v=1; a=rsa-sha256; c=relaxed/simple; d=example.net; s=a; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=c2ln";
    /// let mut out = Vec::new();
    /// Signature::parse(value, &Limits::default())?.write(&mut out);
    /// assert_eq!(out, value);
    /// # Ok::<(), dkim::SignatureError>(())
    /// ```
    pub fn write(&self, out: &mut Vec<u8>) {
        for (at, (name, value)) in self.tags().into_iter().enumerate() {
            out.extend_from_slice(if at > 0 { b"; " } else { b"" });
            out.extend_from_slice(name.as_bytes());
            out.push(b'=');
            out.extend_from_slice(value.as_bytes());
        }
    }

    /// The tags in the order in which they are written, `b=` last.
    pub(crate) fn tags(&self) -> Vec<(&'static str, String)> {
        let mut tags = alloc::vec![
            ("v", String::from("1")),
            ("a", String::from(self.algorithm.name())),
            ("c", alloc::format!("{}/{}", self.header_form, self.body_form)),
            ("d", String::from(&*self.domain)),
            ("s", String::from(&*self.selector)),
        ];
        tags.extend(self.identity.as_ref().map(|identity| ("i", quoted(identity))));
        let numbers = [("l", self.length), ("t", self.timestamp), ("x", self.expiration)];
        tags.extend(numbers.iter().filter_map(|(name, value)| value.map(|value| (*name, alloc::format!("{value}")))));
        tags.push(("h", self.names.clone()));
        tags.push(("bh", encode_base64(&self.body_hash)));
        tags.push(("b", encode_base64(&self.signature)));
        tags
    }
}

/// `c=`: what it does not say is simple (RFC 6376, 3.5).
fn forms(tag: Option<&Tag<'_>>) -> Result<(Canonicalization, Canonicalization), SignatureError> {
    let Some(tag) = tag else { return Ok(Default::default()) };
    let mut names = tag.value().splitn(2, |octet| *octet == b'/');
    let mut form =
        || names.next().map(|name| Canonicalization::from_name(name).ok_or(SignatureError::Canonicalization));
    let header = form().transpose()?.unwrap_or_default();
    Ok((header, form().transpose()?.unwrap_or_default()))
}

/// Where a key is: the selector, `_domainkey`, the domain.
pub(crate) fn key_name(selector: &str, domain: &Name) -> Option<Name> {
    // a selector is labels, not the root and without a dot at its end
    let fits = !selector.is_empty() && !selector.ends_with('.');
    let below = domain.prefixed("_domainkey").ok()?;
    fits.then(|| below.prefixed(selector).ok()).flatten()
}

/// `i=`: its text, and whether its domain is the one that signs (RFC 6376, 3.5; 6.1.1).
fn identity(tag: &Tag<'_>, domain: &Name) -> Result<(Option<Box<str>>, bool), SignatureError> {
    let text = String::from_utf8(tag.unquoted()?).map_err(|_| SignatureError::Identity)?;
    let (_, host) = text.rsplit_once('@').ok_or(SignatureError::Identity)?;
    let name = Name::parse(host).map_err(|_| SignatureError::Identity)?;
    if !name.is_within(domain) {
        return Err(SignatureError::Identity);
    }
    Ok((Some(text.into()), name == *domain))
}

/// `h=`: the names, with From among them (RFC 6376, 5.4).
fn names(tag: &Tag<'_>, form: Form, limits: &Limits) -> Result<String, SignatureError> {
    let mut joined = String::with_capacity(tag.value().len());
    // RFC 8617, 4.1.2, leaves it to the sealer what is signed
    let mut from = form == Form::Arc;
    for (at, name) in tag.list().enumerate() {
        if at >= limits.signed_fields {
            return Err(Exceeded::SignedFields(limits.signed_fields).into());
        }
        let text = core::str::from_utf8(name)
            .ok()
            .filter(|name| !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic()));
        let text = text.ok_or(crate::Syntax { at: tag.at(), what: "a name in h= is none" })?;
        from |= text.eq_ignore_ascii_case("from");
        if at > 0 {
            joined.push(':');
        }
        joined.push_str(text);
    }
    if from { Ok(joined) } else { Err(SignatureError::FromUnsigned) }
}

/// Quotes what may not stand in a value as it is (RFC 6376, 2.11).
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '!'..='~' if !matches!(letter, ';' | '=') => out.push(letter),
            letter if !letter.is_ascii() => out.push(letter),
            letter => out.push_str(&alloc::format!("={:02X}", letter as u32)),
        }
    }
    out
}

/// The first eight characters of `b=`, which tell signatures apart (RFC 6008, 3), from the value as it is written.
pub(crate) fn first_of_b(tag: &Tag<'_>) -> Box<str> {
    let mut first = String::with_capacity(8);
    let letters = tag.value().iter().filter(|octet| octet.is_ascii_graphic()).take(8);
    letters.for_each(|octet| first.push(char::from(*octet)));
    first.into()
}
