//! What the caller of a request may do, as far as that is limited.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::{ServerError, ValidationResult, async_trait};
use parking_lot::Mutex;
use tidewater_limit::{Allowance, Attempt, Exceeded, Purpose};

use crate::Error;
use crate::scope::Scope;

/// The allowance of the caller of one request, and the limit that the request exceeded, if it did. Clones share that.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spending {
    allowance: Allowance,
    exceeded: Arc<Mutex<Option<Exceeded>>>,
}

impl Spending {
    pub(crate) fn new(allowance: Allowance) -> Self {
        Self { allowance, exceeded: Arc::default() }
    }

    /// Which limit was exceeded last.
    pub(crate) fn exceeded(&self) -> Option<Exceeded> {
        *self.exceeded.lock()
    }

    /// Counts an attempt at an account before it is made.
    ///
    /// # Errors
    /// `RATE_LIMITED`
    pub(crate) async fn attempt(&self, purpose: Purpose, account: &str) -> Result<Attempt, Error> {
        self.noted(self.allowance.attempt(purpose, account).await)
    }

    async fn cost(&self, complexity: usize) -> Result<(), Error> {
        self.noted(self.allowance.cost(complexity as u64).await)
    }

    fn noted<T>(&self, answer: Result<T, Exceeded>) -> Result<T, Error> {
        answer.map_err(|exceeded| {
            *self.exceeded.lock() = Some(exceeded);
            exceeded.into()
        })
    }
}

/// Counts what each operation costs by its caller's allowance, before it is executed. The cost is the complexity that the limit on
/// single operations is about, too.
pub(crate) struct CostCount;

impl ExtensionFactory for CostCount {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for CostCount {
    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(context).await?;
        if let Some(scope) = context.data_opt::<Scope>() {
            scope.spending.cost(result.complexity).await.map_err(|error| vec![error.into()])?;
        }
        Ok(result)
    }
}
