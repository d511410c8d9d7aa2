//! Chores about clicks: are they counted right, and counted anew.

use std::process::{Command, Output};

use local_servers::testing::TestDatabase;
use sqlx::{Connection, PgConnection};

use crate::harness::{linkpulse, text};

/// A migrated database.
fn database() -> TestDatabase {
    let database = TestDatabase::create("clicks");
    assert!(run(&database, &["migrate"]).status.success());
    database
}

fn run(database: &TestDatabase, arguments: &[&str]) -> Output {
    let mut command: Command = linkpulse();
    command.env("DATABASE_URL", &database.url);
    command.env("LINKPULSE_ANALYTICS_ENGINE", "postgres");
    command.args(arguments).output().unwrap()
}

/// Runs statements on a test's database.
pub(crate) fn execute(database: &TestDatabase, sql: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = PgConnection::connect(&database.url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_program_that_was_counted_as_a_person_is_found_and_corrected() {
    let database = database();
    let audited = run(&database, &["doctor", "--audit"]);
    let said = text(&audited);
    let healthy = "click counts: 0 blocks, 0 clicks and the counts of 0 days agree";
    assert!(said.contains(healthy), "{said}");

    execute(
        &database,
        "create table clicks_20260203 partition of clicks
         for values from ('2026-02-03 00:00Z') to ('2026-02-04 00:00Z');
         insert into ingested_blocks values ('\\x00', 0, 1, 0);
         insert into user_agents values (1, 'curl/8', 'person', 'other', 'other', 'other', 0);
         insert into clicks values
             ('2026-02-03 04:05Z', gen_random_uuid(), '00000000-0000-0000-0000-000000000001',
              'localhost', 'abc', 'click', 302, null, false, false, 0, 0, null, null, null, '', '',
              '', 1);
         insert into link_clicks_hourly
         values ('00000000-0000-0000-0000-000000000001', '2026-02-03 04:00Z', 2, now())",
    );
    let audited = run(&database, &["doctor", "--audit"]);
    let said = text(&audited);
    assert_eq!(audited.status.code(), Some(1), "{said}");
    for finding in [
        "2026-02-03: wrong counts: 1, such as: lnk_",
        "at 04:00 has 2 clicks and 0 other hits, its rows are 1 and 0",
        "1 user agents were labelled by another release's classifier",
        "run `linkpulse reclassify`",
    ] {
        assert!(said.contains(finding), "{finding:?} in {said}");
    }
    assert!(!text(&run(&database, &["doctor"])).contains("click counts"));

    let wrong = run(&database, &["reclassify", "--since", "yesterday"]);
    assert!(text(&wrong).contains("2027-01-31"), "{}", text(&wrong));
    let reclassified = run(&database, &["reclassify"]);
    let said = text(&reclassified);
    assert!(reclassified.status.success(), "{said}");
    assert!(
        said.contains("1 user agents, 1 of them labelled anew"),
        "{said}"
    );
    assert!(
        said.contains("1/1 2026-02-03: 1 counts corrected"),
        "{said}"
    );
    let said = text(&run(&database, &["doctor", "--audit"]));
    let healthy = "click counts: 1 blocks, 1 clicks and the counts of 1 days agree";
    assert!(said.contains(healthy), "{said}");
}
