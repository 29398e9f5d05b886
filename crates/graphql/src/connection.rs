//! Relay connections (<https://relay.dev/graphql/connections.htm>) over selections.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::parser::types::{Selection as Selected, SelectionSet};
use async_graphql::{Context, Object, OutputType, Pos, SimpleObject, TypeName};
use futures::future::try_join_all;
use sea_orm::EntityTrait;
use tidewater_entity::selection::{Direction, Page, PageRows, Place, Selection, Shape};
use uuid::Uuid;

use crate::part::Part;
use crate::store::{Item, Reader, Stored};
use crate::{Error, Scope, cursor, scope};

/// The page size where a client names none.
const DEFAULT_PAGE_SIZE: u32 = 20;
/// The largest page size that a client may ask for.
const MAX_PAGE_SIZE: u32 = 100;

/// An object that connections lead to.
pub trait Listed: OutputType + From<Item<<Self::Entity as EntityTrait>::Model>> {
    /// The entity whose rows it shows.
    type Entity: Stored;
    /// The name of the GraphQL type.
    const NAME: &'static str;

    /// Whether the caller may see this row. A page is read before its rows: by then, one may no longer be for everybody.
    fn is_visible(scope: &Scope, row: &<Self::Entity as EntityTrait>::Model) -> bool;

    /// The object of the row with this primary key, if there is one that the caller may see.
    ///
    /// # Errors
    /// As [`Reader::item`](crate::Reader::item).
    fn visible(context: &Context<'_>, key: Uuid) -> impl Future<Output = Result<Option<Self>, Error>> + Send {
        async move {
            let scope = scope(context)?;
            let item = scope.reader.item::<Self::Entity>(key).await?;
            Ok(item.filter(|row| Self::is_visible(scope, row)).map(Self::from))
        }
    }
}

/// The arguments of a connection field, as they came.
#[derive(Debug, Default)]
pub struct PageArguments {
    /// At most this many, from the start.
    pub first: Option<i32>,
    /// Only what comes after this cursor.
    pub after: Option<String>,
    /// At most this many, from the end.
    pub last: Option<i32>,
    /// Only what comes before this cursor.
    pub before: Option<String>,
}

/// A page of a selection of `T`, and what is around it.
pub struct Connection<T: Listed> {
    reader: Reader,
    selection: Selection,
    page: Page,
    rows: Arc<PageRows>,
    node: std::marker::PhantomData<fn() -> T>,
}

/// An item of a page, and its place in the whole.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub struct Edge<T: Listed> {
    /// The item.
    node: Part<T>,
    /// Its place, for `after` and `before`. It stays good when items before or after it come and go, and when the item itself
    /// is gone.
    cursor: String,
}

/// What a statement costs, in fields.
const STATEMENT: usize = 20;

/// What a connection costs: what is selected of it, as often as its page has items. For `complexity` of a connection field.
pub fn cost(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let size = first.or(last).and_then(|size| usize::try_from(size).ok());
    STATEMENT + child * size.unwrap_or(DEFAULT_PAGE_SIZE as usize).clamp(1, MAX_PAGE_SIZE as usize)
}

/// What is around a page.
pub struct PageInfo {
    reader: Reader,
    selection: Selection,
    page: Page,
    rows: Arc<PageRows>,
    probe: Probe,
}

type Probe = for<'a> fn(&'a Reader, &'a Selection, Page) -> futures::future::BoxFuture<'a, Result<bool, Error>>;

impl PageArguments {
    /// The page of a selection of `shape` that is asked for.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for both `first` and `last`, a size that is negative or above the largest, a cursor that is none or
    /// belongs to another connection or order.
    fn page(&self, shape: &Shape) -> Result<Page, Error> {
        let (field, size, direction) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(Error::bad_user_input("last", "give either first or last, not both")),
            (None, Some(last)) => ("last", Some(last), Direction::Backward),
            (first, None) => ("first", first, Direction::Forward),
        };
        let size = match size.map(u32::try_from) {
            None => DEFAULT_PAGE_SIZE,
            Some(Ok(size)) if size <= MAX_PAGE_SIZE => size,
            Some(_) => return Err(Error::bad_user_input(field, format!("must be between 0 and {MAX_PAGE_SIZE}"))),
        };
        let place = |field, cursor: &Option<String>| {
            cursor.as_ref().map(|cursor| cursor::decode(field, cursor, shape)).transpose()
        };
        Ok(Page { size, direction, after: place("after", &self.after)?, before: place("before", &self.before)? })
    }
}

impl<T: Listed> Connection<T> {
    /// The page of `selection` that is asked for. It is read only if the query selects something of it.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for arguments that make no page; else as [`Reader::item`].
    pub async fn read(context: &Context<'_>, selection: Selection, arguments: PageArguments) -> Result<Self, Error> {
        let reader = scope(context)?.reader.clone();
        let page = arguments.page(&selection.shape)?;
        let selected = |field| context.look_ahead().field(field).exists();
        let rows = if page.size > 0 && ["edges", "nodes", "pageInfo"].into_iter().any(selected) {
            reader.page::<T::Entity>(&selection, &page).await?
        } else {
            Arc::default()
        };
        Ok(Self { reader, selection, page, rows, node: std::marker::PhantomData })
    }

