//! What a run needs before there is load: servers that agree, accounts, and keys for the writers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rand::RngExt;
use reqwest::header::HeaderValue;
use serde_json::json;

use crate::Error;
use crate::client::{Client, Demand, Failure};
use crate::context::Context;
use crate::database::Database;
use crate::graphql::{SCHEMA, SIGN_UP, VIEWER, body, primary_key};
use crate::history::Outcome;
use crate::plan::{Account, Key, Pool};
use crate::state::{Family, Row};

/// How many rows of each family a writer writes to.
const TODOS: usize = 8;
/// See [`TODOS`].
const NOTES: usize = 4;
/// At most this many writers share a pool, so that its lists stay short.
const WRITERS_OF_A_POOL: usize = 6;
/// How many rows that are changed in bulk one list shows.
const BULK_POOL: usize = 48;

/// What one writer writes to.
pub(crate) struct Share {
    pub(crate) pool: Arc<Pool>,
    pub(crate) keys: Vec<Arc<Key>>,
    /// The account whose name and profile it writes.
    pub(crate) profile: Option<Arc<Account>>,
    /// Rows that are changed in bulk.
    pub(crate) bulk: Vec<Arc<Key>>,
}

/// What the writers write to: first those that write through the servers, then those that write in SQL.
pub(crate) struct Shares {
    pub(crate) writers: Vec<Share>,
    pub(crate) sql_writers: Vec<Share>,
}

/// Makes sure that all servers answer, and with the same schema.
pub(crate) async fn compare_schemas(client: &mut Client) -> Result<(), Error> {
    let urls = client.context.settings.urls.clone();
    let mut first: Option<serde_json::Value> = None;
    for (place, url) in urls.iter().enumerate() {
        let unreachable = |failure: Failure| Error::Unreachable { url: url.clone(), reason: failure.to_string() };
        let body = body(SCHEMA, &serde_json::Value::Null);
        let exchange = client.ask(place, body, None, Demand::Usual).await.map_err(unreachable)?;
        client.judged();
        exchange.data().map_err(unreachable)?;
        // Whatever else an answer holds may differ.
        let schema =
            serde_json::from_slice::<serde_json::Value>(&exchange.answered).map(|mut answer| answer["data"].take());
        let schema = schema.unwrap_or_default();
        if *first.get_or_insert_with(|| schema.clone()) != schema {
            return Err(Error::OtherSchema { url: url.clone(), first: urls[0].clone() });
        }
    }
    Ok(())
}

/// Makes sure that all servers, and the database that was given, know the account.
pub(crate) async fn compare_databases(
    client: &mut Client,
    database: Option<&Database>,
    account: &Account,
) -> Result<(), Error> {
    let urls = client.context.settings.urls.clone();
    for (place, url) in urls.iter().enumerate().skip(1) {
        let unreachable = |failure: Failure| Error::Unreachable { url: url.clone(), reason: failure.to_string() };
        let body = body(VIEWER, &serde_json::Value::Null);
        let answer = client.ask(place, body, Some(&account.authorization), Demand::NoCache).await;
        client.judged();
        let exchange = answer.map_err(unreachable)?;
        match exchange.data() {
            Ok(data) if data.viewer.as_ref().is_some_and(|viewer| viewer.id == account.public_id) => {}
            // A token of another database is nobody's here.
            Ok(_) | Err(Failure::Unexpected(_)) => {
                return Err(Error::OtherDatabase { url: url.clone(), first: urls[0].clone() });
            }
            Err(failure) => return Err(unreachable(failure)),
        }
    }
    match database {
        Some(database) if !database.has_user(account.id).await? => Err(Error::NotServed(urls[0].clone())),
        _ => Ok(()),
    }
}

/// Makes an account whose name and profile belong to that place of that pool.
pub(crate) async fn sign_up(client: &mut Client, url: usize, pool: u32, place: u32) -> Result<Arc<Account>, Failure> {
    let context = client.context.clone();
    let stamp = context.stamp();
    let number = pool * 2 + place;
    let named = Row { id: None, owner: number, flag: false, stamp };
    let key = Arc::new(context.serials.key(Family::Name, pool, place, None));
    let version = key.history().add(Some(named));
    let password: u128 = client.random.random();
    let input = json!({
        "email": format!("check-{}-{number}@example.test", context.labels.run()),
        "name": context.labels.write(key.label(stamp)),
        "password": format!("{password:032x}"),
    });
    key.history().begin_commit(version, context.clock.now());
    let exchange = client.ask(url, body(SIGN_UP, &json!({ "input": input })), None, Demand::Usual).await;
    client.judged();
    let exchange = exchange?;
    let data = exchange.data()?;
    let unreadable = || Failure::Unexpected("an account was made, and its token or id cannot be read".to_owned());
    let answer = data.sign_up.ok_or_else(unreadable)?;
    let token = answer.token.ok_or_else(unreadable)?;
    let mut authorization = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| unreadable())?;
    authorization.set_sensitive(true);
    key.history().end(version, Outcome::Committed, context.clock.now());
    let account = Arc::new(Account {
        number,
        id: primary_key(&answer.viewer.id).ok_or_else(unreadable)?,
        public_id: answer.viewer.id.into_owned(),
        authorization,
        name: key,
        bio: Arc::new(context.serials.key(Family::Bio, pool, place, None)),
    });
    context.accounts.write().push(account.clone());
    Ok(account)
}

