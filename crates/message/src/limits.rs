//! What a message may cost.

/// Bounds on what is read. Change the fields of a default value.
///
/// Nothing is cut short: what passes a bound of the header is an [`Error::Limit`](crate::Error::Limit), and what a session answers then is told at each field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest header block in bytes, with its line ends and the empty line: 1 MiB. Row M-4. Over SMTP: 552 5.3.4.
    pub header: u32,
    /// The longest single field in bytes, with its name, folds and line end: 100 KiB. Row M-4. Over SMTP: 552 5.3.4.
    pub field: u32,
    /// How many fields a header block may have, counting lines that are no field: 1,000. Row M-4. Over SMTP: 552 5.3.4.
    pub fields: u32,
    /// How many addresses one field may have, counting groups: 10,000. Row M-4. Over SMTP: 552 5.3.4.
    pub addresses: u32,
    /// How deep comments may be nested: 32. Row M-1. What is deeper is a syntax error of the value alone; the field stays readable as text.
    pub comments: u32,
    /// How many parts a message may have, itself counted: 1,000. Row M-3. Where there are more, the last one has all that follows in it.
    pub parts: u32,
    /// How deep parts may be nested: 50. Row M-1. What is in a part at that depth is not looked at.
    pub depth: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: 1 << 20,
            field: 100 << 10,
            fields: 1_000,
            addresses: 10_000,
            comments: 32,
            parts: 1_000,
            depth: 50,
        }
    }
}

/// How forgiving a value is read.
///
/// The default is RFC 5322 with its obsolete forms, which every reader must understand (4), and with UTF-8 (RFC 6532). That is the one to
/// judge mail by: whatever decides on a sender must not guess.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leniency {
    /// By the grammar, obsolete forms included.
    #[default]
    Standard,
    /// Also what mailers commonly get wrong, for showing and searching old mail: an address that cannot be read is left out instead of
    /// spoiling its list, `;` separates addresses, dots may stand anywhere in a local part, `>` may be missing at the end, encoded words
    /// are decoded inside quotes, a date may lack its zone or the comma behind its day.
    Forgiving,
}
