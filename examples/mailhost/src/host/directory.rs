//! Who is there, remembered for a moment: a recipient is looked up for each message, and seldom changes.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::store::{self, AccountId, Address, MailboxId, Store};

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
    /// Its address.
    pub(crate) address: Address,
    /// What it held when it was looked up.
    pub(crate) octets: u64,
}

/// Look-ups of the last second.
#[derive(Debug, Default)]
pub(crate) struct Directory(Mutex<HashMap<Address, (Instant, Option<Destination>)>>);

impl Directory {
    /// Where mail for this address goes, if there is such an account.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn find(&self, store: &dyn Store, address: Address) -> Result<Option<Destination>, store::Error> {
        if let Some((since, found)) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&address)
            && since.elapsed() < BELIEVED
        {
            return Ok(found.clone());
        }
        let account = store.account(address.clone()).await?;
        let found = account.map(|account| Destination {
            account: account.id,
            mailbox: account.inbox,
            address: account.address,
            octets: account.octets,
        });
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= REMEMBERED_MAX {
            table.clear();
        }
        table.insert(address, (Instant::now(), found.clone()));
        Ok(found)
    }
}
