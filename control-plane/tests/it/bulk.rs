//! Many links in one request.

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, answer, eventually, link_path};

async fn post(app: &App, path: &str, body: Value) -> Answer {
    let path = format!("/api/v1/links/bulk{path}");
    app.call(Method::POST, &path, Some(body)).await
}

async fn make(app: &App, links: Value) -> Answer {
    post(app, "", json!({ "links": links })).await
}

/// Number and code of each change, in the order of their numbers.
async fn changes(app: &App) -> Vec<(i64, String)> {
    sqlx::query_as("select seq, record::json ->> 'code' from link_changes order by seq")
        .fetch_all(&app.pool)
        .await
        .unwrap()
}

fn row(code: &str) -> Value {
    json!({ "original_url": "https://example.com/a", "code": code })
}

#[tokio::test]
async fn each_row_is_made_or_refused_for_itself() {
    let app = App::start().await;
    app.link("taken").await;
    let rows = json!([
        row("one"),
        { "original_url": "javascript:alert(1)", "code": "two", "title": "\u{7}" },
        row("taken"),
        row("one"),
        { "original_url": "https://example.com/", "owner_id": 1 },
        "nonsense",
        { "original_url": "https://example.com/", "password": "secret" },
        { "original_url": "https://example.com/", "domain": "else.example" },
        { "original_url": "https://example.com/generated", "tags": ["b", "A"], "notes": "n",
          "external_id": "7", "redirect_status": 307, "max_age": 60, "archived": true },
        { "original_url": "https://example.com/", "external_id": "7" },
    ]);
    let answer = make(&app, rows).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        (&answer.body["done"], &answer.body["refused"]),
        (&json!(2), &json!(8))
    );
    let results = answer.body["results"].as_array().unwrap();
    let codes: Vec<_> = results
        .iter()
        .map(|row| row["problem"]["code"].clone())
        .collect();
    let refused = "validation_failed";
    assert_eq!(
        json!(codes),
        json!([
            null,
            refused,
            "code_taken",
            "code_taken",
            refused,
            refused,
            refused,
            "not_found",
            null,
            "conflict",
        ])
    );
    let fields = &results[1]["problem"]["errors"];
    assert_eq!(
        (&fields[0]["field"], &fields[1]["field"]),
        (&json!("original_url"), &json!("title"))
    );
    assert_eq!(results[4]["problem"]["errors"][0]["code"], "unknown_field");

    let one = app.get(&link_path(&results[0]["id"])).await.body;
    assert_eq!((&one["code"], &one["revision"]), (&json!("one"), &json!(2)));
    let rich = app.get(&link_path(&results[8]["id"])).await.body;
    let alone = json!({
        "original_url": "https://example.com/generated", "tags": ["b", "A"], "notes": "n",
        "redirect_status": 307, "max_age": 60, "archived": true,
    });
    let mut alone = app.create_link(alone).await.body;
    for field in ["id", "code", "short_url", "revision", "external_id"] {
        alone[field] = rich[field].clone();
    }
    assert_eq!(rich, alone, "as if it had been made alone");
    let codes = [rich["code"].as_str().unwrap(), "one", "taken"];
    let logged = changes(&app).await;
    let logged: Vec<_> = logged
        .iter()
        .map(|(seq, code)| (*seq, code.as_str()))
        .collect();
    assert_eq!(logged[..3], [(1, codes[2]), (2, codes[1]), (3, codes[0])]);
}

#[tokio::test]
async fn all_or_nothing_makes_nothing_if_one_row_is_refused() {
    let app = App::start().await;
    app.link("taken").await;
    let rows = json!([row("one"), row("a b"), row("taken")]);
    let refused = post(&app, "", json!({ "links": rows, "all_or_nothing": true })).await;
    assert_eq!(refused.status, 422);
    let errors = refused.body["errors"].as_array().unwrap();
    let errors: Vec<_> = errors
        .iter()
        .map(|error| (&error["field"], &error["code"]))
        .collect();
    assert_eq!(
        json!(errors),
        json!([
            ["links[1].code", "invalid_code"],
            ["links[2]", "code_taken"]
        ])
    );
    assert_eq!(changes(&app).await.len(), 1);
    let rows = json!([row("one"), row("two")]);
    let made = post(&app, "", json!({ "links": rows, "all_or_nothing": true })).await;
    assert_eq!(made.body["done"], 2);
}

