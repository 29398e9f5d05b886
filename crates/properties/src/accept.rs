use axum::http::HeaderValue;

/// How a response is told is chosen by all elements of `Accept` together, in however many fields they come; an element that is not
/// well-formed, or of another type, changes nothing; and a type is chosen only if it is asked for.
pub fn accept(bytes: &[u8]) {
    let Ok(whole) = HeaderValue::from_bytes(bytes) else { return };
    let Ok(text) = whole.to_str() else { return };
    let chosen = tidewater::reading::accept(std::slice::from_ref(&whole));
    let elements: Vec<_> = text.split(',').filter_map(|element| HeaderValue::from_str(element).ok()).collect();
    if !text.is_empty() {
        assert_eq!(tidewater::reading::accept(&elements), chosen, "one field for each element");
    }
    let ignored = HeaderValue::from_static("application/json;q=nonsense, x/y;q=0, ;");
    if !text.trim().is_empty() {
        assert_eq!(tidewater::reading::accept(&[whole.clone(), ignored]), chosen, "an element that says nothing");
    }

    let (media, stream) = chosen;
    let lower = text.to_ascii_lowercase();
    let asks = |kind: &str| lower.contains(kind) || lower.contains("application/*") || lower.contains("*/*");
    match media {
        Some("application/json") => assert!(text.is_empty() || asks("application/json"), "{text}"),
        Some(other) => assert!(asks(other), "{text}"),
        None => assert!(!["*/*", "application/json"].contains(&text), "{text}"),
    }
    assert!(stream == "no" || lower.contains("text/event-stream"), "{text}");
}
