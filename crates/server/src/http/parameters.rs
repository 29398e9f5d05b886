//! The parameters of a GraphQL request, from a body or from a query string.

use async_graphql::{Extensions, Request, Value as ConstValue, Variables};
use axum::extract::Query;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::media_type::is_utf_8;
use super::refusal::Refusal;

/// The parameters of a request.
#[derive(Debug)]
pub(super) struct Parameters {
    /// Its text is empty if the document is only named.
    pub(super) request: Request,
    /// The name of the document (proposed for GraphQL over HTTP, appendix "Persisted Documents").
    pub(super) document_id: Option<String>,
}

/// What a body holds. What is null counts as not given, and what is unknown is ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BodyParameters {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<Variables>,
    extensions: Option<Extensions>,
}

/// What a query string holds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryParameters {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    /// A JSON text.
    variables: Option<String>,
    /// A JSON text.
    extensions: Option<String>,
}

/// Reads the query string of `uri`.
pub(super) fn of_query_string(uri: &Uri) -> Result<Parameters, Refusal> {
    let Query(given) = Query::<QueryParameters>::try_from_uri(uri)
        .map_err(|_| Refusal::malformed("the query string is not of the form NAME=VALUE&NAME=VALUE, each name once"))?;
    let variables = of_text("variables", given.variables)?;
    let extensions = of_text("extensions", given.extensions)?;
    assemble(given.query, given.document_id, given.operation_name, variables, extensions)
}

/// A parameter whose value is the text of a JSON object.
fn of_text<T: Default + DeserializeOwned>(name: &str, text: Option<String>) -> Result<T, Refusal> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(T::default()) };
    let given: Option<T> = serde_json::from_str(&text).map_err(|error| match error.classify() {
        Category::Data => Refusal::ill_formed(format!("`{name}` is not a JSON object")),
        _ => Refusal::malformed(format!("`{name}` is not JSON: {}", fault(&error))),
    })?;
    Ok(given.unwrap_or_default())
}

/// Reads a body in JSON.
pub(super) fn of_json(body: &[u8]) -> Result<Parameters, Refusal> {
    // An array would be read as the struct's fields in order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(what_is_wrong_with(body));
    }
    // In what is ignored, the parser does not look for bytes that are no text.
    let text = std::str::from_utf8(body).map_err(|_| what_is_wrong_with(body))?;
    let given: BodyParameters = serde_json::from_str(text).map_err(|_| what_is_wrong_with(body))?;
    let (variables, extensions) = (given.variables.unwrap_or_default(), given.extensions.unwrap_or_default());
    assemble(given.query, given.document_id, given.operation_name, variables, extensions)
}

/// Reads a body that is a JSON array.
pub(super) fn of_array(body: &[u8]) -> Result<Vec<&RawValue>, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::malformed(format!("the request body is not JSON: {}", fault(&error))))
}

/// Why a body that is no request is none. What the parser says of it is meant for programmers of this server.
fn what_is_wrong_with(body: &[u8]) -> Refusal {
    if body.trim_ascii().is_empty() {
        return Refusal::malformed(
            "the request body is empty; it has to be a JSON object such as {\"query\": \"{ __typename }\"}",
        );
    }
    let object = match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return Refusal::ill_formed("the request body is not a JSON object"),
        Err(error) => return Refusal::malformed(format!("the request body is not JSON: {}", fault(&error))),
    };
    let is_wrong = |name: &str, is_right: fn(&Value) -> bool| {
        object.get(name).is_some_and(|value| !value.is_null() && !is_right(value))
    };
    let wrong = |name: &str, kind: &str| Refusal::ill_formed(format!("`{name}` is not {kind}"));
    if let Some(name) =
        ["query", "documentId", "operationName"].into_iter().find(|name| is_wrong(name, Value::is_string))
    {
        wrong(name, "a string")
    } else if let Some(name) = ["variables", "extensions"].into_iter().find(|name| is_wrong(name, Value::is_object)) {
        wrong(name, "a JSON object")
    } else {
        Refusal::ill_formed("the request body has a parameter twice")
    }
}

