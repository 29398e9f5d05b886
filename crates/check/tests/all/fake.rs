//! A server that answers like the API for what the checker asks, out of memory, and lies if told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use rand::RngExt;
use serde_json::{Value, json};
use tidewater_check::Phase;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::world::{Row, Shared, User, World};

/// How long a mutation takes that is made after it was refused.
const DELAY: Duration = Duration::from_millis(30);

const MARK: HeaderName = HeaderName::from_static("tidewater-mark");

/// What is wrong with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// Nothing.
    None,
    /// Some reads answer what was true a while ago.
    Stale,
    /// Some rows are shown with a text that nobody has written.
    Future,
    /// Some updates are acknowledged and not made.
    Lost,
    /// Reads may be old, and marks do not keep a client from going back.
    Backwards,
    /// Some creates make two rows.
    Doubled,
    /// Some rows are shown with the flag of another version.
    Torn,
    /// No row is found by its id when nothing is written any more.
    WrongAfterQuiet,
    /// Some lists miss a row.
    Incomplete,
    /// Nothing, but some requests are refused; a mutation that was may be made all the same, at once or later.
    Refusing,
    /// Some answers are errors that say so.
    Faulty,
    /// Nothing, but some reads answer what was true a while ago, and say so.
    Admitting,
    /// Mutations are answered by what was before them.
    Behindhand,
}

/// A running server. It ends with the value.
pub(crate) struct Fake {
    pub(crate) url: String,
    task: AbortHandle,
}

struct Server {
    shared: Shared,
    lie: Lie,
    bound: Duration,
    opportunities: AtomicU64,
}

