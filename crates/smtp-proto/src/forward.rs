//! XCLIENT and XFORWARD: what a proxy or filter that is trusted says of the client behind it.
//!
//! No standard has them: Postfix made them, and proxies and content filters speak them. XCLIENT changes whom the session is
//! with; XFORWARD only what is logged.

use alloc::{borrow::Cow, string::String};
use core::{fmt, net::IpAddr};

use crate::xtext::Xtext;

/// The longest value, decoded: what a domain name has (RFC 5321, 4.5.3.1.2).
const VALUE_MAX: usize = 255;

/// What can be said of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Attribute {
    /// Its host name, as the DNS gives it.
    Name,
    /// Its address.
    Addr,
    /// Its port.
    Port,
    /// What it speaks, SMTP or ESMTP.
    Proto,
    /// What it said in HELO or EHLO.
    Helo,
    /// XCLIENT: the user that it has authenticated as.
    Login,
    /// XCLIENT: the address that it has connected to.
    DestAddr,
    /// XCLIENT: the port that it has connected to.
    DestPort,
    /// XFORWARD: the message's id at the proxy.
    Ident,
    /// XFORWARD: whether the message was made at the proxy's site (`LOCAL`) or came from elsewhere (`REMOTE`).
    Source,
}

impl Attribute {
    const ALL: [Self; 10] = [
        Self::Name,
        Self::Addr,
        Self::Port,
        Self::Proto,
        Self::Helo,
        Self::Login,
        Self::DestAddr,
        Self::DestPort,
        Self::Ident,
        Self::Source,
    ];

    /// What a server that serves XCLIENT offers in EHLO.
    pub(crate) const XCLIENT: &'static str = "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";

    /// What a server that serves XFORWARD offers in EHLO.
    pub(crate) const XFORWARD: &'static str = "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE";

    /// The name as it goes on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Addr => "ADDR",
            Self::Port => "PORT",
            Self::Proto => "PROTO",
            Self::Helo => "HELO",
            Self::Login => "LOGIN",
            Self::DestAddr => "DESTADDR",
            Self::DestPort => "DESTPORT",
            Self::Ident => "IDENT",
            Self::Source => "SOURCE",
        }
    }

    /// Whether a value is one that it can have.
    fn admits(self, value: &str) -> bool {
        match self {
            Self::Addr | Self::DestAddr => address(value).is_some(),
            Self::Port | Self::DestPort => port(value).is_some(),
            Self::Proto => value.eq_ignore_ascii_case("SMTP") || value.eq_ignore_ascii_case("ESMTP"),
            Self::Source => value.eq_ignore_ascii_case("LOCAL") || value.eq_ignore_ascii_case("REMOTE"),
            Self::Name | Self::Helo | Self::Login | Self::Ident => true,
        }
    }
}

/// What is known of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value<T> {
    /// This is it.
    Known(T),
    /// `[UNAVAILABLE]`: there is none, such as no host name in the DNS.
    Unavailable,
    /// `[TEMPUNAVAIL]`: it could not be found out just now.
    TemporarilyUnavailable,
}

impl<T> Value<T> {
    /// The value, if it is known.
    #[must_use]
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unavailable | Self::TemporarilyUnavailable => None,
        }
    }

    fn and_then<U>(self, change: impl FnOnce(T) -> Option<U>) -> Option<Value<U>> {
        Some(match self {
            Self::Known(value) => Value::Known(change(value)?),
            Self::Unavailable => Value::Unavailable,
            Self::TemporarilyUnavailable => Value::TemporarilyUnavailable,
        })
    }
}

/// Some attributes, each once, as they are on the wire.
///
/// ```
/// use core::net::Ipv4Addr;
/// use smtp_proto::forward::{Attribute, Attributes, Value};
///
/// let said = Attributes::parse("NAME=[UNAVAILABLE] ADDR=192.0.2.7 HELO=client.example").unwrap();
/// assert_eq!(said.address(Attribute::Addr), Some(Value::Known(Ipv4Addr::new(192, 0, 2, 7).into())));
/// assert_eq!(said.get(Attribute::Name), Some(Value::Unavailable));
/// assert_eq!(said.get(Attribute::Login), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attributes<'a>(Cow<'a, str>);

