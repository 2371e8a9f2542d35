//! Where reports go (RFC 9989, 4.6 and 4.8).

use core::fmt;
use core::ops::Range;

use dns::Name;

/// One URI of `rua` or `ruf`, valid in RFC 3986's characters; the size that RFC 7489 let follow is left out.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReportUri<'a> {
    text: &'a str,
}

/// Why something is no URI for reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// Nothing is there.
    #[error("octet {at} of the record: a URI is missing")]
    Empty {
        /// Where it would be.
        at: usize,
    },
    /// It does not begin with a scheme and a colon.
    #[error("octet {at} of the record: a URI begins with its scheme, as in `mailto:`")]
    Scheme {
        /// Where the URI begins.
        at: usize,
    },
    /// An octet that has to be percent-encoded, or a percent sign without two digits.
    #[error("octet {at} of the record may not be in a URI as it is; write it as % and two hexadecimal digits")]
    Octet {
        /// The octet.
        at: usize,
    },
    /// `mailto:` without an address whose domain is one.
    #[error("octet {at} of the record: `mailto:` needs one address with a domain")]
    Address {
        /// Where the URI begins.
        at: usize,
    },
}

impl<'a> ReportUri<'a> {
    /// Reads one URI; what is told of an error counts octets from its beginning.
    ///
    /// # Errors
    ///
    /// [`UriError`].
    pub fn parse(text: &'a [u8]) -> Result<Self, UriError> {
        Self::read(text, 0).map(|(uri, _)| uri)
    }

    /// The URI and whether a size follows it.
    pub(crate) fn read(text: &'a [u8], at: usize) -> Result<(Self, bool), UriError> {
        if text.is_empty() {
            return Err(UriError::Empty { at });
        }
        let (uri, sized) = without_size(text);
        let scheme = uri.iter().position(|octet| *octet == b':').unwrap_or_default();
        let (scheme, rest) = uri.split_at_checked(scheme).unwrap_or_default();
        // RFC 3986, 3.1
        let valid = scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.iter().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(octet));
        if !valid || rest.len() < 2 {
            return Err(UriError::Scheme { at });
        }
        let mut octets = uri.iter().enumerate();
        while let Some((offset, octet)) = octets.next() {
            let digits = |octets: &mut core::iter::Enumerate<core::slice::Iter<'_, u8>>| {
                octets.by_ref().take(2).filter(|(_, octet)| octet.is_ascii_hexdigit()).count() == 2
            };
            let valid = match octet {
                b'%' => digits(&mut octets),
                // RFC 3986, 2.2 and 2.3, without the comma and the exclamation mark (RFC 9989, 4.8)
                _ => octet.is_ascii_alphanumeric() || b"-._~:/?#[]@$&'()*+;=".contains(octet),
            };
            if !valid {
                return Err(UriError::Octet { at: at + offset });
            }
        }
        let uri = Self { text: core::str::from_utf8(uri).map_err(|_| UriError::Scheme { at })? };
        if uri.is_mailto() && uri.host().is_none() {
            return Err(UriError::Address { at });
        }
        Ok((uri, sized))
    }

    /// The text, as it is in the record.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether reports go there by mail, the only way that is required.
    #[must_use]
    pub fn is_mailto(&self) -> bool {
        self.text.split_once(':').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("mailto"))
    }

    /// The address of `mailto:`, percent-encoded as it is; headers that may follow are left out.
    #[must_use]
    pub fn address(&self) -> Option<&'a str> {
        let (scheme, rest) = self.text.split_once(':')?;
        let address = rest.split_once('?').map_or(rest, |(address, _)| address);
        scheme.eq_ignore_ascii_case("mailto").then_some(address)
    }

    /// The domain of the address; `None` for other schemes.
    #[must_use]
    pub fn host(&self) -> Option<Name> {
        let (local, domain) = self.address()?.rsplit_once('@')?;
        let name = (!local.is_empty() && !domain.contains(['%', '['])).then(|| Name::from_ascii(domain.as_bytes()))?;
        name.ok().filter(|name| !name.is_root())
    }
}

impl fmt::Display for ReportUri<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.text)
    }
}

impl fmt::Debug for ReportUri<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.text, formatter)
    }
}

