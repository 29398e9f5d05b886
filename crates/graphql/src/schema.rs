use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionFactory};
use async_graphql::{
    Data, Executor, MergedObject, MergedSubscription, ObjectType, Request, Response, SDLExportOptions, SchemaBuilder,
    ValidationMode,
};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use futures::stream::BoxStream;

use crate::account::{AccountMutation, Passwords, SessionMutation};
use crate::document::Documents;
use crate::export::ExportMutation;
use crate::federation::FederationQuery;
use crate::live::LiveDirective;
use crate::node::{NODES, NodeQuery};
use crate::note::{NoteLikeMutation, NoteMutation, NoteQuery, NoteSubscription, NoteViewMutation};
use crate::notification::{NotificationMutation, NotificationSubscription};
use crate::tag::{TagLinkMutation, TagMutation, TagQuery};
use crate::tide::{BackgroundJobs, Development, LogLevels, Operations, TideMutation, TideQuery, TideSubscription};
use crate::todo::{TodoMutation, TodoQuery, TodoSubscription};
use crate::user::{UserListQuery, UserMutation, UserQuery};
use crate::views::Views;
use crate::wake::{LeaveToSweep, Wake};
use crate::{Exclusions, FixedLogLevels, Limits, NoJobs, WriterName};

/// Everything that can be read.
#[derive(Default, MergedObject)]
#[graphql(name = "Queries")]
pub(crate) struct Query(UserQuery, NodeQuery, TodoQuery, NoteQuery, TagQuery, UserListQuery, TideQuery);

/// Everything that can be read.
#[derive(Default, MergedObject)]
#[graphql(name = "Query")]
pub(crate) struct ClientQuery(Query);

/// Everything that can be read.
#[derive(Default, MergedObject)]
#[graphql(name = "Query")]
pub(crate) struct SubgraphQuery(Query, FederationQuery);

/// Everything that can be changed.
#[derive(Default, MergedObject)]
pub(crate) struct Mutation(
    AccountMutation,
    SessionMutation,
    UserMutation,
    TodoMutation,
    NoteMutation,
    NoteLikeMutation,
    NoteViewMutation,
    TagMutation,
    TagLinkMutation,
    NotificationMutation,
    ExportMutation,
    TideMutation,
);

/// Everything that one can be told when it happens.
#[derive(Default, MergedSubscription)]
pub(crate) struct Subscription(TodoSubscription, NoteSubscription, NotificationSubscription, TideSubscription);

/// A schema with its resolvers. Needs no database to be made.
#[derive(Clone)]
pub(crate) enum Schema {
    /// For clients.
    Client(async_graphql::Schema<ClientQuery, Mutation, Subscription>),
    /// For clients, and for the router of a federation.
    Subgraph(async_graphql::Schema<SubgraphQuery, Mutation, Subscription>),
}

/// What resolvers need besides the scope of their request.
#[derive(Clone)]
pub(crate) struct Resources {
    pub(crate) passwords: Passwords,
    pub(crate) views: Views,
    pub(crate) wake: Arc<dyn Wake>,
    pub(crate) operations: Operations,
    pub(crate) jobs: Arc<dyn BackgroundJobs>,
    pub(crate) log_levels: Arc<dyn LogLevels>,
    pub(crate) writer: WriterName,
    pub(crate) development: Development,
}

/// How a schema executes.
pub(crate) struct SchemaSettings {
    /// What is checked of a document before.
    pub(crate) validation: ValidationMode,
    /// What a document may ask for.
    pub(crate) limits: Limits,
    /// What is done besides; the first is around the others.
    pub(crate) extensions: Vec<Arc<dyn ExtensionFactory>>,
}

/// An extension of several schemas.
struct Shared(Arc<dyn ExtensionFactory>);

type Builder<Q> = SchemaBuilder<Q, Mutation, Subscription>;

