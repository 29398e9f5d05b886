use std::sync::Arc;

use crate::attempt::Attempts;
use crate::clock::{Clock, nanoseconds};
use crate::lease::{Lease, Renewal};
use crate::meter::{Limit, Meter, Resource};
use crate::refusals::{COST, REQUESTS, Refusals};
use crate::shared::{Shared, Taken};
use crate::table::Table;
use crate::{Allowance, Exceeded, Network, RedisStatistics, Settings, Standing, StartError, Subject};

/// How often a request waits for a lease before it is refused: others spend it all the time.
const ROUNDS: usize = 16;

/// Limits of rates. Cheap to clone. The default limits nothing.
#[derive(Clone, Debug, Default)]
pub struct Limiter(Option<Arc<Inner>>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) clock: Clock,
    pub(crate) shared: Option<Shared>,
    pub(crate) attempts: Attempts,
    pub(crate) refusals: Refusals,
    requests: Option<Limit>,
    cost: Option<Limit>,
    meters: Table<Subject, Arc<Meter>>,
    /// Whose meter counts for a credential that was found to be good.
    known: Table<u128, Arc<Meter>>,
}

/// The lease of one count, wherever it is.
struct Leased {
    meter: Arc<Meter>,
    resource: Resource,
}

impl AsRef<Lease> for Leased {
    fn as_ref(&self) -> &Lease {
        &self.meter.count(self.resource).lease
    }
}

impl Limiter {
    /// Starts, and waits a moment for Redis, if there is one. Must be called within a runtime.
    ///
    /// # Errors
    /// When the URL of Redis cannot be understood. A Redis that cannot be reached is no error.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let Settings { requests, cost, sign_in, sign_up, account, subjects, redis } = settings;
        if [requests, cost, sign_in, sign_up, account].iter().all(Option::is_none) {
            return Ok(Self::default());
        }
        let shared = redis.as_ref().map(Shared::open).transpose()?;
        if let Some(shared) = &shared {
            shared.started().await;
        }
        Ok(Self(Some(Arc::new(Inner {
            clock: Clock::start(),
            shared,
            attempts: Attempts::new(sign_in, sign_up, account, subjects),
            refusals: Refusals::default(),
            requests: requests.map(|quota| Limit::new(REQUESTS, quota)),
            cost: cost.map(|quota| Limit::new(COST, quota)),
            meters: Table::new(subjects),
            known: Table::new(subjects),
        }))))
    }

    /// What whoever sends a request may do: the viewer whom its credential is known to show, or else whoever is at the address that
    /// it came from.
    ///
    /// `credential` stands for the credential, if there is one: a number that nobody can find another credential for.
    pub fn allowance(&self, credential: Option<u128>, network: Network) -> Allowance {
        let Some(inner) = &self.0 else { return Allowance::default() };
        let known = credential.and_then(|credential| inner.known.get(&credential));
        let meter = known.unwrap_or_else(|| inner.meter(Subject::Network(network)));
        Allowance::new(Arc::clone(inner), meter, network)
    }

    /// How often each limit has refused something, by what it is called. Empty if nothing is limited.
    pub fn refusals(&self) -> Vec<(&'static str, u64)> {
        self.0.as_ref().map(|inner| inner.refusals.read()).unwrap_or_default()
    }

    /// How commands to Redis have fared, if servers count together.
    pub fn redis_statistics(&self) -> Option<RedisStatistics> {
        self.0.as_ref()?.shared.as_ref().map(Shared::statistics)
    }

    /// Whether costs are limited.
    pub fn limits_cost(&self) -> bool {
        self.0.as_ref().is_some_and(|inner| inner.cost.is_some())
    }
}

impl Inner {
    pub(crate) fn meter(&self, subject: Subject) -> Arc<Meter> {
        self.meters.get_or_insert(subject, || Arc::new(Meter::new(subject)), |meter| meter.rank())
    }

    pub(crate) fn know(&self, credential: u128, viewer: u128) {
        // All ranks are one: the oldest is forgotten first.
        self.known.insert(credential, self.meter(Subject::Viewer(viewer)), |_| 0);
    }