/// Makes a pool with accounts of its own.
pub(crate) async fn open_pool(client: &mut Client, url: usize) -> Result<Arc<Pool>, Failure> {
    let context = client.context.clone();
    let number = context.next_pool();
    let accounts = [sign_up(client, url, number, 0).await?, sign_up(client, url, number, 1).await?];
    let pool = Arc::new(Pool::new(number, accounts, true));
    context.pools.write().push(pool.clone());
    Ok(pool)
}

/// Makes the pools, and hands their keys out.
pub(crate) async fn share_out(client: &mut Client, first: Arc<Pool>) -> Result<Shares, Error> {
    let context = client.context.clone();
    let (writers, sql_writers) = (context.settings.writers, context.settings.sql_writers);
    let count = (writers + sql_writers).div_ceil(WRITERS_OF_A_POOL).max(2);
    let mut pools = vec![first];
    while pools.len() < count {
        pools.push(open_pool(client, 0).await.map_err(refused)?);
    }
    // Account 0 of a pool is a server's writer's, account 1 an SQL writer's, where there is one.
    let share = |writer: usize, in_sql: bool| {
        let pool = &pools[writer % count];
        let place = usize::from(in_sql && writers > 0);
        Share { profile: (writer < count).then(|| pool.accounts[place].clone()), ..share_of(&context, pool, in_sql) }
    };
    let mut shares = Shares {
        writers: (0..writers).map(|writer| share(writer, false)).collect(),
        sql_writers: (0..sql_writers).map(|writer| share(writer, true)).collect(),
    };
    if let (Some(share), true) = (shares.sql_writers.first_mut(), context.settings.bulk_rows > 0) {
        share.bulk = bulk(client).await.map_err(refused)?;
    }
    Ok(shares)
}

/// Makes a pool for a writer that has no keys left, as nobody knows how too many of its writes ended.
pub(crate) async fn move_on(client: &mut Client, in_sql: bool) -> Result<Share, Failure> {
    let url = client.any_url();
    let pool = open_pool(client, url).await?;
    Ok(Share { profile: Some(pool.accounts[0].clone()), ..share_of(&client.context, &pool, in_sql) })
}

/// What one writer writes to in `pool`.
fn share_of(context: &Context, pool: &Arc<Pool>, in_sql: bool) -> Share {
    let families = [(Family::Todo, TODOS), (Family::Note, NOTES)];
    let families = families.into_iter().flat_map(|(family, keys)| std::iter::repeat_n(family, keys));
    let key = |family| pool.add(&context.serials, family, in_sql.then(|| context.next_id()));
    pool.writers.fetch_add(1, Ordering::Relaxed);
    Share { keys: families.filter_map(key).collect(), profile: None, bulk: Vec::new(), pool: pool.clone() }
}

/// Makes the keys that are changed in bulk, in pools that share two accounts.
async fn bulk(client: &mut Client) -> Result<Vec<Arc<Key>>, Failure> {
    let context = client.context.clone();
    let number = context.next_pool();
    let accounts = [sign_up(client, 0, number, 0).await?, sign_up(client, 0, number, 1).await?];
    let mut pool = Arc::new(Pool::new(number, accounts, false));
    let mut keys = Vec::with_capacity(context.settings.bulk_rows);
    while keys.len() < context.settings.bulk_rows {
        if keys.len() % BULK_POOL == 0 {
            if !keys.is_empty() {
                pool = Arc::new(Pool::new(context.next_pool(), pool.accounts.clone(), false));
            }
            context.pools.write().push(pool.clone());
        }
        keys.extend(pool.add(&context.serials, Family::Todo, Some(context.next_id())));
    }
    Ok(keys)
}

fn refused(failure: Failure) -> Error {
    Error::Preparation(failure.to_string())
}