/// What is wrong with a text that is not JSON, or more than this server reads of it, and where.
fn fault(error: &serde_json::Error) -> String {
    // The parser tells these apart by their texts only; one that is not known here is told as any other.
    let text = error.to_string();
    let what = match text.as_str() {
        _ if error.is_eof() => "it ends too early",
        text if text.starts_with("number out of range") => "a number is too large",
        text if text.starts_with("recursion limit") => "it nests too deeply",
        text if text.contains("surrogate") || text.starts_with("unexpected end of hex escape") => {
            "an escape `\\u` is half of a character"
        }
        text if text.starts_with("invalid unicode") => "it is not in UTF-8",
        _ => "it is not well-formed",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

/// The parameters of a request, from what it was told with.
pub(super) fn assemble(
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Variables,
    extensions: Extensions,
) -> Result<Parameters, Refusal> {
    let document_id = document_id.filter(|id| !id.is_empty());
    let is_named = extensions.get("persistedQuery").is_some_and(|named| *named != ConstValue::Null);
    let query = match (query.filter(|query| !query.trim().is_empty()), &document_id) {
        (Some(_), Some(_)) => return Err(Refusal::ill_formed("`query` and `documentId` exclude each other")),
        (None, Some(_)) => String::new(),
        (None, None) if is_named => String::new(),
        (query, None) => query.ok_or_else(|| Refusal::ill_formed("`query` is missing"))?,
    };
    let mut request = Request::new(query).variables(variables);
    request.extensions = extensions;
    if let Some(name) = operation_name.filter(|name| !name.is_empty()) {
        request = request.operation_name(name);
    }
    Ok(Parameters { request, document_id })
}

impl Parameters {
    /// Refuses variables, and extensions, that hold more than `most` values.
    pub(super) fn check_size(&self, most: usize) -> Result<(), Refusal> {
        fn takes(value: &ConstValue, left: usize) -> Option<usize> {
            let left = left.checked_sub(1)?;
            match value {
                ConstValue::List(values) => values.iter().try_fold(left, |left, value| takes(value, left)),
                ConstValue::Object(fields) => fields.values().try_fold(left, |left, value| takes(value, left)),
                _ => Some(left),
            }
        }
        fn check<'a>(name: &str, mut values: impl Iterator<Item = &'a ConstValue>, most: usize) -> Result<(), Refusal> {
            match values.try_fold(most, |left, value| takes(value, left)) {
                Some(_) => Ok(()),
                None => Err(Refusal::invalid(format!("the {name} hold more than {most} values"))),
            }
        }
        check("variables", self.request.variables.values(), most)?;
        check("extensions", self.request.extensions.values(), most)
    }
}

/// Refuses a body that is said to be anything else than JSON in UTF-8, as it is.
pub(super) fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.get_all(CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Refusal::encoding());
    }
    if is_json(headers) { Ok(()) } else { Err(Refusal::media_type()) }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"))
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => is_utf_8(value),
            _ => true,
        })
}

#[cfg(test)]
mod tests {
    use async_graphql::Name;
    use axum::http::header::HeaderValue;

    use super::*;
    use crate::http::media_type::MediaType;

    /// The statuses in both media types, and what is said.
    fn told<T>(refused: impl Fn() -> Result<T, Refusal>) -> (u16, u16, String) {
        let refusal = || refused().err().unwrap();
        let body: Value = serde_json::from_str(&refusal().body()).unwrap();
        let [graphql, json] =
            [MediaType::Graphql, MediaType::Json].map(|media| refusal().answer(media).status().as_u16());
        (graphql, json, body["errors"][0]["message"].as_str().unwrap().to_owned())
    }

