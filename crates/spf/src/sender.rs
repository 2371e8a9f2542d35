//! Who sends, as SPF sees it (RFC 7208, 2.3, 2.4 and 4.3).

use core::net::IpAddr;
use core::ops::Range;

use dns::Name;
use smallvec::SmallVec;

/// Which identity is checked (RFC 7208, 2.3 and 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Identity {
    /// What the client says in HELO or EHLO.
    Helo,
    /// The reverse-path; the HELO name with `postmaster` where that is empty.
    MailFrom,
}

impl Identity {
    /// The word in `Received-SPF` (RFC 7208, 9.1).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Helo => "helo",
            Self::MailFrom => "mailfrom",
        }
    }
}

/// What is the receiver's own in a check.
///
/// ```
/// let mut config = spf::Config::new("mx.example.org");
/// config.time = 1_764_000_000; // %{t} in an explanation
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config<'a> {
    /// The receiving host's name, for `%{r}` and `Received-SPF`.
    pub receiver: &'a str,
    /// The time, in seconds since 1970, for `%{t}`. Default 0.
    pub time: i64,
    /// Whether the domain's explanation of a fail is asked for. It is a stranger's text, that goes into a reply: so by default it is not.
    pub explain: bool,
    /// What explains a fail where the domain does not; it may have macros, those for explanations too. Default empty: nothing does.
    pub explanation: &'a str,
    /// Whether `%{p}` is looked up (within the limits of `ptr`). Default true; otherwise it is `unknown`, which RFC 7208, 7.3, gives it where no name is confirmed.
    pub look_up_p: bool,
}

impl<'a> Config<'a> {
    /// The defaults, for a host of that name.
    #[must_use]
    pub const fn new(receiver: &'a str) -> Self {
        Self { receiver, time: 0, explain: false, explanation: "", look_up_p: true }
    }
}

/// The texts of a check, in one piece: their length is the client's to say, but usual ones are kept in place.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    octets: SmallVec<[u8; 128]>,
    helo: usize,
    receiver: usize,
    explanation: usize,
}

impl Texts {
    pub(crate) fn new(local: &str, helo: &str, config: &Config<'_>) -> Self {
        let mut octets = SmallVec::new();
        octets.extend_from_slice(local.as_bytes());
        let local = octets.len();
        octets.extend_from_slice(helo.as_bytes());
        let helo = octets.len();
        octets.extend_from_slice(config.receiver.as_bytes());
        let receiver = octets.len();
        octets.extend_from_slice(config.explanation.as_bytes());
        Self { octets, helo: local, receiver: helo, explanation: receiver }
    }

    fn get(&self, range: Range<usize>) -> &str {
        // Whole texts went in.
        self.octets.get(range).and_then(|octets| core::str::from_utf8(octets).ok()).unwrap_or_default()
    }

    pub(crate) fn local(&self) -> &str {
        self.get(0..self.helo)
    }

    pub(crate) fn helo(&self) -> &str {
        self.get(self.helo..self.receiver)
    }

    pub(crate) fn receiver(&self) -> &str {
        self.get(self.receiver..self.explanation)
    }

    pub(crate) fn explanation(&self) -> &str {
        self.get(self.explanation..self.octets.len())
    }
}

/// The local part and the domain of an identity; RFC 7208, 4.3: without a local part it is `postmaster`.
pub(crate) fn split<'a>(identity: Identity, helo: &'a str, reverse_path: &'a str) -> (&'a str, &'a str) {
    if identity == Identity::Helo || reverse_path.is_empty() {
        return ("postmaster", helo);
    }
    match reverse_path.rsplit_once('@') {
        Some(("", domain)) => ("postmaster", domain),
        Some(split) => split,
        None => ("postmaster", reverse_path),
    }
}

/// The domain to look for a record at; `None` if it has no two labels, or is an address literal (RFC 7208, 4.3).
pub(crate) fn domain(text: &str) -> Option<Name> {
    let name = Name::parse(text).ok()?;
    (name.as_bytes().contains(&b'.') && !name.as_bytes().starts_with(b"[")).then_some(name)
}

/// RFC 7208, 5: a client behind `::ffff:0:0/96` is an IPv4 client.
pub(crate) const fn client(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}
