//! A schema of fields of all kinds, whose resolvers take turns, fail, and answer this or that, all as a seed and the path say.

use std::hash::{DefaultHasher, Hash, Hasher};

use async_graphql::{Context, EmptySubscription, Error, Interface, Object, Schema};

/// What resolvers do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct World {
    /// Without one, numbers are 1, nothing is null, lists have two items, and of abstract ones the second is a leaf.
    pub(crate) seed: Option<u64>,
    /// Of how many fields and items one fails; 0 is for none.
    pub(crate) failing: u64,
    /// The end of the paths that fail in any case.
    pub(crate) broken: &'static [&'static str],
}

pub(crate) type WorldSchema = Schema<Query, Mutation, EmptySubscription>;

pub(crate) fn schema() -> WorldSchema {
    Schema::new(Query, Mutation, EmptySubscription)
}

impl World {
    pub(crate) fn draw(&self, path: &str, what: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, path, what).hash(&mut hasher);
        hasher.finish()
    }

    pub(crate) fn fails(&self, path: &str) -> bool {
        let is_broken = self.broken.iter().any(|end| path == *end || path.ends_with(&format!(".{end}")));
        is_broken || (self.failing > 0 && self.draw(path, "failure").is_multiple_of(self.failing))
    }

    pub(crate) fn number(&self, path: &str) -> i32 {
        self.seed.map_or(1, |_| i32::try_from(self.draw(path, "number") % 100).unwrap())
    }

    pub(crate) fn is_null(&self, path: &str) -> bool {
        self.seed.is_some() && self.draw(path, "null").is_multiple_of(6)
    }

    pub(crate) fn length(&self, path: &str) -> usize {
        self.seed.map_or(2, |_| usize::try_from(self.draw(path, "length") % 4).unwrap())
    }

    pub(crate) fn is_leaf(&self, path: &str) -> bool {
        if self.seed.is_some() { self.draw(path, "type").is_multiple_of(2) } else { path.ends_with(".1") }
    }
}

/// A resolver at work.
struct Work<'a> {
    world: &'a World,
    path: String,
}

impl<'a> Work<'a> {
    async fn of(context: &Context<'a>) -> Result<Self, Error> {
        let path = context.path_node.unwrap().to_string();
        let world = context.data_unchecked::<World>();
        for _ in 0..world.draw(&path, "delay") % 4 {
            tokio::task::yield_now().await;
        }
        let work = Self { world, path };
        work.unless_failing(&work.path, ()).map(|()| work)
    }

    fn unless_failing<T>(&self, path: &str, value: T) -> Result<T, Error> {
        if self.world.fails(path) { Err(Error::new("failed")) } else { Ok(value) }
    }

    fn nullable<T>(&self, value: T) -> Option<T> {
        (!self.world.is_null(&self.path)).then_some(value)
    }

    fn number(&self) -> i32 {
        self.world.number(&self.path)
    }

    fn items<T>(&self, item: impl Fn(&str) -> T) -> Vec<T> {
        (0..self.world.length(&self.path)).map(|index| item(&format!("{}.{index}", self.path))).collect()
    }

    fn any(&self, path: &str) -> Any {
        if self.world.is_leaf(path) { Any::Leaf(Leaf) } else { Any::Branch(Branch) }
    }
}

pub(crate) struct Query;
pub(crate) struct Branch;
pub(crate) struct Leaf;
pub(crate) struct Mutation;

/// Either object.
#[allow(clippy::duplicated_attributes, reason = "two fields may have the same type")]
#[derive(Interface)]
#[graphql(
    field(name = "number", ty = "Option<i32>"),
    field(name = "rank", ty = "Option<i32>"),
    field(name = "branch", ty = "Option<Branch>")
)]
pub(crate) enum Any {
    Branch(Branch),
    Leaf(Leaf),
}

macro_rules! object {
    ($name:ident { $($own:tt)* }) => {
        #[Object]
        impl $name {
            async fn number(&self, context: &Context<'_>) -> Result<Option<i32>, Error> {
                let work = Work::of(context).await?;
                Ok(work.nullable(work.number()))
            }

            async fn count(&self, context: &Context<'_>) -> Result<i32, Error> {
                Ok(Work::of(context).await?.number())
            }

            async fn numbers(&self, context: &Context<'_>) -> Result<Option<Vec<Option<Result<i32, Error>>>>, Error> {
                let work = Work::of(context).await?;
                let item = |path: &str| {
                    let number = work.unless_failing(path, work.world.number(path));
                    if work.world.is_null(path) && number.is_ok() { None } else { Some(number) }
                };
                Ok(work.nullable(work.items(item)))
            }

            async fn counts(&self, context: &Context<'_>) -> Result<Option<Vec<Result<i32, Error>>>, Error> {
                let work = Work::of(context).await?;
                Ok(work.nullable(work.items(|path| work.unless_failing(path, work.world.number(path)))))
            }

            async fn branch(&self, context: &Context<'_>) -> Result<Option<Branch>, Error> {
                Ok(Work::of(context).await?.nullable(Branch))
            }

            async fn leaf(&self, context: &Context<'_>) -> Result<Leaf, Error> {
                Work::of(context).await.map(|_| Leaf)
            }

            async fn branches(&self, context: &Context<'_>) -> Result<Vec<Branch>, Error> {
                Ok(Work::of(context).await?.items(|_| Branch))
            }

            async fn leaves(&self, context: &Context<'_>) -> Result<Option<Vec<Option<Leaf>>>, Error> {
                let work = Work::of(context).await?;
                Ok(work.nullable(work.items(|path| (!work.world.is_null(path)).then_some(Leaf))))
            }

            async fn any(&self, context: &Context<'_>) -> Result<Option<Any>, Error> {
                let work = Work::of(context).await?;
                Ok(work.nullable(work.any(&work.path)))
            }

            async fn anys(&self, context: &Context<'_>) -> Result<Vec<Any>, Error> {
                let work = Work::of(context).await?;
                Ok(work.items(|path| work.any(path)))
            }

            $($own)*
        }
    };
}

object!(Query {});
object!(Branch {
    async fn rank(&self, context: &Context<'_>) -> Result<Option<i32>, Error> {
        Ok(Some(Work::of(context).await?.number()))
    }
});
object!(Leaf {
    async fn rank(&self, context: &Context<'_>) -> Result<i32, Error> {
        Ok(Work::of(context).await?.number())
    }
});
object!(Mutation {});
