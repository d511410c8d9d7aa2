//! Hosts that no link may lead to, and links that are taken down.

use local_servers::testing::ThrowAwayDir;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer, eventually, link_path};

/// Signed in to the console.
async fn owner(app: &App, path: &str) -> Answer {
    let signed_in = app.sign_in(EMAIL, PASSWORD).await;
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    let request = app
        .request(Method::POST, path)
        .header("cookie", cookie.split_once(';').unwrap().0)
        .header("x-requested-with", "linkpulse");
    answer(request).await
}

async fn link_to(app: &App, fields: Value) -> Answer {
    let mut body = json!({ "original_url": "https://good.example.com/" });
    for (field, value) in fields.as_object().unwrap() {
        body[field] = value.clone();
    }
    app.create_link(body).await
}

#[tokio::test]
async fn listed_hosts_are_refused_and_links_to_them_taken_down() {
    let dir = ThrowAwayDir::create().unwrap();
    let path = dir.path().join("hosts");
    std::fs::write(&path, "0.0.0.0 evil.example.com\n").unwrap();
    let app = App::start_with_blocklist(&path).await;
    let refused = async || {
        let body = json!({ "original_url": "https://login.evil.example.com/" });
        (app.create_link(body).await.status == 422).then_some(())
    };
    eventually("the list is read", refused).await;
    let evil = json!({ "url": "https://evil.example.com/" });
    for (body, field) in [
        (
            json!({ "original_url": "http://EVIL.example.com./x" }),
            "original_url",
        ),
        (
            json!({ "expired_url": "https://evil.example.com/" }),
            "expired_url",
        ),
        (
            json!({ "rules": [{ "if": [], "then": evil }] }),
            "rules[0].then.url",
        ),
    ] {
        let refused = link_to(&app, body).await;
        let error = &refused.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!("blocked_host"))
        );
    }

    let good = link_to(&app, json!({})).await.body;
    let later = json!({ "original_url": "https://later.example.com/" });
    let direct = link_to(&app, later).await.body;
    let variant = |url: &str| json!({ "url": url, "weight": 1 });
    let split = json!([
        variant("https://a.example.com/"),
        variant("https://later.example.com/")
    ]);
    let hidden = link_to(&app, json!({ "split": { "variants": split } }))
        .await
        .body;
    std::fs::write(&path, "evil.example.com\nlater.example.com # since today\n").unwrap();
    for link in [&direct, &hidden] {
        let path = link_path(&link["id"]);
        let blocked = async || {
            let link = app.get(&path).await.body;
            (link["status"] == "blocked").then_some(link)
        };
        let blocked = eventually("the link is taken down", blocked).await;
        assert_eq!(blocked["strict"], true);
        let history = app.get(&format!("{path}/history")).await.body;
        let newest = &history["data"][0];
        assert_eq!(
            (&newest["action"], &newest["actor"]),
            (&json!("link.blocked"), &json!("blocklist"))
        );
    }
    assert_eq!(app.get(&link_path(&good["id"])).await.body, good);
    let path = format!("{}/unblock", link_path(&direct["id"]));
    assert_eq!(owner(&app, &path).await.status, 409);
    let edit = json!({ "original_url": "https://good.example.com/" });
    app.patch_link(&direct["id"], edit).await;
    assert_eq!(owner(&app, &path).await.body["status"], "active");
}

#[tokio::test]
async fn owners_take_links_down_and_put_them_up_again() {
    let app = App::start().await;
    let link = app.link("down").await;
    let path = link_path(&link["id"]);
    let forbidden = app.call(Method::POST, &format!("{path}/block"), None).await;
    assert_eq!(forbidden.status, 403, "not for keys of editors");
    let blocked = owner(&app, &format!("{path}/block")).await;
    assert_eq!(
        (&blocked.body["status"], &blocked.body["strict"]),
        (&json!("blocked"), &json!(true))
    );
    let state: String = sqlx::query_scalar(
        "select record::json ->> 'state' from link_changes order by seq desc limit 1",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    assert_eq!(state, "blocked");
    let up = owner(&app, &format!("{path}/unblock")).await;
    assert_eq!(up.body["status"], "active");
}

#[tokio::test]
async fn what_is_taken_down_stays_strict_whatever_its_owner_says() {
    let app = App::start().await;
    let link = app.link("down").await;
    let path = link_path(&link["id"]);
    owner(&app, &format!("{path}/block")).await;
    let is_strict = async || {
        let strict = "select (options ->> 'is_strict')::boolean from links where code = 'down'";
        let strict = sqlx::query_scalar::<_, Option<bool>>(strict);
        let strict = strict.fetch_one(&app.pool).await.unwrap();
        (strict, app.get(&path).await.body["strict"].clone())
    };
    let strict = (Some(true), json!(true));
    let edited = app
        .patch_link(&link["id"], json!({ "strict": false, "title": "x" }))
        .await;
    assert_eq!((edited.status, is_strict().await), (200, strict.clone()));
    let select = json!({ "ids": [link["id"]] });
    let edit = json!({ "select": select, "change": { "strict": false } });
    let bulk = "/api/v1/links/bulk/edit";
    let edited = app.call(Method::POST, bulk, Some(edit)).await;
    assert_eq!((edited.status, is_strict().await), (200, strict.clone()));
    let back = json!({ "version": 1 });
    let roll_back = format!("{path}/roll-back");
    let back = app.call(Method::POST, &roll_back, Some(back)).await;
    assert_eq!(
        (back.status, is_strict().await),
        (200, strict),
        "{}",
        back.body
    );
    // What it was before is told as it was.
    let history = app.get(&format!("{path}/history")).await.body;
    let versions = history["data"].as_array().unwrap();
    assert_eq!(versions.last().unwrap()["link"]["strict"], false);

    owner(&app, &format!("{path}/unblock")).await;
    let edited = app.patch_link(&link["id"], json!({ "strict": false }));
    assert_eq!(edited.await.body["strict"], false);
}
