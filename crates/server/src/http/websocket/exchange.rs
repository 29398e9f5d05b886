use std::collections::HashMap;
use std::future::pending;
use std::ops::ControlFlow;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Map, Value};
use tidewater_graphql::{Error, Watch};
use tidewater_socket::{Close, CloseCode, Connection, Effect, Operation, Output};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite;

use super::operation::{Running, Told};
use crate::http::client::{Client, session_ended};
use crate::http::session_cookie;
use crate::http::streams::Open;

/// How many results may wait to be sent. Operations that have more wait, and subscriptions among them fall behind.
const WAITING: usize = 16;

/// How long a client may take to agree that the socket is closed.
const CLOSING: Duration = Duration::from_secs(5);

/// How long queries and mutations that are under way may still take when the session is over: one of them may have ended it, and its
/// client would like to know how that went.
const LEAVING: Duration = Duration::from_secs(2);

/// What goes on over one WebSocket, from its opening to its end.
///
/// All is done by one task. While it waits for the client to take something it takes nothing more, neither from the client nor from
/// operations.
pub(super) struct Exchange {
    socket: WebSocket,
    client: Client,
    /// Whether the credential was sent on purpose, and not by a browser by itself.
    is_explicit: bool,
    open: Open,
    connection: Connection,
    admission: Option<BoxFuture<'static, Result<Admitted, CloseCode>>>,
    watch: Option<Watch>,
    running: HashMap<Operation, Running>,
    tasks: JoinSet<()>,
    teller: mpsc::Sender<Told>,
    told: mpsc::Receiver<Told>,
    begun: Instant,
    heard: Instant,
    /// When to ask for a sign of life.
    ping: Instant,
    /// Until when it goes on at most, once the session is over.
    leaving: Option<Instant>,
}

/// A client whose credential is good, or who has none.
struct Admitted {
    client: Client,
    watch: Option<Watch>,
}

/// What happens next.
enum Happening {
    Stopped,
    SessionEnded,
    Left,
    Received(Option<Result<Message, axum::Error>>),
    Told(Operation, Output),
    Admitted(Result<Admitted, CloseCode>),
    TimedOut,
    Silent,
}

type Flow = ControlFlow<()>;

impl Exchange {
    pub(super) fn new(socket: WebSocket, client: Client, is_explicit: bool, open: Open) -> Self {
        let (teller, told) = mpsc::channel(WAITING);
        let (now, settings) = (Instant::now(), &client.service.streaming);
        Self {
            socket,
            connection: Connection::new(settings.max_socket_operations),
            ping: now + settings.keep_alive,
            client,
            is_explicit,
            open,
            admission: None,
            watch: None,
            running: HashMap::new(),
            tasks: JoinSet::new(),
            teller,
            told,
            begun: now,
            heard: now,
            leaving: None,
        }
    }

    /// Goes on until the socket is closed. A client that does not speak the sub-protocol is told so.
    pub(super) async fn run(mut self, speaks: bool) {
        if !speaks {
            self.close(CloseCode::SubprotocolNotAcceptable.into()).await;
            return;
        }
        loop {
            let happening = self.wait().await;
            if self.handle(happening).await.is_break() {
                return;
            }
            while self.tasks.try_join_next().is_some() {}
        }
    }

    async fn wait(&mut self) -> Happening {
        let settings = &self.client.service.streaming;
        let initialised = self.connection.is_initialised();
        tokio::select! {
            biased;
            () = self.open.stopped() => Happening::Stopped,
            () = session_ended(&mut self.watch) => Happening::SessionEnded,
            () = at(self.leaving) => Happening::Left,
            admitted = maybe(&mut self.admission) => {
                self.admission = None;
                Happening::Admitted(admitted)
            }
            () = at((!initialised).then_some(self.begun + settings.socket_init_timeout)) => Happening::TimedOut,
            () = sleep_until(self.ping) => Happening::Silent,
            happening = either(&mut self.socket, &mut self.told) => happening,
        }
    }

    async fn handle(&mut self, happening: Happening) -> Flow {
        match happening {
            Happening::Stopped => {
                let effect = self.connection.close(CloseCode::GoingAway);
                self.act(effect).await
            }
            Happening::SessionEnded => {
                self.watch = None;
                self.running.retain(|operation, running| {
                    let stays = !running.goes_on();
                    // What it has told already came with the end of the session or after it.
                    if !stays {
                        self.connection.forget(*operation);
                    }
                    stays
                });
                self.leaving = Some(Instant::now() + LEAVING);
                self.leave_if_done().await
            }
            Happening::Left => {
                self.running.clear();
                self.leave_if_done().await
            }
            Happening::Received(message) => {
                self.heard = Instant::now();
                self.receive(message).await
            }
            Happening::Told(operation, output) => {
                if !matches!(output, Output::Next(_)) {
                    self.running.remove(&operation);
                }
                let effect = self.connection.tell(operation, output);
                self.act(effect).await?;
                self.leave_if_done().await
            }
            Happening::Admitted(Ok(Admitted { client, watch })) => {
                (self.client, self.watch) = (client, watch);
                let effect = self.connection.acknowledge();
                self.act(effect).await
            }
            Happening::Admitted(Err(code)) => {
                let effect = self.connection.close(code);
                self.act(effect).await
            }
            Happening::TimedOut => {
                let effect = self.connection.time_out();
                self.act(effect).await
            }
            Happening::Silent => {
                let every = self.client.service.streaming.keep_alive;
                self.ping = Instant::now() + every;
                if self.heard.elapsed() > every * 3 {
                    tracing::debug!("nothing comes from the client of a WebSocket");
                    return Flow::Break(());
                }
                let effect = self.connection.ping();
                self.act(effect).await
            }
        }
    }

