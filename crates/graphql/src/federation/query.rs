use std::sync::LazyLock;

use async_graphql::{Any, Context, Object, SimpleObject};

use super::entity::Entity;
use super::representation::Representation;
use crate::node::Node;
use crate::schema::subgraph_sdl;
use crate::{Error, validation};

/// How many entities a router may ask for at once. It asks for all that one answer of another subgraph refers to, which may be the rows
/// of lists within lists.
const MAX_REPRESENTATIONS: usize = 1_000;

static SDL: LazyLock<String> = LazyLock::new(subgraph_sdl);

/// What routers ask for.
#[derive(Default)]
pub(crate) struct FederationQuery;

/// What a router is told of this server.
#[derive(SimpleObject)]
#[graphql(name = "_Service")]
struct Service {
    /// Its schema, in the schema definition language.
    sdl: &'static str,
}

#[Object]
impl FederationQuery {
    /// What a router is told of this server.
    #[graphql(name = "_service")]
    async fn service(&self) -> Service {
        Service { sdl: &SDL }
    }

    /// The objects that are represented so (at most 1,000, each by its `__typename` and `id`), in their order; null where there is none
    /// that the viewer may see, and with an error where something else is represented.
    #[graphql(name = "_entities", complexity = "1 + representations.len() * child_complexity")]
    async fn entities(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What is known of them.")] representations: Vec<Any>,
    ) -> Result<Vec<Option<Result<Entity, Error>>>, Error> {
        let representations = validation::at_most("representations", MAX_REPRESENTATIONS, representations)?;
        let entities = representations.into_iter().enumerate().map(|(index, any)| async move {
            let Representation { field, id } = Representation::read(index, any)?;
            Ok(Node::visible(context, &field, &id).await?.map(Entity::from))
        });
        // What is wrong with one is no reason to leave out the others, which may be for somebody else.
        Ok(futures::future::join_all(entities).await.into_iter().map(Result::transpose).collect())
    }
}
