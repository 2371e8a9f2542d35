//! What a field may cost, and how forgiving it is read.

/// Bounds on what is read. Change the fields of a default value.
///
/// What passes a bound is an [`Error::Limit`](crate::Error::Limit); the field is then to be treated as one that says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest value of a field in bytes, with its folds: 64 KiB. No honest server writes a tenth of it.
    pub field: u32,
    /// How many results one field may have: 100.
    pub results: u32,
    /// How many properties one field may have, those of all its results counted: 500.
    pub properties: u32,
    /// How many comments one field may have: 500.
    pub comments: u32,
    /// How deep comments may be nested: 32. What is deeper is a syntax error.
    pub depth: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { field: 64 << 10, results: 100, properties: 500, comments: 500, depth: 32 }
    }
}

/// How forgiving a field is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leniency {
    /// By the grammar of RFC 8601, 2.2. This is the one to decide by: a field of one's own server is in this form, and nobody else's is believed.
    #[default]
    Standard,
    /// Also what servers commonly get wrong, for showing and counting what others have found: values that should have been in quotes (IPv6
    /// addresses, base64, addresses in angle brackets), a missing authserv-id, empty entries, a reason behind the properties, words without a
    /// type (`action=none`), underscores in names, and `hardfail`, which is read as [`Fail`](crate::ResultCode::Fail). Entries that cannot
    /// be read even so are left out and counted ([`AuthenticationResults::skipped`](crate::AuthenticationResults::skipped)).
    Forgiving,
}
