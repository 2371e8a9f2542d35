//! The first start without a configuration: somebody to send mail to, and what to type.

use core::fmt;
use std::fs;
use std::io::Write as _;
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

/// Makes the demo user, if there is nobody yet, and says what to type.
///
/// # Errors
/// The store's, the folder's.
pub(crate) async fn set_up(config: &Config, store: &dyn Store) -> Result<Demo, Failure> {
    let domain = config.domains.first().map(String::as_str).unwrap_or_default();
    let address: Address = format!("demo@{domain}").parse()?;
    let file = config.data.join(PASSWORD_FILE);
    let password = match fs::read_to_string(&file) {
        Ok(password) => password.trim_end().to_owned(),
        Err(_) => {
            let password = random::id()?;
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&file)?.write_all(format!("{password}\n").as_bytes())?;
            password
        }
    };
    if store.account(address.clone()).await?.is_none() {
        let given = password.clone();
        let credentials = tokio::task::spawn_blocking(move || auth::credentials(&given)).await??;
        store.add_account(address.clone(), credentials).await?;
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
