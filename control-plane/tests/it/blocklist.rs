//! Hosts that no link may lead to, and links that are taken down.

use control_plane::auth::Scope;
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

/// An installation whose list is read, so that `evil.example.com` is refused.
async fn start(path: &std::path::Path) -> App {
    std::fs::write(path, "evil.example.com\n").unwrap();
    let app = App::start_with_blocklist(path).await;
    eventually("the list is read", async || {
        is_listed(&app, "evil").await.then_some(())
    })
    .await;
    app
}

/// Asked with a link that cannot be made in any case.
pub async fn is_listed(app: &App, name: &str) -> bool {
    let url = format!("https://{name}.example.com/");
    let body = json!({ "original_url": url, "code": "a/b" });
    app.create_link(body).await.body["errors"][0]["code"] == "blocked_host"
}

/// Lists one more host, and waits until it is known.
async fn list_later(app: &App, path: &std::path::Path) {
    std::fs::write(path, "evil.example.com\nlater.example.com\n").unwrap();
    eventually("the list is read again", async || {
        is_listed(app, "later").await.then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_link_does_not_come_out_of_the_bin_to_a_listed_host() {
    let dir = ThrowAwayDir::create().unwrap();
    let path = dir.path().join("hosts");
    let app = start(&path).await;
    let later = json!({ "original_url": "https://later.example.com/" });
    let deleted = link_to(&app, later.clone()).await.body;
    let down = link_to(&app, later).await.body;
    let hidden = json!({ "social_preview": { "image_url": "https://later.example.com/x.png" } });
    let hidden = link_to(&app, hidden).await.body;
    owner(&app, &format!("{}/block", link_path(&down["id"]))).await;
    for link in [&deleted, &down, &hidden] {
        assert_eq!(app.delete_link(&link["id"]).await.status, 204);
    }
    list_later(&app, &path).await;
    let restore = async |link: &Value| {
        let path = format!("{}/restore", link_path(&link["id"]));
        app.call(Method::POST, &path, None).await
    };
    for link in [&deleted, &hidden] {
        let refused = restore(link).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (409, &json!("conflict"))
        );
        let there = app.get(&link_path(&link["id"])).await.body;
        assert_eq!(there["status"], "deleted");
    }
    assert_eq!(restore(&down).await.body["status"], "blocked");
    std::fs::write(&path, "evil.example.com\n").unwrap();
    let restored = async || {
        let restored = restore(&deleted).await;
        (restored.status == 200).then_some(restored.body)
    };
    let restored = eventually("it is listed no more", restored).await;
    assert_eq!(restored["status"], "active");
}

#[tokio::test]
async fn a_link_does_not_go_back_to_what_is_not_allowed_any_more() {
    let dir = ThrowAwayDir::create().unwrap();
    let path = dir.path().join("hosts");
    let app = start(&path).await;
    let later = "https://later.example.com/";
    let variants = json!([
        { "url": "https://a.example.com/", "weight": 1 }, { "url": later, "weight": 1 },
    ]);
    let cases = [
        (json!({ "original_url": later }), "original_url"),
        (json!({ "expired_url": later }), "expired_url"),
        (
            json!({ "click_cap": { "limit": 9, "used_up_url": later } }),
            "click_cap.used_up_url",
        ),
        (
            json!({ "rules": [{ "if": [], "then": { "url": later } }] }),
            "rules[0].then.url",
        ),
        (
            json!({ "split": { "variants": variants } }),
            "split.variants[1].url",
        ),
        (
            json!({ "social_preview": { "image_url": later } }),
            "social_preview.image_url",
        ),
    ];
    let mut links = Vec::new();
    for (fields, field) in cases {
        let link = link_to(&app, fields).await;
        assert_eq!(link.status, 201, "{}", link.body);
        let harmless = json!({
            "original_url": "https://good.example.com/", "expired_url": null, "click_cap": null,
            "rules": null, "split": null, "social_preview": null,
        });
        let edited = app.patch_link(&link.body["id"], harmless).await;
        assert_eq!(edited.status, 200, "{}", edited.body);
        links.push((edited.body, field));
    }
    list_later(&app, &path).await;
    for (link, field) in links {
        let back = format!("{}/roll-back", link_path(&link["id"]));
        let version = json!({ "version": 1 });
        let refused = app.call(Method::POST, &back, Some(version)).await;
        let error = &refused.body["errors"][0];
        assert_eq!(
            (refused.status, &error["field"], &error["code"]),
            (422, &json!(field), &json!("blocked_host")),
            "{}",
            refused.body
        );
        assert_eq!(app.get(&link_path(&link["id"])).await.body, link);
    }
}

#[tokio::test]
async fn an_expired_link_that_leads_on_to_a_listed_host_is_taken_down() {
    let dir = ThrowAwayDir::create().unwrap();
    let path = dir.path().join("hosts");
    let app = start(&path).await;
    let fields = json!({
        "expires_at": "2026-11-22T10:20:31Z", "expired_url": "https://later.example.com/",
    });
    let link = link_to(&app, fields).await.body;
    app.clock.advance(2_000_000);
    let link_path = link_path(&link["id"]);
    assert_eq!(app.get(&link_path).await.body["status"], "expired");
    list_later(&app, &path).await;
    eventually("it is taken down", async || {
        (app.get(&link_path).await.body["status"] == "blocked").then_some(())
    })
    .await;
    let explained = app.get(&format!("{link_path}/explain")).await.body;
    assert_eq!(
        (&explained["status"], &explained["location"]),
        (&json!(451), &Value::Null)
    );
    for (status, found) in [("blocked", 1), ("expired", 0)] {
        let list = app.get(&format!("/api/v1/links?status={status}")).await;
        assert_eq!(
            list.body["data"].as_array().unwrap().len(),
            found,
            "{status}"
        );
    }
    // Whatever its owner says about the end.
    let later = json!({ "expires_at": "2026-11-22T10:20:33Z" });
    assert_eq!(
        app.patch_link(&link["id"], later).await.body["status"],
        "blocked"
    );
}

#[tokio::test]
async fn a_preview_with_a_listed_picture_is_taken_down() {
    let dir = ThrowAwayDir::create().unwrap();
    let path = dir.path().join("hosts");
    let app = start(&path).await;
    let picture = json!({ "social_preview": { "image_url": "https://later.example.com/x.png" } });
    let link = link_to(&app, picture).await.body;
    list_later(&app, &path).await;
    eventually("the link is taken down", async || {
        let link = app.get(&link_path(&link["id"])).await.body;
        (link["status"] == "blocked").then_some(())
    })
    .await;
}

#[tokio::test]
async fn targets_of_a_domain_are_cleared_when_they_are_listed() {
    let dir = ThrowAwayDir::create().unwrap();
    let path = dir.path().join("hosts");
    let app = start(&path).await;
    let admin = app.key_with(&[Scope::Admin]).await;
    let own = "/api/v1/domains/go.example.org";
    let targets = json!({
        "root_url": "https://later.example.com/", "not_found_url": "https://good.example.com/",
        "expired_url": "https://a.later.example.com/",
    });
    let set = app
        .call_with(&admin, Method::PATCH, own, Some(targets))
        .await;
    assert_eq!(set.status, 200, "{}", set.body);
    list_later(&app, &path).await;
    let cleared = async || {
        let domain = app.call_with(&admin, Method::GET, own, None).await.body;
        domain["root_url"].is_null().then_some(domain)
    };
    let domain = eventually("the targets are cleared", cleared).await;
    assert_eq!(
        (&domain["not_found_url"], &domain["expired_url"]),
        (&json!("https://good.example.com/"), &Value::Null)
    );
    let (number, record): (i64, String) = sqlx::query_as(
        "select seq, record from link_changes where domain = 'go.example.org'
         order by seq desc limit 1",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    assert_eq!(json!(number), domain["revision"]);
    assert!(!record.contains("later.example.com"), "{record}");
    let log = app.call_with(&admin, Method::GET, "/api/v1/audit-log", None);
    let newest = &log.await.body["data"][0];
    assert_eq!(
        (&newest["action"], &newest["actor"], &newest["subject"]),
        (
            &json!("domain.updated"),
            &json!("blocklist"),
            &json!("go.example.org")
        )
    );
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
