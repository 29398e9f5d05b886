use tidewater_testkit::Postgres;

#[tokio::test]
async fn what_was_committed_survives_each_way_to_end() {
    let mut postgres = Postgres::start().await;
    let database = postgres.database().await;
    database.sql("CREATE TABLE tag (name text)").await;

    postgres.stop_immediately().await;
    assert!(database.try_sql("SELECT 1").await.is_err());
    postgres.start_again().await;
    assert_eq!(database.sql("INSERT INTO tag VALUES ('tide')").await, 1);

    postgres.kill().await;
    postgres.start_again().await;
    assert_eq!(database.sql("DELETE FROM tag").await, 1);
}
