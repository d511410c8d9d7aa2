//! The audit log, and who may read it.

use control_plane::accounts;
use control_plane::audit::{Finding, verify};
use control_plane::auth::id::{ApiKeyId, WorkspaceId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, EMAIL, NOW, PASSWORD, answer, eventually, link_path};
use crate::name_server::{Data, NameServer};

/// Signed in to the console.
async fn owner(app: &App, path: &str) -> Answer {
    let signed_in = app.sign_in(EMAIL, PASSWORD).await;
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    let (cookie, _) = cookie.split_once(';').unwrap();
    answer(app.request(Method::GET, path).header("cookie", cookie)).await
}

async fn first_finding(app: &App) -> Option<Finding> {
    let logs = verify(&app.pool).await.unwrap();
    assert_eq!(logs.len(), 1);
    logs[0].finding
}

async fn execute(app: &App, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&app.pool).await.unwrap();
}

#[tokio::test]
async fn owners_read_what_was_done_and_by_whom() {
    let app = App::start().await;
    let link = app.link("audited").await;
    app.patch_link(&link["id"], json!({ "title": "A" })).await;
    let other = app.link("other").await;
    app.delete_link(&link["id"]).await;

    let log = owner(&app, "/api/v1/audit-log").await.body;
    let entries = log["data"].as_array().unwrap();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            json!([
                entry["number"],
                entry["action"],
                entry["subject"],
                entry["actor"]
            ])
        })
        .collect();
    let key = &link["created_by"];
    assert_eq!(
        json!(told),
        json!([
            [7, "link.deleted", link["id"], key],
            [6, "link.created", other["id"], key],
            [5, "link.updated", link["id"], key],
            [4, "link.created", link["id"], key],
            [3, "key.created", key, "cli"],
            [2, "member.joined", told[5][2], "cli"],
            [1, "workspace.created", told[6][2], "cli"],
        ])
    );
    assert_eq!(entries[2]["state"]["title"], "A");
    assert_eq!(entries[0]["hash"].as_str().unwrap().len(), 64);

    for (query, expected) in [
        (
            format!("subject={}", other["id"].as_str().unwrap()),
            vec![6],
        ),
        ("action=link.created".to_owned(), vec![6, 4]),
        (
            format!("actor={}&limit=2", key.as_str().unwrap()),
            vec![7, 6],
        ),
        ("actor=usr_1".to_owned(), vec![]),
    ] {
        let page = owner(&app, &format!("/api/v1/audit-log?{query}"))
            .await
            .body;
        let numbers = page["data"].as_array().unwrap().iter();
        let numbers: Vec<_> = numbers
            .map(|entry| entry["number"].as_i64().unwrap())
            .collect();
        assert_eq!(numbers, expected, "{query}");
    }
    let page = owner(&app, "/api/v1/audit-log?limit=6").await.body;
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = owner(&app, &format!("/api/v1/audit-log?limit=6&cursor={cursor}"))
        .await
        .body;
    assert_eq!(
        (&rest["data"][0]["number"], &rest["next_cursor"]),
        (&json!(1), &json!(null))
    );
    assert_eq!(owner(&app, "/api/v1/audit-log?actor=%00").await.status, 422);
    assert_eq!(
        app.get("/api/v1/audit-log").await.status,
        403,
        "a key is no administrator"
    );
}

#[tokio::test]
async fn a_setting_of_a_domain_is_in_the_log() {
    let app = App::start().await;
    let signed_in = app.sign_in(EMAIL, PASSWORD).await;
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    let request = app
        .request(Method::PATCH, "/api/v1/domains/go.example.org")
        .header("cookie", cookie.split_once(';').unwrap().0)
        .header("x-requested-with", "linkpulse")
        .json(&json!({ "root_url": "https://example.com/" }));
    assert_eq!(answer(request).await.status, 200);
    let log = owner(&app, "/api/v1/audit-log").await.body;
    let entry = &log["data"][0];
    assert_eq!(
        (
            &entry["action"],
            &entry["subject"],
            &entry["state"]["root_url"]
        ),
        (
            &json!("domain.updated"),
            &json!("go.example.org"),
            &json!("https://example.com/")
        )
    );
    assert_eq!(entry["actor"], signed_in.body["user"]["id"]);
}

