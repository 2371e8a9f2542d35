//! Multi-line responses of the session's own: LIST, UIDL and CAPA.

use alloc::borrow::ToOwned as _;
use core::fmt::Write as _;

use super::{Core, OUTPUT_BOUND, Stage};
use crate::{
    capabilities::{Capabilities, Expire, LoginDelay},
    command::Bytes,
};

/// A list that is written as the client takes it: a maildrop of a million messages costs no more memory than one of ten.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    kind: Kind,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Sizes,
    Uids,
}

impl Listing {
    pub(super) const fn new(kind: Kind) -> Self {
        Self { kind, next: 1 }
    }
}

impl Core {
    /// Writes on with a list. True when it is complete.
    pub(super) fn list(&mut self) -> bool {
        let (Stage::Listing(listing), Some(maildrop)) = (&mut self.stage, &self.maildrop) else { return true };
        while listing.next <= maildrop.last() {
            if self.output.len() > OUTPUT_BOUND {
                return false;
            }
            let number = listing.next;
            listing.next += 1;
            if let Some(entry) = maildrop.get(number) {
                let mut out = Bytes(self.output.tail());
                let _ = match listing.kind {
                    Kind::Sizes => write!(out, "{number} {}\r\n", entry.size),
                    Kind::Uids => write!(out, "{number} {}\r\n", entry.uid),
                };
            }
        }
        self.output.tail().extend_from_slice(b".\r\n");
        self.clock.spoke();
        self.stage = Stage::Commands;
        self.shut_down_if_due();
        !matches!(self.stage, Stage::Closing)
    }

    /// CAPA's response.
    pub(super) fn capabilities(&mut self) {
        let config = self.config.clone();
        let before = self.maildrop.is_none();
        let mut offers = Capabilities::new();
        offers.top = true;
        offers.uidl = true;
        offers.resp_codes = true;
        offers.auth_resp_code = true;
        offers.pipelining = true;
        // RFC 2449, 5: what is there before login is listed after it too, but for STLS, which RFC 2595, 8 excepts.
        offers.utf8 = true;
        offers.utf8_user = config.utf8_user;
        offers.lang = !config.languages.is_empty();
        offers.stls = before && config.stls && self.tls.is_none();
        if self.offers_login() {
            offers.user = config.user;
            offers.sasl = self.mechanisms().map(str::to_owned).collect();
        }
        // RFC 2449, 6.5 and 6.7: `USER` sends the client to CAPA after login, where it has no place.
        let known = |per_user| per_user && before;
        offers.expire = self.expire.or(config.expire.map(|all| Expire { per_user: known(all.per_user), ..all }));
        offers.login_delay =
            self.login_delay.or(config.login_delay.map(|all| LoginDelay { per_user: known(all.per_user), ..all }));
        offers.implementation.clone_from(&config.implementation);
        self.ok("Capabilities follow");
        offers.write(self.output.tail());
    }
}
