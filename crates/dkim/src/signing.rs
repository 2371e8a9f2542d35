//! How a domain signs.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use dns::Name;

use crate::signature::key_name;
use crate::{Algorithm, Canonicalization, Header, Signature, SigningKey};

/// What is signed wherever it is in a message (RFC 6376, 5.4.1, with what MIME and lists have added): what readers see, what programs decide by, and nothing that changes on
/// the way, such as Return-Path and Received.
pub const SIGNED: [&str; 32] = [
    "From",
    "Sender",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "To",
    "Cc",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-ID",
    "Content-Description",
    "Content-Language",
    "In-Reply-To",
    "References",
    "Resent-Date",
    "Resent-From",
    "Resent-Sender",
    "Resent-To",
    "Resent-Cc",
    "Resent-Message-ID",
    "List-Id",
    "List-Help",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Subscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
    "Auto-Submitted",
];

/// What is signed once more than it is there, so that none can be added without breaking the signature (RFC 6376, 8.15; row K-2).
pub const OVERSIGNED: [&str; 11] = [
    "From",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "To",
    "Cc",
    "MIME-Version",
    "Content-Type",
    "In-Reply-To",
    "References",
];

/// Where the private key is.
#[derive(Debug)]
#[non_exhaustive]
pub enum Key {
    /// Here. One key may sign for several domains.
    Held(Arc<SigningKey>),
    /// Elsewhere: the [`Signer`](crate::Signer) asks for signatures by this algorithm.
    Elsewhere(Algorithm),
}

impl From<SigningKey> for Key {
    fn from(key: SigningKey) -> Self {
        Self::Held(Arc::new(key))
    }
}

impl From<Arc<SigningKey>> for Key {
    fn from(key: Arc<SigningKey>) -> Self {
        Self::Held(key)
    }
}

/// Why nobody can sign so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// No domain.
    #[error("the domain is none")]
    Domain,
    /// No name below a domain.
    #[error("the selector is none, or too long with its domain")]
    Selector,
    /// rsa-sha1 is for nobody to sign with (RFC 8301, 3.1).
    #[error("nothing is signed with this algorithm")]
    Algorithm,
}

/// How a domain signs: its name, its key, and what of a message. Made once, and used for all messages.
///
/// Change the fields after [`Self::new`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Signing {
    domain: Box<str>,
    domain_name: Name,
    selector: Box<str>,
    key_name: Name,
    key: Key,
    /// How the header is signed: relaxed.
    pub header_form: Canonicalization,
    /// How the body is signed: relaxed.
    pub body_form: Canonicalization,
    /// The local part of `i=`, at the domain: not said. RFC 6376, 2.6: who or what within the domain it is signed for.
    pub identity: Option<Box<str>>,
    /// Names of fields that are signed where they are there: [`SIGNED`]. From always is.
    pub signed: Vec<Box<str>>,
    /// Names of fields that are signed once more than they are there: [`OVERSIGNED`].
    pub oversigned: Vec<Box<str>>,
    /// After how long the signature ends (`x=`): 7 days, which is longer than mail waits in queues (row K-3). `None`: never.
    pub lifetime: Option<Duration>,
}

impl Signing {
    /// A domain, whose key is published as `selector._domainkey.domain`.
    ///
    /// # Errors
    ///
    /// [`SigningError`].
    pub fn new(domain: &str, selector: &str, key: impl Into<Key>) -> Result<Self, SigningError> {
        let domain_name = Name::parse(domain).ok().filter(|name| !name.is_root()).ok_or(SigningError::Domain)?;
        let key_name = key_name(selector, &domain_name).ok_or(SigningError::Selector)?;
        let key = key.into();
        if matches!(key, Key::Elsewhere(Algorithm::RsaSha1)) {
            return Err(SigningError::Algorithm);
        }
        // what separates tags is no octet of a name beyond ASCII either
        if [domain, selector].iter().any(|text| text.contains([';', '=', ':'])) {
            return Err(SigningError::Domain);
        }
        Ok(Self {
            domain: domain.into(),
            domain_name,
            selector: selector.into(),
            key_name,
            key,
            header_form: Canonicalization::Relaxed,
            body_form: Canonicalization::Relaxed,
            identity: None,
            signed: SIGNED.map(Into::into).into(),
            oversigned: OVERSIGNED.map(Into::into).into(),
            lifetime: Some(Duration::from_secs(7 * 86_400)),
        })
    }

    /// Where the key has to be published.
    #[must_use]
    pub const fn key_name(&self) -> &Name {
        &self.key_name
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match &self.key {
            Key::Held(key) => key.algorithm(),
            Key::Elsewhere(algorithm) => *algorithm,
        }
    }

    /// The key, or where it is.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// `h=`: each name as often as it is there, and once more where that is wanted. From comes first, whether it is in the lists or not.
    pub(crate) fn names(&self, header: &Header<'_>) -> Vec<&str> {
        let mut seen: Vec<&str> = Vec::with_capacity(self.signed.len() + 1);
        let mut names = Vec::with_capacity(32);
        let known = self.signed.iter().chain(&self.oversigned).map(|name| &**name);
        for name in core::iter::once("From").chain(known) {
            if seen.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                continue;
            }
            seen.push(name);
            let there = header.fields().filter(|field| field.is(name)).count();
            let more = self.oversigned.iter().any(|other| other.eq_ignore_ascii_case(name));
            names.extend(core::iter::repeat_n(name, there + usize::from(more)));
        }
        names
    }

    /// The signature as it will be written, but for what `b=` has.
    pub(crate) fn begin(&self, header: &Header<'_>, body_hash: &[u8], unix_time: i64) -> Signature {
        let now = u64::try_from(unix_time).unwrap_or_default();
        Signature {
            algorithm: self.algorithm(),
            header_form: self.header_form,
            body_form: self.body_form,
            domain: self.domain.clone(),
            domain_name: self.domain_name,
            selector: self.selector.clone(),
            key_name: self.key_name,
            identity: self.identity.as_ref().map(|local| alloc::format!("{local}@{}", self.domain).into()),
            strict: true,
            names: self.names(header).join(":"),
            body_hash: body_hash.into(),
            signature: Vec::new(),
            length: None,
            timestamp: Some(now),
            expiration: self.lifetime.map(|lifetime| now.saturating_add(lifetime.as_secs().max(1))),
            span: 0..0,
        }
    }
}
