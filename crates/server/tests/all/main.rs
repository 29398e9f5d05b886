//! The program as a whole: the real binary, on real servers.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod attack;
mod background;
mod check;
mod commands;
mod configuration;
mod contract;
mod controls;
mod fixture;
mod freshness;
mod graphiql;
mod graphql_over_http;
mod health;
mod http2;
mod jobs;
mod limits;
mod outages;
mod rate_limits;
mod readme;
mod responses;
mod session_ends;
mod sessions;
mod shutdown;
mod startup;
mod subscriptions;
mod views;
