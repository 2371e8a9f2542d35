//! The field and its parts.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use crate::{
    Method, Ptype, ResultCode,
    names::lower,
    write::{Reason, Value, push_lower},
};

/// The value of an Authentication-Results field: what one server has found out about a message (RFC 8601, 2.2).
///
/// Made from what a message has by [`parse`](Self::parse), or from one's own results by [`new`](Self::new) and [`result`](Self::result), and
/// put on top of a message by [`write`](Self::write). What one writes is read as the same.
///
/// ```
/// use auth_results::{AuthenticationResults, Method, Ptype, Resinfo, ResultCode};
///
/// let field = AuthenticationResults::new("mx.example.org")
///     .result(Resinfo::spf_mailfrom(ResultCode::Pass, "mary@example.net"))
///     .result(
///         Resinfo::new(Method::Dkim, ResultCode::Fail)
///             .reason("the key is gone")
///             .property(Ptype::Header, "d", "example.net"),
///     );
/// let mut out = Vec::new();
/// field.write(&mut out)?;
/// assert_eq!(
///     String::from_utf8_lossy(&out),
///     "Authentication-Results: mx.example.org;\r\n\
///      \x20spf=pass smtp.mailfrom=mary@example.net;\r\n\
///      \x20dkim=fail reason=\"the key is gone\" header.d=example.net\r\n"
/// );
/// let value = out.strip_prefix(b"Authentication-Results:").unwrap_or_default();
/// assert_eq!(AuthenticationResults::parse(value)?, field);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticationResults<'a> {
    /// Who says so. Compare it without regard to case. Empty only where a [forgiving](crate::Leniency::Forgiving) reader found none.
    pub authserv_id: Cow<'a, str>,
    /// The comments behind it.
    pub comments: Vec<Cow<'a, str>>,
    /// The results; empty for `none`: nothing was checked.
    pub results: Vec<Resinfo<'a>>,
    /// How many entries a [forgiving](crate::Leniency::Forgiving) reader left out because it could not read them. Not written.
    pub skipped: u32,
}

impl<'a> AuthenticationResults<'a> {
    /// A field that says `none`, until a result is added. The id is that of the server, or of all servers of its domain: a name that is its
    /// own (RFC 8601, 2.5).
    pub fn new(authserv_id: impl Into<Cow<'a, str>>) -> Self {
        Self { authserv_id: authserv_id.into(), comments: Vec::new(), results: Vec::new(), skipped: 0 }
    }

    /// Adds a result.
    #[must_use]
    pub fn result(mut self, result: Resinfo<'a>) -> Self {
        self.results.push(result);
        self
    }

    /// The results of one method that may be acted on ([`Resinfo::is_known`]).
    ///
    /// ```
    /// use auth_results::{AuthenticationResults, Method, Ptype, ResultCode};
    ///
    /// let value = b" mx.example.org; dkim=pass header.d=example.net; dkim/7=pass header.d=example.com";
    /// let field = AuthenticationResults::parse(value)?;
    /// let signers: Vec<_> = field.of(&Method::Dkim).filter_map(|dkim| dkim.get(&Ptype::Header, "d")).collect();
    /// assert_eq!(signers, ["example.net"]);
    /// # Ok::<(), auth_results::Error>(())
    /// ```
    pub fn of(&self, method: &Method<'_>) -> impl Iterator<Item = &Resinfo<'a>> {
        self.results.iter().filter(move |result| result.method == *method && result.is_known())
    }

    /// The same, independent of what it was read from.
    #[must_use]
    pub fn into_owned(self) -> AuthenticationResults<'static> {
        AuthenticationResults {
            authserv_id: owned(self.authserv_id),
            comments: self.comments.into_iter().map(owned).collect(),
            results: self.results.into_iter().map(Resinfo::into_owned).collect(),
            skipped: self.skipped,
        }
    }
}

/// What came of one check: `method=result reason=… ptype.property=value …` (RFC 8601, 2.2).
///
/// `Display` gives it on one line, without comments, for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resinfo<'a> {
    /// How it was checked.
    pub method: Method<'a>,
    /// The version of the method's entry in the registry; all so far are 1.
    pub method_version: u32,
    /// What came of it.
    pub result: ResultCode<'a>,
    /// Why, for people.
    pub reason: Option<Cow<'a, str>>,
    /// The comments behind the result and the reason.
    pub comments: Vec<Cow<'a, str>>,
    /// What was checked.
    pub properties: Vec<Property<'a>>,
}

