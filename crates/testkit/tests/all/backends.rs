use tidewater_testkit::{Backend, on_each_backend};

on_each_backend! {
    async fn a_backend_has_the_servers_that_it_names(backend) {
        let database = backend.database().await;
        let scheme = if backend == Backend::Sqlite { "sqlite:///" } else { "postgres://" };
        assert!(database.url().starts_with(scheme), "{}", database.url());
        assert_eq!(backend.redis().await.is_some(), backend == Backend::PostgresRedis);
    }
}
