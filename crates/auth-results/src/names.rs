//! The registered names: methods, results, types of properties.

use alloc::borrow::Cow;
use core::fmt;

/// A set of names with room for others.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name<'a> {
            $($(#[$doc])* $variant,)+
            /// Any other, in lower case. Make it by `from`, which knows the names above.
            Other(Cow<'a, str>),
        }

        impl $name<'_> {
            /// The name, in lower case.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(other) => other,
                }
            }

            /// Whether it is one of those that are known by name. What is not must not be acted on (RFC 8601, 2.3, 2.7.7 and 4.1).
            #[must_use]
            pub const fn is_known(&self) -> bool {
                !matches!(self, Self::Other(_))
            }

            /// The same, independent of what it was read from.
            #[must_use]
            pub fn into_owned(self) -> $name<'static> {
                match self {
                    $(Self::$variant => $name::$variant,)+
                    Self::Other(other) => $name::Other(Cow::Owned(other.into_owned())),
                }
            }
        }

        /// Names are the same in any case.
        impl<'a> From<&'a str> for $name<'a> {
            fn from(name: &'a str) -> Self {
                let name = lower(name);
                match &*name {
                    $($text => Self::$variant,)+
                    _ => Self::Other(name),
                }
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

names! {
    /// How a message was checked (RFC 8601, 2.7, and the registry of methods).
    ///
    /// ```
    /// use auth_results::Method;
    ///
    /// assert_eq!(Method::from("DKIM"), Method::Dkim);
    /// assert_eq!(Method::from("X-TLS").as_str(), "x-tls");
    /// assert!(!Method::from("X-TLS").is_known());
    /// ```
    Method {
        /// The chain of servers that passed it on (RFC 8617).
        Arc = "arc",
        /// SMTP AUTH (RFC 8601, 2.7.4).
        Auth = "auth",
        /// The indicator of a brand (BIMI's drafts).
        Bimi = "bimi",
        /// A signature (RFC 6376).
        Dkim = "dkim",
        /// What the author's domain said of its signing; historic (RFC 5617).
        DkimAdsp = "dkim-adsp",
        /// Who else may sign for the author's domain (RFC 6541).
        DkimAtps = "dkim-atps",
        /// The policy of the author's domain (RFC 9989).
        Dmarc = "dmarc",
        /// What came before DKIM; historic (RFC 4870).
        DomainKeys = "domainkeys",
        /// A list of those who behave (RFC 8904).
        DnsWl = "dnswl",
        /// Whether the client's address has a name that leads back to it (RFC 8601, 3).
        Iprev = "iprev",
        /// Whether the mailbox has had the same owner since (RFC 7293).
        Rrvs = "rrvs",
        /// What looked for a responsible address in the header; historic (RFC 4406).
        SenderId = "sender-id",
        /// A signature of S/MIME (RFC 7281).
        Smime = "smime",
        /// Whether the client may use the sender's domain (RFC 7208).
        Spf = "spf",
        /// Whether others vouch for the domain (RFC 5518).
        Vbr = "vbr",
    }
}

names! {
    /// What came of a check (RFC 8601, 2.7, and the registry of results).
    ///
    /// ```
    /// use auth_results::ResultCode;
    ///
    /// assert_eq!(ResultCode::from("Pass"), ResultCode::Pass);
    /// assert_eq!(ResultCode::TempError.to_string(), "temperror");
    /// ```
    ResultCode {
        /// There was nothing to check.
        None = "none",
        /// It passed.
        Pass = "pass",
        /// It failed.
        Fail = "fail",
        /// It failed, but its owner does not stand firmly by that (SPF).
        SoftFail = "softfail",
        /// Nothing is said, or the check could be made only in part.
        Neutral = "neutral",
        /// It passed, and this server does not take it all the same.
        Policy = "policy",
        /// Something was out of reach; later it may be another.
        TempError = "temperror",
        /// Something was unusable and will be.
        PermError = "permerror",
        /// It failed, and its owner wants such mail thrown away (ADSP).
        Discard = "discard",
        /// There is no such domain (ADSP).
        NxDomain = "nxdomain",
        /// Not known (ADSP, RRVS).
        Unknown = "unknown",
        /// Its owner wants none to be shown (BIMI).
        Declined = "declined",
        /// It was not checked, for a reason of this server's (BIMI).
        Skipped = "skipped",
    }
}

names! {
    /// Where a property was taken from (RFC 8601, 2.3, and the registry of property types).
    Ptype {
        /// The body.
        Body = "body",
        /// A field of the header.
        Header = "header",
        /// A decision of this server's (2.4), or what it alone knows.
        Policy = "policy",
        /// A command of SMTP.
        Smtp = "smtp",
        /// What a DNS lookup gave (RFC 8904).
        Dns = "dns",
    }
}

/// A name in lower case.
pub(crate) fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}