    async fn receive(&mut self, message: Option<Result<Message, axum::Error>>) -> Flow {
        let limit = self.client.service.limits.max_body;
        let effect = match message {
            None => return Flow::Break(()),
            Some(Err(error)) => match is_too_large(error) {
                true => self.connection.close(CloseCode::TooLarge),
                false => return Flow::Break(()),
            },
            Some(Ok(_)) if self.leaving.is_some() => None,
            Some(Ok(Message::Text(text))) if text.len() > limit => self.connection.close(CloseCode::TooLarge),
            Some(Ok(Message::Text(text))) => self.connection.receive(&text),
            Some(Ok(Message::Binary(_))) => self.connection.receive_binary(),
            // The library answers both; what comes next is the end of the stream.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => None,
        };
        self.act(effect).await
    }

    async fn act(&mut self, effect: Option<Effect>) -> Flow {
        match effect {
            None => Flow::Continue(()),
            Some(Effect::Send(text)) => self.send(Message::text(text)).await,
            Some(Effect::Authenticate(payload)) => {
                self.admission = Some(admit(self.client.clone(), self.is_explicit, payload).boxed());
                Flow::Continue(())
            }
            Some(Effect::Begin(operation, request)) => {
                let (client, teller) = (self.client.clone(), self.teller.clone());
                let running = Running::begin(&mut self.tasks, client, operation, request, teller);
                self.running.insert(operation, running);
                Flow::Continue(())
            }
            Some(Effect::End(operation)) => {
                self.running.remove(&operation);
                Flow::Continue(())
            }
            Some(Effect::Close(close)) => {
                self.close(close).await;
                Flow::Break(())
            }
        }
    }

    /// Closes the socket if the session is over and nothing is under way that may end.
    async fn leave_if_done(&mut self) -> Flow {
        if self.leaving.is_none() || !self.running.is_empty() {
            return Flow::Continue(());
        }
        let effect = self.connection.close(CloseCode::Forbidden);
        self.act(effect).await
    }

    async fn send(&mut self, message: Message) -> Flow {
        match timeout(self.client.service.streaming.send_timeout, self.socket.send(message)).await {
            Ok(Ok(())) => Flow::Continue(()),
            Ok(Err(_)) => Flow::Break(()),
            Err(_) => {
                tracing::debug!("the client of a WebSocket does not read what it is sent");
                Flow::Break(())
            }
        }
    }

    /// Says why the socket is closed, and waits a little for the client to agree.
    async fn close(&mut self, Close { code, reason }: Close) {
        self.running.clear();
        let frame = CloseFrame { code: code.number(), reason: reason.into() };
        if self.send(Message::Close(Some(frame))).await.is_break() {
            return;
        }
        let agreed = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        let _ = timeout(CLOSING, agreed).await;
    }
}

/// What the client or an operation has to say, whichever is first, with no preference.
async fn either(socket: &mut WebSocket, told: &mut mpsc::Receiver<Told>) -> Happening {
    tokio::select! {
        message = socket.recv() => Happening::Received(message),
        // There is always a sender here.
        Some((operation, output)) = told.recv() => Happening::Told(operation, output),
    }
}

/// Finds out whether the client may have the connection. A credential that was sent on purpose has to be good; a cookie that is not
/// makes the client nobody, as it does with other requests.
async fn admit(
    mut client: Client,
    is_explicit: bool,
    payload: Option<Map<String, Value>>,
) -> Result<Admitted, CloseCode> {
    let mut must_be_good = is_explicit;
    let given = payload.iter().flatten().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    match given.map(|(_, value)| value.as_str().and_then(session_cookie::bearer_token)) {
        None => {}
        Some(None) => return Err(CloseCode::Forbidden),
        Some(Some(token)) => {
            client.credential = Some(token.to_owned());
            must_be_good = true;
        }
    }
    match client.watch().await {
        Ok(None) if must_be_good => Err(CloseCode::Forbidden),
        Ok(None) => Ok(Admitted { client: Client { credential: None, ..client }, watch: None }),
        Ok(watch) => Ok(Admitted { client, watch }),
        Err(Error::Unavailable) => Err(CloseCode::TryAgainLater),
        Err(_) => Err(CloseCode::Internal),
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

async fn maybe<T>(work: &mut Option<BoxFuture<'static, T>>) -> T {
    match work {
        Some(work) => work.await,
        None => pending().await,
    }
}

fn is_too_large(error: axum::Error) -> bool {
    let error = error.into_inner();
    matches!(error.downcast_ref::<tungstenite::Error>(), Some(tungstenite::Error::Capacity(_)))
}
