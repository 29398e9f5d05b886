use axum::http::HeaderValue;
use tidewater_cache::HistoryMark;
use tidewater_changelog::Mark;

/// The longest text of a mark that is given to clients, with its history.
const LONGEST: usize = 4_096;

/// A mark is read back as it was written; its text fits into a header; it includes itself; and what is no mark is refused in a documented
/// way.
pub fn mark(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(mark) = text.parse::<Mark>() {
        assert_eq!(mark.to_string().parse(), Ok(mark.clone()));
        assert!(mark.includes(&mark), "{text}");
    }
    let parsed = text.parse::<HistoryMark>();
    if let Ok(mark) = &parsed {
        let written = mark.to_string();
        assert!(written.len() <= LONGEST && HeaderValue::from_str(&written).is_ok(), "{written}");
        assert_eq!(written.parse::<HistoryMark>().map(|again| again.to_string()), Ok(written));
    }
    // Two marks, compared in both ways: if each includes the other, they are told apart by nothing.
    if let Some((one, other)) = text.split_once('\n')
        && let (Ok(one), Ok(other)) = (one.parse::<Mark>(), other.parse::<Mark>())
        && one.includes(&other)
        && other.includes(&one)
    {
        match (&one, &other) {
            (Mark::Snapshot(one), Mark::Snapshot(other)) => {
                for xid in one.running.iter().chain(&other.running).chain([&one.xmax, &other.xmax]) {
                    assert_eq!(one.sees(*xid), other.sees(*xid), "{text}");
                }
            }
            _ => assert_eq!(one, other),
        }
    }
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    match tidewater::reading::mark(value) {
        Ok(mark) => assert_eq!(
            mark.map(|mark| mark.to_string()),
            text.trim().parse().ok().map(|mark: HistoryMark| mark.to_string())
        ),
        Err(refused) => {
            assert!(parsed.is_err(), "{text}");
            crate::request::is_refusal(&refused);
        }
    }
}
