//! Commands.

use core::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A mail server: SMTP, submission, LMTP and POP3 over SQLite, with TLS.
#[derive(Debug, Parser)]
#[command(name = "mailhost", version, about, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// The configuration, a TOML file. Without one, everything has its default: a demo on 127.0.0.1 with its data in mailhost-data/
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// What to do; `serve` if nothing is said
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const EXAMPLES: &str = "Examples:
  mailhost                                           serve a demo on 127.0.0.1
  mailhost serve --config /etc/mailhost.toml         serve what the file says
  mailhost user add ann@example.org                  add a user, the password is asked for
  echo secret | mailhost user add ann@example.org --password-stdin
  mailhost status --json                             figures for a script
  mailhost queue list                                what waits to be sent
  mailhost dns-records example.org                   what to publish in the DNS
  mailhost check                                     look at configuration and store";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve mail until SIGTERM or Ctrl-C (the default)
    #[command(after_help = "Example:\n  mailhost serve --config /etc/mailhost.toml")]
    Serve,
    /// Add, list, remove users, or change a password; a running server takes notice within a second
    #[command(
        after_help = "Examples:\n  mailhost user add ann@example.org\n  mailhost user list\n  mailhost user password ann@example.org\n  mailhost user remove ann@example.org"
    )]
    User {
        /// What about them
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Show what waits to be sent elsewhere
    #[command(after_help = "Example:\n  mailhost queue list")]
    Queue {
        /// What about it
        #[command(subcommand)]
        command: QueueCommand,
    },
    /// Show users, messages stored, messages delivered since the start, and messages that wait
    #[command(after_help = "Examples:\n  mailhost status\n  mailhost status --json")]
    Status {
        /// One JSON object: running, users, messages, delivered, queue
        #[arg(long)]
        json: bool,
    },
    /// Make keys that users' mail is signed with (DKIM), or list them
    #[command(after_help = "Examples:\n  mailhost dkim generate example.org\n  mailhost dkim list")]
    Dkim {
        /// What about them
        #[command(subcommand)]
        command: DkimCommand,
    },
    /// Print the DNS records that a domain needs, ready to paste into its zone: MX, SPF, DKIM, DMARC
    #[command(after_help = "Example:\n  mailhost dns-records example.org")]
    DnsRecords {
        /// One of the configured domains
        domain: String,
    },
    /// Show what each check finds out about a message, why, and what the server would do with it
    #[command(
        after_help = "Examples:\n  mailhost explain letter.eml --ip 192.0.2.1 --helo mx.example.net --from ann@example.net\n  mailhost explain letter.eml --ip 192.0.2.1 --helo mx.example.net --from '' --dns zone.txt --json"
    )]
    Explain(Explain),
    /// Look at the configuration, the certificate, the aliases and all that is stored; exit code 1 if something is wrong
    #[command(after_help = "Example:\n  mailhost check --config /etc/mailhost.toml")]
    Check,
}

/// What about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum DkimCommand {
    /// Make an RSA key of 2,048 bits and an Ed25519 key, and print the records to publish
    Generate {
        /// One of the configured domains
        domain: String,
        /// How the keys' names begin; the year and the month by default
        #[arg(long, value_name = "NAME")]
        selector: Option<String>,
    },
    /// List all keys
    List,
}

/// A message, and how it came.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The message; `-` is standard input
    pub(crate) file: PathBuf,
    /// The address of the client that brings it
    #[arg(long)]
    pub(crate) ip: IpAddr,
    /// What the client says in EHLO
    #[arg(long, value_name = "NAME")]
    pub(crate) helo: String,
    /// The address in MAIL FROM; empty for a bounce
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) from: String,
    /// Answer from these names and records, in the form of a zone file, instead of asking the DNS
    #[arg(long, value_name = "ZONEFILE")]
    pub(crate) dns: Option<PathBuf>,
    /// One JSON object: checks, disposition, reply, fields
    #[arg(long)]
    pub(crate) json: bool,
}

/// What about the queue.
#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// List each recipient: message, sender, recipient, attempts, when the next one is, and what the last one came to
    List,
}

/// What about users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user with an empty mailbox
    Add(WithPassword),
    /// List all users with what they store
    List,
    /// Remove a user and all their mail
    Remove {
        /// The user's address
        address: String,
    },
    /// Change a user's password
    Password(WithPassword),
}

/// A user and where the password comes from.
#[derive(Debug, Args)]
pub(crate) struct WithPassword {
    /// The user's address, in one of the configured domains
    pub(crate) address: String,
    /// Read the password from standard input, up to the end of its first line
    #[arg(long)]
    pub(crate) password_stdin: bool,
}
