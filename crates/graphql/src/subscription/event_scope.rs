use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::{Data, Response, async_trait};

use super::source::Source;
use crate::freshness;

/// Gives each event of a subscription a scope of its own, so that nothing that is read for it is older than what it tells of.
pub(crate) struct EventScope;

impl ExtensionFactory for EventScope {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for EventScope {
    async fn execute(
        &self,
        context: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let source = context.data_opt::<Arc<Source>>();
        let Some((source, request)) = source.and_then(|source| Some((source, source.event()?))) else {
            return next.run(context, operation_name).await;
        };
        let mut data = Data::default();
        data.insert(source.guard.scope_for(source.guard.reader_for(request.clone())));
        let mut response = next.run_with_data(context, operation_name, data).await;
        source.guard.count_errors(&response);
        freshness::report(&mut response, request.mark().await.as_ref(), &request.provenance());
        response
    }
}
