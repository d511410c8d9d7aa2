//! What is set stays, is shown, and goes to the edge.

use contract::LinkState;
use serde_json::{Value, json};

use super::example::{created_with, everything, record};
use crate::harness::{App, link_path};

#[tokio::test]
async fn what_is_stored_goes_into_the_record() {
    let app = App::start().await;
    app.link("plain").await;
    assert_eq!(record(&app, "plain").await.options, None);

    app.link("rich").await;
    let options = json!({ "max_age": 60, "expired_url": "https://example.com/over" });
    sqlx::query(
        "update links set redirect_status = 308, options = $1, password_hash = 'x',
                password_changed = 7 where code = 'rich'",
    )
    .bind(&options)
    .execute(&app.pool)
    .await
    .unwrap();
    let rich = record(&app, "rich").await;
    assert_eq!((rich.status.as_u16(), rich.state), (308, LinkState::Active));
    let mut expected = options;
    expected["password"] = 7.into();
    let found: Value = serde_json::to_value(rich.options.unwrap()).unwrap();
    assert_eq!(found, expected);

    sqlx::query("update links set is_blocked = true")
        .execute(&app.pool)
        .await
        .unwrap();
    assert_eq!(record(&app, "plain").await.state, LinkState::Blocked);
}

#[tokio::test]
async fn everything_that_is_set_is_shown_and_goes_to_the_edge() {
    let app = App::start().await;
    let mut body = created_with(&everything());
    body["code"] = "rich".into();
    body["password"] = "open sesame".into();
    let created = app.create_link(body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    for (name, value) in everything().as_object().unwrap() {
        assert_eq!(created.body[name], *value, "{name}");
    }
    assert_eq!(created.body["status"], "scheduled");
    assert_eq!(created.body["has_password"], true);
    assert_eq!(created.body.get("password"), None);
    assert_eq!(
        app.get(&link_path(&created.body["id"])).await.body,
        created.body
    );

    let record = record(&app, "rich").await;
    assert_eq!(record.status.as_u16(), 307);
    let options = serde_json::to_value(record.options.unwrap()).unwrap();
    let micros = 1_000_000_i64;
    let mut expected = everything();
    for of_the_link in ["redirect_status", "expires_at", "strict", "indexable"] {
        expected.as_object_mut().unwrap().remove(of_the_link);
    }
    expected["is_strict"] = true.into();
    expected["is_indexable"] = true.into();
    expected["password"] = 1.into();
    expected["starts_at"] = (1_796_083_200 * micros).into();
    expected["rules"][0]["if"][12]["before"] = (1_798_135_200 * micros).into();
    expected["rules"][0]["if"][13]["after"] = (1_796_083_200 * micros + 500_000).into();
    assert_eq!(options, expected);
}

#[tokio::test]
async fn an_edit_leaves_alone_what_it_does_not_name_and_null_clears() {
    let app = App::start().await;
    let plain = app.link("edited").await;
    let edited = app.patch_link(&plain["id"], everything()).await;
    assert_eq!(edited.status, 200, "{}", edited.body);
    for (name, value) in everything().as_object().unwrap() {
        assert_eq!(edited.body[name], *value, "{name}");
    }
    let retitled = app.patch_link(&plain["id"], json!({ "title": "x" })).await;
    let mut expected = edited.body;
    expected["title"] = "x".into();
    expected["revision"] = 3.into();
    assert_eq!(retitled.body, expected);

    let clearing = json!({
        "title": null, "redirect_status": 302, "starts_at": null, "expires_at": null,
        "expired_url": null, "click_cap": null, "rules": null, "split": null,
        "social_preview": null, "passes_query": false, "passes_path": false, "strict": false,
        "indexable": false, "max_age": null,
    });
    let cleared = app.patch_link(&plain["id"], clearing).await;
    let mut expected = plain;
    expected["revision"] = 4.into();
    assert_eq!(cleared.body, expected);
    assert_eq!(record(&app, "edited").await.options, None);
}

#[tokio::test]
async fn each_password_has_a_number_of_its_own_and_is_stored_as_a_hash() {
    let app = App::start().await;
    let link = app.link("secret").await;
    let mut numbers = Vec::new();
    for password in [json!("1234"), json!("1234"), Value::Null, json!("other")] {
        let edited = app
            .patch_link(&link["id"], json!({ "password": password }))
            .await;
        assert_eq!(edited.body["has_password"], !password.is_null());
        let options = record(&app, "secret").await.options;
        numbers.push(options.and_then(|options| options.password));
    }
    assert_eq!(numbers, [Some(1), Some(2), None, Some(3)]);
    app.patch_link(&link["id"], json!({ "title": "x" })).await;
    let options = record(&app, "secret").await.options.unwrap();
    assert_eq!(options.password, Some(3), "another edit does not count");

    let (hash, row): (String, String) =
        sqlx::query_as("select password_hash, l::text from links l where code = 'secret'")
            .fetch_one(&app.pool)
            .await
            .unwrap();
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    assert!(!row.contains("other"), "{row}");
}

#[tokio::test]
async fn the_list_knows_links_whose_time_has_not_come_and_blocked_ones() {
    let app = App::start().await;
    for (code, starts_at) in [
        ("early", Some("2026-11-22T10:20:31Z")),
        ("bad", None),
        ("good", None),
    ] {
        let body = json!({
            "original_url": "https://example.com/", "code": code, "starts_at": starts_at,
        });
        assert_eq!(app.create_link(body).await.status, 201);
    }
    sqlx::query("update links set is_blocked = true where code = 'bad'")
        .execute(&app.pool)
        .await
        .unwrap();
    let codes = async |status: &str| {
        let page = app.get(&format!("/api/v1/links?status={status}")).await;
        let links = page.body["data"].as_array().unwrap().clone();
        assert!(links.iter().all(|link| link["status"] == status));
        let codes = links.iter().map(|link| link["code"].clone());
        codes.collect::<Vec<_>>()
    };
    assert_eq!(codes("scheduled").await, ["early"]);
    assert_eq!(codes("blocked").await, ["bad"]);
    assert_eq!(codes("active").await, ["good"]);
    app.clock.advance(1_000_000);
    assert_eq!(codes("scheduled").await, [""; 0]);
    assert_eq!(codes("active").await, ["good", "early"]);
}

#[tokio::test]
async fn what_was_stored_is_read_back_also_in_lists() {
    let app = App::start().await;
    let rich = app.create_link(created_with(&everything())).await.body;
    let list = app.get("/api/v1/links").await.body;
    assert_eq!(list["data"], json!([rich]));
}
