//! `mailhost user`: who has a mailbox.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::auth;
use crate::cli::{UserCommand, WithPassword};
use crate::config::Config;
use crate::store::{Address, Credentials, Purpose, SqliteStore, Store as _};
use crate::{Failure, open_store, store};

/// Carries out one command.
///
/// # Errors
/// What the person who typed it has to know.
pub(crate) async fn run(config: &Config, command: UserCommand) -> Result<(), Failure> {
    let folder = config.store_folder();
    if !folder.exists() && !matches!(command, UserCommand::Add(_)) {
        return Err(format!(
            "there is nobody yet: no store in {}; `mailhost user add ADDRESS` makes one",
            folder.display()
        )
        .into());
    }
    let store = open_store(config, Purpose::Command)?;
    match command {
        UserCommand::Add(add) => {
            let address = ours(config, &add.address)?;
            if store.account(address.clone()).await?.is_some() {
                return Err(store::Error::AccountExists.into());
            }
            store.add_account(address.clone(), credentials(&add)?).await?;
            writeln!(io::stdout(), "added {address}")?;
        }
        UserCommand::List => {
            let mut out = io::stdout().lock();
            for account in store.accounts().await? {
                writeln!(out, "{}  {} messages, {} bytes", account.address, account.messages, account.octets)?;
            }
        }
        UserCommand::Remove { address } => {
            let account = find(&store, &address).await?;
            store.remove_account(account).await?;
            writeln!(io::stdout(), "removed {address}")?;
        }
        UserCommand::Password(password) => {
            let account = find(&store, &password.address).await?;
            store.set_credentials(account, credentials(&password)?).await?;
            writeln!(io::stdout(), "changed the password of {}", password.address)?;
        }
    }
    Ok(())
}

async fn find(store: &SqliteStore, address: &str) -> Result<store::AccountId, Failure> {
    let address: Address = address.parse()?;
    let account = store.account(address.clone()).await?;
    Ok(account.ok_or_else(|| format!("there is no user {address}; `mailhost user list` shows all"))?.id)
}

/// An address that mail can come to.
fn ours(config: &Config, text: &str) -> Result<Address, Failure> {
    let address: Address = text.parse()?;
    let (local, domain) = address.as_str().rsplit_once('@').unwrap_or_default();
    if !config.domains.iter().any(|ours| ours.eq_ignore_ascii_case(domain)) {
        let domains = config.domains.join(", ");
        return Err(format!(
            "{domain} is not one of the configured domains ({domains}): mail for {address} would never come here"
        )
        .into());
    }
    if local.contains('+') {
        return Err(format!("{address} has a detail (+): mail for it goes to the user without it").into());
    }
    if smtp_proto::path::Mailbox::parse(address.as_str(), true).is_err() {
        return Err(format!("{address} is not an address that mail can be sent to").into());
    }
    Ok(address)
}

fn credentials(from: &WithPassword) -> Result<Credentials, Failure> {
    let password = if from.password_stdin {
        read_line()?
    } else if io::stdin().is_terminal() {
        let password = ask(&format!("password for {}: ", from.address))?;
        if *password != *ask("once more: ")? {
            return Err("the two passwords differ: nothing has been changed".into());
        }
        password
    } else {
        return Err("standard input is not a terminal: give the password with --password-stdin".into());
    };
    if password.is_empty() {
        return Err("the password is empty".into());
    }
    Ok(auth::credentials(&password)?)
}

/// Asks at the terminal, which does not show what is typed.
fn ask(question: &str) -> Result<Zeroizing<String>, Failure> {
    let shown = tcgetattr(io::stdin())?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    hidden.local_modes.insert(LocalModes::ECHONL);
    // before the question, or whoever answers at once would be shown; what was typed even before that is forgotten
    tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?;
    let asked = write!(io::stderr(), "{question}");
    let line = asked.map_err(Failure::from).and_then(|()| read_line());
    tcsetattr(io::stdin(), OptionalActions::Now, &shown)?;
    line
}

/// The next line of standard input, without its end.
fn read_line() -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line)?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}