    /// The rows of the page that are still there to be seen, with their places. `selected` is where the document says what of them.
    async fn items(
        &self,
        context: &Context<'_>,
        selected: Option<Pos>,
    ) -> Result<impl Iterator<Item = (Part<T>, &Place)>, Error> {
        let scope = scope(context)?;
        let items = try_join_all(self.rows.rows.iter().map(|row| Part::read(scope, selected, row.key))).await?;
        Ok(items.into_iter().zip(&self.rows.rows).filter_map(|(item, row)| Some((item?, row))))
    }
}

/// A page of a list, and what is around it.
#[Object(name_type)]
impl<T: Listed> Connection<T> {
    /// The items of the page, with their cursors.
    async fn edges(&self, context: &Context<'_>) -> Result<Vec<Edge<T>>, Error> {
        let shape = &self.selection.shape;
        let items = self.items(context, selected_of_node(&context.item.node.selection_set.node)).await?;
        Ok(items.map(|(node, row)| Edge { node, cursor: cursor::encode(row, shape) }).collect())
    }

    /// The items of the page.
    async fn nodes(&self, context: &Context<'_>) -> Result<Vec<Part<T>>, Error> {
        let selected = context.item.node.selection_set.pos;
        Ok(self.items(context, Some(selected)).await?.map(|(node, _)| node).collect())
    }

    /// What is around the page.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            reader: self.reader.clone(),
            selection: self.selection.clone(),
            page: self.page.clone(),
            rows: Arc::clone(&self.rows),
            probe: |reader, selection, page| {
                Box::pin(async move { Ok(!reader.page::<T::Entity>(selection, &page).await?.rows.is_empty()) })
            },
        }
    }

    /// How many items there are in all pages together.
    async fn total_count(&self) -> Result<u64, Error> {
        self.reader.count::<T::Entity>(&self.selection).await
    }
}

/// Where it is said what is selected of the node of an edge. None where that is not said at one place.
fn selected_of_node(edge: &SelectionSet) -> Option<Pos> {
    let mut found = None;
    for selection in &edge.items {
        match &selection.node {
            Selected::Field(field) if field.node.name.node == "node" && found.is_none() => {
                found = Some(field.node.selection_set.pos);
            }
            Selected::Field(field) if field.node.name.node != "node" => {}
            _ => return None,
        }
    }
    found
}

impl<T: Listed> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::NAME).into()
    }
}

impl<T: Listed> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::NAME).into()
    }
}

/// Where a page ends and what lies beyond.
#[Object(shareable)]
impl PageInfo {
    /// Whether there are items after the last one of this page.
    async fn has_next_page(&self) -> Result<bool, Error> {
        match self.page.direction {
            Direction::Forward if self.page.size > 0 && self.page.before.is_none() => Ok(self.rows.more),
            _ => self.any_beyond(Direction::Forward).await,
        }
    }

    /// Whether there are items before the first one of this page.
    async fn has_previous_page(&self) -> Result<bool, Error> {
        match self.page.direction {
            Direction::Backward if self.page.size > 0 && self.page.after.is_none() => Ok(self.rows.more),
            _ => self.any_beyond(Direction::Backward).await,
        }
    }

    /// The cursor of the first item.
    async fn start_cursor(&self) -> Option<String> {
        self.rows.rows.first().map(|row| cursor::encode(row, &self.selection.shape))
    }

    /// The cursor of the last item.
    async fn end_cursor(&self) -> Option<String> {
        self.rows.rows.last().map(|row| cursor::encode(row, &self.selection.shape))
    }
}

impl PageInfo {
    /// Whether anything lies beyond the page's last row (`Forward`) or before its first one (`Backward`).
    async fn any_beyond(&self, direction: Direction) -> Result<bool, Error> {
        let Page { size, direction: asked, after, before } = self.page.clone();
        let rows = &self.rows.rows;
        let (after, before) = match (direction, rows.first().cloned(), rows.last().cloned()) {
            (Direction::Forward, _, Some(last)) => (Some(last), None),
            (Direction::Backward, Some(first), _) => (None, Some(first)),
            // A page of no size is where it starts: nothing lies behind that but what is behind the bound.
            (Direction::Forward, ..) if size == 0 && asked != direction => match before {
                Some(before) => (Some(before), None),
                None => return Ok(false),
            },
            (Direction::Backward, ..) if size == 0 && asked != direction => match after {
                Some(after) => (None, Some(after)),
                None => return Ok(false),
            },
            // Nothing lies between the bounds, so what is beyond one of them is beyond the page.
            (Direction::Forward, ..) => (after, None),
            (Direction::Backward, ..) => (None, before),
        };
        (self.probe)(&self.reader, &self.selection, Page { size: 1, direction: Direction::Forward, after, before })
            .await
    }
}
