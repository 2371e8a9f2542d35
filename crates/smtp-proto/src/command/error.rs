//! What can be wrong with a command line.

use crate::{
    path::{PathError, PathFault},
    reply::Reply,
    status::EnhancedStatus,
};

/// Why a line is not a command that can be obeyed. `at` counts bytes from the start of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The line is not UTF-8, or has a control character in it.
    #[error("a byte that no command has at byte {at}")]
    Character {
        /// Where.
        at: usize,
    },
    /// No such verb.
    #[error("unknown command")]
    UnknownVerb,
    /// A verb that is known and not served.
    #[error("command not implemented")]
    NotImplemented,
    /// The verb is known, its arguments do not fit it.
    #[error("wrong arguments at byte {at}: the form is {form}")]
    Arguments {
        /// Where.
        at: usize,
        /// How the command is to be written.
        form: &'static str,
    },
    /// MAIL's path.
    #[error("the sender is not an address: {0}")]
    Sender(PathError),
    /// RCPT's path.
    #[error("the recipient is not an address: {0}")]
    Recipient(PathError),
    /// A parameter that is not known.
    #[error("unknown parameter at byte {at}")]
    UnknownParameter {
        /// Where.
        at: usize,
    },
    /// A parameter that is known and has not been offered.
    #[error("{name} has not been offered")]
    NotOffered {
        /// Its name.
        name: &'static str,
    },
    /// A known parameter with a value that it cannot have, or without the one that it must have.
    #[error("the value of {name} at byte {at} is malformed")]
    BadParameter {
        /// Where.
        at: usize,
        /// Its name.
        name: &'static str,
    },
    /// BY leaves less time than the server says that it needs (RFC 2852, 4.1).
    #[error("BY asks for delivery in less than {least} seconds")]
    TooSoon {
        /// What has been offered.
        least: u32,
    },
    /// HOLDFOR or HOLDUNTIL asks for more than was offered, or for more than BY leaves (RFC 4865, 4.2).
    #[error("{name} holds the message for longer than is offered, or than BY leaves")]
    TooLong {
        /// Which of the two.
        name: &'static str,
    },
    /// A parameter that is given twice.
    #[error("{name} is given a second time at byte {at}")]
    DuplicateParameter {
        /// Where.
        at: usize,
        /// Its name.
        name: &'static str,
    },
}

impl CommandError {
    /// A parameter that has not been offered.
    #[must_use]
    pub const fn parameter_not_offered(name: &'static str) -> Self {
        Self::NotOffered { name }
    }

    /// A verb that is known and not served.
    #[must_use]
    pub const fn not_implemented() -> Self {
        Self::NotImplemented
    }

    /// What the client is told (RFC 5321, 4.2.4 and 4.3.2).
    #[must_use]
    pub fn reply(&self) -> Reply<'static> {
        let not_ascii = EnhancedStatus::new(5, 6, 7);
        let parameter = EnhancedStatus::new(5, 5, 4);
        let (code, status, text) = match *self {
            Self::Character { .. } => {
                (500, EnhancedStatus::new(5, 5, 2), "Commands are text without control characters")
            }
            Self::UnknownVerb => (500, EnhancedStatus::new(5, 5, 1), "Unknown command"),
            Self::NotImplemented => (502, EnhancedStatus::new(5, 5, 1), "Command not implemented"),
            Self::Arguments { form, .. } => return Reply::new(501, Some(parameter), alloc::format!("Syntax: {form}")),
            // RFC 6531, 3.5
            Self::Sender(PathError { what: PathFault::NotAscii, .. }) => {
                (553, not_ascii, "This sender needs SMTPUTF8 on MAIL")
            }
            Self::Recipient(PathError { what: PathFault::NotAscii, .. }) => {
                (550, not_ascii, "This recipient needs SMTPUTF8 on MAIL")
            }
            Self::Sender(error) => {
                return Reply::new(
                    501,
                    Some(EnhancedStatus::new(5, 1, 7)),
                    alloc::format!("Bad sender address: {}", error.what),
                );
            }
            Self::Recipient(error) => {
                return Reply::new(
                    501,
                    Some(EnhancedStatus::new(5, 1, 3)),
                    alloc::format!("Bad recipient address: {}", error.what),
                );
            }
            Self::UnknownParameter { .. } => (555, parameter, "Unknown parameter: EHLO lists what is served"),
            Self::NotOffered { name } => {
                return Reply::new(555, Some(parameter), alloc::format!("{name} is not offered"));
            }
            Self::BadParameter { name, .. } => {
                return Reply::new(501, Some(parameter), alloc::format!("Malformed value of {name}"));
            }
            Self::TooSoon { least } => {
                return Reply::new(
                    550,
                    Some(EnhancedStatus::new(5, 4, 7)),
                    alloc::format!("Delivery takes {least} seconds and more"),
                );
            }
            Self::TooLong { name } => {
                return Reply::new(501, Some(parameter), alloc::format!("{name} is too far in the future"));
            }
            Self::DuplicateParameter { name, .. } => {
                return Reply::new(501, Some(parameter), alloc::format!("{name} is given twice"));
            }
        };
        Reply::new(code, Some(status), text)
    }
}
