use std::sync::Arc;
use std::time::Duration;

use sea_orm::DatabaseConnection;
use tidewater_cache::{Cache, Settings, SpaceStatistics, StartError, Verification};
use tidewater_changelog::{Log, Tracking};
use tidewater_counter::Counter;
use tidewater_entity::Statements;
use tidewater_graphql::{Api, ApiSettings, LiveQueries, Views, WriterName, new_secret};
use tidewater_limit::Limiter;
use tidewater_persisted::Texts;
use tidewater_queue::Worker;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::binding::{bind, listen_for_metrics};
use crate::chore_counters::ChoreCounters;
use crate::chores::{Chores, Retention};
use crate::configuration::{Configuration, Where};
use crate::error::{Error, one_line};
use crate::http::KnownDocuments;
use crate::metrics::{Endpoint, OfServer, Sources};
use crate::readiness::Readiness;
use crate::shutdown::Signals;
use crate::telemetry::Telemetry;
use crate::trusted_documents::TrustedDocuments;
use crate::view_flushing::{flush_last, flush_regularly};
use crate::{database, http, jobs};

/// What sets the address that everybody reaches.
const LISTEN: &str = "--listen";

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// How long writes to Redis that are queued at the end may take. None is needed: each is only a later hit or less.
const DRAINING: Duration = Duration::from_secs(2);

/// Everything that is running when the port opens.
struct Running {
    listener: TcpListener,
    endpoint: Option<Endpoint>,
    database: DatabaseConnection,
    statements: Statements,
    cache: Cache,
    api: Api,
    limiter: Limiter,
    documents: KnownDocuments,
    counter: Counter,
    readiness: Readiness,
    queue: jobs::Queue,
    worker: Option<Worker>,
}

/// Serves until SIGTERM or SIGINT, then lets what is under way end. A second signal cuts that short.
pub(crate) async fn serve(configuration: &Configuration, telemetry: &Telemetry) -> Result<(), Error> {
    let mut signals = Signals::listen().map_err(Error::System)?;
    let job_signals = Signals::listen().map_err(Error::System)?;
    let running = tokio::select! {
        running = start(configuration, telemetry) => running?,
        () = signals.next() => return Ok(()),
    };
    let Running { listener, endpoint, database, statements, cache, api, .. } = running;
    let Running { limiter, documents, counter, readiness, queue, worker, .. } = running;
    let texts = documents.texts.clone();
    let tracer = telemetry.tracer.clone();
    let front = http::front(api.clone(), limiter.clone(), documents, readiness.clone(), tracer, configuration);
    let retention = Retention {
        log: configuration.cache.log_retention,
        unused_sessions: configuration.http.session_idle_timeout,
        idempotency: configuration.http.idempotency_retention,
    };
    let (chores, chore_tasks) = Chores::start(&database, retention);
    let every = configuration.counters.view_flush_interval;
    let flushes = Arc::new(ChoreCounters::new("views"));
    let flushing = tokio::spawn(flush_regularly(counter.clone(), database.clone(), every, Arc::clone(&flushes)));
    let metrics = endpoint.map(|endpoint| {
        let (front, counter) = (front.clone(), counter.clone());
        let server = OfServer { api, front, limiter, texts, counter, readiness, chores, flushing: flushes };
        endpoint.serve(Sources { statements, queue: queue.clone(), server: Some(server) })
    });

    let grace = configuration.http.shutdown_grace;
    // Beside the requests, so that both end within the same grace.
    let working = worker.map(|worker| tokio::spawn(jobs::work(worker, job_signals, grace)));
    let ended = http::serve(listener, front, configuration, &mut signals, grace).await;
    if !ended {
        tracing::warn!("requests that were still under way have been cut off");
    }
    if let Some(working) = working {
        let _ = working.await;
        jobs::report(&queue);
    }
    if let Some(metrics) = metrics {
        metrics.stop().await;
    }
    drop(chore_tasks);
    flushing.abort();
    flush_last(&counter, &database).await;
    let _ = timeout(DRAINING, cache.drained()).await;
    let _ = timeout(DRAINING, database.close()).await;
    report(&cache);
    tracing::info!("stopped");
    Ok(())
}

/// Logs what each space of the cache has done.
fn report(cache: &Cache) {
    for space in cache.statistics() {
        let SpaceStatistics { name, memory_hits, redis_hits, joined, invalidations, needless, verification, .. } =
            space;
        let Verification { proven, overtaken, disproved } = verification;
        let misses = space.misses.total();
        tracing::info!(
            %name,
            memory_hits,
            redis_hits,
            joined,
            misses,
            invalidations,
            needless,
            proven,
            overtaken,
            disproved,
            "what was served"
        );
    }
}

