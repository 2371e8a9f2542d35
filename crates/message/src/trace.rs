//! The fields that servers put on top of a message: Received, Return-Path (RFC 5321, 4.4) and Delivered-To (RFC 9228).
//!
//! Whatever the client said, each of them writes exactly one field, on lines of at most 998 octets, ending in CRLF. Put them before the
//! message, Return-Path and Delivered-To above Received.

use alloc::{string::String, vec::Vec};
use core::{
    fmt::{self, Write as _},
    net::IpAddr,
};

use crate::{AddrSpec, DateTime};

/// How a message came: what stands behind `with` (RFC 3848, RFC 6531 4.3, and the registry of mail transmission types).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct WithProtocol {
    /// LMTP, not SMTP.
    pub lmtp: bool,
    /// The client said EHLO (or LHLO), not HELO.
    pub extended: bool,
    /// The message came with SMTPUTF8.
    pub utf8: bool,
    /// Over TLS.
    pub tls: bool,
    /// After AUTH.
    pub authenticated: bool,
}

impl fmt::Display for WithProtocol {
    /// ```
    /// use message::trace::WithProtocol;
    ///
    /// let with = WithProtocol { extended: true, tls: true, authenticated: true, ..WithProtocol::default() };
    /// assert_eq!(with.to_string(), "ESMTPSA");
    /// assert_eq!(WithProtocol::default().to_string(), "SMTP");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = match (self.utf8, self.lmtp) {
            (true, true) => "UTF8LMTP",
            (true, false) => "UTF8SMTP",
            (false, true) => "LMTP",
            // TLS and AUTH exist only after EHLO
            (false, false) if self.extended || self.tls || self.authenticated => "ESMTP",
            (false, false) => "SMTP",
        };
        write!(f, "{base}{}{}", if self.tls { "S" } else { "" }, if self.authenticated { "A" } else { "" })
    }
}

/// A Received field to be written: where a message came from, by whom it was taken, and when.
///
/// Strings may be whatever the client, the DNS or the configuration gave: what cannot stand in the field is written as `?`, and what is
/// longer than 255 bytes is cut, so that nobody can break the field or add another.
///
/// ```
/// use message::{DateTime, trace::{Received, WithProtocol}};
///
/// let received = Received {
///     from_helo: "mail.example.net\r\nBcc: x",
///     from_ip: [192, 0, 2, 1].into(),
///     from_name: Some("rdns.example.net"),
///     by: "mx.example.org",
///     protocol: WithProtocol { extended: true, tls: true, ..WithProtocol::default() },
///     tls: Some(("TLSv1.3", "TLS_AES_128_GCM_SHA256")),
///     id: "0a1b2c",
///     for_: Some("mary@example.org".parse()?),
///     date: DateTime::utc(0),
/// };
/// assert_eq!(
///     received.to_string(),
///     "Received: from mail.example.net??Bcc:?x (rdns.example.net [192.0.2.1])\r\n\
///      \x20by mx.example.org with ESMTPS id 0a1b2c\r\n\
///      \x20for <mary@example.org>\r\n\
///      \x20tls TLS_AES_128_GCM_SHA256 (TLSv1.3);\r\n\
///      \x20Thu, 01 Jan 1970 00:00:00 +0000\r\n"
/// );
/// # Ok::<(), message::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received<'a> {
    /// The name in EHLO, HELO or LHLO.
    pub from_helo: &'a str,
    /// The address the connection came from.
    pub from_ip: IpAddr,
    /// Its name in the DNS, if it has one that leads back.
    pub from_name: Option<&'a str>,
    /// This server's name.
    pub by: &'a str,
    /// How the message came.
    pub protocol: WithProtocol,
    /// Version and cipher suite of the connection (RFC 8314, 4.3).
    pub tls: Option<(&'a str, &'a str)>,
    /// This server's id for the message.
    pub id: &'a str,
    /// The recipient. Only where there is one alone: others must not be told of each other (RFC 5321, 7.6).
    pub for_: Option<AddrSpec<'a>>,
    /// When the message was taken.
    pub date: DateTime,
}

impl Received<'_> {
    /// Appends the field with its line ends.
    pub fn write(&self, out: &mut Vec<u8>) {
        append(out, self);
    }
}

impl fmt::Display for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Received: from {} (", Word(self.from_helo))?;
        if let Some(name) = self.from_name {
            write!(f, "{} ", Word(name))?;
        }
        match self.from_ip.to_canonical() {
            IpAddr::V4(ip) => write!(f, "[{ip}]")?,
            IpAddr::V6(ip) => write!(f, "[IPv6:{ip}]")?,
        }
        write!(f, ")\r\n by {} with {} id {}", Word(self.by), self.protocol, Word(self.id))?;
        if let Some(address) = &self.for_ {
            write!(f, "\r\n for <{address}>")?;
        }
        if let Some((version, cipher)) = self.tls {
            write!(f, "\r\n tls {} ({})", Word(cipher), Word(version))?;
        }
        write!(f, ";\r\n {}\r\n", self.date)
    }
}

