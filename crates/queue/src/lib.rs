//! Background jobs, in Redis for all nodes or in the memory of one process.
//!
//! # Use
//!
//! A process opens a [`Queue`] and pushes [`Item`]s: jobs with a name, and perhaps a time. Where jobs are to be run, a [`Worker`] is
//! started with a [`Handler`], which says how a job is run, which jobs recur, and which jobs there should be by what the database
//! holds.
//!
//! # What is promised
//!
//! *Once or more.* A job that was queued is run until an attempt succeeds, or a number of attempts have failed, or the queue itself is
//! lost. It may be run twice, even at the same time, so what it does must come to the same, done once or twice.
//!
//! *A row first, a job second.* Redis may be emptied at any time, and this process' memory ends with it. So what must not be lost is
//! written to the database first, and only then pushed. Regularly a [sweep](Handler::sweep) by one of the workers makes jobs from the rows
//! that still wait. It pushes what is there already, which does nothing, and what was lost, which brings it back. So a queue that
//! loses everything loses only what nobody wrote down.
//!
//! *One of each name.* While a job is queued, scheduled or running, no other of its name is queued. Pushed for an earlier time, or
//! for now, a scheduled job is brought forward, unless it waits because it has failed. Pushed while it runs, it is not queued again: what
//! changes under a running job is found by the next sweep.
//!
//! *At a time.* A scheduled job is queued when the clock of Redis says so, and at most half a second later if a worker is there. Jobs
//! that are due together are run about in their order; there is no strict order, for they are run side by side, and again.
//!
//! *Regularly.* A [recurring](Recurring) job is queued once per tick for all nodes. After Redis was emptied, a tick can come twice.
//!
//! *Failures.* A failed attempt is repeated after a pause that doubles and is drawn by chance. After the last, or when the job says that
//! it can never succeed, it goes to the dead letters: they can be [looked at](Queue::letters) and [tried again](Queue::retry), and of
//! too many the oldest are dropped. A dead job keeps its name for an hour, or else each sweep would begin it anew; then a sweep may. A
//! panic is a failed attempt, and so is one that takes too long. A job that cannot be read, such as one of a kind that only a newer
//! version knows, is dead at once, and does not keep its name.
//!
//! *Workers that die.* A worker says regularly that it still works on what it holds. What nobody has spoken for during the visibility
//! timeout is queued again, and that counts as an attempt: a job that kills its workers is dead in the end. What a
//! worker that was only paused says of it afterwards is not heard any more.
//!
//! *Workers that end.* A worker that is [drained](Worker::drain) takes no more, waits a grace for what runs, and gives the rest back
//! at once, with no attempt counted.
//!
//! # While Redis does not answer
//!
//! Pushing fails, which is logged once. Workers wait, and so do sweeps: without the queue there is nobody to say which node works on
//! what. When Redis is back, the next sweep, at most a second later, makes from the rows what was not pushed. A job that was done
//! meanwhile is said to be done when Redis is back, for as long as the visibility timeout; after that it is run again.
//!
//! # In Redis
//!
//! All keys of a queue begin with `PREFIXqueue:{NAME}:`, and share the hash tag `{NAME}`. Each step that changes more than one of them
//! is one script.
//!
//! | key | type | holds |
//! | --- | --- | --- |
//! | `ready` | stream, with the group `workers` | queued and running jobs: name, failed attempts, job. A running one is pending |
//! | `names` | hash | name → entry of `ready` |
//! | `later` | sorted set | name → milliseconds at which it is due |
//! | `waiting` | hash | name → failed attempts and job, for those in `later` |
//! | `dead` | sorted set | name → milliseconds at which it died |
//! | `letters` | hash | name → attempts, until when it rests, reason and job, for those in `dead` |
//! | `ticks` | hash | name of a recurring job → the last tick that was had |
//! | `sweep` | string | who sweeps; expires after the interval |
//!
//! A Redis that evicts keys may lose one of them and keep another. A name counts as taken only if what it stands for is there, so that
//! loses jobs at worst, and blocks none.
//!
//! # Bounds
//!
//! At most [`Settings::capacity`] jobs are queued, running and scheduled; what is pushed beyond is [`Pushed::Full`], which is logged once,
//! and left to later sweeps. A failed job keeps its place. Dead jobs are bounded by [`Settings::letters`]; tried again, they may exceed the
//! capacity by as many. Names, jobs and reasons have [`MAX_NAME`], [`MAX_JOB`] and [`MAX_REASON`] bytes at most. A sweep pushes at
//! most [`WorkerSettings::sweep_size`] jobs, a step of upkeep moves 128, and a worker holds no more than it runs. Nodes that hold nothing are forgotten after an
//! hour of silence. An idle worker asks Redis about six times a second.
//!
//! This crate knows Redis, from version 6.2 on, and knows no domain, SQL, HTTP or GraphQL.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod entry_id;
mod error;
mod handler;
mod item;
mod memory;
mod queue;
mod redis;
mod report;
mod settings;
mod store;
mod worker;

pub use error::Error;
pub use handler::{Failure, Handler, Recurring};
pub use item::{Item, MAX_JOB, MAX_NAME, Pushed};
pub use queue::Queue;
pub use report::{Counts, Lengths, Letter, Listed, MAX_REASON, Place};
pub use settings::{Backoff, Settings, WorkerSettings};
pub use tidewater_redis::{Settings as RedisSettings, Statistics as RedisStatistics};
pub use worker::{MAX_CONCURRENCY, Worker};
