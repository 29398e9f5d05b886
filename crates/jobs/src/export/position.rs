use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use tidewater_entity::selection::{Page, PageRows, Place, Selection, by_keys, counts, pages};
use tidewater_entity::{note, note_like, notification, profile, session, tag, todo, user};
use uuid::Uuid;

use super::item::{self, Account};
use crate::Error;

/// Where in a file its writer is.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Position {
    /// Nothing is written.
    Start,
    /// Within a list, after the row at `after`, or at its beginning.
    Within {
        /// The list.
        section: Section,
        /// The place of the last row.
        after: Option<Place>,
    },
    /// Everything is written.
    End,
}

/// A list in a file, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Section {
    Tags,
    Todos,
    Notes,
    Likes,
    Notifications,
    Sessions,
}

/// What comes next in a file.
pub(super) struct Piece {
    pub(super) content: Vec<u8>,
    /// How many rows are in it.
    pub(super) items: i64,
    /// Where it ends.
    pub(super) next: Position,
}

/// Some rows of a list.
struct Rows<M> {
    rows: Vec<M>,
    /// The place of the last row, if others come after it.
    end: Option<Place>,
}

impl Position {
    /// What comes next in the file of `user`.
    pub(super) async fn read(self, transaction: &DatabaseTransaction, user: Uuid) -> Result<Piece, Error> {
        match self {
            Self::Start => {
                let mut content = b"{\"user\":".to_vec();
                let owner = user::Entity::find_by_id(user).one(transaction).await?;
                let profile = profile::Entity::find_by_id(user).one(transaction).await?;
                let owner = owner.as_ref().map(|owner| Account::new(owner, profile.as_ref()));
                serde_json::to_writer(&mut content, &owner)?;
                let next = Section::begin(Section::ALL.first().copied(), &mut content);
                Ok(Piece { content, items: 0, next })
            }
            Self::Within { section, after } => section.read(transaction, user, after).await,
            Self::End => Ok(Piece { content: Vec::new(), items: 0, next: Self::End }),
        }
    }
}

impl Section {
    pub(super) const ALL: [Self; 6] =
        [Self::Tags, Self::Todos, Self::Notes, Self::Likes, Self::Notifications, Self::Sessions];

