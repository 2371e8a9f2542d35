//! The usual shape of each common method's result.

use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};
use core::net::IpAddr;

use crate::{Method, Ptype, Resinfo, ResultCode};

/// How many characters of a signature tell it from others, at least (RFC 6008, 3 and 4).
const TAG: usize = 8;

/// A DKIM signature, as far as a result names it (RFC 8601, 2.7.1). Start from `DkimSignature::default()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DkimSignature<'a> {
    /// `d=`, as `header.d`.
    pub domain: &'a str,
    /// `i=`, as `header.i`.
    pub identity: Option<&'a str>,
    /// `a=`, as `header.a`.
    pub algorithm: Option<&'a str>,
    /// `s=`, as `header.s`.
    pub selector: Option<&'a str>,
    /// `b=`, white space and all, of which the beginning is written as `header.b`.
    pub signature: Option<&'a str>,
    /// How much of it: what [`signature_tag`] says of all signatures of the message. Less than 8 is 8.
    pub tag: usize,
}

/// How many characters of the values of `b=` are needed to tell all signatures of a message from each other (RFC 6008, 4): 8 mostly, more
/// where some begin alike. Ones that are wholly the same cannot be told apart, and do not count.
///
/// ```
/// use auth_results::signature_tag;
///
/// assert_eq!(signature_tag(&["oINEO8hgn/gnunsg", "EToRSuvUfQVP3Bkz"]), 8);
/// assert_eq!(signature_tag(&["oINEO8hgn/gnunsg", "oINEO8hg n/gnXXXX", "oINEO8hgn/gnunsg"]), 13);
/// ```
#[must_use]
pub fn signature_tag(signatures: &[&str]) -> usize {
    let mut plain: Vec<String> =
        signatures.iter().map(|signature| signature.split_ascii_whitespace().collect()).collect();
    plain.sort_unstable();
    plain.dedup();
    let common = |pair: &[String]| match pair {
        [one, other] => one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count() + 1,
        _ => 0,
    };
    plain.windows(2).map(common).max().unwrap_or_default().max(TAG)
}

/// # The usual results
///
/// Whatever the values are, they can be written; see [`Self::property`].
impl<'a> Resinfo<'a> {
    /// SPF for the sender in MAIL FROM, an address or its domain: `spf=pass smtp.mailfrom=…` (RFC 8601, 2.7.2).
    #[must_use]
    pub fn spf_mailfrom(result: ResultCode<'a>, mailfrom: &'a str) -> Self {
        Self::new(Method::Spf, result).property(Ptype::Smtp, "mailfrom", mailfrom)
    }

    /// SPF for the name in EHLO or HELO, as for bounces: `spf=pass smtp.helo=…` (RFC 8601, 2.7.2).
    #[must_use]
    pub fn spf_helo(result: ResultCode<'a>, helo: &'a str) -> Self {
        Self::new(Method::Spf, result).property(Ptype::Smtp, "helo", helo)
    }

    /// DKIM for one signature: `dkim=pass header.d=… header.i=… header.a=… header.s=… header.b=…` (RFC 8601, 2.7.1; RFC 6008).
    ///
    /// ```
    /// use auth_results::{DkimSignature, Resinfo, ResultCode};
    ///
    /// let signature = DkimSignature {
    ///     domain: "example.net",
    ///     selector: Some("s1"),
    ///     signature: Some("oINEO8\r\n hgn/gnunsg9n9ODSNFSDij3="),
    ///     ..DkimSignature::default()
    /// };
    /// assert_eq!(Resinfo::dkim(ResultCode::Pass, signature).to_string(), "dkim=pass header.d=example.net header.s=s1 header.b=oINEO8hg");
    /// ```
    #[must_use]
    pub fn dkim(result: ResultCode<'a>, signature: DkimSignature<'a>) -> Self {
        let mut info = Self::new(Method::Dkim, result).property(Ptype::Header, "d", signature.domain);
        for (name, value) in [("i", signature.identity), ("a", signature.algorithm), ("s", signature.selector)] {
            if let Some(value) = value {
                info = info.property(Ptype::Header, name, value);
            }
        }
        match signature.signature {
            Some(b) => {
                let tag = b.chars().filter(|char| !char.is_ascii_whitespace()).take(signature.tag.max(TAG));
                info.property(Ptype::Header, "b", tag.collect::<String>())
            }
            None => info,
        }
    }

    /// DMARC for the author's domain, with the policy that was applied or would have been: `dmarc=fail header.from=… policy.dmarc=…` (RFC 8601, 2.7 and
    /// the registry of methods; RFC 9989).
    #[must_use]
    pub fn dmarc(result: ResultCode<'a>, from: &'a str, policy: Option<&'a str>) -> Self {
        let info = Self::new(Method::Dmarc, result).property(Ptype::Header, "from", from);
        match policy {
            Some(policy) => info.property(Ptype::Policy, "dmarc", policy),
            None => info,
        }
    }

