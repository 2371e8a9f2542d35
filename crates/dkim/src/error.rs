//! What can be wrong with what others wrote.

/// A tag list, or a value in one, that is not in the form it must have (RFC 6376, 3.2).
///
/// On the wire: `dkim=permerror`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("octet {at} of the tag list: {what}")]
pub struct Syntax {
    /// The octet, counted from zero: in the value of the field behind its colon, or in the record's text.
    pub at: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// A limit was passed; each carries the limit's value.
///
/// On the wire: `dkim=permerror`, but for [`Self::RsaBits`], which is `dkim=policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Exceeded {
    /// [`Limits::header`](crate::Limits::header)
    #[error("the header block has more than {0} octets")]
    Header(usize),
    /// [`Limits::fields`](crate::Limits::fields)
    #[error("the header block has more than {0} fields")]
    Fields(usize),
    /// [`Limits::tags`](crate::Limits::tags)
    #[error("the list has more than {0} tags")]
    Tags(usize),
    /// [`Limits::signed_fields`](crate::Limits::signed_fields)
    #[error("more than {0} fields are named in h=")]
    SignedFields(usize),
    /// [`Limits::key`](crate::Limits::key)
    #[error("the key record has more than {0} octets")]
    Key(usize),
    /// [`Limits::max_rsa_bits`](crate::Limits::max_rsa_bits)
    #[error("the RSA key has more than {0} bits")]
    RsaBits(u16),
}

/// Why a DKIM-Signature field cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// It is not in the form of RFC 6376, 3.5.
    #[error(transparent)]
    Syntax(#[from] Syntax),
    /// It is too large.
    #[error(transparent)]
    Limit(#[from] Exceeded),
    /// A tag that must be there is not (RFC 6376, 6.1.1).
    #[error("the tag {0}= is missing")]
    Missing(&'static str),
    /// Another version than 1.
    #[error("v= is not 1")]
    Version,
    /// An algorithm that nobody here knows: the signature is as good as absent.
    #[error("the algorithm in a= is not known")]
    Algorithm,
    /// The same for a canonicalization.
    #[error("the canonicalization in c= is not known")]
    Canonicalization,
    /// The key is nowhere where it could be asked for.
    #[error("q= does not have dns/txt")]
    Query,
    /// `d=` is no domain.
    #[error("d= is no domain name")]
    Domain,
    /// `s=` is no name below a domain.
    #[error("s= is no selector")]
    Selector,
    /// `i=` is neither `d=` nor below it.
    #[error("the domain of i= is neither d= nor below it")]
    Identity,
    /// From is not signed (RFC 6376, 5.4).
    #[error("h= does not have From")]
    FromUnsigned,
    /// `bh=` cannot be a hash of the algorithm.
    #[error("bh= does not have the length of the algorithm's hash")]
    BodyHash,
    /// It would expire before it is made (RFC 6376, 3.5, x=).
    #[error("x= is not later than t=")]
    Expiration,
}

/// Why a key record is of no use.
///
/// On the wire: `dkim=permerror`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It is not in the form of RFC 6376, 3.6.1.
    #[error("the key record: {0}")]
    Syntax(#[from] Syntax),
    /// It is too large.
    #[error(transparent)]
    Limit(#[from] Exceeded),
    /// `v=` is not DKIM1, or not in front.
    #[error("the key record's v= is not DKIM1, or not in front")]
    Version,
    /// There is no `p=`.
    #[error("the key record has no p=")]
    Missing,
    /// The owner took the key back: `p=` is empty.
    #[error("the key has been revoked")]
    Revoked,
    /// A type of key that nobody here knows.
    #[error("the type of key in k= is not known")]
    Type,
    /// What `p=` has is no key of the type.
    #[error("p= has no key of the type in k=")]
    Malformed,
}

/// The caller called something that makes no sense at this moment. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("misuse of a DKIM signer: {0}")]
pub struct Misuse(pub &'static str);