/// A URI without `!10m` (RFC 9989, 4.8, `obs-dmarc-report-size`), and whether there was one.
fn without_size(text: &[u8]) -> (&[u8], bool) {
    let Some(mark) = memchr::memrchr(b'!', text) else { return (text, false) };
    let (uri, size) = text.split_at_checked(mark).unwrap_or_default();
    let digits = match size.get(1..).unwrap_or_default() {
        [digits @ .., b'k' | b'K' | b'm' | b'M' | b'g' | b'G' | b't' | b'T'] => digits,
        digits => digits,
    };
    if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) { (uri, true) } else { (text, false) }
}

/// The URIs of `rua` or `ruf`, in their order; what is none is told and passed over.
#[derive(Clone, Debug)]
pub struct ReportUris<'a> {
    rest: Option<&'a [u8]>,
    at: usize,
}

impl<'a> ReportUris<'a> {
    /// Those of a tag's value, which begins at an octet of the record.
    pub(crate) const fn new(value: &'a [u8], at: usize) -> Self {
        Self { rest: Some(value), at }
    }

    /// None.
    pub(crate) const NONE: Self = Self { rest: None, at: 0 };

    /// Only those that are valid.
    pub fn valid(self) -> impl Iterator<Item = ReportUri<'a>> {
        self.filter_map(|(_, uri)| uri.ok().map(|(uri, _)| uri))
    }
}

impl<'a> Iterator for ReportUris<'a> {
    /// Where it stands in the record; the URI, and whether an obsolete size follows it.
    type Item = (Range<usize>, Result<(ReportUri<'a>, bool), UriError>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        let end = memchr::memchr(b',', rest).unwrap_or(rest.len());
        let (item, behind) = rest.split_at_checked(end)?;
        self.rest = behind.get(1..);
        let begin = self.at + (item.len() - item.trim_ascii_start().len());
        self.at += end + 1;
        let item = item.trim_ascii();
        Some((begin..begin + item.len(), ReportUri::read(item, begin)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_checked() {
        let uri = ReportUri::parse(b"mailto:a+b%21@Rua.Example?subject=x").unwrap();
        assert_eq!((uri.address(), uri.host().unwrap()), (Some("a+b%21@Rua.Example"), "rua.example".parse().unwrap()));
        let other = ReportUri::parse(b"https://rua.example/x").unwrap();
        assert_eq!((other.address(), other.host(), other.is_mailto()), (None, None, false));
        for (text, error) in [
            (&b""[..], UriError::Empty { at: 0 }),
            (b"a@b.example", UriError::Scheme { at: 0 }),
            (b"mailto:", UriError::Scheme { at: 0 }),
            (b"1ailto:a@b", UriError::Scheme { at: 0 }),
            (b"mailto:a b@c.example", UriError::Octet { at: 8 }),
            (b"mailto:a!b@c.example", UriError::Octet { at: 8 }),
            (b"mailto:a%2@c.example", UriError::Octet { at: 8 }),
            (b"mailto:\xE4@c.example", UriError::Octet { at: 7 }),
            (b"mailto:c.example", UriError::Address { at: 0 }),
            (b"mailto:@c.example", UriError::Address { at: 0 }),
            (b"mailto:a@", UriError::Address { at: 0 }),
            (b"mailto:a@[192.0.2.1]", UriError::Address { at: 0 }),
        ] {
            assert_eq!(ReportUri::parse(text), Err(error), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn sizes_of_old_records_are_left_out() {
        let all = b"mailto:a@b.example!10m , mailto:c@d.example!5,mailto:e@f.example!k,,x";
        let uris: alloc::vec::Vec<_> = ReportUris::new(all, 100).collect();
        assert_eq!(uris[0].1.map(|(uri, sized)| (uri.as_str(), sized)), Ok(("mailto:a@b.example", true)));
        assert_eq!(uris[0].0, 100..122);
        assert_eq!(uris[1].1.map(|(uri, sized)| (uri.as_str(), sized)), Ok(("mailto:c@d.example", true)));
        assert_eq!(uris[1].0.start, 125);
        assert!(matches!(uris[2].1, Err(UriError::Octet { .. })));
        assert!(matches!(uris[3].1, Err(UriError::Empty { .. })));
        assert!(matches!(uris[4].1, Err(UriError::Scheme { .. })));
        assert_eq!(ReportUris::new(all, 0).valid().count(), 2);
    }
}
