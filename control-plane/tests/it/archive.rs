//! A whole workspace as a file, and back.

use std::io::Cursor;

use control_plane::auth::Scope;
use image::{ImageFormat, Rgba, RgbaImage};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, answer, eventually};
use crate::link_options::example::everything;

const EXPORT: &str = "/api/v1/workspace/export";
const RESTORE: &str = "/api/v1/workspace/restore";

/// A domain of the workspace, where case does not matter.
pub const OTHER: &str = "links.example.com";

/// An installation whose first workspace has two domains.
pub struct Place {
    pub app: App,
    pub admin: String,
}

impl Place {
    pub async fn start() -> Self {
        Self::of(App::start().await).await
    }

    pub async fn of(app: App) -> Self {
        let insert = "insert into domains (domain, workspace_id, created_at, updated_at, revision)
                      select $1, id, now(), now(), 0 from workspaces";
        let insert = sqlx::query(insert).bind(OTHER);
        insert.execute(&app.pool).await.unwrap();
        let admin = app.key_with(&[Scope::Admin]).await;
        Self { app, admin }
    }

    pub async fn ask(&self, method: Method, path: &str, body: Value) -> Answer {
        let body = Some(body).filter(|body| !body.is_null());
        let answer = self.app.call_with(&self.admin, method, path, body).await;
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer
    }

    /// Two thousand links, and one of each kind of thing.
    async fn fill(&self) {
        for (domain, settings) in [
            (
                "go.example.org",
                json!({ "root_url": "https://example.com/" }),
            ),
            (
                OTHER,
                json!({ "not_found_url": "https://example.com/404", "ignores_case": true,
                        "expired_url": "https://example.com/over" }),
            ),
        ] {
            let path = format!("/api/v1/domains/{domain}");
            self.ask(Method::PATCH, &path, settings).await;
        }
        let links = (0..2_000).map(|number| {
            json!({
                "original_url": format!("https://example.com/{number}"),
                "code": format!("c{number}"),
                "domain": if number % 2 == 0 { "go.example.org" } else { OTHER },
                "title": format!("Ünïcode \u{1f600} {number}"),
                "tags": ["a", format!("t{}", number % 7)],
                "external_id": format!("e-{number}"),
            })
        });
        let links: Vec<Value> = links.collect();
        let bulk = json!({ "links": links });
        let made = self.ask(Method::POST, "/api/v1/links/bulk", bulk).await;
        assert_eq!(made.body["done"], 2_000);
        let ids: Vec<Value> = made.body["results"].as_array().unwrap().clone();
        let ids: Vec<&Value> = ids.iter().map(|row| &row["id"]).collect();
        self.app.clock.advance(1_234_567);
        let bin = json!({ "select": { "ids": ids[..30] } });
        self.ask(Method::POST, "/api/v1/links/bulk/delete", bin)
            .await;
        let archived = json!({ "select": { "ids": ids[40..60] },
                               "change": { "archived": true, "enabled": false } });
        self.ask(Method::POST, "/api/v1/links/bulk/edit", archived)
            .await;
        let down = format!("/api/v1/links/{}/block", ids[70].as_str().unwrap());
        self.ask(Method::POST, &down, Value::Null).await;
        let mut all = everything();
        all["original_url"] = "https://example.com/?a=%20b#c".into();
        all["notes"] = "Line one\nline two\t\"quoted\"".into();
        all["password"] = "open sesame".into();
        all["code"] = "Everything_-1".into();
        self.ask(Method::POST, "/api/v1/links", all).await;
        let soon = json!({ "original_url": "https://example.com/soon", "code": "soon",
                           "expires_at": "2026-11-22T11:00:00Z" });
        self.ask(Method::POST, "/api/v1/links", soon).await;
        let secret = json!({ "original_url": "https://example.com/in", "code": "secret",
                             "password": "open sesame" });
        self.ask(Method::POST, "/api/v1/links", secret).await;
        self.put_logo().await;
        for (name, source) in [
            ("éclair", json!(null)),
            ("Zebra", json!("print")),
            ("apple", json!("a&b")),
        ] {
            let template = json!({ "name": name, "source": source, "campaign": "spring" });
            self.ask(Method::POST, "/api/v1/utm-templates", template)
                .await;
        }
    }