/// Where bounces go to: the path of MAIL FROM, written by the server that delivers (RFC 5321, 4.4).
///
/// ```
/// use message::trace::ReturnPath;
///
/// assert_eq!(ReturnPath(None).to_string(), "Return-Path: <>\r\n");
/// assert_eq!(ReturnPath(Some("a@example.org".parse()?)).to_string(), "Return-Path: <a@example.org>\r\n");
/// # Ok::<(), message::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath<'a>(
    /// `None` is the null path of notifications.
    pub Option<AddrSpec<'a>>,
);

impl ReturnPath<'_> {
    /// Appends the field with its line end.
    pub fn write(&self, out: &mut Vec<u8>) {
        append(out, self);
    }
}

impl fmt::Display for ReturnPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(address) => write!(f, "Return-Path: <{address}>\r\n"),
            None => f.write_str("Return-Path: <>\r\n"),
        }
    }
}

/// Whom a message was delivered to, written at each delivery (RFC 9228, 2): the next time the same address is found, the message goes round.
/// See [`Headers::delivered_to`](crate::Headers::delivered_to).
///
/// ```
/// let field = message::trace::DeliveredTo("a@example.org".parse()?);
/// assert_eq!(field.to_string(), "Delivered-To: a@example.org\r\n");
/// # Ok::<(), message::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveredTo<'a>(
    /// The mailbox.
    pub AddrSpec<'a>,
);

impl DeliveredTo<'_> {
    /// Appends the field with its line end.
    pub fn write(&self, out: &mut Vec<u8>) {
        append(out, self);
    }
}

impl fmt::Display for DeliveredTo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Delivered-To: {}\r\n", self.0)
    }
}

fn append(out: &mut Vec<u8>, field: &impl fmt::Display) {
    let mut text = String::new();
    // writing to a String does not fail
    let _ = write!(text, "{field}");
    out.extend_from_slice(text.as_bytes());
}

/// A word of a trace field made of anything: letters, digits and what names and address literals have besides; all else is `?`.
struct Word<'a>(&'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 5321, 4.5.3.1.2: a domain has at most 255 octets
        const MAX: usize = 255;
        let mut left = MAX;
        if self.0.is_empty() {
            return f.write_str("unknown");
        }
        for char in self.0.chars() {
            let Some(rest) = left.checked_sub(char.len_utf8()) else { break };
            left = rest;
            // beyond ASCII: names of RFC 6531; alphanumeric leaves out what turns text around or cannot be seen
            let plain = char.is_alphanumeric() || matches!(char, '.' | '-' | '_' | ':' | '[' | ']' | '+' | '=' | '/');
            f.write_char(if plain { char } else { '?' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::*;
    use crate::Index;

    #[test]
    fn every_protocol_has_its_name() {
        let name = |lmtp, extended, utf8, tls, authenticated| {
            WithProtocol { lmtp, extended, utf8, tls, authenticated }.to_string()
        };
        assert_eq!(name(false, false, false, false, false), "SMTP");
        assert_eq!(name(false, true, false, false, false), "ESMTP");
        assert_eq!(name(false, true, false, false, true), "ESMTPA");
        assert_eq!(name(false, true, true, true, true), "UTF8SMTPSA");
        assert_eq!(name(true, true, false, true, false), "LMTPS");
        assert_eq!(name(true, true, true, false, false), "UTF8LMTP");
    }

    #[test]
    fn addresses_are_literals() {
        let ip = |ip: &str| {
            Received {
                from_helo: "",
                from_ip: ip.parse().unwrap(),
                from_name: None,
                by: "mx",
                protocol: WithProtocol::default(),
                tls: None,
                id: "1",
                for_: None,
                date: DateTime::utc(0),
            }
            .to_string()
        };
        assert!(
            ip("2001:db8::1").starts_with("Received: from unknown ([IPv6:2001:db8::1])\r\n by mx with SMTP id 1;\r\n")
        );
        assert!(ip("::ffff:192.0.2.1").contains("([192.0.2.1])"));
    }

    proptest! {
        /// R-10: whatever a client says, the field stays one field, and the message below it stays as it was.
        #[test]
        fn r10_nobody_breaks_a_trace_field(helo in any::<String>(), name in "\\PC{0,400}|[\\r\\n (;:]{0,9}", id in any::<String>()) {
            let received = Received {
                from_helo: &helo,
                from_ip: [192, 0, 2, 1].into(),
                from_name: Some(&name),
                by: "mx.example.org",
                protocol: WithProtocol::default(),
                tls: Some((&id, &helo)),
                id: &id,
                for_: None,
                date: DateTime::utc(1_000_000_000),
            };
            let mut message = Vec::new();
            received.write(&mut message);
            prop_assert!(message.split(|&byte| byte == b'\n').all(|line| line.len() <= 999));
            message.extend_from_slice(b"Subject: x\r\n\r\n");
            let mut index = Index::default();
            let headers = index.parse(&message).unwrap();
            prop_assert_eq!(headers.defects().count(), 0);
            prop_assert_eq!(headers.len(), 2);
            let hop = headers.get("Received").unwrap().hop().unwrap();
            prop_assert_eq!((hop.by, hop.date), (Some("mx.example.org"), Some(DateTime::utc(1_000_000_000))));
        }
    }
}