async fn start(configuration: &Configuration, telemetry: &Telemetry) -> Result<Running, Error> {
    configuration.jobs.validate(&configuration.redis).map_err(Error::Configuration)?;
    let address = configuration.http.listen;
    let cannot_listen = Error::cannot_listen(LISTEN, address);
    // Bound first, so that a port in use is known before anything is changed, but not listened on before all is well.
    let socket = bind(LISTEN, address)?;
    let endpoint = listen_for_metrics(&configuration.metrics)?;

    let tracking = tidewater_entity::tracking();
    let writer = WriterName::new();
    let mut database = database::connect_as(&configuration.database, &writer).await?;
    let statements = Statements::count(&mut database);
    database::prepare(&database, &configuration.database, &tracking).await?;
    // Each waits for a Redis that may not be there.
    let (cache, limiter, documents, counter, queue) = tokio::try_join!(
        start_cache(configuration, &tracking),
        start_limiter(configuration),
        know_documents(configuration),
        start_counter(configuration),
        jobs::open(configuration)
    )?;
    let secret = tidewater_entity::views::secret(&database, new_secret()).await;
    let secret = secret.map_err(|error| Error::Database(one_line(&error)))?;
    let api = Api::start(ApiSettings {
        database: database.clone(),
        statements: statements.clone(),
        cache: cache.clone(),
        tracking: tracking.clone(),
        policies: configuration.cache.policies(),
        limits: configuration.limits_of_documents(),
        responses: configuration.cache.responses(),
        live_queries: LiveQueries {
            most: configuration.subscriptions.max_live_queries,
            time_limit: configuration.limits.request_timeout,
        },
        session_lifetime: configuration.http.session_lifetime,
        session_idle_timeout: configuration.http.session_idle_timeout,
        counts_cost: limiter.limits_cost(),
        views: Views::new(counter.clone(), secret),
        wake: Arc::new(jobs::Pushing::start(queue.clone())),
        jobs: Arc::new(jobs::Overseen(queue.clone())),
        log_levels: Arc::new(telemetry.levels.clone()),
        slow_operation: configuration.log.slow_operation(),
        writer,
        development: configuration.http.development,
    });
    let interval = configuration.http.health_interval;
    let readiness = Readiness::watch(database.clone(), tracking, cache.clone(), interval);

    let worker = match configuration.jobs.jobs {
        Where::Inside => Some(jobs::start(&queue, &database, telemetry.tracer.clone(), configuration)?),
        Where::Off => None,
    };
    let listener = socket.listen(BACKLOG).map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    tracing::info!("listening on http://{address}");
    Ok(Running {
        listener,
        endpoint,
        database,
        statements,
        cache,
        api,
        limiter,
        documents,
        counter,
        readiness,
        queue,
        worker,
    })
}

async fn start_cache(configuration: &Configuration, tracking: &[Tracking]) -> Result<Cache, Error> {
    let Configuration { database, redis, cache, subscriptions, .. } = configuration;
    let log =
        Log::connect(database.url.as_str(), tracking).await.map_err(|error| Error::ChangeLog(one_line(&error)))?;
    let redis = redis.settings()?;
    let settings = Settings {
        memory_bytes: cache.cache_memory as u64,
        tide_table_bytes: cache.tide_table,
        poll_interval: cache.poll_interval,
        verify_share: cache.verify_sample,
        follow_interval: subscriptions.follow_interval,
        follow_changes: subscriptions.follow_changes,
        redis,
        ..Settings::new(tracking)
    };
    Cache::start(log, settings).await.map_err(|error| match error {
        StartError::RedisUrl(reason) => Error::bad_redis_url(&reason),
        StartError::Gate(_) => Error::Cache(one_line(&error)),
    })
}

async fn start_limiter(configuration: &Configuration) -> Result<Limiter, Error> {
    let Configuration { redis, rates, .. } = configuration;
    let redis = redis.settings()?;
    let settings = tidewater_limit::Settings { redis, ..rates.settings() };
    Limiter::start(settings)
        .await
        .map_err(|tidewater_limit::StartError::RedisUrl(reason)| Error::bad_redis_url(&reason))
}

async fn know_documents(configuration: &Configuration) -> Result<KnownDocuments, Error> {
    let Configuration { redis, documents, .. } = configuration;
    let limits = configuration.limits_of_documents();
    let trusted = match &documents.trusted_documents {
        Some(path) => TrustedDocuments::read(path, documents.trusted_documents_only, limits).await?,
        None => TrustedDocuments::default(),
    };
    let Some(settings) = documents.persisted_queries() else { return Ok(KnownDocuments { trusted, texts: None }) };
    let settings = tidewater_persisted::Settings { redis: redis.settings()?, ..settings };
    let texts = Texts::start(settings)
        .await
        .map_err(|tidewater_persisted::StartError::RedisUrl(reason)| Error::bad_redis_url(&reason))?;
    Ok(KnownDocuments { trusted, texts: Some(texts) })
}

async fn start_counter(configuration: &Configuration) -> Result<Counter, Error> {
    let Configuration { redis, counters, .. } = configuration;
    let redis = redis.settings()?;
    let settings = tidewater_counter::Settings { interval: counters.view_flush_interval, redis };
    Counter::start(settings)
        .await
        .map_err(|tidewater_counter::StartError::RedisUrl(reason)| Error::bad_redis_url(&reason))
}
