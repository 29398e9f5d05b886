use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use tidewater_entity::{notification, now};
use uuid::Uuid;

use super::Notification;
use crate::user::User;
use crate::{Error, id, scope, validation};

const MAX_MARKED_AT_ONCE: usize = 100;

/// Changing notifications.
#[derive(Default)]
pub(crate) struct NotificationMutation;

/// Which notifications were read.
#[derive(InputObject)]
pub(crate) struct MarkReadInput {
    /// Which notifications; at most 100.
    ids: Vec<ID>,
}

/// Notifications were marked as read.
#[derive(SimpleObject)]
pub(crate) struct MarkReadPayload {
    /// The notifications as they are now, in the order of their ids in the input.
    notifications: Vec<Notification>,
}

/// All notifications were marked as read.
#[derive(SimpleObject)]
pub(crate) struct MarkAllReadPayload {
    /// Whose they are.
    viewer: User,
}

#[Object]
impl NotificationMutation {
    /// Marks several of the viewer's notifications as read: all of them, or, if one cannot be, none. What was read before stays
    /// read since then.
    #[graphql(complexity = "1 + MAX_MARKED_AT_ONCE * child_complexity")]
    async fn mark_read(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which notifications.")] input: MarkReadInput,
    ) -> Result<MarkReadPayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        let ids = validation::at_most("ids", MAX_MARKED_AT_ONCE, input.ids)?;
        let keys = ids.iter().map(|id| id::decode(Notification::PREFIX, "ids", id));
        let keys = keys.collect::<Result<Vec<Uuid>, Error>>()?;
        let marked = scope.write(async |transaction| {
            // In one order for all, so that two that overlap do not wait for each other.
            let rows = notification::Entity::find()
                .filter(notification::Column::Id.is_in(keys.iter().copied()))
                .filter(notification::Column::UserId.eq(viewer.user))
                .order_by_asc(notification::Column::Id)
                .lock_exclusive();
            let mut rows = rows.all(transaction).await?;
            if !keys.iter().all(|key| rows.iter().any(|notification| notification.id == *key)) {
                return Err(Error::NotFound("notification"));
            }
            let read_at = Some(now());
            notification::Entity::update_many()
                .set(notification::ActiveModel { read_at: Set(read_at), ..Default::default() })
                .filter(notification::Column::Id.is_in(keys.iter().copied()))
                .filter(notification::Column::ReadAt.is_null())
                .exec(transaction)
                .await?;
            for notification in &mut rows {
                notification.read_at = notification.read_at.or(read_at);
            }
            Ok(rows)
        });
        let rows = marked.await?;
        let of = |key: &Uuid| rows.iter().find(|row| row.id == *key).map(|row| Notification(row.clone().into()));
        Ok(MarkReadPayload { notifications: keys.iter().filter_map(of).collect() })
    }

    /// Marks all of the viewer's notifications as read that there are now.
    async fn mark_all_read(&self, context: &Context<'_>) -> Result<MarkAllReadPayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        let marked = scope.write(async |transaction| {
            notification::Entity::update_many()
                .set(notification::ActiveModel { read_at: Set(Some(now())), ..Default::default() })
                .filter(notification::Column::UserId.eq(viewer.user))
                .filter(notification::Column::ReadAt.is_null())
                .exec(transaction)
                .await?;
            Ok(())
        });
        marked.await?;
        Ok(MarkAllReadPayload { viewer: User::of(context, viewer.user).await? })
    }
}
