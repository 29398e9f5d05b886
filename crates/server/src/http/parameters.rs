//! The parameters of a GraphQL request, from a body or from a query string.

use async_graphql::{Extensions, Request, Variables};
use axum::BoxError;
use axum::body::{Bytes, HttpBody};
use axum::extract::Query;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::refusal::Refusal;

/// What a body holds. What is null counts as not given, and what is unknown is ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BodyParameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Variables>,
    extensions: Option<Extensions>,
}

/// What a query string holds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryParameters {
    query: Option<String>,
    operation_name: Option<String>,
    /// A JSON text.
    variables: Option<String>,
    /// A JSON text.
    extensions: Option<String>,
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read_body<B>(body: B, limit: usize) -> Result<Bytes, Refusal>
where
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::too_large(limit)),
        Err(_) => Err(Refusal::malformed("the request body did not arrive")),
    }
}

/// Reads the query string of `uri`.
pub(super) fn of_query_string(uri: &Uri) -> Result<Request, Refusal> {
    let Query(given) = Query::<QueryParameters>::try_from_uri(uri)
        .map_err(|_| Refusal::malformed("the query string is not of the form NAME=VALUE&NAME=VALUE, each name once"))?;
    let variables = of_text("variables", given.variables)?;
    let extensions = of_text("extensions", given.extensions)?;
    assemble(given.query, given.operation_name, variables, extensions)
}

/// A parameter whose value is the text of a JSON object.
fn of_text<T: Default + DeserializeOwned>(name: &str, text: Option<String>) -> Result<T, Refusal> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => serde_json::from_str(&text)
            .map_err(|error| Refusal::malformed(format!("`{name}` is not a JSON object: {error}"))),
        None => Ok(T::default()),
    }
}

/// Reads a body in JSON.
pub(super) fn of_json(body: &[u8]) -> Result<Request, Refusal> {
    // An array would be read as the struct's fields in order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Refusal::malformed("the request body is not a JSON object"));
    }
    let given: BodyParameters = serde_json::from_slice(body)
        .map_err(|error| Refusal::malformed(format!("the request body is not a GraphQL request in JSON: {error}")))?;
    let (variables, extensions) = (given.variables.unwrap_or_default(), given.extensions.unwrap_or_default());
    assemble(given.query, given.operation_name, variables, extensions)
}

fn assemble(
    query: Option<String>,
    operation_name: Option<String>,
    variables: Variables,
    extensions: Extensions,
) -> Result<Request, Refusal> {
    let query =
        query.filter(|query| !query.trim().is_empty()).ok_or_else(|| Refusal::malformed("`query` is missing"))?;
    let mut request = Request::new(query).variables(variables);
    request.extensions = extensions;
    Ok(match operation_name.filter(|name| !name.is_empty()) {
        Some(name) => request.operation_name(name),
        None => request,
    })
}

/// Whether the body is said to be JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"))
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

#[cfg(test)]
mod tests {
    use async_graphql::Name;
    use axum::http::StatusCode;
    use axum::http::header::HeaderValue;
    use axum::response::IntoResponse;

    use super::*;

    fn status<T>(refused: Result<T, Refusal>) -> StatusCode {
        refused.err().unwrap().into_response().status()
    }

    #[test]
    fn a_body_names_query_operation_and_variables() {
        let request =
            of_json(br#" {"query": "query A($n: Int) { a }", "operationName": "A", "variables": {"n": 1}, "x": 1}"#);
        let request = request.unwrap();
        assert_eq!(request.operation_name.as_deref(), Some("A"));
        assert_eq!(request.variables.get(&Name::new("n")), Some(&1.into()));
    }

    #[test]
    fn null_is_not_given() {
        let request =
            of_json(br#"{"query": "{ a }", "operationName": null, "variables": null, "extensions": null}"#).unwrap();
        assert!(request.operation_name.is_none() && request.variables.is_empty());
    }

    #[test]
    fn other_bodies_are_refused() {
        let deep = format!(r#"{{"query": "{{ a }}", "variables": {{"a": {}}}}}"#, "[".repeat(100_000));
        let bodies: [&[u8]; 9] = [
            b"",
            b"{",
            b"[]",
            br#"["{ a }"]"#,
            b"\"{ a }\"",
            br#"{"query": 1}"#,
            br#"{"query": " "}"#,
            br#"{"query": "{ a }", "variables": []}"#,
            deep.as_bytes(),
        ];
        for body in bodies {
            assert_eq!(status(of_json(body)), StatusCode::BAD_REQUEST, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn a_query_string_holds_variables_as_json() {
        let uri = "/graphql?query=%7B%20a%20%7D&operationName=&variables=%7B%22n%22%3A%201%7D";
        let request = of_query_string(&Uri::from_static(uri)).unwrap();
        assert_eq!(request.query, "{ a }");
        assert!(request.operation_name.is_none());
        assert_eq!(request.variables.get(&Name::new("n")), Some(&1.into()));
    }

    #[test]
    fn other_query_strings_are_refused() {
        for uri in ["/graphql", "/graphql?query=", "/graphql?query=a&query=b", "/graphql?query=a&variables=1"] {
            assert_eq!(status(of_query_string(&Uri::from_static(uri))), StatusCode::BAD_REQUEST, "{uri}");
        }
    }

    #[test]
    fn only_json_in_utf_8_is_json() {
        for (kind, json) in [
            ("application/json", true),
            ("Application/JSON; charset=\"UTF-8\"", true),
            ("application/json;charset=latin-1", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("application/jsonp", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            assert_eq!(is_json(&headers), json, "{kind}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