impl Fake {
    /// Starts a server over `shared` that may be behind by `bound`.
    pub(crate) async fn start(shared: &Shared, lie: Lie, bound: Duration) -> Self {
        let server = Arc::new(Server { shared: shared.clone(), lie, bound, opportunities: AtomicU64::new(0) });
        let router = Router::new().route("/graphql", post(answer)).with_state(server);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await }).abort_handle();
        Self { url, task }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(server): State<Arc<Server>>, headers: HeaderMap, Json(body): Json<Value>) -> impl IntoResponse {
    let (query, variables) = (body["query"].as_str().unwrap(), &body["variables"]);
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let token = header(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")).map(ToOwned::to_owned);
    match server.lie() {
        Lie::Refusing => {
            if let Some(number) = server.every(10) {
                return server.refuse(number, &body, token);
            }
        }
        Lie::Faulty if query.contains("items") && server.every(10).is_some() => return failed("INTERNAL"),
        _ => {}
    }
    let mark = header(MARK).map_or(0, |mark| mark.parse().unwrap());
    let is_admitted = server.lie() == Lie::Admitting && query.starts_with("query") && server.every(10).is_some();
    let (world, data) = if query.starts_with("mutation") {
        server.write(query, &variables["input"], token.as_deref())
    } else {
        let world = server.world(header(header::CACHE_CONTROL), mark, is_admitted);
        let data = server.read(&world, query, variables, token.as_deref());
        (world, data)
    };
    let mut answered = HeaderMap::new();
    answered.insert(MARK, world.number.into());
    (StatusCode::OK, answered, Json(json!({ "data": data, "extensions": { "tidewater": { "stale": is_admitted } } })))
}

fn failed(code: &str) -> (StatusCode, HeaderMap, Json<Value>) {
    let error = json!({ "message": "no", "extensions": { "code": code } });
    // A server that cannot know what is true has a mark all the same: the one it was at.
    let behind = HeaderMap::from_iter([(MARK, 0.into())]);
    (StatusCode::OK, behind, Json(json!({ "data": null, "errors": [error] })))
}

impl Server {
    /// What is wrong now. A run can be prepared on every server.
    fn lie(&self) -> Lie {
        if self.shared.phase() == Phase::Preparing { Lie::None } else { self.lie }
    }

    /// Once in so many times, how often that has been before.
    fn every(&self, times: u64) -> Option<u64> {
        let before = self.opportunities.fetch_add(1, Ordering::Relaxed);
        before.is_multiple_of(times).then_some(before / times)
    }

    /// Refuses a request, and makes some mutations all the same.
    fn refuse(
        self: &Arc<Self>,
        number: u64,
        body: &Value,
        token: Option<String>,
    ) -> (StatusCode, HeaderMap, Json<Value>) {
        let (server, body) = (self.clone(), body.clone());
        let make = move || {
            let query = body["query"].as_str().unwrap();
            if query.starts_with("mutation") && !query.contains("signUp") {
                server.write(query, &body["variables"]["input"], token.as_deref());
            }
        };
        match number % 4 {
            0 => make(),
            1 => drop(tokio::spawn(async move {
                tokio::time::sleep(DELAY).await;
                make();
            })),
            _ => {}
        }
        match number % 3 {
            0 => (StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new(), Json(Value::Null)),
            _ => failed("UNAVAILABLE"),
        }
    }

    /// The state that a read is answered from.
    fn world(&self, cache_control: Option<&str>, mark: usize, is_admitted: bool) -> Arc<World> {
        let now = Instant::now();
        let bound = match cache_control {
            None => self.bound,
            Some("no-cache") => Duration::ZERO,
            Some(age) => Duration::from_secs(age.strip_prefix("max-age=").unwrap().parse().unwrap()),
        };
        match self.lie() {
            Lie::Admitting if is_admitted => self.shared.before(now - bound),
            Lie::Stale if rand::rng().random_range(0..5) == 0 => self.shared.before(now - bound),
            Lie::Backwards => self.shared.since(now - bound, 0),
            _ if bound.is_zero() => self.shared.now(),
            _ => self.shared.since(now - bound, mark),
        }
    }

    fn read(&self, world: &World, query: &str, variables: &Value, token: Option<&str>) -> Value {
        // Whose a token is, is never answered from before.
        let viewer = self.shared.now().users.iter().position(|user| Some(user.token.as_str()) == token);
        let list = |is_note: bool, keep: &dyn Fn(&Row) -> bool| self.list(world, viewer, is_note, keep);
        let text = variables["text"].as_str().unwrap_or_default();
        let (all, done, open) = (|_: &Row| true, |row: &Row| row.flag, |row: &Row| !row.flag);
        let with_text = |row: &Row| row.text.contains(text);
        match () {
            () if query.contains("__schema") => json!({ "__schema": [] }),
            () if query.contains("items:") => {
                let ids = variables["ids"].as_array().unwrap().iter();
                json!({ "items": ids.map(|id| self.item(world, viewer, id)).collect::<Vec<_>>() })
            }
            () if query.contains("item:") => json!({ "item": self.item(world, viewer, &variables["id"]) }),
            () if query.contains("viewer {") => {
                let Some((place, shown)) = viewer.and_then(|place| Some((place, world.users.get(place)?))) else {
                    return json!({ "viewer": null });
                };
                let mut user = user(shown);
                user["todos"] = list(false, &all);
                user["notes"] = list(true, &|row| row.owner == place);
                json!({ "viewer": user })
            }
            () if query.contains("done:") => {
                json!({ "done": list(false, &done), "open": list(false, &open), "todos": list(false, &all) })
            }
            () if query.contains("todos(") => json!({ "todos": list(false, &with_text) }),
            () if query.contains("PUBLIC") => json!({ "notes": list(true, &|row| row.flag && with_text(row)) }),
            () if query.contains("user(id") => {
                let Some(place) = world.users.iter().position(|user| variables["id"] == user.id) else {
                    return json!({ "user": null });
                };
                let mut user = user(&world.users[place]);
                user["notes"] = list(true, &|row| row.owner == place);
                json!({ "user": user })
            }
            () => json!({ "notes": list(true, &with_text) }),
        }
    }

    fn list(&self, world: &World, viewer: Option<usize>, is_note: bool, keep: &dyn Fn(&Row) -> bool) -> Value {
        let rows = world.rows.iter().filter(|(_, row)| row.is_note == is_note && sees(viewer, row) && keep(row));
        let mut nodes: Vec<Value> = rows.map(|(id, row)| self.shown(world, *id, row)).collect();
        let count = nodes.len();
        if self.lie() == Lie::Incomplete && rand::rng().random_range(0..20) == 0 {
            nodes.pop();
        }
        json!({ "totalCount": count, "nodes": nodes })
    }

    fn item(&self, world: &World, viewer: Option<usize>, id: &Value) -> Value {
        if self.lie == Lie::WrongAfterQuiet && self.shared.phase() == Phase::Comparing {
            return Value::Null;
        }
        let id = key(id);
        let row = world.rows.get(&id).filter(|row| sees(viewer, row));
        row.map_or(Value::Null, |row| self.shown(world, id, row))
    }

    fn shown(&self, world: &World, id: Uuid, row: &Row) -> Value {
        let chance = rand::rng().random_range(0..200) == 0;
        let flag = row.flag != (self.lie() == Lie::Torn && chance);
        let text = match self.lie() {
            Lie::Future if chance => format!("{}99", row.text),
            _ => row.text.clone(),
        };
        let owner = user(&world.users[row.owner]);
        if row.is_note {
            let visibility = if flag { "PUBLIC" } else { "PRIVATE" };
            json!({ "id": public("note", id), "title": text, "visibility": visibility, "user": owner })
        } else {
            json!({ "id": public("todo", id), "text": text, "completed": flag, "user": owner })
        }
    }

    fn write(&self, query: &str, input: &Value, token: Option<&str>) -> (Arc<World>, Value) {
        let is_note = query.contains("Note");
        let text = input["title"].as_str().or(input["text"].as_str()).map(ToOwned::to_owned);
        let flag = input["completed"].as_bool().or(input["visibility"].as_str().map(|text| text == "PUBLIC"));
        let loses = self.lie() == Lie::Lost && query.contains("update") && self.every(10).is_some();
        let doubles = self.lie() == Lie::Doubled && query.contains("create") && self.every(5).is_some();
        if loses {
            let mut world = World::clone(&self.shared.now());
            let data = self.apply(&mut world, query, input, token, |row| update(row, text, flag));
            return (Arc::new(world), data);
        }
        let change = |world: &mut World| {
            if query.contains("create") {
                let owner = world.users.iter().position(|user| Some(user.token.as_str()) == token).unwrap();
                let row = Row { is_note, owner, text: text.unwrap(), flag: flag.unwrap_or(false) };
                let id = Uuid::now_v7();
                if doubles {
                    world.rows.insert(Uuid::now_v7(), row.clone());
                }
                let shown = self.shown(world, id, &row);
                world.rows.insert(id, row);
                return json!({ "written": { "todo": shown, "note": shown } });
            }
            self.apply(world, query, input, token, |row| update(row, text, flag))
        };
        let (data, world) = self.shared.change(change);
        (world, data)
    }

    fn apply(
        &self,
        world: &mut World,
        query: &str,
        input: &Value,
        token: Option<&str>,
        update: impl FnOnce(&mut Row),
    ) -> Value {
        let string = |name: &str| input[name].as_str().unwrap().to_owned();
        match () {
            () if query.contains("signUp") => {
                let (id, token) = (public("user", Uuid::now_v7()), Uuid::new_v4().to_string());
                let added = User { id, name: string("name"), bio: None, token: token.clone() };
                world.users.push(added.clone());
                json!({ "signUp": { "token": token, "viewer": user(&added) } })
            }
            () if query.contains("updateProfile") => {
                let place = world.users.iter().position(|user| Some(user.token.as_str()) == token).unwrap();
                let before = world.users[place].clone();
                let changed = &mut world.users[place];
                (changed.name, changed.bio) = (string("name"), Some(string("bio")));
                let shown = if self.lie() == Lie::Behindhand { &before } else { &*changed };
                json!({ "updateProfile": { "viewer": user(shown) } })
            }
            () if query.contains("delete") => {
                world.rows.remove(&key(&input["id"]));
                json!({ "written": { "deletedId": input["id"] } })
            }
            () => {
                let id = key(&input["id"]);
                // One that comes late may find that its row has been deleted.
                let Some(row) = world.rows.get_mut(&id) else { return json!({ "written": null }) };
                let before = row.clone();
                update(row);
                let shown = if self.lie() == Lie::Behindhand { &before } else { &world.rows[&id] };
                let shown = self.shown(world, id, shown);
                json!({ "written": { "todo": shown, "note": shown } })
            }
        }
    }
}

fn update(row: &mut Row, text: Option<String>, flag: Option<bool>) {
    row.text = text.unwrap_or(std::mem::take(&mut row.text));
    row.flag = flag.unwrap_or(row.flag);
}

fn sees(viewer: Option<usize>, row: &Row) -> bool {
    viewer == Some(row.owner) || (row.is_note && row.flag)
}

fn user(user: &User) -> Value {
    let profile = user.bio.as_ref().map(|bio| json!({ "bio": bio }));
    json!({ "id": user.id, "name": user.name, "profile": profile })
}

fn public(prefix: &str, id: Uuid) -> String {
    let prefix = type_safe_id::DynamicType::new(prefix).unwrap();
    type_safe_id::TypeSafeId::from_type_and_uuid(prefix, id).to_string()
}

fn key(id: &Value) -> Uuid {
    id.as_str().unwrap().parse::<type_safe_id::TypeSafeId<type_safe_id::DynamicType>>().unwrap().uuid()
}
