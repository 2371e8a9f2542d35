//! Who is this? Passwords, SASL exchanges, and what failures cost.

mod passwords;

use core::net::IpAddr;
use core::time::Duration;
use std::io;
use std::sync::PoisonError;

use sasl::{Answer, Failure, Mechanism, Password, Question, Step, StoredKeys};

pub(crate) use passwords::{Passwords, credentials};

use crate::host::Host;
use crate::random;
use crate::store::{self, Account, Address, Credentials};
use crate::tls::Channel;

/// The mechanisms that every connection offers, best first. A [`Channel`] adds those that it alone makes possible.
pub(crate) const MECHANISMS: [Mechanism; 3] = [Mechanism::ScramSha256, Mechanism::Plain, Mechanism::Login];

/// What became of a login.
#[derive(Debug)]
pub(crate) enum Login {
    /// This is who it is.
    Welcome(Account),
    /// Name or password is wrong, which of them is not said. The reply is to be held back so long.
    Refused(Duration),
    /// What the client sent cannot be read.
    Malformed,
    /// There have been too many failures: nothing was looked at.
    Limited,
    /// It cannot be found out now.
    Unavailable,
}

/// What an exchange comes to next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Send this, wait for the response.
    Challenge(Vec<u8>),
    /// It is over.
    Done(Login),
}

/// One SASL exchange.
pub(crate) struct Exchange {
    server: sasl::Server,
    address: IpAddr,
    /// Who the client last claimed to be, for counting.
    claimed: String,
}

impl Exchange {
    /// Begins one over a channel. `None` if the mechanism is not offered.
    ///
    /// # Errors
    /// The system has no random bytes to give.
    pub(crate) fn begin(host: &Host, mechanism: &str, address: IpAddr, channel: &Channel) -> io::Result<Option<Self>> {
        let offered = |mechanism: &Mechanism| MECHANISMS.contains(mechanism) || channel.offers(*mechanism);
        let Some(mechanism) = mechanism.parse().ok().filter(offered) else { return Ok(None) };
        let mut config = sasl::Config::new(random::bytes()?, host.decoys.clone());
        config.bindings.clone_from(&channel.bindings);
        config.external.clone_from(&channel.user);
        Ok(Some(Self {
            server: sasl::Server::new(mechanism, config, sasl::Limits::default()),
            address,
            claimed: String::new(),
        }))
    }

    /// Takes the client's response, if there is one, and goes on until something is to be sent.
    pub(crate) async fn go(&mut self, host: &Host, response: Option<&[u8]>) -> Next {
        if !host.admits_login(self.address, &self.claimed) {
            return Next::Done(Login::Limited);
        }
        if let Some(response) = response
            && self.server.receive(response).is_err()
        {
            return Next::Done(Login::Unavailable);
        }
        loop {
            let answer = match self.server.step() {
                Step::Challenge(challenge) => return Next::Challenge(challenge.to_vec()),
                Step::Ask(Question::VerifyPassword { authcid, password }) => {
                    self.claimed = authcid.to_owned();
                    let password = password.clone();
                    if !host.admits_login(self.address, &self.claimed) {
                        return Next::Done(Login::Limited);
                    }
                    match host.verify(&self.claimed, &password, self.address).await {
                        Ok(account) => Answer::Verified(account.is_some()),
                        Err(passwords::Error::Limited) => return Next::Done(Login::Limited),
                        Err(_) => Answer::Unavailable,
                    }
                }
                Step::Ask(Question::StoredKeys { authcid, .. }) => {
                    self.claimed = authcid.to_owned();
                    if !host.admits_login(self.address, &self.claimed) {
                        return Next::Done(Login::Limited);
                    }
                    match host.stored_keys(&self.claimed).await {
                        Ok(keys) => Answer::Keys(Some(keys)),
                        Err(_) => Answer::Unavailable,
                    }
                }
                // Row A-4: nobody acts for another.
                Step::Ask(_) => Answer::Authorized(false),
                Step::Done(Ok(identity)) => {
                    let name = identity.authcid().to_owned();
                    return Next::Done(match host.login_account(&name).await {
                        Ok(Some((account, _))) => {
                            host.metrics.logins_total.add(1);
                            Login::Welcome(account)
                        }
                        Ok(None) | Err(_) => Login::Unavailable,
                    });
                }
                Step::Done(Err(Failure::Unavailable)) => return Next::Done(Login::Unavailable),
                Step::Done(Err(failure)) if failure.is_malformed() => return Next::Done(Login::Malformed),
                Step::Done(Err(_)) => {
                    return Next::Done(Login::Refused(host.login_failed(self.address, &self.claimed)));
                }
                Step::Wait => return Next::Done(Login::Unavailable),
            };
            if self.server.answer(answer).is_err() {
                return Next::Done(Login::Unavailable);
            }
        }
    }
}