    /// ARC: `arc=pass smtp.remote-ip=… header.oldest-pass=…`, with the address of the client and the lowest instance whose signature still holds, 0 if all
    /// do (RFC 8617, 5.2 and 6).
    #[must_use]
    pub fn arc(result: ResultCode<'a>, remote_ip: Option<IpAddr>, oldest_pass: Option<u8>) -> Self {
        let mut info = Self::new(Method::Arc, result);
        if let Some(ip) = remote_ip {
            info = info.property(Ptype::Smtp, "remote-ip", address(ip));
        }
        match oldest_pass {
            Some(instance) => info.property(Ptype::Header, "oldest-pass", instance.to_string()),
            None => info,
        }
    }

    /// Whether the client's address has a name that leads back to it: `iprev=pass policy.iprev=…` (RFC 8601, 2.7.3 and 3).
    #[must_use]
    pub fn iprev(result: ResultCode<'a>, ip: IpAddr) -> Self {
        Self::new(Method::Iprev, result).property(Ptype::Policy, "iprev", address(ip))
    }

    /// SMTP AUTH, with the name that was proved: `auth=pass smtp.auth=… smtp.mailfrom=…` (RFC 8601, 2.7.4). Sites that keep logins private leave
    /// it out.
    #[must_use]
    pub fn auth(result: ResultCode<'a>, identity: &'a str, mailfrom: Option<&'a str>) -> Self {
        let info = Self::new(Method::Auth, result).property(Ptype::Smtp, "auth", identity);
        match mailfrom {
            Some(mailfrom) => info.property(Ptype::Smtp, "mailfrom", mailfrom),
            None => info,
        }
    }

    /// BIMI, with the domain and selector of the record that was found: `bimi=pass header.d=… header.selector=…` (BIMI's drafts).
    #[must_use]
    pub fn bimi(result: ResultCode<'a>, record: Option<(&'a str, &'a str)>) -> Self {
        let info = Self::new(Method::Bimi, result);
        match record {
            Some((domain, selector)) => {
                info.property(Ptype::Header, "d", domain).property(Ptype::Header, "selector", selector)
            }
            None => info,
        }
    }
}

/// An IPv4 address that came over an IPv6 socket is shown as what it is.
fn address<'a>(ip: IpAddr) -> Cow<'a, str> {
    Cow::Owned(ip.to_canonical().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_method_has_its_shape() {
        let signature = DkimSignature {
            domain: "example.net",
            identity: Some("@news.example.net"),
            algorithm: Some("rsa-sha256"),
            selector: Some("s1"),
            signature: Some("a/b+c=defghij"),
            tag: 10,
        };
        for (info, text) in [
            (Resinfo::spf_mailfrom(ResultCode::SoftFail, "example.net"), "spf=softfail smtp.mailfrom=example.net"),
            (
                Resinfo::spf_mailfrom(ResultCode::Pass, "\"a b\"@example.net"),
                "spf=pass smtp.mailfrom=\"a b\"@example.net",
            ),
            (Resinfo::spf_helo(ResultCode::None, "[192.0.2.1]"), "spf=none smtp.helo=\"[192.0.2.1]\""),
            (
                Resinfo::dkim(ResultCode::Policy, signature),
                "dkim=policy header.d=example.net header.i=@news.example.net header.a=rsa-sha256 header.s=s1 header.b=\"a/b+c=defg\"",
            ),
            (Resinfo::dmarc(ResultCode::Fail, "example.net", None), "dmarc=fail header.from=example.net"),
            (
                Resinfo::arc(ResultCode::Pass, Some("2001:db8::1".parse().unwrap()), Some(0)),
                "arc=pass smtp.remote-ip=\"2001:db8::1\" header.oldest-pass=0",
            ),
            (Resinfo::arc(ResultCode::None, None, None), "arc=none"),
            (
                Resinfo::iprev(ResultCode::PermError, "::ffff:192.0.2.1".parse().unwrap()),
                "iprev=permerror policy.iprev=192.0.2.1",
            ),
            (
                Resinfo::auth(ResultCode::Pass, "mary", Some("m@example.org")),
                "auth=pass smtp.auth=mary smtp.mailfrom=m@example.org",
            ),
            (
                Resinfo::bimi(ResultCode::Pass, Some(("example.net", "default"))),
                "bimi=pass header.d=example.net header.selector=default",
            ),
            (Resinfo::bimi(ResultCode::Declined, None), "bimi=declined"),
        ] {
            assert_eq!(info.to_string(), text);
        }
    }

    #[test]
    fn signatures_that_begin_alike_get_longer_tags() {
        assert_eq!(signature_tag(&[]), 8);
        assert_eq!(signature_tag(&["short", "short"]), 8);
        assert_eq!(signature_tag(&["12345678a", "12345678b"]), 9);
        assert_eq!(signature_tag(&["12345678", "123456789"]), 9);
    }
}
