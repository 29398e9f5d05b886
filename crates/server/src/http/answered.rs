//! What has been answered, as a response of HTTP.

use std::sync::LazyLock;
use std::time::Instant;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use tidewater_graphql::{Answer, SessionChange};
use tidewater_limit::Standing;

use super::freshness::Forwarded;
use super::media_type::MediaType;
use super::refusal::Refusal;
use super::{Service, freshness, idempotency, rate_limit, security, session_cookie};

/// What is told with every answer, by its media type. Copied for each, which takes less time than to fill in one after the other.
static TOLD: LazyLock<[HeaderMap; 2]> = LazyLock::new(|| {
    [MediaType::Graphql, MediaType::Json].map(|media| {
        let mut told = HeaderMap::new();
        told.insert(CONTENT_TYPE, media.header());
        told.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        security::shield(&mut told);
        told
    })
});

/// An answer, and what is told beside it.
pub(super) struct Answered {
    pub(super) answer: Answer,
    pub(super) standing: Option<Standing>,
    pub(super) forwarded: Option<Forwarded>,
}

impl Service {
    /// The response in that media type, to what began to be answered then.
    ///
    /// # Errors
    /// There is no room for it; what is done already is told all the same.
    pub(super) fn respond(&self, answered: Answered, media: MediaType, begun: Instant) -> Result<Response, Refusal> {
        let Answered { answer, standing, forwarded } = answered;
        let Answer { head, tail, outcome, session, mark, provenance, exceeded, replayed, .. } = answer;
        let mut body = Vec::with_capacity(head.len() + tail.len());
        body.extend_from_slice(&head);
        body.extend_from_slice(tail.as_bytes());
        let body = match self.room.keep(body) {
            Ok(body) => body,
            Err(body) if matches!(forwarded, Some(Forwarded::Method)) => body.into(),
            Err(_) => return Err(Refusal::busy()),
        };
        let mut response = Response::new(Body::from(body));
        media.tell(&outcome, &mut response);
        if exceeded.is_some() {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        }
        let told = response.headers_mut();
        *told = TOLD[media as usize].clone();
        freshness::report(told, mark.as_ref(), &provenance, forwarded, begun.elapsed());
        self.tell_session(told, session);
        told.extend(replayed.then_some(idempotency::REPLAYED));
        match (exceeded, standing) {
            (Some(exceeded), _) => rate_limit::refuse(told, &exceeded),
            (None, Some(standing)) => rate_limit::warn(told, &standing),
            (None, None) => {}
        }
        Ok(response)
    }

    /// Lets a browser keep or forget the session's token.
    pub(super) fn tell_session(&self, told: &mut HeaderMap, session: SessionChange) {
        let cookie = match session {
            SessionChange::None => None,
            SessionChange::Start { token, lifetime } => session_cookie::start(&token, lifetime, self.secure_cookie),
            SessionChange::End => session_cookie::end(self.secure_cookie),
        };
        told.extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    }
}
