//! SASL without I/O: PLAIN, LOGIN, SCRAM (with and without channel binding), OAUTHBEARER, XOAUTH2 and EXTERNAL, both sides of each.
//!
//! - [`Server`]: responses in, challenges and questions out. Where the passwords or keys are kept is the caller's; a [`Question`] asks for
//!   them, an [`Answer`] gives them, and the verdict is an [`Identity`] or a [`Failure`].
//! - [`Client`]: challenges in, responses out. It checks the server too: a SCRAM server that does not know the password is found out.
//! - [`StoredKeys`]: what a server keeps instead of a password; [`Decoys`]: what it uses for users that do not exist.
//! - [`Mechanism`]: the names, and which is to be preferred.
//!
//! What it is not: there is no I/O and no randomness here, base64 and cancelling by `*` are the protocol's business, nothing is counted
//! over time (how many attempts an address may make is the server's decision), and there are no security layers.
//!
//! ```
//! use sasl::{Answer, Client, Config, Decoys, Limits, Mechanism, Password, Question, Server, Step};
//!
//! let password = Password::from("pencil");
//! let mut client = Client::plain("", "user", password.clone(), Limits::default())?;
//! let decoys = Decoys::new([2; 32], sasl::DEFAULT_ITERATIONS);
//! let mut server = Server::new(Mechanism::Plain, Config::new([1; 18], decoys), Limits::default());
//!
//! server.receive(client.initial().unwrap_or_default())?;
//! let Step::Ask(Question::VerifyPassword { authcid: "user", password: given }) = server.step() else { panic!("a question") };
//! let right = *given == password;
//! server.answer(Answer::Verified(right))?;
//! let Step::Done(Ok(identity)) = server.step() else { panic!("a verdict") };
//! assert_eq!(identity.authzid(), "user");
//! client.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod binding;
mod client;
mod error;
mod keys;
mod limits;
mod mechanism;
mod oauth;
mod password;
mod plain;
mod prepare;
mod scram;
mod server;

pub use binding::{BindingType, ChannelBinding, UnknownBinding};
pub use client::Client;
pub use error::{ClientError, Exceeded, Failure, Misuse, SyntaxError};
pub use keys::{DEFAULT_ITERATIONS, Decoys, KeyError, MIN_ITERATIONS, SALT_LEN, StoredKeys};
pub use limits::Limits;
pub use mechanism::{Credential, Hash, Mechanism, UnknownMechanism};
pub use password::{Password, Token};
pub use prepare::{NotPrepared, prepare};
pub use server::{Answer, Config, Discovery, Identity, Question, Server, Step};