    pub(crate) fn forget(&self, credential: u128) {
        self.known.remove(&credential);
    }

    /// Counts `units` by the meter. Answers where it stands, if more than half is used.
    pub(crate) async fn count(
        self: &Arc<Self>,
        meter: &Arc<Meter>,
        resource: Resource,
        units: u64,
    ) -> Result<Option<Standing>, Exceeded> {
        let Some(limit) = self.limit(resource) else { return Ok(None) };
        let count = meter.count(resource);
        match &self.shared {
            None => self.count_here(meter, resource, limit, units)?,
            Some(shared) => match count.lease.take(units) {
                Some(left) if left >= limit.batch / 2 => {}
                Some(_) => self.top_up(shared, meter, resource, limit),
                None => Box::pin(self.count_leased(shared, meter, resource, limit, units)).await?,
            },
        }
        Ok(limit.standing(count, &self.clock))
    }

    fn limit(&self, resource: Resource) -> Option<&Limit> {
        match resource {
            Resource::Requests => self.requests.as_ref(),
            Resource::Cost => self.cost.as_ref(),
        }
    }

    fn count_here(&self, meter: &Meter, resource: Resource, limit: &Limit, units: u64) -> Result<(), Exceeded> {
        let taken = meter.count(resource).cell.take(&limit.gcra, self.clock.now(), units);
        taken.map_err(|wait| limit.exceeded(wait))
    }

    async fn count_leased(
        self: &Arc<Self>,
        shared: &Shared,
        meter: &Arc<Meter>,
        resource: Resource,
        limit: &Limit,
        units: u64,
    ) -> Result<(), Exceeded> {
        let lease = &meter.count(resource).lease;
        let _waiting = lease.want(units);
        for _ in 0..ROUNDS {
            let failures = lease.failures();
            let renewed = lease.renewed();
            tokio::pin!(renewed);
            renewed.as_mut().enable();
            if lease.take(units).is_some() {
                return Ok(());
            }
            if let Some(wait) = lease.refusal(units, self.clock.now()) {
                return Err(limit.exceeded(wait));
            }
            if shared.is_reachable() {
                self.renew(shared, meter, resource, limit, units);
                renewed.await;
            }
            if !shared.is_reachable() || lease.failures() > failures {
                return self.count_here(meter, resource, limit, units);
            }
        }
        Err(limit.exceeded(limit.quota.window()))
    }

    /// Asks Redis in the background for what is missing of a batch, unless it has said when there will be more, or is gone.
    fn top_up(self: &Arc<Self>, shared: &Shared, meter: &Arc<Meter>, resource: Resource, limit: &Limit) {
        if shared.is_reachable() && meter.count(resource).lease.refusal(1, self.clock.now()).is_none() {
            self.renew(shared, meter, resource, limit, 1);
        }
    }

    /// Asks Redis in the background for what is missing of a batch, and for `least` at least, unless that is being done.
    fn renew(self: &Arc<Self>, shared: &Shared, meter: &Arc<Meter>, resource: Resource, limit: &Limit, least: u64) {
        let leased = Leased { meter: Arc::clone(meter), resource };
        let Some(renewal) = Lease::renew(leased) else { return };
        let (limiter, shared, limit) = (Arc::clone(self), shared.clone(), *limit);
        tokio::spawn(async move { limiter.lease(&shared, &renewal, &limit, least).await });
    }

    async fn lease(&self, shared: &Shared, renewal: &Renewal<Leased>, limit: &Limit, least: u64) {
        let Leased { meter, resource } = renewal.leased();
        let (count, lease) = (meter.count(*resource), renewal.lease());
        let name = format!("{}:{}", limit.policy, meter.subject);
        let least = least.saturating_sub(lease.balance()).max(1);
        let most = lease.missing(limit.batch).max(least);
        match shared.take(&name, &limit.gcra, least, most).await {
            Ok(Taken { units, wait, left }) => {
                let now = self.clock.now();
                count.cell.set(limit.gcra.whole_at(left, now));
                if units > 0 {
                    lease.add(units);
                } else {
                    lease.refuse(least, now.saturating_add(nanoseconds(wait)));
                }
            }
            Err(_) => lease.failed(),
        }
    }
}