impl<'a> Attributes<'a> {
    /// Reads `NAME=value` pairs, apart by spaces. `None` if one is unknown, given twice, or has a value that it cannot have, or if there are
    /// none.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut seen = [false; Attribute::ALL.len()];
        for pair in pairs(text) {
            let (attribute, value) = read(pair)?;
            if let Value::Known(value) = &value
                && !attribute.admits(value)
            {
                return None;
            }
            let place = Attribute::ALL.iter().position(|known| *known == attribute)?;
            if core::mem::replace(seen.get_mut(place)?, true) {
                return None;
            }
        }
        seen.contains(&true).then_some(Self(Cow::Borrowed(text)))
    }

    /// Makes them of values. `None` as for [`Self::parse`].
    pub fn new<'v>(values: impl IntoIterator<Item = (Attribute, Value<&'v str>)>) -> Option<Attributes<'static>> {
        let mut text = String::new();
        for (attribute, value) in values {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(attribute.name());
            text.push('=');
            match value {
                Value::Known(value) => text.push_str(Xtext::encode(value.as_bytes()).as_str()),
                Value::Unavailable => text.push_str("[UNAVAILABLE]"),
                Value::TemporarilyUnavailable => text.push_str("[TEMPUNAVAIL]"),
            }
        }
        Attributes::parse(&text).map(Attributes::into_owned)
    }

    /// All of them, decoded, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (Attribute, Value<String>)> + '_ {
        pairs(&self.0).filter_map(read)
    }

    /// What is said of an attribute, decoded: text without control characters. `None`: nothing.
    #[must_use]
    pub fn get(&self, attribute: Attribute) -> Option<Value<String>> {
        self.iter().find_map(|(name, value)| (name == attribute).then_some(value))
    }

    /// What is said of [`Attribute::Addr`] or [`Attribute::DestAddr`].
    #[must_use]
    pub fn address(&self, attribute: Attribute) -> Option<Value<IpAddr>> {
        self.get(attribute)?.and_then(|value| address(&value))
    }

    /// What is said of [`Attribute::Port`] or [`Attribute::DestPort`].
    #[must_use]
    pub fn port(&self, attribute: Attribute) -> Option<Value<u16>> {
        self.get(attribute)?.and_then(|value| port(&value))
    }

    /// The text as it goes on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Attributes<'static> {
        Attributes(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Display for Attributes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn pairs(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|pair| !pair.is_empty())
}

fn read(pair: &str) -> Option<(Attribute, Value<String>)> {
    let (name, value) = pair.split_once('=')?;
    let attribute = Attribute::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name))?;
    let value = if value.eq_ignore_ascii_case("[UNAVAILABLE]") {
        Value::Unavailable
    } else if value.eq_ignore_ascii_case("[TEMPUNAVAIL]") {
        Value::TemporarilyUnavailable
    } else {
        let decoded = String::from_utf8(Xtext::parse(value, true)?.decode()).ok()?;
        // It may come to stand in a log or a header field.
        let good = (1..=VALUE_MAX).contains(&decoded.len()) && !decoded.chars().any(char::is_control);
        Value::Known(good.then_some(decoded)?)
    };
    Some((attribute, value))
}

fn address(value: &str) -> Option<IpAddr> {
    match value.split_at_checked(5) {
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPV6:") => address.parse().ok().map(IpAddr::V6),
        _ => value.parse().ok().map(IpAddr::V4),
    }
}

fn port(value: &str) -> Option<u16> {
    if value.bytes().all(|byte| byte.is_ascii_digit()) { value.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use alloc::{string::ToString as _, vec::Vec};

    use super::*;

    #[test]
    fn attributes_are_typed() {
        let text = "NAME=spike.example ADDR=IPV6:2001:db8::1 PORT=4711 PROTO=esmtp login=a+40b";
        let said = Attributes::parse(text).unwrap();
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        assert_eq!(said.address(Attribute::Addr), Some(Value::Known(address)));
        assert_eq!(said.port(Attribute::Port), Some(Value::Known(4711)));
        assert_eq!(said.get(Attribute::Login), Some(Value::Known("a@b".into())));
        assert_eq!(said.iter().count(), 5);
        let values: Vec<_> = said.iter().filter_map(|(name, value)| Some((name, value.known()?))).collect();
        let again = Attributes::new(values.iter().map(|(name, value)| (*name, Value::Known(value.as_str())))).unwrap();
        assert!(again.iter().eq(said.iter()), "{again}");
    }

    #[test]
    fn what_no_attribute_can_be_is_refused() {
        for bad in [
            "",
            " ",
            "NAME",
            "NAME=",
            "COLOR=red",
            "ADDR=2001:db8::1",
            "ADDR=IPV6:192.0.2.1",
            "ADDR=192.0.2",
            "PORT=65536",
            "PORT=+1",
            "PROTO=LMTP",
            "SOURCE=HERE",
            "NAME=a NAME=b",
            "HELO=a+0D+0Ab",
            "HELO=a+FF",
            "HELO=a=b",
            "HELO=a+4",
        ] {
            assert_eq!(Attributes::parse(bad), None, "{bad}");
        }
        let long = "x".repeat(VALUE_MAX + 1);
        assert!(Attributes::new([(Attribute::Helo, Value::Known(long.as_str()))]).is_none());
        let made = Attributes::new([(Attribute::Helo, Value::TemporarilyUnavailable)]).unwrap();
        assert_eq!(made.to_string(), "HELO=[TEMPUNAVAIL]");
    }
}
