//! The GraphQL API: the schema, one module for each entity, and the store that joins entities and cache.
//!
//! The only crate that knows async-graphql. It knows no HTTP: a server hands it a request and a credential, and gets a response
//! and what became of the session.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod account;
mod api;
mod caller;
mod completion;
mod connection;
pub mod cursor;
mod digest;
mod document;
mod error;
mod error_counts;
mod events;
mod exclusions;
mod explain;
mod export;
mod federation;
mod freshness;
pub mod id;
mod idempotency;
mod json;
mod live;
mod node;
mod note;
mod notification;
mod open;
mod order;
mod part;
mod priority;
mod response;
mod schema;
mod scope;
mod settings;
mod slow;
mod spending;
mod store;
mod subscription;
mod tag;
mod tide;
mod todo;
mod types;
mod user;
mod validation;
mod views;
mod wake;

pub use account::hash_password;
pub use api::{Api, Executed, refusal};
pub use caller::{Arrival, Caller, Identity};
pub use completion::Completion;
pub use connection::{Connection, Edge, Listed, PageArguments, PageInfo, cost};
pub use document::{Document, DocumentCheck, MAX_DEPTH, OperationLabel};
pub use error::Error;
pub use events::{Begun, Event, Events};
pub use exclusions::Exclusions;
pub use explain::WriterName;
pub use export::{Download, ExportFile};
pub use idempotency::IdempotencyKey;
pub use live::{LiveQuota, Shown};
pub use open::OpenStatistics;
pub use order::{OrderDirection, Ordered, ordered};
pub use response::{Answer, Outcome, ResponseKey};
pub use schema::{sdl, subgraph_sdl};
pub use scope::{Scope, SessionChange, Viewer, scope};
pub use settings::{ApiSettings, Limits, LiveQueries, Responses};
pub use store::{Item, Override, Policies, Reader, Store, Stored};
pub use subscription::Watch;
pub use tide::{BackgroundJobs, DeadJob, FixedLogLevels, JobLengths, LogLevels, NoJobs, OperationTotals};
pub use views::{Views, flush_views, new_secret};
pub use wake::{LeaveToSweep, Wake};
