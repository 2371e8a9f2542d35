//! Commands (RFC 5321, 4.1.1, and the extensions), in both directions.

mod error;
#[cfg(feature = "arbitrary")]
mod generate;
mod parse;

use alloc::vec::Vec;
use core::fmt::{self, Write as _};

pub use self::error::CommandError;
pub use crate::params::{BodyType, MailParams, RcptParams};
pub use crate::path::{ClientName, ForwardPath, Mailbox, ReversePath};
use crate::{forward::Attributes, reply::Bytes};

/// One command line, borrowed from it.
///
/// Parsed and written again it is the same bytes, but that verbs and keywords are in capitals, parameters in a fixed order, single spaces stand where more did, and
/// source routes are gone.
///
/// ```
/// use smtp_proto::command::{Command, Syntax};
///
/// let command = Command::parse(b"mail from:<bob@example.net> size=1000 body=8bitmime", &Syntax::default())?;
/// let Command::Mail(mail) = &command else { panic!() };
/// assert_eq!(mail.reverse_path.to_string(), "<bob@example.net>");
/// assert_eq!(mail.params.size, Some(1000));
///
/// let mut wire = Vec::new();
/// command.write(&mut wire);
/// assert_eq!(wire, b"MAIL FROM:<bob@example.net> SIZE=1000 BODY=8BITMIME\r\n");
/// # Ok::<(), smtp_proto::command::CommandError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// HELO: hello, without extensions.
    Helo(ClientName<'a>),
    /// EHLO: hello, and what do you offer?
    Ehlo(ClientName<'a>),
    /// LHLO: EHLO's place in LMTP (RFC 2033, 4.1).
    Lhlo(ClientName<'a>),
    /// MAIL begins a transaction.
    Mail(Mail<'a>),
    /// RCPT names a recipient.
    Rcpt(Rcpt<'a>),
    /// DATA: the content follows, ended by a lone dot.
    Data,
    /// BDAT: so many octets of content follow at once (RFC 3030).
    Bdat {
        /// How many.
        size: u64,
        /// Whether the message ends with them.
        last: bool,
    },
    /// RSET forgets the transaction.
    Rset,
    /// NOOP does nothing, with any argument.
    Noop(&'a [u8]),
    /// QUIT ends the session.
    Quit,
    /// VRFY asks about a user.
    Vrfy(&'a [u8]),
    /// EXPN asks about a list.
    Expn(&'a [u8]),
    /// HELP, with an optional topic.
    Help(&'a [u8]),
    /// STARTTLS (RFC 3207).
    StartTls,
    /// AUTH begins an authentication exchange (RFC 4954).
    Auth {
        /// The SASL mechanism's name as it is written.
        mechanism: &'a str,
        /// The initial response, if it came along.
        initial: Option<InitialResponse<'a>>,
    },
    /// XCLIENT: the session is with the client that these attributes are of.
    Xclient(Attributes<'a>),
    /// XFORWARD: the next message is of the client that these attributes are of.
    Xforward(Attributes<'a>),
    /// A command that is known and never served, with whatever argument it has.
    Unserved {
        /// Which.
        verb: Unserved,
        /// What stands behind it.
        argument: &'a [u8],
    },
}

/// Commands that a server of today knows only to refuse them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Unserved {
    /// ETRN: send me what waits for this domain (RFC 1985).
    Etrn,
    /// ATRN: the same, over this connection (RFC 2645).
    Atrn,
    /// BURL: the content is at this address in an IMAP server (RFC 4468).
    Burl,
    /// TURN: let us change roles (RFC 5321, F.1: not to be used).
    Turn,
    /// SEND: to a terminal (RFC 5321, F.6, as the next two).
    Send,
    /// SOML: to a terminal or a mailbox.
    Soml,
    /// SAML: to a terminal and a mailbox.
    Saml,
}

impl Unserved {
    /// The verb, in capitals.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Etrn => "ETRN",
            Self::Atrn => "ATRN",
            Self::Burl => "BURL",
            Self::Turn => "TURN",
            Self::Send => "SEND",
            Self::Soml => "SOML",
            Self::Saml => "SAML",
        }
    }
}

/// MAIL: from whom, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail<'a> {
    /// Where reports go.
    pub reverse_path: ReversePath<'a>,
    /// Its parameters.
    pub params: MailParams<'a>,
}

/// RCPT: to whom, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rcpt<'a> {
    /// The recipient.
    pub forward_path: ForwardPath<'a>,
    /// Its parameters.
    pub params: RcptParams<'a>,
}

/// The initial response of AUTH, in base64. It is a secret: `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InitialResponse<'a>(&'a str);

impl<'a> InitialResponse<'a> {
    /// Takes base64, or `=` for a response of no octets (RFC 4954, 4); `None` if there is a space or control character in it.
    #[must_use]
    pub fn new(text: &'a str) -> Option<Self> {
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then_some(Self(text))
    }

    /// The base64; empty for `=`.
    #[must_use]
    pub fn as_base64(&self) -> &'a [u8] {
        if self.0 == "=" { &[] } else { self.0.as_bytes() }
    }
}

impl fmt::Debug for InitialResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InitialResponse(..)")
    }
}

/// How command lines are read. Start from the default and change the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct Syntax {
    /// RCPT's addresses may hold characters beyond ASCII, since MAIL had SMTPUTF8 (RFC 6531, 3.4). A server session sets this by itself. Default: no.
    pub utf8: bool,
    /// One space behind `FROM:` and `TO:` is let pass. The grammar has none, but so many clients write it that nobody can refuse it. Default: yes.
    pub space_before_path: bool,
    /// A path may lack its brackets, as programs of long ago wrote it. Default: no, since what is a parameter and what is not is then a guess.
    pub loose_paths: bool,
}

impl Default for Syntax {
    fn default() -> Self {
        Self { utf8: false, space_before_path: true, loose_paths: false }
    }
}

impl<'a> Command<'a> {
    /// Reads a line, without its CRLF. Space at its end is ignored (RFC 5321, 4.1.1).
    ///
    /// # Errors
    /// [`CommandError`], which knows the reply.
    pub fn parse(line: &'a [u8], syntax: &Syntax) -> Result<Self, CommandError> {
        parse::command(line, *syntax)
    }

    /// Appends the command as it goes on the wire, with its CRLF.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Helo(name) => words(out, "HELO ", name.as_str().as_bytes()),
            Self::Ehlo(name) => words(out, "EHLO ", name.as_str().as_bytes()),
            Self::Lhlo(name) => words(out, "LHLO ", name.as_str().as_bytes()),
            Self::Mail(mail) => {
                let _ = write!(Bytes(out), "MAIL FROM:{}", mail.reverse_path);
                mail.params.write(out);
            }
            Self::Rcpt(rcpt) => {
                let _ = write!(Bytes(out), "RCPT TO:{}", rcpt.forward_path);
                rcpt.params.write(out);
            }
            Self::Data => out.extend_from_slice(b"DATA"),
            Self::Bdat { size, last } => {
                let _ = write!(Bytes(out), "BDAT {size}{}", if *last { " LAST" } else { "" });
            }
            Self::Rset => out.extend_from_slice(b"RSET"),
            Self::Noop(argument) => words(out, if argument.is_empty() { "NOOP" } else { "NOOP " }, argument),
            Self::Quit => out.extend_from_slice(b"QUIT"),
            Self::Vrfy(argument) => words(out, "VRFY ", argument),
            Self::Expn(argument) => words(out, "EXPN ", argument),
            Self::Help(argument) => words(out, if argument.is_empty() { "HELP" } else { "HELP " }, argument),
            Self::StartTls => out.extend_from_slice(b"STARTTLS"),
            Self::Auth { mechanism, initial } => {
                words(out, "AUTH ", mechanism.as_bytes());
                if let Some(initial) = initial {
                    words(out, " ", initial.0.as_bytes());
                }
            }
            Self::Xclient(attributes) => words(out, "XCLIENT ", attributes.as_str().as_bytes()),
            Self::Xforward(attributes) => words(out, "XFORWARD ", attributes.as_str().as_bytes()),
            Self::Unserved { verb, argument } => {
                words(out, verb.name(), if argument.is_empty() { b"" } else { b" " });
                words(out, "", argument);
            }
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// Appends a verb and its argument; control characters in the argument but tabs, which no parsed command has, become `?`.
fn words(out: &mut Vec<u8>, verb: &str, argument: &[u8]) {
    out.extend_from_slice(verb.as_bytes());
    out.extend(argument.iter().map(|byte| if byte.is_ascii_control() && *byte != b'\t' { b'?' } else { *byte }));
}
