//! Several requests in one: a JSON array of them, which is answered by the array of their responses, in order.
//!
//! No standard has this; some clients do it. It is off unless it is asked for, because one request is then as much work as many.

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use serde_json::value::RawValue;
use tidewater_graphql::SessionChange;

use super::answered::Answered;
use super::front::Peer;
use super::graphql::{Deadline, POST, Received};
use super::media_type::MediaType;
use super::refusal::Refusal;
use super::trail::Trail;
use super::{Service, freshness, idempotency, parameters, rate_limit};

/// Whether a body is an array.
pub(super) fn is_array(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'[')
}

impl Service {
    /// Answers the requests of an array one after the other, each as if it had come alone: it counts by the limits of rates, and is
    /// remembered under its own bytes. All of them have the caller who sent them, whatever one of them does to the session.
    pub(super) async fn answer_all(
        &self,
        deadline: Deadline,
        peer: Peer,
        headers: &HeaderMap,
        body: &Bytes,
        trail: &Trail,
    ) -> Result<Response, Refusal> {
        let requests = requests(body, self.limits.max_batch)?;
        idempotency::refuse_key(headers)?;
        let mut responses = Vec::with_capacity(requests.len());
        let (mut mark, mut session, mut standing, mut operation) = (None, SessionChange::None, None, None);
        for request in requests {
            // Many that are refused at once would keep everybody else waiting for all of them together.
            tokio::task::yield_now().await;
            let bytes = request.get().as_bytes();
            let received = Received { peer, headers, form: POST, bytes };
            let span = || trail.log_span();
            let read = || parameters::of_json(bytes);
            let answered = match self.answer::<Answered>(deadline, received, None, span, read).await {
                Ok(answered) => answered,
                Err(refusal) => {
                    responses.push(refusal.body());
                    continue;
                }
            };
            let Answered { answer, standing: left, .. } = answered;
            responses.push([&String::from_utf8_lossy(&answer.head), answer.tail.as_str()].concat());
            // The later one includes the earlier.
            mark = answer.mark.or(mark);
            standing = left.or(standing);
            operation = answer.operation.or(operation);
            if answer.session != SessionChange::None {
                session = answer.session;
            }
        }
        trail.tell(operation.as_deref());
        // What is done already is told, whatever room there is.
        let body = self.room.keep(format!("[{}]", responses.join(",")).into_bytes()).unwrap_or_else(Bytes::from);
        let mut response = Response::new(Body::from(body));
        let told = response.headers_mut();
        told.insert(CONTENT_TYPE, MediaType::Json.header());
        told.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        freshness::tell_mark(told, mark.as_ref());
        self.tell_session(told, session);
        if let Some(standing) = standing {
            rate_limit::warn(told, &standing);
        }
        Ok(response)
    }
}

/// The requests of an array, if there are no more than `most`.
pub(super) fn requests(body: &[u8], most: usize) -> Result<Vec<&RawValue>, Refusal> {
    if most == 0 {
        return Err(Refusal::malformed("the request body is an array; this server takes one request at a time"));
    }
    let requests: Vec<&RawValue> = parameters::of_array(body)?;
    match requests.len() {
        0 => Err(Refusal::malformed("the request body is an array without a request")),
        count if count > most => Err(Refusal::malformed(format!(
            "the request body has {count} requests; this server takes {most} at a time"
        ))),
        _ => Ok(requests),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &str, most: usize) -> Option<Vec<&str>> {
        Some(requests(body.as_bytes(), most).ok()?.into_iter().map(RawValue::get).collect())
    }

    #[test]
    fn an_array_is_taken_apart_into_the_bytes_of_its_requests() {
        assert!(is_array(b" [") && !is_array(b"{") && !is_array(b""));
        assert_eq!(texts(r#" [ {"query": "a"}, 1 ]"#, 2), Some(vec![r#"{"query": "a"}"#, "1"]));
    }

    #[test]
    fn arrays_are_bounded() {
        assert_eq!(texts("[1]", 0), None);
        assert_eq!(texts("[1, 2, 3]", 2), None);
        assert_eq!(texts("[]", 2), None);
        assert_eq!(texts("[1, ", 2), None);
    }
}
