use std::io;

/// Why nothing can be shown. Displays as one sentence that says what to do, without secrets.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting cannot be used.
    #[error("{0}")]
    Settings(String),
    /// What is shown goes on, and there is no terminal for it.
    #[error("this is no terminal: print once with --once, or with --once --json for programs")]
    NotATerminal,
    /// The terminal cannot be read or written.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
    /// No connection is made.
    #[error("{url} cannot be reached ({reason}): start the server, or name another with --url")]
    Unreachable {
        /// The server.
        url: String,
        /// Why.
        reason: &'static str,
    },
    /// There is a connection, and no answer.
    #[error("{url} has not answered within {seconds} s: see in its log what holds it up")]
    Silent {
        /// The server.
        url: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// What came is no HTTP, or not all of it came.
    #[error(
        "the connection to {url} broke before there was an answer: if the server stopped, start it; if TLS is spoken there, run this on \
         the server's own host, or through a tunnel"
    )]
    Broken {
        /// The server.
        url: String,
    },
    /// What answers is something else.
    #[error("{url} does not answer like a Tidewater server (HTTP status {status}): name one with --url")]
    NotTidewater {
        /// Who answers.
        url: String,
        /// With what status.
        status: u16,
    },
    /// The server does not know all that is asked for.
    #[error("{url} does not understand what it is asked: use the `tidewater top` of the server's own version")]
    OtherVersion {
        /// The server.
        url: String,
    },
    /// Nobody is signed in.
    #[error(
        "the server tells this only to an ADMIN: set TIDEWATER_TOKEN to a token that `signIn` has answered, or start the server with \
         TIDEWATER_DEVELOPMENT=true"
    )]
    SignedOut,
    /// The token is of no session.
    #[error("the session of TIDEWATER_TOKEN is over, or never was: sign in again, and set it to the new token")]
    SessionOver,
    /// The token is somebody's who may not see this.
    #[error("the token in TIDEWATER_TOKEN is not of an ADMIN: set it to one that is")]
    NotAdmin,
    /// Somebody between refuses.
    #[error(
        "{url} refuses (HTTP status {status}) before Tidewater is asked: ask the server itself, past the proxy in front of it"
    )]
    RefusedBefore {
        /// Who refuses.
        url: String,
        /// With what status.
        status: u16,
    },
    /// A limit of rates is exceeded.
    #[error("the server has been asked too often: wait for {seconds} s, or choose a longer --interval")]
    RateLimited {
        /// How long to wait.
        seconds: u64,
    },
    /// The server executes only what it was given.
    #[error(
        "the server executes trusted documents only: add those of `tidewater top` to them, as docs/operations/top.md says"
    )]
    NotTrusted,
    /// The server cannot do what it is asked.
    #[error("the server cannot tell ({code}): {message}")]
    Refused {
        /// The code of the error.
        code: String,
        /// What the server says.
        message: String,
    },
    /// The server has ended the stream of changes.
    #[error("the server has ended the stream of changes")]
    Ended,
}