    const fn name(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::Todos => "todos",
            Self::Notes => "notes",
            Self::Likes => "likes",
            Self::Notifications => "notifications",
            Self::Sessions => "sessions",
        }
    }

    /// How many rows are read at once: a few MiB, however long their texts are.
    const fn page(self) -> u32 {
        match self {
            Self::Notes => 32,
            Self::Todos => 128,
            Self::Tags | Self::Likes | Self::Notifications | Self::Sessions => 512,
        }
    }

    fn of(self, user: Uuid) -> Selection {
        match self {
            Self::Tags => {
                Selection::each::<tag::Entity>(tag::Column::UserId, user).order_by(tag::Column::CreatedAt, false)
            }
            Self::Todos => {
                Selection::each::<todo::Entity>(todo::Column::UserId, user).order_by(todo::Column::CreatedAt, false)
            }
            Self::Notes => {
                Selection::each::<note::Entity>(note::Column::UserId, user).order_by(note::Column::CreatedAt, false)
            }
            Self::Likes => Selection::each::<note_like::Entity>(note_like::Column::UserId, user),
            Self::Notifications => Selection::each::<notification::Entity>(notification::Column::UserId, user)
                .order_by(notification::Column::CreatedAt, false),
            Self::Sessions => Selection::each::<session::Entity>(session::Column::UserId, user)
                .order_by(session::Column::CreatedAt, false),
        }
    }

    /// How many rows of `user` there are.
    pub(super) async fn count(self, transaction: &DatabaseTransaction, user: Uuid) -> Result<u64, DbErr> {
        let Selection { shape, value } = self.of(user);
        Ok(counts(transaction, &shape, &[value]).await?.iter().sum())
    }

    async fn read(self, transaction: &DatabaseTransaction, user: Uuid, after: Option<Place>) -> Result<Piece, Error> {
        let is_first = after.is_none();
        let page = Page { after, ..Page::first(self.page()) };
        let selection = self.of(user);
        let (items, end) = match self {
            Self::Tags => {
                let Rows { rows, end } = rows::<tag::Entity>(transaction, &selection, &page).await?;
                (item::texts(rows.iter().map(item::Tag::from))?, end)
            }
            Self::Todos => {
                let Rows { rows, end } = rows::<todo::Entity>(transaction, &selection, &page).await?;
                let tags = item::tags_of_todos(transaction, &rows).await?;
                (item::texts(rows.iter().map(|todo| item::Todo::new(todo, &tags)))?, end)
            }
            Self::Notes => {
                let Rows { rows, end } = rows::<note::Entity>(transaction, &selection, &page).await?;
                let tags = item::tags_of_notes(transaction, &rows).await?;
                (item::texts(rows.iter().map(|note| item::Note::new(note, &tags)))?, end)
            }
            Self::Likes => {
                let found = places(transaction, &selection, &page).await?;
                let likes = note_like::Entity::find()
                    .filter(note_like::Column::UserId.eq(user))
                    .filter(note_like::Column::NoteId.is_in(found.rows.iter().map(|row| row.key)))
                    .order_by_asc(note_like::Column::NoteId);
                (item::texts(likes.all(transaction).await?.iter().map(item::Like::from))?, end(&found))
            }
            Self::Notifications => {
                let Rows { rows, end } = rows::<notification::Entity>(transaction, &selection, &page).await?;
                (item::texts(rows.iter().map(item::Notification::from))?, end)
            }
            Self::Sessions => {
                let Rows { rows, end } = rows::<session::Entity>(transaction, &selection, &page).await?;
                (item::texts(rows.iter().map(item::Session::from))?, end)
            }
        };
        let mut content = Vec::new();
        for (index, item) in items.iter().enumerate() {
            content.extend_from_slice(if is_first && index == 0 { b"\n" } else { b",\n" });
            content.extend_from_slice(item);
        }
        let next = match end {
            Some(place) => Position::Within { section: self, after: Some(place) },
            None => {
                content.push(b']');
                Self::begin(self.following(), &mut content)
            }
        };
        Ok(Piece { content, items: i64::try_from(items.len()).unwrap_or(i64::MAX), next })
    }

    fn following(self) -> Option<Self> {
        Self::ALL.into_iter().skip_while(|section| *section != self).nth(1)
    }

    /// Begins the list of `section`, or ends the file.
    fn begin(section: Option<Self>, content: &mut Vec<u8>) -> Position {
        match section {
            Some(section) => {
                content.extend_from_slice(format!(",\n\"{}\":[", section.name()).as_bytes());
                Position::Within { section, after: None }
            }
            None => {
                content.extend_from_slice(b"}\n");
                Position::End
            }
        }
    }
}

async fn rows<E: EntityTrait>(
    transaction: &DatabaseTransaction,
    selection: &Selection,
    page: &Page,
) -> Result<Rows<E::Model>, DbErr> {
    let found = places(transaction, selection, page).await?;
    let keys: Vec<Uuid> = found.rows.iter().map(|row| row.key).collect();
    let mut rows = by_keys::<E>(transaction, &keys).await?;
    Ok(Rows { rows: keys.iter().filter_map(|key| rows.remove(key)).collect(), end: end(&found) })
}

async fn places(transaction: &DatabaseTransaction, selection: &Selection, page: &Page) -> Result<PageRows, DbErr> {
    let values = [selection.value.clone()];
    Ok(pages(transaction, &selection.shape, page, &values).await?.pop().unwrap_or_default())
}

/// The place of the last row, if others come after it.
fn end(found: &PageRows) -> Option<Place> {
    found.rows.last().filter(|_| found.more).cloned()
}
