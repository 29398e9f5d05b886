//! The limit of GraphQL: async-graphql as anybody would use it, with everything in memory, and nothing else.

use std::collections::HashMap;

use async_graphql::{Context, EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};
use async_graphql_axum::{GraphQLRequest, GraphQLResponse};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use chrono::{DateTime, Utc};
use sea_orm::sqlx::{Connection, PgConnection};
use tokio::net::TcpListener;

use crate::cli::PlainOptions;
use crate::dataset::Dataset;
use crate::error::Error;

type PlainSchema = Schema<Query, EmptyMutation, EmptySubscription>;

struct Memory {
    users: HashMap<String, User>,
    todos: HashMap<String, Todo>,
}

struct User {
    id: String,
    name: String,
    profile: Profile,
    todos: Vec<String>,
}

#[derive(Clone, SimpleObject)]
struct Profile {
    bio: String,
}

struct Todo {
    id: String,
    text: String,
    completed: bool,
    created_at: DateTime<Utc>,
    user: String,
}

struct TodoConnection<'a>(Vec<&'a Todo>);

struct Query;

/// Everything that can be read.
#[Object]
impl Query {
    /// The todo with this id.
    async fn todo<'a>(&self, context: &Context<'a>, id: ID) -> Option<&'a Todo> {
        context.data_unchecked::<Memory>().todos.get(id.as_str())
    }

    /// The user with this id.
    async fn user<'a>(&self, context: &Context<'a>, id: ID) -> Option<&'a User> {
        context.data_unchecked::<Memory>().users.get(id.as_str())
    }
}

/// A user.
#[Object]
impl User {
    async fn id(&self) -> ID {
        ID(self.id.clone())
    }

    async fn name(&self) -> &str {
        &self.name
    }

    async fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn todos<'a>(&self, context: &Context<'a>, first: Option<usize>) -> TodoConnection<'a> {
        let todos = &context.data_unchecked::<Memory>().todos;
        TodoConnection(self.todos.iter().take(first.unwrap_or(20)).filter_map(|id| todos.get(id)).collect())
    }
}

/// A page of a list.
#[Object]
impl TodoConnection<'_> {
    async fn nodes(&self) -> &[&Todo] {
        &self.0
    }
}

/// A todo.
#[Object]
impl Todo {
    async fn id(&self) -> ID {
        ID(self.id.clone())
    }

    async fn text(&self) -> &str {
        &self.text
    }

    async fn completed(&self) -> bool {
        self.completed
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    async fn user<'a>(&self, context: &Context<'a>) -> Option<&'a User> {
        context.data_unchecked::<Memory>().users.get(&self.user)
    }
}

/// Serves until it is killed.
pub(crate) async fn serve(options: &PlainOptions) -> Result<(), Error> {
    let mut connection = PgConnection::connect(&options.database_url).await?;
    let memory = remember(&Dataset::read(&mut connection).await?);
    connection.close().await?;
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).data(memory).finish();
    let router = Router::new().route("/graphql", post(answer)).with_state(schema);
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await.map_err(Error::system("the port"))?;
    axum::serve(listener, router).await.map_err(Error::system("connections"))
}

async fn answer(State(schema): State<PlainSchema>, request: GraphQLRequest) -> GraphQLResponse {
    schema.execute(request.into_inner()).await.into()
}

fn remember(dataset: &Dataset) -> Memory {
    let user = |user: &crate::dataset::User| User {
        id: user.id.clone(),
        name: user.name.clone(),
        profile: Profile { bio: user.bio.clone() },
        todos: user.todos.iter().map(|place| dataset.todos[*place].id.clone()).collect(),
    };
    let todo = |todo: &crate::dataset::Todo| Todo {
        id: todo.id.clone(),
        text: todo.text.clone(),
        completed: todo.completed,
        created_at: todo.created_at,
        user: dataset.users[todo.user].id.clone(),
    };
    Memory {
        users: dataset.users.iter().map(|known| (known.id.clone(), user(known))).collect(),
        todos: dataset.todos.iter().map(|known| (known.id.clone(), todo(known))).collect(),
    }
}
