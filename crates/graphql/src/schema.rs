use std::sync::Arc;

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, SchemaBuilder};
use chrono::{DateTime, Utc};

use crate::account::{AccountMutation, Passwords, SessionMutation};
use crate::export::ExportMutation;
use crate::node::NodeQuery;
use crate::note::{NoteLikeMutation, NoteMutation, NoteQuery, NoteSubscription, NoteViewMutation};
use crate::notification::{NotificationMutation, NotificationSubscription};
use crate::tag::{TagLinkMutation, TagMutation, TagQuery};
use crate::tide::{TideMutation, TideQuery, TideSubscription};
use crate::todo::{TodoMutation, TodoQuery, TodoSubscription};
use crate::user::{UserMutation, UserQuery};
use crate::views::Views;
use crate::wake::{LeaveToSweep, Wake};

/// Everything that can be read.
#[derive(Default, MergedObject)]
pub(crate) struct Query(UserQuery, NodeQuery, TodoQuery, NoteQuery, TagQuery, TideQuery);

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

/// The schema with its resolvers.
pub(crate) type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema, before limits. Needs no database.
pub(crate) fn build_schema(
    passwords: Passwords,
    views: Views,
    wake: Arc<dyn Wake>,
) -> SchemaBuilder<Query, Mutation, Subscription> {
    const TIME: &str = "A point in time, in the form of RFC 3339: 2026-11-23T08:30:00Z.";
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .override_output_type_description::<DateTime<Utc>>(TIME)
        .data(passwords)
        .data(views)
        .data(wake)
}

/// The schema in the schema definition language, as `schema.graphql` has it.
pub fn sdl() -> String {
    build_schema(Passwords::default(), Views::default(), Arc::new(LeaveToSweep))
        .finish()
        .sdl_with_options(SDLExportOptions::new().prefer_single_line_descriptions())
}
