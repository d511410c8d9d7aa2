//! Imports that are interrupted, that fail, and that wait for each other.

use contract::Clock;
use serde_json::{Value, json};

use super::{FILE, counts, import, upload};
use crate::harness::{App, eventually};

#[tokio::test]
async fn an_import_goes_on_where_a_stopped_process_left_it() {
    let mut app = App::start().await;
    let mut file = "code,url\n".to_owned();
    for number in 0..3_500 {
        file.push_str(&format!("row-{number},https://example.com/{number}\n"));
    }
    let begun = upload(&app, "", file).await.body;
    app.stop().await.unwrap();
    let mut other = app.second_instance().await;
    let finished = async || {
        let row: (i32, i32, bool) =
            sqlx::query_as("select position, made, finished_at is not null from imports")
                .fetch_one(&app.pool)
                .await
                .unwrap();
        row.2.then_some((row.0, row.1))
    };
    assert_eq!(
        eventually("the import is through", finished).await,
        (3_500, 3_500)
    );
    let made: (i64, i64) = sqlx::query_as("select count(*), max(revision) from links")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(made, (3_500, 3_500), "{begun}");
    other.stop().await.unwrap();
}

/// The database refuses a link of this code, whatever is tried.
async fn poison(app: &App) {
    for statement in [
        "create function refuse_poison() returns trigger language plpgsql
         as $$ begin raise exception 'poison'; end $$",
        "create trigger poison before insert on links
         for each row when (new.code = 'poison') execute function refuse_poison()",
    ] {
        sqlx::query(statement).execute(&app.pool).await.unwrap();
    }
}

#[tokio::test]
async fn an_import_that_fails_again_and_again_is_given_up_and_keeps_nobody_waiting() {
    let mut app = App::start().await;
    poison(&app).await;
    let begun = upload(&app, "", "code,url\npoison,https://example.com/\n").await;
    let path = begun.headers["location"].to_str().unwrap().to_owned();
    let failed = async |attempts: i32| {
        eventually("an attempt fails", async || {
            let row: (i32, bool) =
                sqlx::query_as("select attempts, failure is not null from imports")
                    .fetch_one(&app.pool)
                    .await
                    .unwrap();
            (row == (attempts, true)).then_some(())
        })
        .await;
    };
    failed(1).await;
    let tried = app.get(&path).await.body;
    assert_eq!(
        (&tried["finished"], &tried["failure"]["code"]),
        (&json!(false), &json!("internal"))
    );

    // A second one of the workspace would have to wait for it; another workspace's need not.
    let second = upload(&app, "?dry_run=true", FILE).await;
    assert_eq!(
        (second.status, &second.body["code"]),
        (409, &json!("conflict"))
    );
    let foreign = app.foreign_key().await;
    let own = std::mem::replace(&mut app.key, foreign);
    let other = import(&app, "", "code,url\nfine,https://example.com/\n").await;
    assert_eq!(
        (counts(&other), &other["failure"]),
        ([1, 1, 0, 0], &Value::Null)
    );
    app.key = own;

    for (attempt, seconds) in [(2, 2), (3, 15), (4, 90), (5, 300)] {
        app.clock.advance(seconds * 1_000_000);
        eventually("it is tried again", async || {
            let query = "select true from imports where attempts = $1 and failure is not null
                         and next_attempt_at is distinct from $2";
            let soon = app.clock.now().to_datetime().unwrap() + std::time::Duration::from_secs(10);
            let row: Option<bool> = sqlx::query_scalar(query)
                .bind(attempt)
                .bind(soon)
                .fetch_optional(&app.pool)
                .await
                .unwrap();
            row
        })
        .await;
    }
    let given_up = app.get(&path).await.body;
    assert_eq!(
        (
            &given_up["finished"],
            &given_up["done"],
            &given_up["failure"]["code"]
        ),
        (&json!(true), &json!(0), &json!("internal"))
    );
    let rows: i64 = sqlx::query_scalar("select count(*) from import_rows")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(rows, 0);
    let next = import(&app, "", FILE).await;
    assert_eq!(next["finished"], true, "the workspace may go on: {next}");
}

#[tokio::test]
async fn imports_of_several_workspaces_take_turns() {
    let mut app = App::start().await;
    let mut file = "code,url\n".to_owned();
    for number in 0..15_000 {
        file.push_str(&format!("row-{number},https://example.com/{number}\n"));
    }
    let long = upload(&app, "", file).await;
    let path = long.headers["location"].to_str().unwrap().to_owned();
    let foreign = app.foreign_key().await;
    let own = std::mem::replace(&mut app.key, foreign);
    import(&app, "", "code,url\nquick,https://example.com/\n").await;
    app.key = own;
    let long = app.get(&path).await.body;
    assert_eq!(
        long["finished"], false,
        "the short one did not wait: {long}"
    );
}
