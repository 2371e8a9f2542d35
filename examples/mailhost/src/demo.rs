//! The first start without a configuration: somebody to send mail to, and what to type.

use core::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use crate::config::Config;
use crate::store::{Address, Store};
use crate::{Failure, auth, random};

/// Where the demo user's password is kept.
const PASSWORD_FILE: &str = "demo-password";

/// Lines to copy.
#[derive(Debug)]
pub(crate) struct Demo {
    address: Address,
    password: String,
    smtp: String,
    submissions: String,
    pop3s: String,
    file: String,
}

/// Makes the demo user where there is none, and says what to type.
///
/// # Errors
/// The store's, the folder's.
pub(crate) async fn set_up(config: &Config, store: &dyn Store) -> Result<Demo, Failure> {
    let domain = config.domains.first().map(String::as_str).unwrap_or_default();
    let address: Address = format!("demo@{domain}").parse()?;
    let file = config.data.join(PASSWORD_FILE);
    let account = store.account(address.clone()).await?;
    let kept = match fs::read_to_string(&file) {
        Ok(password) => Some(password.trim_end().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(format!("cannot read {}: {error}", file.display()).into()),
    };
    let is_kept = kept.is_some();
    let password = kept.map_or_else(random::id, Ok)?;
    if account.is_none() || !is_kept {
        let given = password.clone();
        let credentials = tokio::task::spawn_blocking(move || auth::credentials(&given)).await??;
        match account {
            Some(account) => store.set_credentials(account.id, credentials).await?,
            None => store.add_account(address.clone(), credentials).await.map(drop)?,
        }
    }
    if !is_kept {
        // Last: where it is not written, the next start gives the user another.
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)?
            .write_all(format!("{password}\n").as_bytes())?;
    }
    let first = |addresses: &[core::net::SocketAddr]| addresses.first().map(ToString::to_string).unwrap_or_default();
    Ok(Demo {
        address,
        password,
        smtp: first(&config.listen.smtp),
        submissions: first(&config.listen.submissions),
        pop3s: first(&config.listen.pop3s),
        file: file.display().to_string(),
    })
}

impl fmt::Display for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, password, smtp, submissions, pop3s, file } = self;
        write!(
            f,
            "
Demo user {address}, password {password} (kept in {file})

Send a message, as another server would:
  printf 'From: you@example.net\\nTo: {address}\\nSubject: hello\\n\\nFirst mail.\\n' > letter.txt
  curl --crlf smtp://{smtp}/client.example --mail-from you@example.net --mail-rcpt {address} -T letter.txt

Send one as the demo user:
  printf 'From: {address}\\nTo: {address}\\nSubject: hello\\n\\nMail to myself.\\n' > letter.txt
  curl --crlf -k --user {address}:{password} smtps://{submissions} --mail-from {address} --mail-rcpt {address} -T letter.txt

List the mailbox, then read the first message:
  curl -k --user {address}:{password} pop3s://{pop3s}/
  curl -k --user {address}:{password} pop3s://{pop3s}/1

"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Passwords;
    use crate::metrics::Metrics;
    use crate::store::{Purpose, SqliteStore};

    /// Whether the password that is shown is the user's.
    async fn shows_the_right_one(config: &Config, store: &SqliteStore) -> (String, bool) {
        let demo = set_up(config, store).await.unwrap();
        let account = store.account(demo.address.clone()).await.unwrap().unwrap();
        let credentials = store.credentials(account.id).await.unwrap();
        let password = sasl::Password::from(demo.password.as_str());
        let passwords = Passwords::new().unwrap();
        let right =
            passwords.verify(Some(credentials.password), &password, &Metrics::default(), || true).await.unwrap();
        assert!(demo.to_string().contains(&demo.password));
        (demo.password, right)
    }

    #[tokio::test]
    async fn the_password_shown_works_also_when_its_file_was_lost() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data: folder.path().join("data"), ..Config::default() };
        let store = SqliteStore::open(&config.data, Purpose::Serve).unwrap();
        let (first, right) = shows_the_right_one(&config, &store).await;
        assert!(right);
        assert_eq!(shows_the_right_one(&config, &store).await, (first.clone(), true), "it stays");
        fs::remove_file(config.data.join(PASSWORD_FILE)).unwrap();
        let (second, right) = shows_the_right_one(&config, &store).await;
        assert!(right && second != first);
        assert_eq!(store.accounts().await.unwrap().len(), 1);
    }
}
