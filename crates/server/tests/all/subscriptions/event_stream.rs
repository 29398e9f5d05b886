//! A client of an event stream.

use std::time::Duration;

use reqwest::{RequestBuilder, Response, Version};
use serde_json::Value;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct EventStream {
    response: Response,
    read: String,
    last_id: String,
}

impl EventStream {
    /// Sends `request`, which has to be answered by a stream.
    pub(super) async fn open(request: RequestBuilder) -> Self {
        let response = timeout(PATIENCE, request.send()).await.expect("no answer").unwrap();
        assert_eq!(response.status(), 200, "{:?}", response.headers());
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self { response, read: String::new(), last_id: String::new() }
    }

    pub(super) fn response(&self) -> &Response {
        &self.response
    }

    pub(super) fn version(&self) -> Version {
        self.response.version()
    }

    /// The next event: its name and its data, which are null for none. None at the end of the stream.
    pub(super) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            let piece = self.piece().await?;
            let (mut name, mut data) = (None, Value::Null);
            for line in piece.lines() {
                match line.split_once(':') {
                    Some(("", _)) => {}
                    Some(("event", rest)) => name = Some(rest.trim().to_owned()),
                    Some(("data", rest)) if !rest.trim().is_empty() => data = serde_json::from_str(rest).unwrap(),
                    Some(("data", _)) => {}
                    Some(("id", rest)) => self.last_id = rest.trim().to_owned(),
                    _ => panic!("{piece}"),
                }
            }
            if let Some(name) = name {
                return Some((name, data));
            }
        }
    }

    /// By what the last event can be named that had a name.
    pub(super) fn last_id(&self) -> &str {
        &self.last_id
    }

    /// What is between two blank lines; a comment, too.
    pub(super) async fn piece(&mut self) -> Option<String> {
        loop {
            if let Some((piece, rest)) = self.read.split_once("\n\n") {
                let (piece, rest) = (piece.to_owned(), rest.to_owned());
                self.read = rest;
                return Some(piece);
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("nothing comes").unwrap()?;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next result, without its mark.
    pub(super) async fn result(&mut self) -> Value {
        let (name, mut data) = self.next().await.expect("the stream has ended");
        assert_eq!(name, "next", "{data}");
        data.as_object_mut().unwrap().remove("extensions");
        data
    }

    /// Nothing comes any more but that it is complete.
    pub(super) async fn complete(&mut self) {
        assert_eq!(self.next().await, Some(("complete".to_owned(), Value::Null)));
        assert_eq!(self.next().await, None);
    }
}
