//! Notifications.

mod input;
mod kind;
mod mutation;
mod object;
mod subscription;

pub(crate) use input::{NotificationFilter, select};
pub(crate) use mutation::NotificationMutation;
pub(crate) use object::Notification;
pub(crate) use subscription::NotificationSubscription;
