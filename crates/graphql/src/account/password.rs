use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::password_hash::phc;
use argon2::{Argon2, Params, PasswordHasher, PasswordVerifier};
use tidewater_entity::PasswordHash;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::Error;

/// How many may wait for each one that is being hashed: about a second's work.
const WAITING_FOR_EACH: usize = 32;

/// Hashes and checks passwords. Each takes tens of milliseconds of a processor and 19 MiB, so no more are at work than there
/// are processors, and the wait for one is bounded. Clones share these bounds.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    admitted: Arc<Semaphore>,
    working: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let workers = available_parallelism().map_or(1, Into::into);
        Self {
            admitted: Arc::new(Semaphore::new(workers * (1 + WAITING_FOR_EACH))),
            working: Arc::new(Semaphore::new(workers)),
        }
    }
}

impl Passwords {
    /// The hash of a new password.
    ///
    /// # Errors
    /// `UNAVAILABLE` when too many wait already.
    pub(crate) async fn hash(&self, password: String) -> Result<PasswordHash, Error> {
        self.work(move || hash_password(&password)).await?
    }

    /// Whether `password` is the one of `hash`. Without a hash it is not, and finding that out takes as long: who is asking
    /// must not learn whose account exists.
    ///
    /// # Errors
    /// `UNAVAILABLE` when too many wait already.
    pub(crate) async fn verify(&self, password: String, hash: Option<PasswordHash>) -> Result<bool, Error> {
        self.work(move || verify(&password, hash.as_ref())).await
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| Error::Unavailable)?;
        let working = Arc::clone(&self.working).acquire_owned().await.map_err(Error::internal)?;
        let work = move || {
            // Work goes on when its request is dropped, so the permits go with the work.
            let _permits = (admitted, working);
            work()
        };
        spawn_blocking(work).await.map_err(Error::internal)
    }
}

/// The hash of a password, by Argon2id with a new salt and OWASP's parameters: 19 MiB, two passes, one lane. Takes tens of
/// milliseconds, in which the thread does nothing else.
///
/// # Errors
/// `INTERNAL` when the operating system has no memory or no random numbers.
pub fn hash_password(text: &str) -> Result<PasswordHash, Error> {
    let hash = Argon2::default().hash_password(text.as_bytes()).map_err(Error::internal)?;
    Ok(PasswordHash::new(hash.to_string()))
}

fn verify(password: &str, hash: Option<&PasswordHash>) -> bool {
    let argon2 = Argon2::default();
    // A text that is no hash, put in by hand to lock an account, is as good as none.
    match hash.and_then(|hash| phc::PasswordHash::new(hash.as_str()).ok()) {
        Some(hash) => argon2.verify_password(password.as_bytes(), &hash).is_ok(),
        None => {
            let _ = std::hint::black_box(argon2.verify_password(password.as_bytes(), nobodys_hash().as_str()));
            false
        }
    }
}

/// A hash that costs as much to check as any other, and of which nobody knows the password.
fn nobodys_hash() -> String {
    let (memory, passes, lanes) = (Params::DEFAULT_M_COST, Params::DEFAULT_T_COST, Params::DEFAULT_P_COST);
    let (salt, hash) = ("A".repeat(22), "A".repeat(43));
    format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")
}
