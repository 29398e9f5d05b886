//! Health, for whoever routes traffic: whether the process runs, and whether it can answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Service;

/// Whether a request for this path only asks how the server is.
pub(super) fn is_probed(path: &str) -> bool {
    path.starts_with("/health/")
}

pub(super) async fn live() -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(json!({ "status": "live" }))).into_response()
}

pub(super) async fn ready(State(service): State<Arc<Service>>) -> Response {
    let report = service.readiness.report();
    let status = if report.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(CACHE_CONTROL, "no-store")], Json(report)).into_response()
}
