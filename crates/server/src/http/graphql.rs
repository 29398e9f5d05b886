//! GraphQL over HTTP: `POST` with a JSON body, or `GET` with a query string for what changes nothing.

use std::sync::Arc;
use std::time::Instant;

use async_graphql_axum::GraphQLResponse;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use tidewater_cache::Acceptance;
use tidewater_graphql::{Caller, SessionChange};
use tokio::time::timeout;

use super::freshness::Forwarded;
use super::refusal::Refusal;
use super::{Service, document, freshness, parameters, session_cookie};

pub(super) async fn post(State(service): State<Arc<Service>>, request: Request) -> Response {
    service
        .bounded(async {
            let headers = request.headers().clone();
            let request = parameters::of_body(request, service.limits.max_body).await?;
            service.execute(&headers, request).await
        })
        .await
}

pub(super) async fn get(State(service): State<Arc<Service>>, uri: Uri, headers: HeaderMap) -> Response {
    service
        .bounded(async {
            let mut request = parameters::of_query_string(&uri)?;
            if document::is_mutation(&mut request) {
                return Err(Refusal::mutation_by_get());
            }
            service.execute(&headers, request).await
        })
        .await
}

impl Service {
    /// Lets `work` take its time, if there is capacity.
    async fn bounded(&self, work: impl Future<Output = Result<Response, Refusal>>) -> Response {
        let Ok(_permit) = self.capacity.try_acquire() else {
            return Refusal::busy().into_response();
        };
        let limit = self.limits.request_timeout;
        timeout(limit, work).await.unwrap_or_else(|_| Err(Refusal::timed_out(limit))).into_response()
    }

    async fn execute(&self, headers: &HeaderMap, mut request: async_graphql::Request) -> Result<Response, Refusal> {
        document::check(&mut request, self.limits.max_complexity)?;
        let is_mutation = document::is_mutation(&mut request);
        let acceptance = freshness::acceptance(headers);
        let forwarded = match acceptance {
            _ if is_mutation => Some(Forwarded::Method),
            Acceptance::Source { .. } => Some(Forwarded::Request),
            _ => None,
        };
        let caller =
            Caller { credential: session_cookie::credential(headers), acceptance, mark: freshness::mark(headers)? };
        let begun = Instant::now();
        let executed = self.api.execute(request, caller).await;
        let execution = begun.elapsed();
        let mut response = GraphQLResponse::from(executed.response).into_response();
        let told = response.headers_mut();
        told.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        told.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        freshness::report(told, executed.mark.as_ref(), &executed.provenance, forwarded, execution);
        let cookie = match executed.session {
            SessionChange::None => None,
            SessionChange::Start { token, lifetime } => session_cookie::start(&token, lifetime, self.secure_cookie),
            SessionChange::End => session_cookie::end(self.secure_cookie),
        };
        response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
        Ok(response)
    }
}