#[tokio::test]
async fn requests_of_the_wrong_size_are_refused() {
    let app = App::start().await;
    let rows: Vec<Value> = (0..10_001).map(|_| json!({})).collect();
    for (path, body, status) in [
        ("", json!({ "links": [] }), 422),
        ("", json!({ "links": rows }), 422),
        ("", json!({ "links": {} }), 422),
        ("", json!({ "links": [row("a")], "atomic": true }), 422),
        ("", json!({ "links": ["x".repeat(9 * 1024 * 1024)] }), 413),
        ("/edit", json!({ "select": { "ids": [] } }), 422),
        (
            "/edit",
            json!({ "select": { "ids": vec!["lnk_"; 10_001] } }),
            422,
        ),
        ("/edit", json!({ "select": {} }), 422),
        (
            "/edit",
            json!({ "select": { "ids": [], "filter": {} } }),
            422,
        ),
        (
            "/edit",
            json!({ "select": { "filter": { "owner": 1 } } }),
            422,
        ),
        (
            "/edit",
            json!({ "select": { "filter": { "any_tag": "" } } }),
            422,
        ),
        (
            "/edit",
            json!({ "select": { "filter": {} }, "change": { "external_id": "x" } }),
            422,
        ),
        (
            "/edit",
            json!({ "select": { "filter": {} }, "change": { "title": "\u{7}" } }),
            422,
        ),
        (
            "/edit",
            json!({ "select": { "filter": {} }, "add_tags": ["a,b"] }),
            422,
        ),
        ("/delete", json!({ "select": "all" }), 422),
        ("/delete", json!({}), 422),
    ] {
        let answer = post(&app, path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    assert_eq!(changes(&app).await, []);
}

#[tokio::test]
async fn links_are_edited_and_tagged_by_ids_and_by_filter() {
    let app = App::start().await;
    let made = make(&app, json!([row("a"), row("b"), row("c")])).await.body;
    let ids: Vec<Value> = (0..3)
        .map(|place| made["results"][place]["id"].clone())
        .collect();
    app.delete_link(&ids[2]).await;
    let edited = post(
        &app,
        "/edit",
        json!({
            "select": { "ids": [ids[1], ids[0], ids[1], ids[2], "nonsense"] },
            "change": { "title": "Both", "expires_at": "2027-01-01T00:00:00Z", "password": "secret" },
            "add_tags": ["Red", "blue"],
        }),
    )
    .await
    .body;
    assert_eq!(
        (&edited["done"], &edited["refused"]),
        (&json!(2), &json!(2)),
        "{edited}"
    );
    assert_eq!(edited["results"][2]["problem"]["code"], "link_not_found");
    for id in &ids[..2] {
        let link = app.get(&link_path(id)).await.body;
        assert_eq!(
            (&link["title"], &link["tags"]),
            (&json!("Both"), &json!(["blue", "red"]))
        );
        assert_eq!(
            (&link["has_password"], &link["status"]),
            (&json!(true), &json!("active"))
        );
    }
    let logged = changes(&app).await;
    let logged: Vec<_> = logged[4..].iter().map(|(_, code)| code.as_str()).collect();
    assert_eq!(logged, ["b", "a"], "in the order that was asked for");

    let by_filter = json!({
        "select": { "filter": { "any_tag": "red", "q": "both" } },
        "change": { "enabled": false }, "remove_tags": ["blue"],
    });
    let edited = post(&app, "/edit", by_filter).await.body;
    assert_eq!(edited["done"], 2, "{edited}");
    let link = app.get(&link_path(&ids[0])).await.body;
    assert_eq!(
        (&link["tags"], &link["status"]),
        (&json!(["red"]), &json!("disabled"))
    );
    let none = json!({ "select": { "filter": { "any_tag": "blue" } }, "add_tags": ["x"] });
    assert_eq!(post(&app, "/edit", none).await.body["results"], json!([]));
}

#[tokio::test]
async fn an_edit_that_does_not_fit_a_link_is_refused_for_that_one() {
    let app = App::start().await;
    let plain = app.link("plain").await;
    let late = app.link("late").await;
    app.patch_link(&late["id"], json!({ "starts_at": "2026-12-01T00:00:00Z" }))
        .await;
    let body = json!({
        "select": { "ids": [late["id"], plain["id"]] },
        "change": { "expires_at": "2026-11-30T00:00:00Z" },
    });
    let mut together = body.clone();
    together["all_or_nothing"] = true.into();
    let refused = post(&app, "/edit", together).await;
    assert_eq!(refused.status, 422);
    assert_eq!(
        refused.body["errors"][0]["field"],
        "select.ids[0].starts_at"
    );
    let edited = post(&app, "/edit", body).await.body;
    assert_eq!(
        (&edited["done"], &edited["refused"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        edited["results"][0]["problem"]["errors"][0]["field"],
        "starts_at"
    );
}

#[tokio::test]
async fn links_are_deleted_together_and_nobody_elses() {
    let app = App::start().await;
    let made = make(&app, json!([row("a"), row("b")])).await.body;
    let ids = json!([made["results"][0]["id"], made["results"][1]["id"]]);
    let foreign = app.foreign_key().await;
    for (path, body) in [
        (
            "edit",
            json!({ "select": { "ids": ids }, "change": { "title": "theirs" } }),
        ),
        ("delete", json!({ "select": { "ids": ids } })),
        ("delete", json!({ "select": { "filter": {} } })),
    ] {
        let path = format!("/api/v1/links/bulk/{path}");
        let request = app.request(Method::POST, &path).bearer_auth(&foreign);
        let answer = answer(request.json(&body)).await;
        assert_eq!((answer.status, &answer.body["done"]), (200, &json!(0)));
    }
    let body = json!({ "select": { "ids": ids } });
    let deleted = app
        .call(
            Method::POST,
            "/api/v1/links/bulk/delete?wait=1ms",
            Some(body),
        )
        .await;
    assert_eq!(deleted.body["done"], 2);
    assert_eq!(deleted.body["propagation"]["applied"], true);
    assert_eq!(app.get("/api/v1/links").await.body["data"], json!([]));
    let bin = app.get("/api/v1/links?status=deleted").await.body;
    assert_eq!(bin["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn all_or_nothing_deletes_nothing_if_one_link_is_refused() {
    let app = App::start().await;
    let made = make(&app, json!([row("a"), row("b")])).await.body;
    let (a, b) = (&made["results"][0]["id"], &made["results"][1]["id"]);
    let nothing = format!("lnk_{}", "0".repeat(22));
    let select = json!({ "ids": [a, nothing, b] });
    let body = json!({ "select": select, "all_or_nothing": true });
    let refused = post(&app, "/delete", body).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    let errors = refused.body["errors"].as_array().unwrap();
    assert_eq!(
        (errors.len(), &errors[0]["field"]),
        (1, &json!("select.ids[1]"))
    );
    assert_eq!(
        changes(&app).await.len(),
        2,
        "nothing but the making is logged"
    );
    let kept = app.get("/api/v1/links").await.body;
    assert_eq!(kept["data"].as_array().unwrap().len(), 2);
    let deleted = post(&app, "/delete", json!({ "select": select }))
        .await
        .body;
    assert_eq!(
        (&deleted["done"], &deleted["refused"]),
        (&json!(2), &json!(1))
    );
}

#[tokio::test]
async fn bulk_and_single_writes_at_once_leave_no_gap_and_no_double_code() {
    let app = App::start().await;
    let rows = |from: usize| -> Value {
        (from..from + 40)
            .map(|number| row(&format!("code-{number}")))
            .collect()
    };
    // Six at a time: a pool has eight connections.
    let bulks = (0..6).map(|number| make(&app, rows(number * 20)));
    let singles = (0..40).map(|number| app.create_link(row(&format!("code-{}", number * 4))));
    let bulks = futures_util::stream::iter(bulks)
        .buffer_unordered(2)
        .collect::<Vec<_>>();
    let singles = futures_util::stream::iter(singles)
        .buffer_unordered(4)
        .collect::<Vec<_>>();
    let (bulks, singles) = tokio::join!(bulks, singles);
    for answer in bulks.iter().chain(&singles) {
        assert!([200, 201, 409].contains(&answer.status), "{answer:?}");
    }
    let made: u64 = bulks
        .iter()
        .map(|answer| answer.body["done"].as_u64().unwrap())
        .sum();
    let alone = singles.iter().filter(|answer| answer.status == 201).count() as u64;
    let logged = changes(&app).await;
    let numbers: Vec<i64> = logged.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, (1..=(made + alone) as i64).collect::<Vec<_>>());
    let mut codes: Vec<_> = logged.into_iter().map(|(_, code)| code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len() as u64, made + alone);
}

#[tokio::test]
async fn whoever_wants_one_name_and_whoever_wants_many_never_wait_in_a_circle() {
    let app = App::start().await;
    // Who makes one link stands still behind its row and before the logs.
    sqlx::raw_sql(
        "create function stand_still() returns trigger language plpgsql as $$
         begin perform pg_sleep(1); return new; end $$;
         create trigger stand_still after insert on links for each row
         when (new.title = 'slow') execute function stand_still()",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    let slow = json!({ "original_url": "https://example.com/", "code": "wanted", "title": "slow" });
    let many = async {
        let stands_still = async || {
            let count: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity
                 where datname = current_database() and wait_event = 'PgSleep'",
            )
            .fetch_one(&app.pool)
            .await
            .unwrap();
            (count > 0).then_some(())
        };
        eventually("the row is there", stands_still).await;
        make(&app, json!([row("free"), row("wanted")])).await
    };
    let (one, many) = tokio::join!(app.create_link(slow), many);
    assert_eq!(
        (one.status, many.status),
        (201, 200),
        "{} {}",
        one.body,
        many.body
    );
    assert_eq!(many.body["results"][1]["problem"]["code"], "code_taken");
}

#[tokio::test]
async fn ten_thousand_links_are_made_edited_and_deleted_in_one_request_each() {
    let app = App::start().await;
    let rows: Value = (0..10_000)
        .map(|number| {
            json!({
                "original_url": format!("https://example.com/products/{number}?utm_source=print"),
                "title": format!("Product {number}"), "tags": ["print", "bulk"],
            })
        })
        .collect();
    let begin = std::time::Instant::now();
    let made = make(&app, rows).await;
    eprintln!("made in {:?}", begin.elapsed());
    assert_eq!((made.status, &made.body["done"]), (200, &json!(10_000)));
    let by_tag = json!({ "filter": { "any_tag": "bulk" } });
    let begin = std::time::Instant::now();
    let edit =
        json!({ "select": by_tag, "change": { "original_url": "https://example.com/sale" } });
    let edited = post(&app, "/edit", edit).await;
    eprintln!("edited in {:?}", begin.elapsed());
    assert_eq!(edited.body["done"], 10_000);
    app.link("one-more").await;
    let tag =
        json!({ "select": { "ids": [made.body["results"][0]["id"]] }, "remove_tags": ["bulk"] });
    post(&app, "/edit", tag).await;
    let begin = std::time::Instant::now();
    let deleted = post(&app, "/delete", json!({ "select": by_tag })).await;
    eprintln!("deleted in {:?}", begin.elapsed());
    assert_eq!(deleted.body["done"], 9_999);
    let numbers: (i64, i64) = sqlx::query_as("select count(*), max(seq) from link_changes")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(numbers, (30_001, 30_001));
}

/// A link with a thousand errors in it.
fn wrong_throughout() -> Value {
    let condition = json!({ "country": ["nowhere", "else"] });
    let rule = json!({ "if": vec![condition; 20], "then": { "url": "/" } });
    json!({ "original_url": "https://example.com/", "rules": vec![rule; 25] })
}

#[tokio::test]
async fn errors_of_one_link_and_of_one_answer_have_an_end() {
    let app = App::start().await;
    let one = app.create_link(wrong_throughout()).await;
    let errors = one.body["errors"].as_array().unwrap();
    assert_eq!(
        (one.status, errors.len()),
        (422, 101),
        "{}",
        one.body["detail"]
    );
    assert_eq!(errors[100]["code"], "too_many_errors");
    assert!(one.body["detail"].as_str().unwrap().len() < 1_000);

    let many = make(&app, json!(vec![wrong_throughout(); 200])).await;
    let results = many.body["results"].as_array().unwrap();
    let told = results
        .iter()
        .map(|row| row["problem"]["errors"].as_array().unwrap().len());
    let told: Vec<usize> = told.collect();
    assert_eq!((told[0], told[199]), (101, 2), "{told:?}");
    assert!(told.iter().sum::<usize>() < 11_000);
    let all = json!({ "links": vec![wrong_throughout(); 200], "all_or_nothing": true });
    let refused = post(&app, "", all).await;
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 1_000);
}

#[tokio::test]
async fn options_have_a_limit_that_many_links_at_once_do_not_lift() {
    let app = App::start().await;
    let long = |number: usize| format!("https://example.com/{number}/{}", "x".repeat(1_900));
    let rules: Vec<Value> = (0..40)
        .map(|number| json!({ "if": [], "then": { "url": long(number) } }))
        .collect();
    let mut link = row("long");
    link["rules"] = json!(rules);
    let answer = make(&app, json!([link, row("short")])).await;
    assert_eq!(
        (&answer.body["done"], &answer.body["refused"]),
        (&json!(1), &json!(1))
    );
    let error = &answer.body["results"][0]["problem"]["errors"][0];
    assert_eq!(
        (&error["field"], &error["code"]),
        (&json!("rules"), &json!("too_large"))
    );
    let id = &answer.body["results"][1]["id"];
    let edit = json!({ "select": { "ids": [id] }, "change": { "rules": rules } });
    let edited = post(&app, "/edit", edit).await;
    let error = &edited.body["results"][0]["problem"]["errors"][0];
    assert_eq!(error["code"], "too_large", "{}", edited.body);
}
