use std::net::SocketAddr;
use std::time::Duration;

use bytesize::ByteSize;

/// A duration with its unit, zero included.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| "expected a duration with its unit, such as 500ms, 10s or 5min".to_owned())
}

/// A duration with its unit that is not zero.
pub(super) fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("expected a duration longer than zero".to_owned()),
        positive => Ok(positive),
    }
}

/// An address and a port.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an IP address and a port, such as 127.0.0.1:8000 or [::]:8000".to_owned())
}

/// A number of bytes, with a unit or without, that is not zero and fits into this machine's memory.
pub(super) fn bytes(text: &str) -> Result<usize, String> {
    let size: ByteSize = text.parse().map_err(|_| "expected a size such as 1MiB, 256MiB or 65536".to_owned())?;
    match usize::try_from(size.as_u64()) {
        Ok(0) => Err("expected a size larger than zero".to_owned()),
        Ok(size) => Ok(size),
        Err(_) => Err("expected a size that this machine can address".to_owned()),
    }
}

/// Like [`bytes`], or zero.
pub(super) fn bytes_or_none(text: &str) -> Result<usize, String> {
    if text.trim() == "0" { Ok(0) } else { bytes(text) }
}

/// A share of a whole.
pub(super) fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a number from 0 to 1, such as 0.001".to_owned()),
    }
}

/// A count of at least one.
pub(super) fn positive_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err("expected a whole number from 1 to 1000000".to_owned()),
    }
}

/// A count, or zero.
pub(super) fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 0..=1_000_000) => Ok(count),
        _ => Err("expected a whole number from 0 to 1000000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_and_are_not_zero() {
        assert_eq!(bytes("1MiB"), Ok(1 << 20));
        assert_eq!(bytes("65536"), Ok(65536));
        assert!(bytes("0").is_err());
        assert!(bytes_or_none("0") == Ok(0) && bytes_or_none("1KiB") == Ok(1 << 10) && bytes_or_none("-1").is_err());
        assert!(bytes("lots").is_err());
        assert!(bytes("-1").is_err());
    }

    #[test]
    fn durations_need_their_unit() {
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        assert_eq!(positive_duration("50ms"), Ok(Duration::from_millis(50)));
        assert!(duration("50").is_err());
        assert!(positive_duration("0s").is_err());
    }

    #[test]
    fn shares_are_parts_of_a_whole() {
        assert_eq!(share("0.001"), Ok(0.001));
        assert!(share("1.1").is_err() && share("-0").is_ok() && share("NaN").is_err() && share("half").is_err());
    }

    #[test]
    fn counts_start_at_one() {
        assert_eq!(positive_count("1"), Ok(1));
        assert!(positive_count("0").is_err() && count("0") == Ok(0) && count("-1").is_err());
        assert!(positive_count("-3").is_err() && positive_count("4294967295").is_err());
    }
}
