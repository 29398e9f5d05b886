//! One operation of a WebSocket's client.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::{Response, ServerError, Value, Variables};
use futures::FutureExt;
use serde::Serialize;
use tidewater_graphql::{Begun, Error, Event, refusal};
use tidewater_socket::{Operation, Output};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::http::client::{Client, Unbegun};
use crate::http::parameters::{self, Parameters};
use crate::http::refusal::Refusal;

/// An operation that is under way.
pub(super) struct Running {
    task: AbortHandle,
    goes_on: Arc<AtomicBool>,
}

/// What operations tell.
pub(super) type Told = (Operation, Output);

impl Running {
    /// Carries out `request`, and tells what comes of it. Waits while nobody listens, and ends when nobody ever will.
    pub(super) fn begin(
        tasks: &mut JoinSet<()>,
        client: Client,
        operation: Operation,
        request: tidewater_socket::Request,
        teller: mpsc::Sender<Told>,
    ) -> Self {
        let goes_on = Arc::<AtomicBool>::default();
        let told = Arc::clone(&goes_on);
        let work = async move {
            let done = AssertUnwindSafe(carry_out(&client, operation, request, &teller, &told)).catch_unwind().await;
            let last = done.unwrap_or_else(|_| failed(Error::Internal));
            // Fails only if nobody listens any more.
            let _ = teller.send((operation, last)).await;
        };
        Self { task: tasks.spawn(work), goes_on }
    }

    /// Whether it goes on by itself.
    pub(super) fn goes_on(&self) -> bool {
        self.goes_on.load(Ordering::Relaxed)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Tells all but the last.
async fn carry_out(
    client: &Client,
    operation: Operation,
    request: tidewater_socket::Request,
    teller: &mpsc::Sender<Told>,
    goes_on: &AtomicBool,
) -> Output {
    let begun = match client.begin(of(request)).await {
        Ok(begun) => begun,
        Err(Unbegun(errors)) => return Output::Error(errors.to_string()),
    };
    let mut events = match begun {
        Begun::Answered(executed) if was_refused(&executed.response) => return errors(&executed.response.errors),
        Begun::Answered(executed) => {
            let _ = teller.send((operation, Output::Next(json(&executed.response)))).await;
            return Output::Complete;
        }
        Begun::GoesOn(events) => events,
    };
    goes_on.store(true, Ordering::Relaxed);
    while let Some(event) = events.next().await {
        match event {
            Event::Next { json, .. } => {
                if teller.send((operation, Output::Next(json))).await.is_err() {
                    break;
                }
            }
            Event::Failed(errors) => return Output::Error(errors.to_string()),
        }
    }
    Output::Complete
}

fn of(request: tidewater_socket::Request) -> Result<Parameters, Refusal> {
    let tidewater_socket::Request { query, document_id, operation_name, variables, extensions } = request;
    // What is JSON can be a value, but for numbers beyond all bounds, which JSON here has none of.
    let value = |(name, value)| Some((name, Value::from_json(value).ok()?));
    let extensions = async_graphql::Extensions(extensions.into_iter().filter_map(value).collect());
    parameters::assemble(Some(query), document_id, operation_name, Variables::from_json(variables.into()), extensions)
}

/// Whether it was not executed: what is wrong belongs to no field.
fn was_refused(response: &Response) -> bool {
    let Response { data, errors, .. } = response;
    *data == Value::Null && !errors.is_empty() && errors.iter().all(|error| error.path.is_empty())
}

fn failed(error: Error) -> Output {
    errors(&refusal(error).errors)
}

fn errors(errors: &[ServerError]) -> Output {
    Output::Error(json(&errors))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "a response cannot be written");
        "null".to_owned()
    })
}