#[tokio::test]
async fn what_is_altered_removed_or_added_by_hand_is_named() {
    for (sql, finding) in [
        (
            "update audit_log set actor = 'usr_x' where number = 5",
            Finding::Altered(5),
        ),
        (
            "update audit_log set state = replace(state, 'A', 'B') where number = 5",
            Finding::Altered(5),
        ),
        (
            "update audit_log set at = at + interval '1 us' where number = 3",
            Finding::Altered(3),
        ),
        (
            "update audit_log set hash = sha256(hash) where number = 1",
            Finding::Altered(1),
        ),
        (
            "delete from audit_log where number = 1",
            Finding::Missing(1),
        ),
        (
            "delete from audit_log where number = 2",
            Finding::Missing(2),
        ),
        (
            "delete from audit_log where number = 7",
            Finding::WrongEnd {
                found: 6,
                expected: 7,
            },
        ),
        (
            "insert into audit_log select workspace_id, 8, at, actor, action, subject, state, hash
             from audit_log where number = 7",
            Finding::Altered(8),
        ),
        (
            "update audit_heads set hash = sha256(hash)",
            Finding::AlteredHead,
        ),
        (
            "delete from audit_heads",
            Finding::WrongEnd {
                found: 7,
                expected: 0,
            },
        ),
    ] {
        let app = App::start().await;
        let link = app.link("chained").await;
        app.patch_link(&link["id"], json!({ "title": "A" })).await;
        let bulk = json!({ "links": [
            { "original_url": "https://example.com/" }, { "original_url": "https://example.com/" },
        ] });
        app.call(Method::POST, "/api/v1/links/bulk", Some(bulk))
            .await;
        assert_eq!(first_finding(&app).await, None);
        execute(&app, sql).await;
        assert_eq!(first_finding(&app).await, Some(finding), "{sql}");
    }
}

#[tokio::test]
async fn many_writers_make_one_chain() {
    let app = App::start().await;
    let link = app.link("busy").await;
    let path = link_path(&link["id"]);
    let edits = (0..30).map(|number| {
        let body = json!({ "title": format!("{number}") });
        app.call(Method::PATCH, &path, Some(body))
    });
    let answers = futures_util::future::join_all(edits).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let logs = verify(&app.pool).await.unwrap();
    // Three are of the command line.
    assert_eq!((logs[0].entries, logs[0].finding), (34, None));
}

#[tokio::test]
async fn whatever_administrators_do_is_in_the_log_and_no_secret_is() {
    let names = NameServer::start().await;
    let app = App::start_with(&[names.setting()]).await;
    let cookie = app.cookie(EMAIL, PASSWORD).await;
    let mut secrets = vec![PASSWORD.to_owned()];
    let call = async |method: Method, path: &str, body: Option<Value>| {
        let answer = app.console(&cookie, method, path, body).await;
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.body
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();

    let key = json!({ "name": "x", "scopes": ["read"] });
    let key = call(Method::POST, "/api/v1/keys", Some(key)).await;
    let path = format!("/api/v1/keys/{}", text(&key["id"]));
    let next = call(Method::POST, &format!("{path}/rotate"), Some(json!({}))).await;
    call(Method::DELETE, &path, None).await;
    secrets.extend([text(&key["secret"]), text(&next["secret"])]);

    let url = "https://hooks.example.com/a-secret-path?token=a-secret-token";
    let webhook = json!({ "url": url, "events": ["link.created"] });
    let webhook = call(Method::POST, "/api/v1/webhooks", Some(webhook)).await;
    let path = format!("/api/v1/webhooks/{}", text(&webhook["id"]));
    call(Method::PATCH, &path, Some(json!({ "enabled": false }))).await;
    call(Method::DELETE, &path, None).await;
    secrets.extend([text(&webhook["secret"]), "a-secret-".to_owned()]);

    let invite = async |email: &str| {
        let body = json!({ "email": email, "role": "viewer" });
        call(Method::POST, "/api/v1/invitations", Some(body)).await
    };
    let withdrawn = invite("nobody@example.com").await;
    let path = format!("/api/v1/invitations/{}", text(&withdrawn["id"]));
    call(Method::DELETE, &path, None).await;
    let invited = invite("grace@example.com").await;
    let body = json!({ "token": invited["token"], "password": "another good password" });
    let accept = app.request(Method::POST, "/api/v1/invitations/accept");
    let joined = answer(accept.json(&body)).await;
    assert_eq!(joined.status, 200, "{}", joined.body);
    let grace = text(&joined.body["user"]["id"]);
    let path = format!("/api/v1/members/{grace}");
    call(Method::PATCH, &path, Some(json!({ "role": "editor" }))).await;
    call(Method::DELETE, &path, None).await;
    secrets.extend([text(&withdrawn["token"]), text(&invited["token"])]);
    secrets.push("another good password".to_owned());

    let domain = json!({ "domain": "links.example.com" });
    let added = call(Method::POST, "/api/v1/domains", Some(domain)).await;
    let record = Data::Text(text(&added["verification"]["value"]));
    names.put(&text(&added["verification"]["name"]), vec![record]);
    let path = "/api/v1/domains/links.example.com";
    call(Method::POST, &format!("{path}/verify"), None).await;
    call(Method::DELETE, path, None).await;
    let claim = json!({ "domain": "claim.example.com" });
    call(Method::POST, "/api/v1/domains", Some(claim)).await;
    call(Method::DELETE, "/api/v1/domains/claim.example.com", None).await;
    let name = json!({ "name": "Renamed" });
    call(Method::PATCH, "/api/v1/workspace", Some(name)).await;
    // What is refused is not done.
    let unknown = "/api/v1/keys/key_0000000000000000000000";
    let refused = app.console(&cookie, Method::DELETE, unknown, None).await;
    assert_eq!(refused.status, 404);

    let log = owner(&app, "/api/v1/audit-log?limit=100").await.body;
    let mut entries = log["data"].as_array().unwrap().clone();
    entries.reverse();
    entries.retain(|entry| entry["actor"] != "cli");
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (text(&entry["action"]), text(&entry["subject"])))
        .collect();
    let expected = [
        ("key.created", text(&key["id"])),
        ("key.updated", text(&key["id"])),
        ("key.created", text(&next["id"])),
        ("key.revoked", text(&key["id"])),
        ("webhook.created", text(&webhook["id"])),
        ("webhook.updated", text(&webhook["id"])),
        ("webhook.removed", text(&webhook["id"])),
        ("invitation.created", text(&withdrawn["id"])),
        ("invitation.withdrawn", text(&withdrawn["id"])),
        ("invitation.created", text(&invited["id"])),
        ("member.joined", grace.clone()),
        ("member.updated", grace.clone()),
        ("member.removed", grace.clone()),
        ("domain.added", "links.example.com".to_owned()),
        ("domain.verified", "links.example.com".to_owned()),
        ("domain.removed", "links.example.com".to_owned()),
        ("domain.added", "claim.example.com".to_owned()),
        ("domain.removed", "claim.example.com".to_owned()),
    ];
    let expected = expected.map(|(action, subject)| (action.to_owned(), subject));
    assert_eq!(told[..expected.len()], expected);
    assert_eq!(told.last().unwrap().0, "workspace.renamed");
    assert_eq!(told.len(), expected.len() + 1);
    let actor = |place: usize| text(&entries[place]["actor"]);
    let ada = actor(0);
    assert!(ada.starts_with("usr_") && ada != grace);
    assert_eq!((actor(10), actor(11)), (grace, ada), "who joined did it");
    assert_eq!(
        entries[1]["state"]["expires_at"],
        "2026-11-23T10:20:30.123456Z"
    );
    assert_eq!(entries[4]["state"]["receiver"], "https://hooks.example.com");
    assert_eq!(entries[11]["state"]["role"], "editor");
    assert_eq!(first_finding(&app).await, None, "and in the chain");
    let stored = "select string_agg(e::text, '') from audit_log e";
    let stored: String = sqlx::query_scalar(stored)
        .fetch_one(&app.pool)
        .await
        .unwrap();
    for secret in secrets {
        assert!(!stored.contains(&secret), "{secret}");
    }
}

