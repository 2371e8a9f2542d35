//! The reply to EHLO: what a server offers (RFC 5321, 4.1.1.1).

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt::Write as _;

use crate::{
    delivery::{FutureRelease, ServerLimits, seconds},
    forward::Attribute,
    reply::{Bytes, Reply},
};

/// How many extensions that this crate does not know are kept.
const OTHERS_MAX: usize = 50;

/// What a server offers. Start from [`Capabilities::new`], which offers nothing.
///
/// ```
/// use smtp_proto::{Reply, ehlo::Capabilities};
///
/// let wire = b"250-mx.example.org\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250 STARTTLS\r\n";
/// let (reply, _) = Reply::parse(wire)?.unwrap();
/// let offers = Capabilities::from_reply(&reply);
/// assert!(offers.pipelining && offers.start_tls && !offers.chunking);
/// assert_eq!(offers.size, Some(Some(1_000_000)));
///
/// let mut again = Vec::new();
/// offers.write_reply("mx.example.org", &mut again);
/// assert_eq!(again, wire);
/// # Ok::<(), smtp_proto::reply::ReplyError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct Capabilities {
    /// PIPELINING (RFC 2920)
    pub pipelining: bool,
    /// SIZE (RFC 1870), with the largest message in bytes if there is a fixed one.
    pub size: Option<Option<u64>>,
    /// 8BITMIME (RFC 6152)
    pub eight_bit_mime: bool,
    /// ENHANCEDSTATUSCODES (RFC 2034)
    pub enhanced_status_codes: bool,
    /// CHUNKING (RFC 3030): BDAT
    pub chunking: bool,
    /// BINARYMIME (RFC 3030)
    pub binary_mime: bool,
    /// SMTPUTF8 (RFC 6531)
    pub smtputf8: bool,
    /// DSN (RFC 3461)
    pub dsn: bool,
    /// STARTTLS (RFC 3207)
    pub start_tls: bool,
    /// REQUIRETLS (RFC 8689)
    pub require_tls: bool,
    /// LIMITS (RFC 9422), with what the server takes at most.
    pub limits: Option<ServerLimits>,
    /// DELIVERBY (RFC 2852), with the fewest seconds that a message which is else to be returned must have, 0 for no such bound.
    pub deliver_by: Option<u32>,
    /// FUTURERELEASE (RFC 4865), with the longest times.
    pub future_release: Option<FutureRelease>,
    /// MT-PRIORITY (RFC 6710)
    pub priority: bool,
    /// XCLIENT
    pub xclient: bool,
    /// XFORWARD
    pub xforward: bool,
    /// VRFY
    pub vrfy: bool,
    /// EXPN
    pub expn: bool,
    /// HELP
    pub help: bool,
    /// The mechanisms of AUTH (RFC 4954), as they are written, each once.
    pub auth: Vec<String>,
    /// The lines of up to 50 other extensions, as they are written.
    pub others: Vec<String>,
}

impl Capabilities {
    /// Nothing is offered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the reply to EHLO or LHLO. Its first line is the server's name. What this crate does not know is kept or dropped, never refused.
    #[must_use]
    pub fn from_reply(reply: &Reply<'_>) -> Self {
        let mut this = Self::new();
        for line in reply.lines().skip(1) {
            this.read(line);
        }
        this
    }

    fn read(&mut self, line: &str) {
        let line = line.trim_end();
        let (keyword, params) = line.split_once(' ').unwrap_or((line, ""));
        let flag = match keyword.to_ascii_uppercase().as_str() {
            "PIPELINING" => &mut self.pipelining,
            "8BITMIME" => &mut self.eight_bit_mime,
            "ENHANCEDSTATUSCODES" => &mut self.enhanced_status_codes,
            "CHUNKING" => &mut self.chunking,
            "BINARYMIME" => &mut self.binary_mime,
            "SMTPUTF8" => &mut self.smtputf8,
            "DSN" => &mut self.dsn,
            "STARTTLS" => &mut self.start_tls,
            "REQUIRETLS" => &mut self.require_tls,
            "MT-PRIORITY" => &mut self.priority,
            "XCLIENT" => &mut self.xclient,
            "XFORWARD" => &mut self.xforward,
            "VRFY" => &mut self.vrfy,
            "EXPN" => &mut self.expn,
            "HELP" => &mut self.help,
            "SIZE" => {
                // RFC 1870, 3: 0, or nothing, is no fixed maximum
                self.size = Some(params.trim().parse().ok().filter(|size| *size > 0));
                return;
            }
            "AUTH" => {
                self.mechanisms(params);
                return;
            }
            "LIMITS" => {
                self.limits = Some(ServerLimits::read(params));
                return;
            }
            "DELIVERBY" => {
                // RFC 2852, 3: behind a comma may stand what nobody has defined yet.
                let least = params.split(',').next().unwrap_or_default();
                self.deliver_by = Some(seconds(least.trim()).unwrap_or(0));
                return;
            }
            "FUTURERELEASE" => {
                self.future_release = FutureRelease::read(params);
                return;
            }
            // How servers wrote it before it had a standard.
            upper if upper.starts_with("AUTH=") => {
                let (_, first) = line.split_once('=').unwrap_or_default();
                self.mechanisms(first);
                return;
            }
            "" => return,
            _ => {
                if self.others.len() < OTHERS_MAX && !self.others.iter().any(|known| known.eq_ignore_ascii_case(line)) {
                    self.others.push(line.to_owned());
                }
                return;
            }
        };
        *flag = true;
    }

