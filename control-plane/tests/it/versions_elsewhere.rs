//! `ETag` and `If-Match` of what is no link.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer};
use crate::qr::square;
use crate::versions::tag;

const LOGO: &str = "/api/v1/qr-logo";

struct Owner<'a> {
    app: &'a App,
    cookie: String,
}

impl Owner<'_> {
    async fn send(&self, method: Method, path: &str, known: &str, body: Option<&Value>) -> Answer {
        let request = self.app.request(method, path);
        let request = request.header("cookie", &self.cookie);
        let request = request.header("x-requested-with", "linkpulse");
        let request = request.header("if-match", known);
        answer(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    async fn make(&self, path: &str, body: Value) -> String {
        let made = self
            .app
            .console(&self.cookie, Method::POST, path, Some(body));
        let made = made.await;
        assert_eq!(made.status, 201, "{path}: {}", made.body);
        format!("{path}/{}", made.body["id"].as_str().unwrap())
    }

    async fn read(&self, path: &str) -> Answer {
        let read = self
            .app
            .console(&self.cookie, Method::GET, path, None)
            .await;
        assert_eq!(read.status, 200, "{path}: {}", read.body);
        let request = self.app.request(Method::GET, path);
        let request = request.header("cookie", &self.cookie);
        let again = answer(request.header("if-none-match", tag(&read))).await;
        assert_eq!(again.status, 304, "{path}");
        read
    }

    /// Edits what somebody else has edited meanwhile, then what was read, then removes it.
    async fn assert_versioned(&self, read_at: &str, edit_at: &str, edits: [Value; 2], goes: bool) {
        let first = tag(&self.read(read_at).await);
        let edited = self
            .send(Method::PATCH, edit_at, &first, Some(&edits[0]))
            .await;
        assert_eq!(edited.status, 200, "{edit_at}: {}", edited.body);
        let known = self.read(read_at).await;
        assert_eq!(
            (tag(&known), &known.body),
            (tag(&edited), &edited.body),
            "{edit_at}"
        );
        // The same once more is no edit, whenever it comes.
        self.app.clock.advance(1_000_000);
        let same = self
            .send(Method::PATCH, edit_at, "*", Some(&edits[0]))
            .await;
        assert_eq!((same.status, tag(&same)), (200, tag(&known)), "{edit_at}");
        let stale = self
            .send(Method::PATCH, edit_at, &first, Some(&edits[1]))
            .await;
        assert_eq!(
            (stale.status, &stale.body["code"]),
            (412, &json!("stale")),
            "{edit_at}"
        );
        assert_eq!(
            self.read(read_at).await.body,
            known.body,
            "nothing has changed"
        );
        if goes {
            assert_eq!(
                self.send(Method::DELETE, edit_at, &first, None)
                    .await
                    .status,
                412
            );
        }
        let any = self
            .send(Method::PATCH, edit_at, "*", Some(&edits[1]))
            .await;
        assert_eq!(any.status, 200, "{edit_at}: {}", any.body);
        if goes {
            let gone = self.send(Method::DELETE, edit_at, &tag(&any), None).await;
            assert_eq!(gone.status, 204, "{edit_at}: {}", gone.body);
        }
    }
}

#[tokio::test]
async fn whatever_can_be_edited_is_changed_only_in_the_version_that_was_read() {
    let app = App::start().await;
    let cookie = app.cookie(EMAIL, PASSWORD).await;
    let owner = Owner { app: &app, cookie };

    let body = json!({ "url": "https://example.com/", "events": ["link.created"] });
    let webhook = owner.make("/api/v1/webhooks", body).await;
    let edits = [
        json!({ "enabled": false }),
        json!({ "events": ["link.deleted"] }),
    ];
    owner
        .assert_versioned(&webhook, &webhook, edits, true)
        .await;

    let body = json!({ "name": "Spring", "source": "a" });
    let template = owner.make("/api/v1/utm-templates", body).await;
    let edits = [json!({ "source": "b" }), json!({ "medium": "c" })];
    owner
        .assert_versioned(&template, &template, edits, true)
        .await;

    app.member(&owner.cookie, "grace@example.com", "viewer")
        .await;
    let members = app
        .console(&owner.cookie, Method::GET, "/api/v1/members", None)
        .await;
    let members = members.body["data"].as_array().unwrap().clone();
    let grace = members
        .iter()
        .find(|member| member["email"] == "grace@example.com");
    let grace = format!("/api/v1/members/{}", grace.unwrap()["id"].as_str().unwrap());
    let edits = [json!({ "role": "editor" }), json!({ "role": "admin" })];
    owner.assert_versioned(&grace, &grace, edits, true).await;

    let session = app
        .console(&owner.cookie, Method::GET, "/api/v1/session", None)
        .await;
    let workspace = session.body["workspace"]["id"].as_str().unwrap();
    let workspace = format!("/api/v1/workspaces/{workspace}");
    let edits = [json!({ "name": "One" }), json!({ "name": "Two" })];
    owner
        .assert_versioned(&workspace, "/api/v1/workspace", edits, false)
        .await;
}

#[tokio::test]
async fn messages_that_a_webhook_missed_do_not_stand_in_the_way_of_an_edit() {
    let app = App::start().await;
    let cookie = app.cookie(EMAIL, PASSWORD).await;
    let owner = Owner { app: &app, cookie };
    let body = json!({ "url": "https://example.com/", "events": ["link.created"] });
    let webhook = owner.make("/api/v1/webhooks", body).await;
    let known = tag(&owner.read(&webhook).await);
    sqlx::query("update webhooks set missed = 1, missed_at = now()")
        .execute(&app.pool)
        .await
        .unwrap();
    assert_ne!(tag(&owner.read(&webhook).await), known);
    let edit = json!({ "enabled": false });
    let edited = owner
        .send(Method::PATCH, &webhook, &known, Some(&edit))
        .await;
    assert_eq!(edited.status, 200, "{}", edited.body);
}

#[tokio::test]
async fn a_logo_has_a_version_too() {
    let app = App::start().await;
    let logo = |method| app.request(method, LOGO).bearer_auth(&app.key);
    let put = async |known: &str, shade: u8| {
        let request = logo(Method::PUT).header("content-type", "image/png");
        let request = match known {
            "" => request,
            known => request.header("if-match", known),
        };
        let png = square([shade, shade, shade, 255], 8);
        answer(request.body(png)).await.status
    };
    let delete = async |known: &str| {
        let request = logo(Method::DELETE).header("if-match", known);
        answer(request).await.status
    };
    let read = async || {
        let read = logo(Method::GET).send().await.unwrap();
        assert_eq!(read.headers()["content-type"], "image/png");
        read.headers()["etag"].to_str().unwrap().to_owned()
    };
    assert_eq!(put("*", 1).await, 412, "there is none");
    assert_eq!(put("", 1).await, 204);
    let first = read().await;
    let again = logo(Method::GET).header("if-none-match", &first);
    assert_eq!(again.send().await.unwrap().status(), 304);
    assert_eq!(put(&first, 2).await, 204);
    assert_eq!(put(&first, 3).await, 412);
    assert_eq!(delete(&first).await, 412);
    assert_eq!(delete(&read().await).await, 204);
}