impl<'a> Resinfo<'a> {
    /// A result with nothing more to it. There are others for the usual shape of each common method.
    #[must_use]
    pub const fn new(method: Method<'a>, result: ResultCode<'a>) -> Self {
        Self { method, method_version: 1, result, reason: None, comments: Vec::new(), properties: Vec::new() }
    }

    /// Says why, for people. Whatever it is: control characters are written as `?`, and what is too long to be written is cut.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<Cow<'a, str>>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Adds a comment, written as a reason is.
    #[must_use]
    pub fn comment(mut self, comment: impl Into<Cow<'a, str>>) -> Self {
        self.comments.push(comment.into());
        self
    }

    /// Adds a property, with any value: it is put in quotes where it must be, control characters are written as `?`, and a property whose value is
    /// longer than 700 bytes as written is left out, since half a name would be another name.
    #[must_use]
    pub fn property(mut self, ptype: Ptype<'a>, name: &'a str, value: impl Into<Cow<'a, str>>) -> Self {
        self.properties.push(Property { ptype, name: lower(name), value: value.into(), comments: Vec::new() });
        self
    }

    /// The value of the first property of that type and name, in any case.
    #[must_use]
    pub fn get(&self, ptype: &Ptype<'_>, name: &str) -> Option<&str> {
        let found = |property: &&Property<'_>| property.ptype == *ptype && property.name.eq_ignore_ascii_case(name);
        self.properties.iter().find(found).map(|property| &*property.value)
    }

    /// Whether method, version and result are known; one that is not must be ignored (RFC 8601, 2.7.7, 4.1). So must properties of an unknown type.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.method.is_known() && self.method_version == 1 && self.result.is_known()
    }

    /// The same, independent of what it was read from.
    #[must_use]
    pub fn into_owned(self) -> Resinfo<'static> {
        Resinfo {
            method: self.method.into_owned(),
            method_version: self.method_version,
            result: self.result.into_owned(),
            reason: self.reason.map(owned),
            comments: self.comments.into_iter().map(owned).collect(),
            properties: self.properties.into_iter().map(Property::into_owned).collect(),
        }
    }
}

impl fmt::Display for Resinfo<'_> {
    /// ```
    /// use auth_results::{Resinfo, ResultCode};
    ///
    /// let result = Resinfo::iprev(ResultCode::Pass, [192, 0, 2, 1].into()).comment("mail.example.net");
    /// assert_eq!(result.to_string(), "iprev=pass policy.iprev=192.0.2.1");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_methodspec(f)?;
        if let Some(reason) = &self.reason {
            write!(f, " reason={}", Reason(reason))?;
        }
        self.properties.iter().try_for_each(|property| write!(f, " {property}"))
    }
}

impl Resinfo<'_> {
    /// Method, version and result.
    pub(crate) fn fmt_methodspec(&self, f: &mut impl fmt::Write) -> fmt::Result {
        push_lower(f, self.method.as_str())?;
        if self.method_version != 1 {
            write!(f, "/{}", self.method_version)?;
        }
        f.write_char('=')?;
        push_lower(f, self.result.as_str())
    }
}

/// What was checked, and where it was found: `ptype.property=value` (RFC 8601, 2.2).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Property<'a> {
    /// Where it was found.
    pub ptype: Ptype<'a>,
    /// Its name, in lower case.
    pub name: Cow<'a, str>,
    /// Its value: quotes, folds and comments are removed. An address whose local part needs quotes has them.
    pub value: Cow<'a, str>,
    /// The comments behind it.
    pub comments: Vec<Cow<'a, str>>,
}

impl Property<'_> {
    fn into_owned(self) -> Property<'static> {
        Property {
            ptype: self.ptype.into_owned(),
            name: owned(self.name),
            value: owned(self.value),
            comments: self.comments.into_iter().map(owned).collect(),
        }
    }
}

impl fmt::Display for Property<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        push_lower(f, self.ptype.as_str())?;
        f.write_str(".")?;
        push_lower(f, &self.name)?;
        write!(f, "={}", Value(&self.value))
    }
}

impl fmt::Debug for Property<'_> {
    /// Addresses are people's: a dump gets the first letter and the domain.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shortened = self.value.rsplit_once('@').map(|(local, domain)| {
            let first: String = local.chars().take(1).collect();
            alloc::format!("{first}{}@{domain}", if local.is_empty() { "" } else { "…" })
        });
        f.debug_struct("Property")
            .field("ptype", &self.ptype)
            .field("name", &self.name)
            .field("value", &shortened.as_deref().unwrap_or(&self.value))
            .field("comments", &self.comments)
            .finish()
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