    pub async fn put_logo(&self) {
        let mut png = Cursor::new(Vec::new());
        let picture = RgbaImage::from_fn(40, 30, |x, y| Rgba([x as u8, y as u8, 7, 255]));
        picture.write_to(&mut png, ImageFormat::Png).unwrap();
        let request = self.app.request(Method::PUT, "/api/v1/qr-logo");
        let request = request
            .bearer_auth(&self.admin)
            .header("content-type", "image/png");
        assert_eq!(answer(request.body(png.into_inner())).await.status, 204);
    }

    pub async fn export(&self) -> String {
        let request = self
            .app
            .request(Method::GET, EXPORT)
            .bearer_auth(&self.admin);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/jsonl");
        response.text().await.unwrap()
    }

    pub async fn upload(&self, query: &str, file: impl Into<reqwest::Body>) -> Answer {
        let request = self.app.request(Method::POST, &format!("{RESTORE}{query}"));
        let request = request.bearer_auth(&self.admin);
        let request = request.header("content-type", "application/jsonl");
        answer(request.body(file)).await
    }

    /// Uploads a file and waits for the end.
    pub async fn restore(&self, query: &str, file: impl Into<reqwest::Body>) -> Value {
        let begun = self.upload(query, file).await;
        assert_eq!(begun.status, 202, "{}", begun.body);
        self.finished(&begun).await
    }

    /// What has begun, at its end.
    pub async fn finished(&self, begun: &Answer) -> Value {
        let path = begun.headers["location"].to_str().unwrap().to_owned();
        let finished = async || {
            let import = self.ask(Method::GET, &path, Value::Null).await.body;
            (import["finished"] == true).then_some(import)
        };
        eventually("the workspace is restored", finished).await
    }

    pub async fn create(&self, link: Value) {
        self.ask(Method::POST, "/api/v1/links", link).await;
    }

    /// Settings of the installation's own domain.
    pub async fn set(&self, settings: Value) {
        let path = "/api/v1/domains/go.example.org";
        self.ask(Method::PATCH, path, settings).await;
    }

    /// More domains: `d1.example.com` and so on.
    pub async fn add_domains(&self, many: i32) {
        let insert = "insert into domains (domain, workspace_id, created_at, updated_at, revision)
                      select 'd' || number || '.example.com', id, now(), now(), 0
                      from workspaces, generate_series(1, $1) number";
        let insert = sqlx::query(insert).bind(many);
        insert.execute(&self.app.pool).await.unwrap();
    }

    /// What is left when nothing was restored.
    async fn assert_empty(&self) {
        let kinds: Vec<String> = self.export().await.lines().map(kind).collect();
        assert_eq!(kinds, ["workspace", "domain", "end"]);
        let domain = self.ask(Method::GET, "/api/v1/domains/go.example.org", Value::Null);
        assert_eq!(domain.await.body["root_url"], Value::Null);
    }
}

fn kind(line: &str) -> String {
    let line: Value = serde_json::from_str(line).unwrap();
    line["kind"].as_str().unwrap().to_owned()
}

/// The file with some lines changed.
pub fn with(file: &str, change: impl Fn(usize, &mut Value)) -> String {
    let lines = (1..).zip(file.lines()).map(|(number, line)| {
        let mut line = serde_json::from_str(line).unwrap();
        change(number, &mut line);
        line.to_string() + "\n"
    });
    lines.collect()
}