#[tokio::test]
async fn what_is_done_to_no_link_and_on_the_command_line_is_in_the_log() {
    let app = App::start().await;
    let cookie = app.cookie(EMAIL, PASSWORD).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let ada = app.console(&cookie, Method::GET, "/api/v1/session", None);
    let ada = ada.await.body;
    let (user, workspace) = (text(&ada["user"]["id"]), text(&ada["workspace"]["id"]));
    let send = async |method: Method, path: &str, kind: &str, body: Vec<u8>| {
        let request = app.request(method, path).header("cookie", &cookie);
        let request = request
            .header("x-requested-with", "linkpulse")
            .header("content-type", kind);
        let answer = answer(request.body(body)).await;
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.body
    };

    let name = br#"{"name":"Second"}"#.to_vec();
    let second = send(Method::POST, "/api/v1/workspaces", "application/json", name).await;
    let logo = crate::qr::square([7, 7, 7, 255], 8);
    send(Method::PUT, "/api/v1/qr-logo", "image/png", logo).await;
    let none = Vec::new();
    send(Method::DELETE, "/api/v1/qr-logo", "image/png", none.clone()).await;
    let whole = app.console(&cookie, Method::GET, "/api/v1/workspace/export", None);
    let whole = text(&whole.await.body).into_bytes();
    let path = "/api/v1/workspace/restore?dry_run=true";
    let restored = send(Method::POST, path, "application/jsonl", whole).await;
    // A workspace has one at a time.
    let there = format!("/api/v1/imports/{}", text(&restored["id"]));
    eventually("the restore has ended", async || {
        let import = app.console(&cookie, Method::GET, &there, None).await;
        (import.body["finished"] == true).then_some(())
    })
    .await;
    let file = b"url\nhttps://example.com/\n".to_vec();
    let path = "/api/v1/imports?dry_run=true";
    let imported = send(Method::POST, path, "text/csv", file).await;
    let new = "another good password";
    let body = json!({ "old_password": PASSWORD, "new_password": new });
    let body = body.to_string().into_bytes();
    let path = "/api/v1/session/password";
    send(Method::PUT, path, "application/json", body).await;
    app.link("bad").await;
    let report = app
        .visitor(Method::POST, "/report/bad")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("reason=spam&detail=a-visitors-words");
    assert_eq!(report.send().await.unwrap().status(), 200);
    let open = app.console(&cookie, Method::GET, "/api/v1/reports", None);
    let report = text(&open.await.body["data"][0]["id"]);
    let path = format!("/api/v1/reports/{report}/close");
    send(Method::POST, &path, "application/json", none).await;
    let (now, mut random) = (NOW.to_datetime().unwrap(), rand::rng());
    let scopes = &accounts::USUAL_SCOPES;
    let key = accounts::create_key(&app.pool, "short-lived", scopes, &mut random, now);
    let key = key.await.unwrap();
    assert!(accounts::revoke_key(&app.pool, key.id, now).await.unwrap());
    assert!(!accounts::revoke_key(&app.pool, key.id, now).await.unwrap());
    let key_id = ApiKeyId(key.id).to_string();

    let log = app.console(&cookie, Method::GET, "/api/v1/audit-log", None);
    let log = log.await.body;
    let mut entries = log["data"].as_array().unwrap().clone();
    entries.reverse();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            let part = |name: &str| text(&entry[name]);
            (part("action"), part("subject"), part("actor"))
        })
        .filter(|(action, ..)| action != "link.created")
        .collect();
    let first_key = text(&entries[2]["subject"]);
    let expected = [
        ("workspace.created", &workspace, "cli"),
        ("member.joined", &user, "cli"),
        ("key.created", &first_key, "cli"),
        ("qr_logo.set", &workspace, &user),
        ("qr_logo.removed", &workspace, &user),
        ("restore.begun", &text(&restored["id"]), &user),
        ("import.begun", &text(&imported["id"]), &user),
        ("user.password_changed", &user, &user),
        ("report.closed", &report, &user),
        ("key.created", &key_id, "cli"),
        ("key.revoked", &key_id, "cli"),
    ];
    let expected = expected
        .map(|(action, subject, actor)| (action.to_owned(), subject.to_owned(), actor.to_owned()));
    assert_eq!(told, expected);

    // The new workspace has a log of its own, and her password opens that one, too.
    let id: WorkspaceId = text(&second["id"]).parse().unwrap();
    let actions = "select action from audit_log where workspace_id = $1 order by number";
    let actions: Vec<String> = sqlx::query_scalar(actions)
        .bind(id.0)
        .fetch_all(&app.pool)
        .await
        .unwrap();
    assert_eq!(actions, ["workspace.created", "user.password_changed"]);
    let stored = "select string_agg(e::text, '') from audit_log e";
    let stored: String = sqlx::query_scalar(stored)
        .fetch_one(&app.pool)
        .await
        .unwrap();
    let secrets = [
        PASSWORD,
        new,
        key.key.expose(),
        "argon2",
        "a-visitors-words",
    ];
    for secret in secrets {
        assert!(!stored.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn administrators_and_makers_of_links_do_not_wait_for_each_other_in_a_circle() {
    let app = App::start().await;
    let cookie = app.cookie(EMAIL, PASSWORD).await;
    let links: Vec<Value> = (0..200)
        .map(|_| json!({ "original_url": "https://example.com/" }))
        .collect();
    let bulk = json!({ "links": links });
    for round in 0..4 {
        let mut sent: Vec<futures_util::future::BoxFuture<'_, u16>> = Vec::new();
        // As many as there are connections: nobody is to wait for one of those.
        for number in 0..3 {
            let name = format!("bulk {round} {number}");
            let request = app.request(Method::POST, "/api/v1/links/bulk");
            let request = request
                .bearer_auth(&app.key)
                .header("idempotency-key", name);
            let request = request.json(&bulk);
            sent.push(Box::pin(async move { answer(request).await.status }));
            let key = json!({ "name": "x", "scopes": ["read"] });
            let (app, cookie) = (&app, &cookie);
            sent.push(Box::pin(async move {
                let path = "/api/v1/keys";
                let made = app.console(cookie, Method::POST, path, Some(key)).await;
                made.status
            }));
        }
        let statuses = futures_util::future::join_all(sent).await;
        // On a machine that is busy, some wait too long for a connection.
        let is_fine = |status: &u16| matches!(status, 200 | 201 | 503);
        assert!(statuses.iter().all(is_fine), "{statuses:?}");
        assert!(
            statuses.contains(&200) && statuses.contains(&201),
            "{statuses:?}"
        );
    }
    assert_eq!(first_finding(&app).await, None);
}
