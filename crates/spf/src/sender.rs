//! Who sends, as SPF sees it (RFC 7208, 2.3, 2.4 and 4.3).

use alloc::boxed::Box;
use core::net::IpAddr;

use dns::{Name, NameError};

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

/// How many octets of texts are kept in place.
const IN_PLACE: usize = 128;

/// The texts of a check, in one piece: their length is the client's to say, but usual ones are kept in place.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    octets: Octets,
    /// Where each but the first begins, and the last one's end.
    helo: usize,
    receiver: usize,
    explanation: usize,
    end: usize,
}

/// Which of the texts.
#[derive(Clone, Copy)]
pub(crate) enum Text {
    Local,
    Helo,
    Receiver,
    Explanation,
}

#[derive(Clone, Debug)]
enum Octets {
    InPlace([u8; IN_PLACE]),
    Long(Box<[u8]>),
}

impl Texts {
    #[inline]
    pub(crate) fn new(local: &str, helo: &str, config: &Config<'_>) -> Self {
        let texts = [local, helo, config.receiver, config.explanation];
        let begin_helo = local.len();
        let begin_receiver = begin_helo + helo.len();
        let begin_explanation = begin_receiver + config.receiver.len();
        let end = begin_explanation + config.explanation.len();
        let octets = if end <= IN_PLACE {
            let mut octets = [0; IN_PLACE];
            let mut at = 0;
            for text in texts {
                if let Some(room) = octets.get_mut(at..at + text.len()) {
                    room.copy_from_slice(text.as_bytes());
                }
                at += text.len();
            }
            Octets::InPlace(octets)
        } else {
            Octets::Long(texts.concat().into_bytes().into_boxed_slice())
        };
        Self { octets, helo: begin_helo, receiver: begin_receiver, explanation: begin_explanation, end }
    }

    pub(crate) fn octets(&self, text: Text) -> &[u8] {
        let range = match text {
            Text::Local => 0..self.helo,
            Text::Helo => self.helo..self.receiver,
            Text::Receiver => self.receiver..self.explanation,
            Text::Explanation => self.explanation..self.end,
        };
        match &self.octets {
            Octets::InPlace(octets) => octets.get(range).unwrap_or_default(),
            Octets::Long(octets) => octets.get(range).unwrap_or_default(),
        }
    }

    pub(crate) fn get(&self, text: Text) -> &str {
        // Whole texts went in.
        core::str::from_utf8(self.octets(text)).unwrap_or_default()
    }

    pub(crate) const fn has_explanation(&self) -> bool {
        self.explanation < self.end
    }
}

/// The local part and the domain of an identity; RFC 7208, 4.3: without a local part it is `postmaster`.
pub(crate) fn split<'a>(identity: Identity, helo: &'a str, reverse_path: &'a str) -> (&'a str, &'a str) {
    if identity == Identity::Helo || reverse_path.is_empty() {
        return ("postmaster", helo);
    }
    // Paths are short: this is quicker than a search that is made for long texts.
    let at = reverse_path.bytes().rposition(|octet| octet == b'@');
    match at.and_then(|at| Some((reverse_path.get(..at)?, reverse_path.get(at + 1..)?))) {
        Some(("", domain)) => ("postmaster", domain),
        Some(split) => split,
        None => ("postmaster", reverse_path),
    }
}

/// The domain to look for a record at; an error or a name that is not usable, if there is none (RFC 7208, 4.3).
#[inline]
pub(crate) fn domain(text: &str) -> Result<Name, NameError> {
    if text.is_ascii() { Name::from_ascii(text.as_bytes()) } else { Name::parse(text) }
}

/// RFC 7208, 4.3: a domain has two labels, and is no address literal.
pub(crate) fn is_usable(domain: &Name) -> bool {
    let octets = domain.as_bytes();
    octets.contains(&b'.') && !octets.starts_with(b"[")
}

/// RFC 7208, 5: a client behind `::ffff:0:0/96` is an IPv4 client.
pub(crate) const fn client(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}