#[tokio::test]
async fn a_restored_workspace_exports_the_same_bytes() {
    let old = Place::start().await;
    old.fill().await;
    // One has expired by then.
    old.app.clock.advance(3_600_000_000 * 3);
    let file = old.export().await;
    assert_eq!(file, old.export().await);
    assert_eq!(
        file.lines().filter(|line| kind(line) == "link").count(),
        2_003
    );
    // Those in the bin have the place that they had.
    let links = file.lines().filter(|line| kind(line) == "link");
    let links = links.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let made = |link: Value| {
        (
            link["created_at"].clone().to_string(),
            link["id"].to_string(),
        )
    };
    let made: Vec<(String, String)> = links.map(made).collect();
    assert!(made.is_sorted());
    assert!(!file.contains("open sesame") && file.contains("$argon2id$"));

    let new = Place::start().await;
    new.app.clock.advance(3_600_000_000 * 4);
    let dry = new.restore("?dry_run=true", file.clone()).await;
    assert_eq!(
        (&dry["made"], &dry["refused"]),
        (&json!(2_003), &json!(0)),
        "{dry}"
    );
    new.assert_empty().await;
    let done = new.restore("", file.clone()).await;
    assert_eq!(done["errors"], json!([]));
    assert_eq!(
        (&done["made"], &done["whole_workspace"]),
        (&json!(2_003), &json!(true))
    );
    let again = new.export().await;
    for (before, after) in file.lines().zip(again.lines()) {
        assert_eq!(before, after);
    }
    assert_eq!(file, again);

    let templates = async |place: &Place| {
        let shown = place.ask(Method::GET, "/api/v1/utm-templates", Value::Null);
        shown.await.body
    };
    assert_eq!(templates(&new).await, templates(&old).await);

    // It works as it did, and is shown as it was.
    let path = "/api/v1/links/by-code/go.example.org/Everything_-1";
    let was = old.ask(Method::GET, path, Value::Null).await.body;
    let mut is = new.ask(Method::GET, path, Value::Null).await.body;
    is["revision"] = was["revision"].clone();
    assert_eq!(is, was);
    let unlock = new.app.visitor(Method::POST, "/auth/secret");
    let unlock = unlock
        .header("origin", "https://go.example.org")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("password=open+sesame");
    assert_eq!(unlock.send().await.unwrap().status(), 303);
    let twice = new.upload("", file.clone()).await;
    assert_eq!(
        (twice.status, &twice.body["code"]),
        (409, &json!("conflict"))
    );
}

#[tokio::test]
async fn one_bad_line_and_nothing_is_restored() {
    let old = Place::start().await;
    old.fill().await;
    let file = old.export().await;
    let new = Place::start().await;
    let bad = with(&file, |number, line| match number {
        9 => line["original_url"] = "javascript:alert(1)".into(),
        11 => line["code"] = "../x".into(),
        13 => line["password_hash"] = "$argon2id$v=19$m=4194304,t=9,p=1$AAAAAAAAAAA$AAAA".into(),
        15 => line["domain"] = "of.others.example".into(),
        17 => line["created_at"] = "yesterday".into(),
        _ => {}
    });
    let refused = new.restore("", bad.clone()).await;
    let rows: Vec<i64> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["row"].as_i64().unwrap())
        .collect();
    assert_eq!(rows, [9, 11, 13, 17, 15], "{refused}");
    assert_eq!(
        (&refused["made"], &refused["refused"]),
        (&json!(0), &json!(5))
    );
    let problem = &refused["errors"][0]["problem"]["errors"][0];
    assert_eq!(
        (&problem["field"], &problem["code"]),
        (&json!("original_url"), &json!("forbidden_scheme"))
    );
    new.assert_empty().await;

    // A line twice.
    let mut lines: Vec<&str> = file.lines().collect();
    let twice = lines[10];
    lines[20] = twice;
    let refused = new.restore("", lines.join("\n") + "\n").await;
    assert_eq!(refused["errors"][0]["row"], 21, "{refused}");
    new.assert_empty().await;

    // Not whole, or no such file.
    for (broken, line) in [
        (
            file.lines()
                .take(900)
                .map(|line| line.to_owned() + "\n")
                .collect(),
            None,
        ),
        (
            file.lines()
                .skip(1)
                .map(|line| line.to_owned() + "\n")
                .collect(),
            Some("line 1"),
        ),
        (
            with(&file, |number, line| {
                if number == 5 {
                    line["owner_id"] = 1.into();
                }
            }),
            Some("line 5"),
        ),
        ("no,csv\n".to_owned(), Some("line 1")),
        (String::new(), Some("line 1")),
    ] {
        let refused = new.upload("", broken.clone()).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        let field = refused.body["errors"][0]["field"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(line.is_none_or(|line| line == field), "{field}");
    }
    new.assert_empty().await;
    let made = new.restore("", file.clone()).await;
    assert_eq!(
        made["refused"], 0,
        "what failed before is in nobody's way: {made}"
    );
}

