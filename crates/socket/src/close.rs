/// Why a socket is closed: the codes of the sub-protocol, and those of WebSocket (RFC 6455, section 7.4.1) that a server uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// 1001: the server stops.
    GoingAway,
    /// 1009: a message is larger than the server takes.
    TooLarge,
    /// 1011: the server fails.
    Internal,
    /// 1013: the server cannot do it now; later may do.
    TryAgainLater,
    /// 4400: a message is not one of the sub-protocol.
    BadRequest,
    /// 4401: an operation came before the connection was acknowledged.
    Unauthorized,
    /// 4403: the credential is not good, or not any more.
    Forbidden,
    /// 4406: the client does not speak the sub-protocol.
    SubprotocolNotAcceptable,
    /// 4408: the connection was not initialised in time.
    InitialisationTimeout,
    /// 4409: an operation has the id of one that is under way.
    SubscriberAlreadyExists,
    /// 4429: the connection was initialised more than once.
    TooManyInitialisations,
}

/// How a socket is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// Why.
    pub code: CloseCode,
    /// Why, for people; at most 123 bytes, which is what fits (RFC 6455, section 5.5).
    pub reason: String,
}

const LONGEST: usize = 123;

impl CloseCode {
    /// The number.
    pub fn number(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::TooLarge => 1009,
            Self::Internal => 1011,
            Self::TryAgainLater => 1013,
            Self::BadRequest => 4400,
            Self::Unauthorized => 4401,
            Self::Forbidden => 4403,
            Self::SubprotocolNotAcceptable => 4406,
            Self::InitialisationTimeout => 4408,
            Self::SubscriberAlreadyExists => 4409,
            Self::TooManyInitialisations => 4429,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::GoingAway => "Going away",
            Self::TooLarge => "Message too big",
            Self::Internal => "Internal error",
            Self::TryAgainLater => "Try again later",
            Self::BadRequest => "Invalid message received",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::SubprotocolNotAcceptable => "Subprotocol not acceptable",
            Self::InitialisationTimeout => "Connection initialisation timeout",
            Self::SubscriberAlreadyExists => "Subscriber already exists",
            Self::TooManyInitialisations => "Too many initialisation requests",
        }
    }
}

impl From<CloseCode> for Close {
    fn from(code: CloseCode) -> Self {
        Self { code, reason: code.reason().to_owned() }
    }
}

impl Close {
    /// A message that is not one of the sub-protocol, because of `why`.
    pub(crate) fn invalid(why: &str) -> Self {
        Self::fitting(CloseCode::BadRequest, "Invalid message received: ", why, "")
    }

    /// An operation has the id of one that is under way.
    pub(crate) fn exists(id: &str) -> Self {
        Self::fitting(CloseCode::SubscriberAlreadyExists, "Subscriber for ", id, " already exists")
    }

    /// A reason of which the middle is cut where it must be.
    fn fitting(code: CloseCode, begin: &str, middle: &str, end: &str) -> Self {
        let room = LONGEST - begin.len() - end.len();
        let middle = &middle[..middle.floor_char_boundary(room)];
        Self { code, reason: [begin, middle, end].concat() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_into_a_frame() {
        assert_eq!(Close::exists("a").reason, "Subscriber for a already exists");
        for long in ["x".repeat(500), "ü".repeat(500), "x".to_owned() + &"🌊".repeat(500)] {
            for close in [Close::exists(&long), Close::invalid(&long)] {
                assert!((120..=LONGEST).contains(&close.reason.len()), "{close:?}");
            }
            assert!(Close::exists(&long).reason.ends_with(" already exists"));
        }
    }
}
