//! What the router of a federation asks of a subgraph ([specification]), version 2: every node is an entity by its id.
//!
//! An entity is read like a node: by the same resolvers, through the same caches, with the same authorisation. What the caller may not
//! see answers null, like what does not exist.
//!
//! [specification]: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec

mod entity;
mod query;
mod representation;

pub(crate) use query::FederationQuery;