#[tokio::test]
async fn what_others_have_cannot_be_restored_over() {
    let old = Place::start().await;
    old.ask(
        Method::POST,
        "/api/v1/links",
        json!({ "original_url": "https://example.com/", "code": "theirs" }),
    )
    .await;
    old.set(json!({ "root_url": "https://example.com/" })).await;
    let template = json!({ "name": "Spring", "source": "print" });
    old.ask(Method::POST, "/api/v1/utm-templates", template)
        .await;
    let file = old.export().await;
    // Into another workspace of the same place, whose links are still there.
    let foreign = old.app.foreign_key().await;
    sqlx::query("update api_keys set scopes = '{admin}' where name = 'foreign'")
        .execute(&old.app.pool)
        .await
        .unwrap();
    let mine = Place {
        admin: foreign,
        app: old.app,
    };
    let refused = mine.restore("", file.clone()).await;
    let rows: Vec<&Value> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["row"])
        .collect();
    // The domains are not theirs, and the template's id and the link's code are taken.
    assert_eq!(rows, [2, 3, 4, 5], "{refused}");
    let own = refused["errors"][0]["problem"]["detail"].as_str().unwrap();
    assert!(
        own.contains("own domain") && own.contains("first workspace"),
        "{own}"
    );
}

#[tokio::test]
async fn a_dry_run_waits_for_nobody_and_keeps_nobody_waiting() {
    let old = Place::start().await;
    old.fill().await;
    let file = old.export().await;
    let new = Place::start().await;
    // What somebody holds who makes a link: its name, its domain, and the head of the change log.
    let mut making = control_plane::db::begin(&new.app.pool).await.unwrap();
    for lock in [
        "select pg_advisory_xact_lock_shared(1851878757)",
        "select 1 from link_changes_head for update",
    ] {
        sqlx::query(lock).execute(&mut *making).await.unwrap();
    }
    let dry = new.restore("?dry_run=true", file.clone()).await;
    assert_eq!((&dry["made"], &dry["refused"]), (&json!(2_003), &json!(0)));
    making.rollback().await.unwrap();
    new.assert_empty().await;
}

#[tokio::test]
async fn a_file_has_one_logo() {
    let old = Place::start().await;
    old.put_logo().await;
    let file = old.export().await;
    let logo = file.lines().find(|line| kind(line) == "logo").unwrap();
    let mut lines: Vec<&str> = file.lines().collect();
    let last = lines.len() - 1;
    lines.insert(last, logo);
    let twice = with(&lines.join("\n"), |_, line| {
        if line["kind"] == "end" {
            line["lines"] = (last + 1).into();
        }
    });
    let new = Place::start().await;
    let refused = new.restore("", twice.clone()).await;
    assert_eq!(
        (
            &refused["errors"][0]["row"],
            &refused["errors"][0]["problem"]["code"]
        ),
        (&json!(last + 1), &json!("conflict"))
    );
}

#[tokio::test]
async fn no_link_has_the_id_of_zeroes() {
    let old = Place::start().await;
    let body = json!({ "original_url": "https://example.com/", "code": "one" });
    old.ask(Method::POST, "/api/v1/links", body).await;
    let file = with(&old.export().await, |_, line| {
        if line["kind"] == "link" {
            line["id"] = "lnk_0000000000000000000000".into();
        }
    });
    let new = Place::start().await;
    let refused = new.restore("", file.clone()).await;
    let problem = &refused["errors"][0]["problem"]["errors"][0];
    assert_eq!(
        (&problem["field"], &problem["code"]),
        (&json!("id"), &json!("invalid_id"))
    );
    new.assert_empty().await;
}
