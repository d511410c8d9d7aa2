//! What becomes of each row, and of all.

use reqwest::Method;
use serde_json::{Value, json};

use super::{changes, make, post, row};
use crate::harness::{App, answer, link_path};

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
        (&json!(3), &json!(2)),
        "{edited}"
    );
    // Named twice, a link is told twice: what was named and what became of it are in the same place.
    assert_eq!(edited["results"][2], edited["results"][0]);
    assert_eq!(edited["results"][3]["problem"]["code"], "link_gone");
    assert_eq!(edited["results"][4]["problem"]["code"], "link_not_found");
    // What is no id has a row of its own where it was named.
    let mut nonsense = json!({ "select": { "ids": [ids[0], ids[0], "x", ids[1], "y", "x"] } });
    let rows = post(&app, "/edit", nonsense.clone()).await.body;
    let rows = rows["results"].as_array().unwrap();
    let named: Vec<&Value> = rows.iter().map(|row| &row["id"]).collect();
    let none = &Value::Null;
    assert_eq!(named, [&ids[0], &ids[0], none, &ids[1], none, none]);
    nonsense["all_or_nothing"] = true.into();
    let refused = post(&app, "/edit", nonsense).await.body;
    let errors = refused["errors"].as_array().unwrap();
    let places: Vec<_> = errors.iter().map(|error| &error["field"]).collect();
    assert_eq!(places, ["select.ids[2]", "select.ids[4]", "select.ids[5]"]);
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