    fn mechanisms(&mut self, words: &str) {
        for word in words.split_ascii_whitespace() {
            if self.auth.len() < OTHERS_MAX && !self.auth.iter().any(|known| known.eq_ignore_ascii_case(word)) {
                self.auth.push(word.to_owned());
            }
        }
    }

    /// Whether AUTH offers a mechanism.
    #[must_use]
    pub fn offers_mechanism(&self, name: &str) -> bool {
        self.auth.iter().any(|offered| offered.eq_ignore_ascii_case(name))
    }

    /// Appends the reply to EHLO that offers all this; control characters become `?`.
    pub fn write_reply(&self, hostname: &str, out: &mut Vec<u8>) {
        let start = out.len();
        let mut line = |keyword: &str, rest: &dyn core::fmt::Display| {
            let start = out.len();
            let _ = write!(Bytes(out), "250-{keyword}{rest}");
            // What the caller configured cannot end the line either.
            out.iter_mut().skip(start).filter(|byte| byte.is_ascii_control()).for_each(|byte| *byte = b'?');
            out.extend_from_slice(b"\r\n");
        };
        line(hostname, &"");
        let flags = [
            (self.pipelining, "PIPELINING"),
            (self.eight_bit_mime, "8BITMIME"),
            (self.enhanced_status_codes, "ENHANCEDSTATUSCODES"),
            (self.chunking, "CHUNKING"),
            (self.binary_mime, "BINARYMIME"),
            (self.smtputf8, "SMTPUTF8"),
            (self.dsn, "DSN"),
        ];
        for (_, keyword) in flags.into_iter().filter(|(set, _)| *set) {
            line(keyword, &"");
        }
        match self.size {
            Some(Some(size)) => line("SIZE ", &size),
            Some(None) => line("SIZE", &""),
            None => {}
        }
        if let Some((first, more)) = self.auth.split_first() {
            line("AUTH ", &Mechanisms { first, more });
        }
        if let Some(limits) = &self.limits {
            line("LIMITS", limits);
        }
        match self.deliver_by {
            Some(0) => line("DELIVERBY", &""),
            Some(least) => line("DELIVERBY ", &least),
            None => {}
        }
        if let Some(future_release) = &self.future_release {
            line("FUTURERELEASE ", future_release);
        }
        let flags = [
            (self.start_tls, "STARTTLS"),
            (self.require_tls, "REQUIRETLS"),
            (self.priority, "MT-PRIORITY"),
            (self.xclient, Attribute::XCLIENT),
            (self.xforward, Attribute::XFORWARD),
            (self.vrfy, "VRFY"),
            (self.expn, "EXPN"),
            (self.help, "HELP"),
        ];
        for (_, keyword) in flags.into_iter().filter(|(set, _)| *set) {
            line(keyword, &"");
        }
        for other in &self.others {
            line(other, &"");
        }
        // The last line has a space where the others have a hyphen.
        let end = out.len().saturating_sub(2);
        let last =
            out.get(start..end).and_then(|lines| memchr::memrchr(b'\n', lines)).map_or(start, |at| start + at + 1);
        if let Some(hyphen) = out.get_mut(last + 3) {
            *hyphen = b' ';
        }
    }
}

struct Mechanisms<'a> {
    first: &'a str,
    more: &'a [String],
}

impl core::fmt::Display for Mechanisms<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.first)?;
        self.more.iter().try_for_each(|name| write!(f, " {name}"))
    }
}
