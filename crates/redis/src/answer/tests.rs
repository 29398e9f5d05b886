use fred::error::{Error, ErrorKind};

use super::is_unanswered;

fn unknown(details: &'static str) -> Error {
    Error::new(ErrorKind::Unknown, details)
}

#[test]
fn what_the_client_could_not_send_is_unanswered() {
    for details in [
        "Failed to route command.",
        "Failed to send command to router.",
        "Client is not initialized.",
        "Too many failed write attempts.",
        "Missing response.",
        "channel closed",
        "",
    ] {
        assert!(is_unanswered(&unknown(details)), "{details}");
    }
    for kind in [ErrorKind::Canceled, ErrorKind::IO, ErrorKind::Timeout] {
        assert!(is_unanswered(&Error::new(kind, "Connection closed unexpectedly.")));
    }
}

#[test]
fn what_redis_refuses_is_answered() {
    for details in [
        "OOM command not allowed when used memory > 'maxmemory'.",
        "ERR unknown command 'XADDD'",
        "NOGROUP No such key 'ready' or consumer group 'workers'",
        "UNBLOCKED the stream key no longer exists",
        "NOPERM this user has no permissions to run the 'eval' command",
        "BUSYGROUP Consumer Group name already exists",
        "READONLY You can't write against a read only replica.",
    ] {
        assert!(!is_unanswered(&unknown(details)), "{details}");
    }
    let other =
        Error::new(ErrorKind::InvalidArgument, "WRONGTYPE Operation against a key holding the wrong kind of value");
    assert!(!is_unanswered(&other));
}

#[test]
fn a_redis_that_serves_nobody_does_not_answer() {
    for details in [
        "LOADING Redis is loading the dataset in memory",
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    ] {
        assert!(is_unanswered(&unknown(details)), "{details}");
    }
}