    #[test]
    fn a_body_names_query_operation_and_variables() {
        let request =
            of_json(br#" {"query": "query A($n: Int) { a }", "operationName": "A", "variables": {"n": 1}, "x": 1}"#);
        let request = request.unwrap().request;
        assert_eq!(request.operation_name.as_deref(), Some("A"));
        assert_eq!(request.variables.get(&Name::new("n")), Some(&1.into()));
    }

    #[test]
    fn null_is_not_given() {
        let request = of_json(br#"{"query": "{ a }", "operationName": null, "variables": null, "extensions": null}"#)
            .unwrap()
            .request;
        assert!(request.operation_name.is_none() && request.variables.is_empty());
        let uri = Uri::from_static("/graphql?query=a&operationName=&variables=null&extensions=null");
        let request = of_query_string(&uri).unwrap().request;
        assert!(request.operation_name.is_none() && request.variables.is_empty() && request.extensions.is_empty());
    }

    #[test]
    fn a_body_that_cannot_be_read_is_told_why() {
        let deep = format!(r#"{{"query": "{{ a }}", "variables": {{"a": {}}}}}"#, "[".repeat(100_000));
        for (body, said) in [
            (&b" "[..], "the request body is empty"),
            (b"nonsense", "the request body is not JSON: it is not well-formed (line 1, column 2)"),
            (b"{", "the request body is not JSON: it ends too early (line 1, column 1)"),
            (b"{\n\"query\": }", "the request body is not JSON: it is not well-formed (line 2, column 10)"),
            (b"{\"query\": \"\xff\"}", "the request body is not JSON: it is not in UTF-8"),
            (b"{\"query\": \"{ a }\", \"ignored\": \"\xff\"}", "the request body is not JSON: it is not in UTF-8"),
            (br#"{"query": "\ud800"}"#, "the request body is not JSON: an escape `\\u` is half of a character"),
            (br#"{"query": "\ud800x"}"#, "the request body is not JSON: an escape `\\u` is half of a character"),
            (br#"{"query": "\udc00\ud800"}"#, "the request body is not JSON: an escape `\\u` is half of a character"),
            (br#"{"query": "a", "variables": {"a": 1e999}}"#, "the request body is not JSON: a number is too large"),
            (deep.as_bytes(), "the request body is not JSON: it nests too deeply"),
        ] {
            let (graphql, json, message) = told(|| of_json(body));
            assert_eq!((graphql, json), (400, 400), "{said}");
            assert!(message.starts_with(said), "{message}, not: {said}");
        }
    }

    #[test]
    fn a_body_that_is_no_request_is_told_why() {
        for (body, said) in [
            ("[]", "the request body is not a JSON object"),
            (r#"["{ a }"]"#, "the request body is not a JSON object"),
            (r#"["{ a }", null, null, null, null]"#, "the request body is not a JSON object"),
            (r#""{ a }""#, "the request body is not a JSON object"),
            ("{}", "`query` is missing"),
            (r#"{"query": null}"#, "`query` is missing"),
            (r#"{"query": " "}"#, "`query` is missing"),
            (r#"{"query": 1}"#, "`query` is not a string"),
            (r#"{"query": {"a": 1}}"#, "`query` is not a string"),
            (r#"{"documentId": 1}"#, "`documentId` is not a string"),
            (r#"{"documentId": ""}"#, "`query` is missing"),
            (r#"{"query": "a", "documentId": "b"}"#, "`query` and `documentId` exclude each other"),
            (r#"{"query": "a", "operationName": ["A"]}"#, "`operationName` is not a string"),
            (r#"{"query": "a", "variables": []}"#, "`variables` is not a JSON object"),
            (r#"{"query": "a", "variables": "{}"}"#, "`variables` is not a JSON object"),
            (r#"{"query": "a", "extensions": false}"#, "`extensions` is not a JSON object"),
            (r#"{"query": "a", "query": "b"}"#, "the request body has a parameter twice"),
        ] {
            assert_eq!(told(|| of_json(body.as_bytes())), (422, 400, said.to_owned()), "{body}");
        }
    }

    #[test]
    fn the_values_of_variables_are_counted_with_those_within() {
        for name in ["variables", "extensions"] {
            let body = format!(r#"{{ "query": "{{ a }}", "{name}": {{ "a": [1, {{ "b": null }}], "c": "d" }} }}"#);
            let parameters = of_json(body.as_bytes()).unwrap();
            assert!(parameters.check_size(5).is_ok());
            assert_eq!(told(|| parameters.check_size(4)), (422, 200, format!("the {name} hold more than 4 values")));
        }
        assert!(of_json(br#"{"query": "{ a }"}"#).unwrap().check_size(0).is_ok());
    }

    #[test]
    fn a_query_string_holds_variables_as_json() {
        let uri = "/graphql?query=%7B%20a%20%7D&operationName=&variables=%7B%22n%22%3A%201%7D";
        let request = of_query_string(&Uri::from_static(uri)).unwrap().request;
        assert_eq!(request.query, "{ a }");
        assert!(request.operation_name.is_none());
        assert_eq!(request.variables.get(&Name::new("n")), Some(&1.into()));
    }

    #[test]
    fn other_query_strings_are_refused() {
        let twice = "the query string is not of the form NAME=VALUE&NAME=VALUE, each name once";
        for (uri, graphql, said) in [
            ("/graphql", 422, "`query` is missing"),
            ("/graphql?query=", 422, "`query` is missing"),
            ("/graphql?query=a&query=b", 400, twice),
            ("/graphql?query=a&variables=1", 422, "`variables` is not a JSON object"),
            ("/graphql?query=a&extensions=%5B%5D", 422, "`extensions` is not a JSON object"),
            ("/graphql?query=a&variables=%7B", 400, "`variables` is not JSON: it ends too early (line 1, column 1)"),
        ] {
            assert_eq!(told(|| of_query_string(&Uri::from_static(uri))), (graphql, 400, said.to_owned()), "{uri}");
        }
    }

    #[test]
    fn only_json_in_utf_8_as_it_is_is_read() {
        let status = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            let headers: HeaderMap = headers.collect();
            check_type(&headers).err().map(|refusal| refusal.answer(MediaType::Json).status().as_u16())
        };
        for (kind, refused) in [
            ("application/json", None),
            ("Application/JSON; charset=\"UTF-8\"", None),
            ("application/json;charset=latin-1", Some(415)),
            ("text/plain", Some(415)),
            ("application/x-www-form-urlencoded", Some(415)),
            ("application/jsonp", Some(415)),
        ] {
            assert_eq!(status(&[("content-type", kind)]), refused, "{kind}");
        }
        assert_eq!(status(&[]), Some(415));
        for (coding, refused) in [("gzip", Some(415)), ("br", Some(415)), ("x", Some(415)), ("Identity", None)] {
            let headers = [("content-type", "application/json"), ("content-encoding", coding)];
            assert_eq!(status(&headers), refused, "{coding}");
        }
    }
}
