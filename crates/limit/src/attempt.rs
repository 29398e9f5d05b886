use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::cell::Cell;
use crate::clock::Clock;
use crate::limiter::Inner;
use crate::meter::Limit;
use crate::refusals::{ACCOUNT, SIGN_IN, SIGN_UP};
use crate::shared::{AccountKeys, FAMILIAR, Shared, Taken, familiar_nanoseconds};
use crate::table::Table;
use crate::{Exceeded, Network, Quota};

/// What is attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To enter an account.
    SignIn,
    /// To make one.
    SignUp,
}

/// An attempt at an account that may be made. It counts until it is known how it went; one that is dropped has failed.
///
/// # Limits
///
/// *By address.* Every attempt counts, whatever comes of it: each costs a password hash.
///
/// *By account.* Failed attempts count, and those under way. From which address, counts only if the address is *familiar*: if
/// somebody has entered the account from it within 30 days. Each familiar address has an allowance of its own, and all others have
/// one together. So somebody who guesses at one account from many addresses has one allowance for all of them, and cannot lock
/// out those who come from where they have been before; from elsewhere, these have to wait.
#[derive(Debug, Default)]
pub struct Attempt(Option<Made>);

#[derive(Debug)]
struct Made {
    limiter: Arc<Inner>,
    limit: Limit,
    at: Target,
    was_familiar: bool,
    /// What Redis counted it by. None: this server alone did.
    keys: Option<AccountKeys>,
}

/// An account, from one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Target {
    purpose: Purpose,
    account: u128,
    network: Network,
}

/// The limits of attempts, and how they stand on this server.
#[derive(Debug)]
pub(crate) struct Attempts {
    sign_in: Option<Limit>,
    sign_up: Option<Limit>,
    account: Option<Limit>,
    networks: Table<(Purpose, Network), Arc<Cell>>,
    /// With the address where it is familiar, without it for all others.
    accounts: Table<(Purpose, u128, Option<Network>), Arc<Cell>>,
    /// Until when an address is familiar to an account.
    familiar: Table<(u128, Network), u64>,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::SignIn => SIGN_IN,
            Self::SignUp => SIGN_UP,
        }
    }
}

impl Attempts {
    pub(crate) fn new(sign_in: Option<Quota>, sign_up: Option<Quota>, account: Option<Quota>, capacity: usize) -> Self {
        let limit = |policy, quota: Option<Quota>| quota.map(|quota| Limit::new(policy, quota));
        Self {
            sign_in: limit(Purpose::SignIn.name(), sign_in),
            sign_up: limit(Purpose::SignUp.name(), sign_up),
            account: limit(ACCOUNT, account),
            networks: Table::new(capacity),
            accounts: Table::new(capacity),
            familiar: Table::new(capacity),
        }
    }

    fn by_address(&self, purpose: Purpose) -> Option<&Limit> {
        match purpose {
            Purpose::SignIn => self.sign_in.as_ref(),
            Purpose::SignUp => self.sign_up.as_ref(),
        }
    }

    fn network_cell(&self, purpose: Purpose, network: Network) -> Arc<Cell> {
        self.networks.get_or_insert((purpose, network), Arc::default, |cell| cell.whole_at())
    }

    fn account_cell(&self, at: &Target, is_familiar: bool) -> Arc<Cell> {
        let key = (at.purpose, at.account, is_familiar.then_some(at.network));
        self.accounts.get_or_insert(key, Arc::default, |cell| cell.whole_at())
    }

    fn is_familiar(&self, at: &Target, now: u64) -> bool {
        self.familiar.get(&(at.account, at.network)).is_some_and(|until| until > now)
    }

    fn make_familiar(&self, at: &Target, now: u64) {
        let until = now.saturating_add(familiar_nanoseconds());
        self.familiar.insert((at.account, at.network), until, |until| *until);
    }
}

impl Inner {
    pub(crate) async fn attempt(
        self: &Arc<Self>,
        purpose: Purpose,
        account: &str,
        network: Network,
    ) -> Result<Attempt, Exceeded> {
        if let Some(limit) = self.attempts.by_address(purpose) {
            let name = format!("{}:address:{network}", purpose.name());
            let taken = match &self.shared {
                Some(shared) => shared.take(&name, &limit.gcra, 1, 1).await.ok(),
                None => None,
            };
            settle(limit, &self.clock, &self.attempts.network_cell(purpose, network), taken)?;
        }
        let Some(limit) = self.attempts.account else { return Ok(Attempt::default()) };
        let at = Target { purpose, account: digest(account), network };
        let keys = self.shared.as_ref().map(|shared| keys(shared, &at));
        let taken = match (&self.shared, keys.clone()) {
            (Some(shared), Some(keys)) => shared.take_of_account(keys, &limit.gcra).await.ok(),
            _ => None,
        };
        let was_familiar = match taken {
            Some((_, was_familiar)) => was_familiar,
            None => self.attempts.is_familiar(&at, self.clock.now()),
        };
        let cell = self.attempts.account_cell(&at, was_familiar);
        settle(&limit, &self.clock, &cell, taken.map(|(taken, _)| taken))?;
        let keys = keys.filter(|_| taken.is_some());
        Ok(Attempt(Some(Made { limiter: Arc::clone(self), limit, at, was_familiar, keys })))
    }
}

impl Attempt {
    /// It succeeded: it does not count, and its address is familiar to the account from now on.
    pub async fn succeeded(self) {
        Box::pin(self.end(true)).await;
    }

    /// It could not be made, through no fault of whoever made it: it does not count.
    pub async fn withdrawn(self) {
        Box::pin(self.end(false)).await;
    }

    async fn end(self, has_succeeded: bool) {
        let Some(Made { limiter, limit, at, was_familiar, keys }) = self.0 else { return };
        limiter.attempts.account_cell(&at, was_familiar).give_back(&limit.gcra, 1);
        if has_succeeded {
            limiter.attempts.make_familiar(&at, limiter.clock.now());
        }
        if let (Some(shared), Some(keys)) = (&limiter.shared, keys) {
            let familiar = if has_succeeded { FAMILIAR } else { Duration::ZERO };
            // Without an answer, the attempt counts as one that failed, which is safe.
            let _ = shared.give_back(keys, &limit.gcra, was_familiar, familiar).await;
        }
    }
}

/// Whether an attempt may be made: by what Redis says, which this server then follows, or else by this server alone.
fn settle(limit: &Limit, clock: &Clock, cell: &Cell, taken: Option<Taken>) -> Result<(), Exceeded> {
    let now = clock.now();
    let Some(Taken { units, wait, left }) = taken else {
        return cell.take(&limit.gcra, now, 1).map_err(|wait| limit.exceeded(wait));
    };
    cell.set(limit.gcra.whole_at(left, now));
    if units == 0 { Err(limit.exceeded(wait)) } else { Ok(()) }
}

fn keys(shared: &Shared, at: &Target) -> AccountKeys {
    shared.account_keys(at.account, at.purpose.name(), &at.network.to_string())
}

/// What stands for an account. Nobody can find two names for one number, so nobody can use up what is another's.
fn digest(account: &str) -> u128 {
    let hash: [u8; 32] = Sha256::digest(account.as_bytes()).into();
    hash.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}
