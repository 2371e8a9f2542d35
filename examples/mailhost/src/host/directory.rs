//! Who is there, remembered for a moment: a recipient is looked up for each message, and seldom changes.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::store::{self, Account, AccountId, Address, MailboxId, Store};

/// How long a look-up is believed. A user who is added or removed by a command is known, or unknown, after so long.
const BELIEVED: Duration = Duration::from_secs(1);

/// How many are remembered.
const REMEMBERED_MAX: usize = 10_000;

/// Where mail for an account goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    /// The account.
    pub(crate) account: AccountId,
    /// Its INBOX.
    pub(crate) mailbox: MailboxId,
    /// Its Junk.
    pub(crate) junk: MailboxId,
    /// Its address.
    pub(crate) address: Address,
    /// What it held when it was looked up.
    pub(crate) octets: u64,
}

impl From<Account> for Destination {
    fn from(account: Account) -> Self {
        Self {
            account: account.id,
            mailbox: account.inbox,
            junk: account.junk,
            address: account.address,
            octets: account.octets,
        }
    }
}

/// Look-ups of the last second.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    known: Mutex<HashMap<Address, Known>>,
    oldest: Mutex<Option<Known>>,
}

/// What was found, and when.
#[derive(Debug, Clone)]
struct Known {
    since: Instant,
    found: Option<Destination>,
}

impl Known {
    fn now(found: Option<Destination>) -> Self {
        Self { since: Instant::now(), found }
    }

    fn is_believed(&self) -> bool {
        self.since.elapsed() < BELIEVED
    }
}

impl Directory {
    /// Where mail for this address goes, if there is such an account.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn find(&self, store: &dyn Store, address: Address) -> Result<Option<Destination>, store::Error> {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&address)
            && known.is_believed()
        {
            return Ok(known.found.clone());
        }
        let found = store.account(address.clone()).await?.map(Destination::from);
        let mut table = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= REMEMBERED_MAX {
            table.clear();
        }
        table.insert(address, Known::now(found.clone()));
        Ok(found)
    }

    /// Where mail for the user who has been there longest goes, if there is anybody.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn oldest(&self, store: &dyn Store) -> Result<Option<Destination>, store::Error> {
        if let Some(known) = &*self.oldest.lock().unwrap_or_else(PoisonError::into_inner)
            && known.is_believed()
        {
            return Ok(known.found.clone());
        }
        // All of them are read, so a stranger must not be able to ask for it each time.
        let found = store.accounts().await?.into_iter().min_by_key(|account| account.id).map(Destination::from);
        *self.oldest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Known::now(found.clone()));
        Ok(found)
    }
}
