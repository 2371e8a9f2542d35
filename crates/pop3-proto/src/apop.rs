//! APOP: a login that shows a digest instead of the password (RFC 1939, 7). Nobody is served by it who has a choice, so it is off on both sides.
//!
//! MD5 is weak, and whoever reads the exchange can try passwords against it at leisure. The server must keep every password as it was typed. And a server that chooses
//! its timestamps well can read a client's password bit by bit: that attack is what [`Timestamp`] is strict against. AUTH with SCRAM has none of these faults.
//!
//! A server session serves APOP if its greeting was answered with [`Answer::Greet`](crate::server::Answer::Greet); a client session uses it if
//! [`Config::apop`](crate::client::Config::apop) says so. MD5 itself is behind the feature `apop`: without it, the caller brings its own.

use alloc::string::String;
use core::fmt;

use subtle::ConstantTimeEq as _;

/// The timestamp of a greeting: a message id such as `<1896.697170952@dbc.mtview.ca.us>`, at most [`MAX`](Self::MAX) bytes, and another one each time.
///
/// Valid by construction, to the letter of RFC 5322, 3.6.4, without its obsolete forms. Blocks that collide under MD5, which a hostile server needs for reading
/// passwords, are nearly never of that form (CVE-2007-1558).
///
/// ```
/// use pop3_proto::apop::Timestamp;
///
/// assert!(Timestamp::new("<1896.697170952@dbc.mtview.ca.us>").is_some());
/// assert_eq!(Timestamp::new("<1896 697170952@dbc.mtview.ca.us>"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp(String);

impl Timestamp {
    /// The longest in bytes, its brackets included: 250, which leaves a greeting of 512 its words.
    pub const MAX: usize = 250;

    /// Takes a text with its angle brackets; `None` if it is no message id.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (text.len() <= Self::MAX && is_message_id(&text)).then_some(Self(text))
    }

    /// Finds the timestamp in a greeting; `None` if there is none, or more than one pair of brackets (RFC 2449, 3).
    pub(crate) fn find(greeting: &str) -> Option<Self> {
        let start = greeting.find('<')?;
        let end = greeting.rfind('>')?;
        Self::new(greeting.get(start..=end)?)
    }

    /// The text, with its angle brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What proves that a client knows the password: MD5 over the timestamp and it (RFC 1939, 7). Compared in constant time; `Debug` does not show it, since passwords can
/// be tried against it.
#[derive(Clone, Copy, Eq)]
pub struct Digest([u8; 16]);

impl Digest {
    /// A digest that the caller has computed.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads 32 hexadecimal digits, letters in lower case as RFC 1939 asks for.
    #[must_use]
    pub fn parse(hex: &str) -> Option<Self> {
        let nibble = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
        let pairs: &[[u8; 2]; 16] = pairs.try_into().ok()?;
        let mut bytes = [0; 16];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Self(bytes))
    }

    /// Computes the digest. For names and passwords beyond ASCII, both sides apply SASLprep to the password first (RFC 6856, 2.2).
    ///
    /// ```
    /// use pop3_proto::apop::{Digest, Timestamp};
    ///
    /// // RFC 1939, 7
    /// let timestamp = Timestamp::new("<1896.697170952@dbc.mtview.ca.us>").unwrap();
    /// assert_eq!(Some(Digest::new(&timestamp, b"tanstaaf")), Digest::parse("c4c9334bac560ecc979e58001b3e22fb"));
    /// ```
    #[cfg(feature = "apop")]
    #[must_use]
    pub fn new(timestamp: &Timestamp, password: &[u8]) -> Self {
        use md5::{Digest as _, Md5};

        Self(Md5::new().chain_update(timestamp.0.as_bytes()).chain_update(password).finalize().into())
    }

    /// Whether this is the digest of a password. Takes the same time whether or not it is.
    #[cfg(feature = "apop")]
    #[must_use]
    pub fn proves(&self, timestamp: &Timestamp, password: &[u8]) -> bool {
        *self == Self::new(timestamp, password)
    }

    /// As it is written in APOP. The caller keeps it out of logs.
    pub(crate) fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

/// RFC 5322, 3.6.4: `msg-id`, without comments, spaces and obsolete forms.
fn is_message_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    let Some((left, right)) = inner.and_then(|inner| inner.split_once('@')) else { return false };
    let literal = right.strip_prefix('[').and_then(|right| right.strip_suffix(']'));
    let dtext = |byte: u8| matches!(byte, b'!'..=b'Z' | b'^'..=b'~');
    is_dot_atom(left) && literal.map_or_else(|| is_dot_atom(right), |literal| literal.bytes().all(dtext))
}

/// RFC 5322, 3.2.3: `dot-atom-text`
fn is_dot_atom(text: &str) -> bool {
    let atext = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(atext))
}
