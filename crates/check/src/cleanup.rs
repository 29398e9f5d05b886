//! Removes what a run has made.

use serde_json::json;
use uuid::Uuid;

use crate::client::{Client, Demand};
use crate::database::Database;
use crate::graphql::{Operation, mutation_body, prefix, public_id};
use crate::state::Family;

/// Removes what the run has made, and says what is left.
pub(crate) async fn clean_up(client: &mut Client, database: Option<&Database>) -> Vec<String> {
    let context = client.context.clone();
    let accounts = context.accounts.read().clone();
    let ids: Vec<Uuid> = accounts.iter().map(|account| account.id).collect();
    if let Some(database) = database {
        return match database.forget_users(&ids).await {
            Ok(()) => Vec::new(),
            Err(error) => vec![format!("{} users with all that is theirs ({error})", ids.len())],
        };
    }
    let (mut rows, mut failed) = (0, 0);
    let pools = context.pools.read().clone();
    for pool in pools {
        for family in [Family::Todo, Family::Note] {
            let keys = pool.keys(family).read().clone();
            for key in keys {
                let last = key.history().last_committed().row;
                let owner = last.and_then(|row| pool.account(row.owner));
                let (Some(id), Some(owner)) = (key.id(), owner) else { continue };
                let input = json!({ "id": public_id(prefix(family), id) });
                let body = mutation_body(family, Operation::Delete, &input);
                let url = client.any_url();
                let deleted = client.ask(url, body, Some(&owner.authorization), Demand::Usual).await;
                client.judged();
                let deleted = deleted.is_ok_and(|exchange| exchange.data().is_ok());
                rows += 1;
                failed += usize::from(!deleted);
            }
        }
    }
    let mut left = vec![format!("{} users, which only SQL removes", ids.len())];
    if failed > 0 {
        left.push(format!("{failed} of {rows} todos and notes"));
    }
    left
}