impl Host {
    /// A login with name and password, as POP3's USER and PASS have it.
    pub(crate) async fn login(&self, name: &str, password: &str, address: IpAddr) -> Login {
        if !self.admits_login(address, name) {
            return Login::Limited;
        }
        // As SASL does before it asks.
        let prepared = sasl::prepare(name).and_then(|name| Ok((name, Password::from(password).prepared()?)));
        let Ok((name, password)) = prepared else { return Login::Refused(self.login_failed(address, name)) };
        match self.verify(&name, &password, address).await {
            Ok(Some(account)) => {
                self.metrics.logins_total.add(1);
                Login::Welcome(account)
            }
            Ok(None) => Login::Refused(self.login_failed(address, &name)),
            Err(passwords::Error::Limited) => Login::Limited,
            Err(_) => Login::Unavailable,
        }
    }

    /// Whether an attempt from there, on this account, may be looked at (row A-1).
    fn admits_login(&self, address: IpAddr, account: &str) -> bool {
        if self.trusts(address) {
            return true;
        }
        let limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        let admitted = limiter.admits(address, &self.login_address(account), self.now());
        if !admitted {
            self.metrics.logins_limited_total.add(1);
        }
        admitted
    }

    /// Counts a failure, and says how long its reply is to be held back.
    fn login_failed(&self, address: IpAddr, account: &str) -> Duration {
        self.metrics.login_failures_total.add(1);
        let wait = self.limiter.lock().unwrap_or_else(PoisonError::into_inner).failed(
            address,
            &self.login_address(account),
            self.now(),
        );
        if self.trusts(address) { Duration::ZERO } else { wait }
    }

    /// The account of a user whom a trusted proxy has authenticated.
    pub(crate) async fn vouched(&self, name: &str) -> Result<Option<Account>, store::Error> {
        Ok(self.login_account(name).await?.map(|(account, _)| account))
    }

    /// The account of a login name, with what its password is checked against. A name without a domain is in the first of ours.
    async fn login_account(&self, name: &str) -> Result<Option<(Account, Credentials)>, store::Error> {
        let Ok(address) = self.login_address(name).parse::<Address>() else { return Ok(None) };
        let Some(account) = self.store.account(address).await? else { return Ok(None) };
        match self.store.credentials(account.id).await {
            Ok(credentials) => Ok(Some((account, credentials))),
            Err(store::Error::NoSuchAccount) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The address that a name to log in with stands for, however it is written: the name of the account, also for counting.
    fn login_address(&self, name: &str) -> String {
        let domain = self.config.domains.first().map(String::as_str).unwrap_or_default();
        if name.contains('@') { name.to_lowercase() } else { format!("{}@{domain}", name.to_lowercase()) }
    }

    /// The account, if the password is right. It takes as long for a name that does not exist (row A-2).
    async fn verify(
        &self,
        name: &str,
        password: &Password,
        address: IpAddr,
    ) -> Result<Option<Account>, passwords::Error> {
        let found = self.login_account(name).await?;
        let phc = found.as_ref().map(|(_, credentials)| credentials.password.clone());
        let right = self.passwords.verify(phc, password, &self.metrics, || self.admits_login(address, name)).await?;
        Ok(found.filter(|_| right).map(|(account, _)| account))
    }

    /// The keys of a user, or those that a user who does not exist would have (row A-5).
    async fn stored_keys(&self, name: &str) -> Result<StoredKeys, store::Error> {
        let found = self.login_account(name).await?;
        let keys = found.and_then(|(_, credentials)| credentials.scram).and_then(|text| StoredKeys::parse(&text).ok());
        Ok(keys.unwrap_or_else(|| self.decoys.keys(&self.login_address(name))))
    }
}
