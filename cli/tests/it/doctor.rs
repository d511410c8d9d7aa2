//! `linkpulse doctor`.

use local_servers::testing::{self, TestDatabase, ThrowAway};
use local_servers::{RedisOptions, RedisServer};

use crate::harness::{linkpulse, text};

#[test]
fn a_healthy_installation_has_no_problems() {
    let database = TestDatabase::create("doctor");
    let dir = testing::ThrowAwayDir::create().unwrap();
    let redis = RedisServer::start(RedisOptions {
        dir: dir.path().join("redis"),
        port: local_servers::free_port().unwrap(),
        password: local_servers::random_password(),
        durable: true,
        users: Vec::new(),
        program: None,
    })
    .unwrap();
    let run = |command: &str| {
        linkpulse()
            .arg(command)
            .env("DATABASE_URL", &database.url)
            .env("REDIS_URL", redis.url())
            .output()
            .unwrap()
    };

    let before = run("doctor");
    let said = text(&before);
    assert_eq!(before.status.code(), Some(1), "{said}");
    assert!(said.contains("tables of links: never migrated"), "{said}");
    assert!(said.contains("run `linkpulse migrate`"), "{said}");

    assert!(run("migrate").status.success());
    let after = run("doctor");
    let said = text(&after);
    assert!(after.status.success(), "{said}");
    for healthy in [
        "PostgreSQL: version",
        "tables of clicks: up to date",
        "never evicts",
    ] {
        assert!(said.contains(healthy), "{healthy:?} in {said}");
    }
}

#[test]
fn problems_are_named_with_advice() {
    let database = TestDatabase::create("doctor");
    let forgetful = ThrowAway::<RedisServer>::redis().unwrap();
    let silent = local_servers::free_port().unwrap();
    let output = linkpulse()
        .arg("doctor")
        .env("DATABASE_URL", &database.url)
        .env("REDIS_URL", forgetful.url())
        .env("LINKPULSE_PROXY_ADMIN_LISTEN", format!("0.0.0.0:{silent}"))
        .output()
        .unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("Redis disk: keeps no append-only file"),
        "{said}"
    );
    assert!(said.contains("appendonly yes"), "{said}");
    assert!(said.contains("problem  proxy: "), "{said}");

    let unreachable = linkpulse()
        .arg("doctor")
        .env(
            "DATABASE_URL",
            "postgres://linkpulse:hunter2@127.0.0.1:1/nothing",
        )
        .output()
        .unwrap();
    let said = text(&unreachable);
    assert_eq!(unreachable.status.code(), Some(1), "{said}");
    assert!(said.contains("problem  PostgreSQL: "), "{said}");
    assert!(said.contains("REDIS_URL: is required"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn an_altered_entry_of_the_audit_log_is_named() {
    let database = TestDatabase::create("doctor");
    let run = |arguments: &[&str]| {
        let mut command = linkpulse();
        command.env("DATABASE_URL", &database.url);
        text(&command.args(arguments).output().unwrap())
    };
    run(&["migrate"]);
    let said = run(&["doctor", "--audit"]);
    let quiet = "audit log: nobody has changed anything yet";
    assert!(said.contains(quiet), "{said}");

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let pool = runtime.block_on(async {
        let pool = sqlx::PgPool::connect(&database.url).await.unwrap();
        let workspace = uuid::Uuid::from_u128(7);
        let insert = "insert into workspaces (id, name, created_at) values ($1, 'Seven', now())";
        let insert = sqlx::query(insert).bind(workspace).execute(&pool);
        insert.await.unwrap();
        let event = |subject: &str| control_plane::audit::Event {
            actor: "usr_1",
            action: "test.done",
            subject: subject.to_owned(),
            state: "{}".to_owned(),
        };
        let mut transaction = pool.begin().await.unwrap();
        let events = [event("one"), event("two"), event("three")];
        let now = sqlx::types::time::OffsetDateTime::UNIX_EPOCH;
        control_plane::audit::record(&mut transaction, workspace, &events, now)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        pool
    });
    let said = run(&["doctor", "--audit"]);
    let good = "audit log: wsp_0000000000000000000007: 3 entries are what was written, up to ";
    assert!(said.contains(good), "{said}");
    runtime.block_on(async {
        sqlx::query("update audit_log set subject = 'none' where number = 2")
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
    });
    let said = run(&["doctor", "--audit"]);
    assert!(
        said.contains("wsp_0000000000000000000007: entry 2 was altered"),
        "{said}"
    );
    assert!(!run(&["doctor"]).contains("audit log"));
}