impl Schema {
    pub(crate) fn new(resources: Resources, settings: SchemaSettings) -> Self {
        if settings.limits.federation {
            Self::Subgraph(finish(build(SubgraphQuery::default()), resources, settings))
        } else {
            Self::Client(finish(build(ClientQuery::default()), resources, settings))
        }
    }

    /// The whole of it, in the schema definition language.
    pub(crate) fn sdl(&self) -> String {
        match self {
            Self::Client(schema) => schema.sdl(),
            Self::Subgraph(schema) => schema.sdl(),
        }
    }
}

/// What executes is made behind a pointer, here and nowhere else. The types of its futures name those of all fields; where they are part
/// of what waits for them, they are compiled once more in every crate, and too deep for the compiler in a release build.
impl Executor for Schema {
    #[inline(never)]
    fn execute(&self, request: Request) -> impl Future<Output = Response> + Send {
        let executed: BoxFuture<'_, Response> = match self {
            Self::Client(schema) => Box::pin(schema.execute(request)),
            Self::Subgraph(schema) => Box::pin(schema.execute(request)),
        };
        executed
    }

    #[inline(never)]
    fn execute_stream(&self, request: Request, session: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        match self {
            Self::Client(schema) => Executor::execute_stream(schema, request, session),
            Self::Subgraph(schema) => Executor::execute_stream(schema, request, session),
        }
    }
}

/// Enough to check documents by.
impl Default for Resources {
    fn default() -> Self {
        Self {
            passwords: Passwords::default(),
            views: Views::default(),
            wake: Arc::new(LeaveToSweep),
            operations: Documents::new(Limits::default(), Exclusions::default()).operations(),
            jobs: Arc::new(NoJobs),
            log_levels: Arc::new(FixedLogLevels),
            writer: WriterName::default(),
            development: Development::default(),
        }
    }
}

impl ExtensionFactory for Shared {
    fn create(&self) -> Arc<dyn Extension> {
        self.0.create()
    }
}

fn build<Q: ObjectType + 'static>(query: Q) -> Builder<Q> {
    const TIME: &str = "A point in time, in the form of RFC 3339: 2026-11-23T08:30:00Z.";
    async_graphql::Schema::build(query, Mutation::default(), Subscription::default())
        .override_output_type_description::<DateTime<Utc>>(TIME)
        .directive(LiveDirective)
}

fn finish<Q: ObjectType + 'static>(
    builder: Builder<Q>,
    resources: Resources,
    settings: SchemaSettings,
) -> async_graphql::Schema<Q, Mutation, Subscription> {
    let SchemaSettings { validation, limits, extensions } = settings;
    let Resources { passwords, views, wake, operations, jobs, log_levels, writer, development } = resources;
    let mut builder = builder.validation_mode(validation).data(passwords).data(views).data(wake);
    builder = builder.data(operations).data(jobs).data(log_levels).data(writer).data(development);
    for extension in extensions {
        builder = builder.extension(Shared(extension));
    }
    if !limits.introspection {
        builder = builder.disable_suggestions();
    }
    builder.limit_depth(limits.depth).limit_complexity(limits.complexity).finish()
}

/// The schema in the schema definition language, as `schema.graphql` has it.
pub fn sdl() -> String {
    build(ClientQuery::default()).finish().sdl_with_options(printed())
}

/// The schema as one of a [federation](https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec),
/// version 2: every node is an entity by its id. What routers ask of each subgraph (`_service`, `_entities`) is left out, as the
/// specification wants it.
pub fn subgraph_sdl() -> String {
    let schema = build(ClientQuery::default()).enable_subscription_in_federation().finish();
    let mut sdl = schema.sdl_with_options(printed().federation());
    for (node, _) in NODES {
        sdl += &format!("\nextend type {node} @key(fields: \"id\")\n");
    }
    sdl
}

fn printed() -> SDLExportOptions {
    SDLExportOptions::new().prefer_single_line_descriptions().include_specified_by()
}
