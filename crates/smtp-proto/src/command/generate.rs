//! Generated commands and replies, for fuzzing: whatever can be built, hence written.

use alloc::{format, string::String};

use arbitrary::{Arbitrary, Result, Unstructured};

use super::{
    ClientName, Command, ForwardPath, InitialResponse, Mail, MailParams, Mailbox, Rcpt, RcptParams, ReversePath,
};
use crate::{
    delivery::{DeliverBy, Hold, Priority},
    dsn::OriginalRecipient,
    forward::{Attribute, Attributes, Value},
    reply::Reply,
    status::EnhancedStatus,
    xtext::Xtext,
};

/// One to `most` characters of an alphabet.
fn word(u: &mut Unstructured<'_>, alphabet: &[u8], most: usize) -> Result<String> {
    let length = u.int_in_range(1..=most)?;
    (0..length).map(|_| Ok(char::from(*u.choose(alphabet)?))).collect()
}

/// An argument that is the same after it has been written and read.
fn argument<'a>(u: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    let text = <&str>::arbitrary(u)?.trim_matches([' ', '\t']);
    Ok(if text.bytes().any(|byte| byte.is_ascii_control()) { b"" } else { text.as_bytes() })
}

impl<'a> Arbitrary<'a> for Mailbox<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let local = if u.arbitrary()? {
            word(u, b"abzAZ09!#$%&'*+-/=?^_`{|}~", 60)?
        } else {
            let quoted = word(u, br#"ab.@<>, \""#, 30)?.replace('\\', r"\\").replace('"', r#"\""#);
            format!("\"{quoted}\"")
        };
        let domain = match u.int_in_range(0..=3)? {
            0 => format!("[{}]", core::net::Ipv4Addr::from(u32::arbitrary(u)?)),
            1 => format!("[IPv6:{}]", core::net::Ipv6Addr::from(u128::arbitrary(u)?)),
            _ => format!("{}.{}", word(u, b"abzAZ09", 60)?, word(u, b"abz", 10)?),
        };
        let text = format!("{local}@{domain}");
        Mailbox::parse(&text, false).map(Mailbox::into_owned).map_err(|_| arbitrary::Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for ReversePath<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(if u.ratio(1, 8)? { Self::Null } else { Self::Mailbox(u.arbitrary()?) })
    }
}

impl<'a> Arbitrary<'a> for ForwardPath<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(if u.ratio(1, 8)? { Self::Postmaster } else { Self::Mailbox(u.arbitrary()?) })
    }
}

impl<'a> Arbitrary<'a> for ClientName<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let name = word(u, b"abzAZ09.-_", 60)?;
        ClientName::parse(&name).map(ClientName::into_owned).map_err(|_| arbitrary::Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for MailParams<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let envid = if u.arbitrary()? { Some(Xtext::encode(word(u, b"az09 +=;", 30)?.as_bytes())) } else { None };
        let auth = match u.int_in_range(0..=2)? {
            0 => None,
            1 => Xtext::parse("<>", false),
            _ => Some(Xtext::encode(Mailbox::arbitrary(u)?.as_str().as_bytes())),
        };
        Ok(Self {
            size: u.arbitrary()?,
            body: u.arbitrary()?,
            smtputf8: u.arbitrary()?,
            ret: u.arbitrary()?,
            envid,
            auth,
            require_tls: u.arbitrary()?,
            deliver_by: if u.arbitrary()? {
                DeliverBy::new(u.arbitrary()?, u.arbitrary()?, u.arbitrary()?)
            } else {
                None
            },
            hold: match u.int_in_range(0..=2)? {
                0 => None,
                1 => Some(Hold::For(u.int_in_range(1..=999_999_999)?)),
                _ => Some(Hold::Until(u.int_in_range(0..=4_000_000_000)?)),
            },
            priority: Priority::new(u.arbitrary()?),
        })
    }
}

impl<'a> Arbitrary<'a> for Attributes<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let address = core::net::Ipv4Addr::from(u32::arbitrary(u)?);
        let name = word(u, b"abz09.-+= ", 60)?;
        let values = [(Attribute::Addr, format!("{address}")), (Attribute::Helo, name)];
        let values = values.iter().map(|(attribute, value)| (*attribute, Value::Known(value.as_str())));
        Attributes::new(values).ok_or(arbitrary::Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for RcptParams<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let orcpt = if u.arbitrary()? {
            let address = Xtext::encode(Mailbox::arbitrary(u)?.as_str().as_bytes());
            OriginalRecipient::new("rfc822", address)
        } else {
            None
        };
        Ok(Self { notify: u.arbitrary()?, orcpt })
    }
}

impl<'a> Arbitrary<'a> for Command<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=17)? {
            0 => Self::Helo(u.arbitrary()?),
            1 => Self::Ehlo(u.arbitrary()?),
            2 => Self::Lhlo(u.arbitrary()?),
            3 => Self::Mail(Mail { reverse_path: u.arbitrary()?, params: u.arbitrary()? }),
            4 => Self::Rcpt(Rcpt { forward_path: u.arbitrary()?, params: u.arbitrary()? }),
            5 => Self::Data,
            6 => Self::Bdat { size: u.arbitrary()?, last: u.arbitrary()? },
            7 => Self::Rset,
            8 => Self::Noop(argument(u)?),
            9 => Self::Quit,
            10 => Self::Help(argument(u)?),
            11 => match argument(u)? {
                b"" => Self::Vrfy(b"user"),
                user => Self::Vrfy(user),
            },
            12 => match argument(u)? {
                b"" => Self::Expn(b"list"),
                list => Self::Expn(list),
            },
            13 => Self::StartTls,
            14 => Self::Xclient(u.arbitrary()?),
            15 => Self::Xforward(u.arbitrary()?),
            16 => Self::Unserved { verb: u.arbitrary()?, argument: argument(u)? },
            _ => {
                let mechanism = u.choose(&["PLAIN", "login", "SCRAM-SHA-256-PLUS"])?;
                Self::Auth { mechanism, initial: InitialResponse::new(u.arbitrary()?) }
            }
        })
    }
}

impl<'a> Arbitrary<'a> for EnhancedStatus {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self::new(*u.choose(&[2, 4, 5])?, u.int_in_range(0..=999)?, u.int_in_range(0..=999)?))
    }
}

impl<'a> Arbitrary<'a> for Reply<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self::new(u.int_in_range(200..=599)?, u.arbitrary()?, <&str>::arbitrary(u)?))
    }
}
