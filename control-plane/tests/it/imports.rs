//! Links from files and into files.

use contract::Clock;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, answer, eventually, link_path};

async fn upload(app: &App, query: &str, file: impl Into<reqwest::Body>) -> Answer {
    let request = app
        .request(Method::POST, &format!("/api/v1/imports{query}"))
        .bearer_auth(&app.key)
        .header("content-type", "text/csv; charset=utf-8");
    answer(request.body(file)).await
}

/// Uploads a file and waits until it is through.
async fn import(app: &App, query: &str, file: impl Into<reqwest::Body>) -> Value {
    let begun = upload(app, query, file).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    let path = begun.headers["location"].to_str().unwrap().to_owned();
    let finished = async || {
        let import = app.get(&path).await.body;
        (import["finished"] == true).then_some(import)
    };
    eventually("the import is through", finished).await
}

fn counts(import: &Value) -> [i64; 4] {
    ["total", "made", "skipped", "refused"].map(|field| import[field].as_i64().unwrap())
}

async fn download(app: &App, path: &str) -> String {
    let request = app.request(Method::GET, &format!("/api/v1/links/{path}"));
    let response = request.bearer_auth(&app.key).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.text().await.unwrap()
}

async fn links(app: &App) -> i64 {
    let list = app
        .get("/api/v1/links?total=true&archived=include")
        .await
        .body;
    list["total"].as_i64().unwrap()
}

const FILE: &str = "\u{feff}Short Link,Long URL,Title,Labels,Clicks,Active\r\n\
    https://bit.ly/one,https://example.com/1,\"One, the first\",a;b,17,yes\r\n\
    two,https://example.com/2,'=SUM(A1),,3,no\r\n\
    ,https://example.com/3,,,,\r\n\
    ,https://example.com/3,,,,\r\n\
    four,javascript:alert(1),,,,\r\n\
    taken,https://example.com/5,,,,\r\n\
    two,https://example.com/other,,,,\r\n\
    seven,https://example.com/7,,,,perhaps\r\n";

#[tokio::test]
async fn a_file_becomes_links_and_can_be_repeated() {
    let app = App::start().await;
    app.link("taken").await;
    let dry = import(&app, "?dry_run=true", FILE).await;
    assert_eq!(
        (counts(&dry), links(&app).await),
        ([8, 4, 0, 4], 1),
        "{dry}"
    );
    assert_eq!(dry["ignored_columns"], json!(["Clicks"]));

    let made = import(&app, "", FILE).await;
    assert_eq!(counts(&made), [8, 4, 0, 4], "{made}");
    let errors = made["errors"].as_array().unwrap().iter();
    let errors: Vec<_> = errors
        .map(|error| json!([error["row"], error["code"], error["problem"]["code"]]))
        .collect();
    assert_eq!(
        json!(errors),
        json!([
            [5, null, "validation_failed"],
            [6, "taken", "code_taken"],
            [7, "two", "code_taken"],
            [8, null, "validation_failed"],
        ])
    );
    let one = app
        .get("/api/v1/links/by-code/go.example.org/one")
        .await
        .body;
    assert_eq!(
        (&one["title"], &one["tags"]),
        (&json!("One, the first"), &json!(["a", "b"]))
    );
    assert_eq!(one["created_by"], made["created_by"]);
    let two = app
        .get("/api/v1/links/by-code/go.example.org/two")
        .await
        .body;
    assert_eq!(
        (&two["title"], &two["enabled"]),
        (&json!("=SUM(A1)"), &json!(false))
    );

    let again = import(&app, "", FILE).await;
    assert_eq!(
        (counts(&again), links(&app).await),
        ([8, 0, 4, 4], 5),
        "{again}"
    );
    let rows: i64 = sqlx::query_scalar("select count(*) from import_rows")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(rows, 0, "finished imports keep no rows");
    let list = app.get("/api/v1/imports").await.body;
    assert_eq!(
        (&list["data"][0], list["data"].as_array().unwrap().len()),
        (&again, 3)
    );
    let foreign = app.foreign_key().await;
    let path = format!("/api/v1/imports/{}", made["id"].as_str().unwrap());
    assert_eq!(
        answer(app.request(Method::GET, &path).bearer_auth(&foreign))
            .await
            .status,
        404
    );
}

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

