//! What clients ask for, and what becomes of it.

use std::fmt;

use tidewater_graphql::Api;

use super::exposition::Exposition;

const OPERATION: &str = "operation";

/// Those that are not told apart. No operation can be called so.
const OTHERS: &str = "(other)";

pub(super) fn tell(to: &mut Exposition<'_>, api: &Api) -> fmt::Result {
    let operations = api.operations();
    let name = |operation: Option<&str>| operation.unwrap_or(OTHERS).to_owned();
    let names: Vec<String> = operations.iter().map(|operation| name(operation.name.as_deref())).collect();
    to.histograms(
        "tidewater_operation_duration_seconds",
        "How long GraphQL operations took that have one answer, from arrival to answer, by their name; at most 100 names are told apart.",
        names.iter().zip(&operations).map(|(name, operation)| ([(OPERATION, name.as_str())], &operation.latency)),
    )?;
    to.counters(
        "tidewater_operation_failures",
        "Operations that had an error, or were cut off by a time limit or by a client that went away.",
        names.iter().zip(&operations).map(|(name, operation)| ([(OPERATION, name.as_str())], operation.failed)),
    )?;
    to.counters(
        "tidewater_errors",
        "Errors in answers and in events of subscriptions, by their code; without those of operations that were cut off.",
        api.errors().into_iter().map(|(code, count)| ([("code", code)], count)),
    )
}
