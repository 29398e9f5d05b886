//! Installing, reconciling and verifying declarations, on both databases.

use std::time::{Duration, Instant};

use tidewater_changelog::{
    ChangeSource, Column, Error, Kind, Log, Mark, Poll, PollError, Tracking, install, uninstall, verify,
};
use tidewater_testkit::TestDatabase;

use crate::fixture::{BOTH, Fixture, TODO, USER, continued, describe_all, on_both, restarted};

/// The table named by [`Error::Different`].
#[track_caller]
fn different(result: Result<(), Error>) -> String {
    match result {
        Err(Error::Different { table, .. }) => table,
        other => panic!("{other:?}"),
    }
}

async fn mark(fixture: &mut Fixture) -> Mark {
    continued(fixture.log.poll().await.unwrap()).0
}

on_both! {
    async fn what_was_installed_verifies(fixture) {
        verify(&fixture.connection, BOTH).await.unwrap();
    }

    async fn a_second_installation_changes_nothing(fixture) {
        let before = mark(&mut fixture).await;
        install(&fixture.connection, BOTH).await.unwrap();
        assert!(fixture.changes().await.is_empty());
        let after = mark(&mut fixture).await;
        assert!(after.includes(&before));
        verify(&fixture.connection, BOTH).await.unwrap();
    }

    async fn a_table_no_longer_declared_is_no_longer_logged(fixture) {
        assert!(different(verify(&fixture.connection, &[USER]).await).contains("todo"));
        install(&fixture.connection, &[USER]).await.unwrap();
        verify(&fixture.connection, &[USER]).await.unwrap();
        assert!(fixture.after("INSERT INTO todo (id) VALUES (1)").await.is_empty());
        assert_eq!(fixture.after("INSERT INTO \"user\" VALUES (3, 'c')").await, ["+user(3,c)"]);
    }

    async fn a_changed_declaration_is_reconciled_and_its_table_counts_as_changed(fixture) {
        const DONE: Tracking = Tracking::new("todo", TODO.key, &[Column::new("done", Kind::Boolean)]);
        assert_eq!(different(verify(&fixture.connection, &[USER, DONE]).await), "todo");
        install(&fixture.connection, &[USER, DONE]).await.unwrap();
        verify(&fixture.connection, &[USER, DONE]).await.unwrap();
        assert_eq!(fixture.changes().await, ["*todo"]);
        // A reader with the old declaration cannot read the rows by it.
        assert_eq!(fixture.after("INSERT INTO todo (id) VALUES (1)").await, ["*todo"]);
        let mut log = Log::connect(fixture.database.url(), &[USER, DONE]).await.unwrap();
        log.poll().await.unwrap();
        fixture.sql("UPDATE todo SET done = true").await;
        let changes = continued(log.poll().await.unwrap()).1;
        assert_eq!(describe_all(&changes), ["todo(1,false)>(1,true) done"]);
    }

    async fn an_added_column_is_objected_to_and_reconciled(fixture) {
        fixture.sql("ALTER TABLE todo ADD COLUMN extra integer").await;
        assert_eq!(different(verify(&fixture.connection, BOTH).await), "todo");
        install(&fixture.connection, BOTH).await.unwrap();
        verify(&fixture.connection, BOTH).await.unwrap();
        assert_eq!(fixture.changes().await, ["*todo"]);
        let changes = fixture.after("INSERT INTO todo (id) VALUES (1); UPDATE todo SET extra = 1").await;
        assert_eq!(changes, ["+todo(1,null)", "todo(1,null)>(1,null) extra"]);
    }

    async fn a_lost_log_is_objected_to_and_starts_over_when_made_again(fixture) {
        fixture.sql("DROP TABLE tidewater_change").await;
        assert_eq!(different(verify(&fixture.connection, BOTH).await), "tidewater_change");
        let error = fixture.log.poll().await.unwrap_err();
        assert!(matches!(&error, PollError::Unusable(text) if text.contains("tidewater_change")), "{error}");
        install(&fixture.connection, BOTH).await.unwrap();
        verify(&fixture.connection, BOTH).await.unwrap();
        restarted(fixture.log.poll().await.unwrap());
        assert_eq!(fixture.after("INSERT INTO todo (id) VALUES (1)").await, ["+todo(1,null)"]);
    }

    async fn uninstalled_is_as_if_never_installed(fixture) {
        uninstall(&fixture.connection).await.unwrap();
        uninstall(&fixture.connection).await.unwrap();
        fixture.sql("INSERT INTO todo (id) VALUES (1)").await;
        different(verify(&fixture.connection, BOTH).await);
        different(Log::connect(fixture.database.url(), BOTH).await.map(|_| ()));
        assert!(matches!(fixture.log.poll().await, Err(PollError::Unusable(_))));
    }

    async fn an_installation_from_nothing_is_a_new_generation(fixture) {
        let mut other = Log::connect(fixture.database.url(), BOTH).await.unwrap();
        let before = restarted(other.poll().await.unwrap()).0;
        uninstall(&fixture.connection).await.unwrap();
        install(&fixture.connection, BOTH).await.unwrap();
        let after = restarted(other.poll().await.unwrap()).0;
        assert_ne!(before, after);
        assert!(after.as_str().len() <= 40 && after.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
    }

    async fn a_declaration_that_does_not_fit_changes_nothing(fixture) {
        const ID: Column = Column::new("id", Kind::Integer);
        const WRONG: [Tracking; 8] = [
            Tracking::new("absent", &[ID], &[]),
            Tracking::new("todo", &[ID], &[Column::new("absent", Kind::Text)]),
            Tracking::new("todo", &[Column::new("user_id", Kind::Integer)], &[]),
            Tracking::new("todo", &[ID, Column::new("user_id", Kind::Integer)], &[]),
            Tracking::new("todo", &[ID], &[ID]),
            Tracking::new("todo", &[], &[ID]),
            Tracking::new("tidewater_change", &[ID], &[]),
            Tracking::new("a_table_whose_name_leaves_no_room_for_a_triggers", &[ID], &[]),
        ];
        for declared in WRONG {
            for result in [
                install(&fixture.connection, &[USER, declared]).await,
                verify(&fixture.connection, &[USER, declared]).await,
            ] {
                assert!(matches!(&result, Err(Error::Declaration { table, .. }) if table == declared.table), "{result:?}");
            }
        }
        assert!(matches!(install(&fixture.connection, &[TODO, TODO]).await, Err(Error::Declaration { .. })));
        verify(&fixture.connection, BOTH).await.unwrap();
    }

    async fn concurrent_installations_take_turns(fixture) {
        uninstall(&fixture.connection).await.unwrap();
        let install = || install(&fixture.connection, BOTH);
        futures::future::try_join_all([install(), install(), install(), install()]).await.unwrap();
        verify(&fixture.connection, BOTH).await.unwrap();
    }
}

#[tokio::test]
async fn names_that_need_quoting_are_quoted() {
    const ODD: Tracking =
        Tracking::new("o\"d'd t", &[Column::new("k\"e'y", Kind::Integer)], &[Column::new("SELECT", Kind::Text)]);
    const TABLE: &str = "CREATE TABLE \"o\"\"d'd t\" (\"k\"\"e'y\" integer PRIMARY KEY, \"SELECT\" text, shape text)";
    for database in [TestDatabase::postgres().await, TestDatabase::sqlite().await] {
        let mut fixture = Fixture::new(database, TABLE, &[ODD]).await;
        install(&fixture.connection, &[ODD]).await.unwrap();
        verify(&fixture.connection, &[ODD]).await.unwrap();
        let changes = fixture.after("INSERT INTO \"o\"\"d'd t\" VALUES (1, 'x', 'y')").await;
        assert_eq!(changes, ["+o\"d'd t(1,x)"]);
        let changes = fixture.after("UPDATE \"o\"\"d'd t\" SET \"SELECT\" = 'z', shape = NULL").await;
        assert_eq!(changes, ["o\"d'd t(1,x)>(1,z) SELECT,shape"]);
    }
}

#[tokio::test]
async fn what_cannot_be_reached_says_so() {
    let postgres = Log::connect("postgres://127.0.0.1:1/none", BOTH).await.unwrap_err();
    assert!(matches!(postgres, Error::Unreachable(_)), "{postgres}");
    let other = Log::connect("mysql://127.0.0.1/none", BOTH).await.unwrap_err();
    assert!(matches!(other, Error::Backend(_)), "{other}");
    let url = Log::connect("postgres://127.0.0.1:none/none", BOTH).await.unwrap_err();
    assert!(matches!(url, Error::Url(_)), "{url}");
}

#[tokio::test]
async fn the_history_is_the_retained_log() {
    const POSTGRES: &str = "DO $$ BEGIN
        FOR i IN 1..600 LOOP INSERT INTO todo (id) VALUES (i); COMMIT; END LOOP;
    END $$";
    const SQLITE: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
        INSERT INTO todo (id) SELECT i FROM n";
    for (mut fixture, writes) in [(Fixture::postgres().await, POSTGRES), (Fixture::sqlite().await, SQLITE)] {
        fixture.sql(writes).await;
        let live = fixture.changes().await;
        let mut log = Log::connect(fixture.database.url(), BOTH).await.unwrap();
        let Poll::Restarted { history, .. } = log.poll().await.unwrap() else { panic!() };
        assert!((200..=256).contains(&history.len()), "{}", history.len());
        assert!(history.is_sorted_by(|(earlier, _), (later, _)| later.includes(earlier)));
        assert!(history.first().unwrap().1.is_empty());
        let mut all: Vec<_> = history.iter().flat_map(|(_, changes)| describe_all(changes)).collect();
        all.retain(|change| !change.starts_with('*'));
        all.sort();
        assert_eq!(all, live);
        assert!(continued(log.poll().await.unwrap()).1.is_empty());
    }
}

#[tokio::test]
async fn too_many_changes_at_once_start_over_and_go_on() {
    const POSTGRES: &str = "BEGIN; DO $$ BEGIN FOR i IN 0..65 LOOP
        INSERT INTO todo (id) SELECT n FROM generate_series(i * 1000 + 1, i * 1000 + 1000) AS n;
    END LOOP; END $$; COMMIT";
    const SQLITE: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 66000)
        INSERT INTO todo (id) SELECT i FROM n";
    for (mut fixture, writes) in [(Fixture::postgres().await, POSTGRES), (Fixture::sqlite().await, SQLITE)] {
        fixture.sql(writes).await;
        // So many may take a busy machine longer than a poll may take; whoever polls asks again.
        let deadline = Instant::now() + Duration::from_secs(60);
        let poll = loop {
            match fixture.log.poll().await {
                Err(PollError::Unreachable(_)) if Instant::now() < deadline => {}
                poll => break poll.unwrap(),
            }
        };
        let (_, history) = restarted(poll);
        assert!(history.iter().map(|(_, changes)| changes.len()).sum::<usize>() >= 66_000);
        assert_eq!(fixture.after("INSERT INTO todo (id) VALUES (0)").await, ["+todo(0,null)"]);
    }
}