#[tokio::test]
async fn what_is_no_file_of_links_is_refused() {
    let app = App::start().await;
    for (file, code) in [
        (b"".to_vec(), "no_target_column"),
        (b"code,title\na,b\n".to_vec(), "no_target_column"),
        (b"url\n".to_vec(), "empty"),
        (
            b"url,Target\nhttps://example.com/,x\n".to_vec(),
            "ambiguous_columns",
        ),
        (b"url\n\xff\xfe\n".to_vec(), "invalid_csv"),
        (b"url\nhttps://example.com/\0\n".to_vec(), "invalid_csv"),
        (
            [b"url\n".to_vec(), b"x\n".repeat(200_001)].concat(),
            "too_many_rows",
        ),
        (
            [b"url".to_vec(), b",code".repeat(200)].concat(),
            "too_many_columns",
        ),
    ] {
        let refused = upload(&app, "", file).await;
        assert_eq!(
            (refused.status, &refused.body["errors"][0]["code"]),
            (422, &json!(code))
        );
    }
    assert_eq!(
        upload(&app, "", vec![b'x'; 33 * 1024 * 1024]).await.status,
        413
    );
    assert_eq!(upload(&app, "?force=true", FILE).await.status, 422);
    let request = app
        .request(Method::POST, "/api/v1/imports")
        .bearer_auth(&app.key);
    assert_eq!(answer(request.json(&json!({}))).await.status, 415);
    for path in ["imp_0000000000000000000000", "nonsense", "%FF"] {
        assert_eq!(
            app.get(&format!("/api/v1/imports/{path}")).await.status,
            404
        );
    }
}

#[tokio::test]
async fn what_is_exported_is_whole_and_comes_back() {
    let app = App::start().await;
    for (code, title) in [
        ("a", "=HYPERLINK(1)"),
        ("b", "line\u{2028}end, \"quoted\""),
        ("c", "'x"),
    ] {
        let body = json!({
            "original_url": format!("https://example.com/{code}"), "code": code, "title": title,
            "tags": ["x", "y"], "notes": "first\nsecond", "archived": code == "b",
            "redirect_status": 307, "external_id": format!("-{code}"),
        });
        assert_eq!(app.create_link(body).await.status, 201);
    }
    let file = download(&app, "export.csv").await;
    let mut rows = csv::Reader::from_reader(file.as_bytes());
    let titles: Vec<String> = rows
        .records()
        .map(|row| row.unwrap()[5].to_owned())
        .collect();
    assert_eq!(
        titles,
        ["'=HYPERLINK(1)", "line\u{2028}end, \"quoted\"", "'x"]
    );

    let lines = download(&app, "export.jsonl").await;
    let shown: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let list = app
        .get("/api/v1/links?order=asc&archived=include")
        .await
        .body;
    assert_eq!(json!(shown), list["data"]);
    let lines = download(&app, "export.jsonl?archived=only").await;
    assert_eq!(lines.lines().count(), 1);
    let refused = app.get("/api/v1/links/export.csv?any_tag=").await;
    assert_eq!(refused.status, 422);

    let empty = App::start().await;
    let imported = import(&empty, "", file.clone()).await;
    assert_eq!(counts(&imported), [3, 3, 0, 0], "{imported}");
    let mut back = empty
        .get("/api/v1/links?order=asc&archived=include")
        .await
        .body;
    for (link, original) in back["data"].as_array_mut().unwrap().iter_mut().zip(&shown) {
        for field in ["id", "created_at", "updated_at", "created_by", "revision"] {
            link[field] = original[field].clone();
        }
    }
    assert_eq!(back["data"], json!(shown));
    let foreign = app.foreign_key().await;
    let request = app
        .request(Method::GET, "/api/v1/links/export.jsonl")
        .bearer_auth(&foreign);
    assert_eq!(request.send().await.unwrap().text().await.unwrap(), "");
}

#[tokio::test]
async fn an_export_goes_through_all_links_in_chunks() {
    let app = App::start().await;
    let rows: Value = (0..1_234)
        .map(|number| json!({ "original_url": format!("https://example.com/{number}") }))
        .collect();
    let made = app
        .call(
            Method::POST,
            "/api/v1/links/bulk",
            Some(json!({ "links": rows })),
        )
        .await;
    assert_eq!(made.body["done"], 1_234);
    let first = made.body["results"][0]["id"].clone();
    app.delete_link(&first).await;
    let file = download(&app, "export.csv").await;
    let mut rows = csv::Reader::from_reader(file.as_bytes());
    let ids: std::collections::BTreeSet<String> = rows
        .records()
        .map(|row| row.unwrap()[0].to_owned())
        .collect();
    assert_eq!(ids.len(), 1_233);
    assert!(
        !ids.contains(first.as_str().unwrap()),
        "{}",
        link_path(&first)
    );
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

#[tokio::test]
async fn the_errors_of_an_import_have_an_end() {
    let app = App::start().await;
    let tags = "\u{7};".repeat(50);
    let mut file = "url,tags\n".to_owned();
    for _ in 0..1_500 {
        file.push_str(&format!("https://example.com/,{tags}\n"));
    }
    let refused = import(&app, "?dry_run=true", file).await;
    let errors = refused["errors"].as_array().unwrap();
    assert_eq!((&refused["refused"], errors.len()), (&json!(1_500), 1_000));
    let told = errors[0]["problem"]["errors"].as_array().unwrap();
    assert_eq!(
        (told.len(), &told[5]["code"]),
        (6, &json!("too_many_errors"))
    );
}
