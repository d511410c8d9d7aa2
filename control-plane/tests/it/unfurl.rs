//! Pages that links lead to are read for their titles, and never in our own network.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{App, eventually, link_path};
use crate::name_server::{Data, NameServer};
use crate::page_server::{Page, PageServer};

const MINUTE: i64 = 60_000_000;
/// How long somebody may read a page before others do.
const LEASE: i64 = 20_000_000;

struct Installation {
    app: App,
    names: NameServer,
    pages: PageServer,
}

impl Installation {
    async fn start() -> Self {
        let allowed = ("LINKPULSE_OUTBOUND_NETWORKS", "127.0.0.1/32".to_owned());
        Self::start_with(&[allowed]).await
    }

    async fn start_with(settings: &[(&'static str, String)]) -> Self {
        let names = NameServer::start().await;
        let here = Data::Address([127, 0, 0, 1].into());
        names.put("pages.example.com", vec![here]);
        let mut settings = settings.to_vec();
        settings.push(names.setting());
        settings.push(("LINKPULSE_UNFURL", "true".to_owned()));
        Self {
            app: App::start_with(&settings).await,
            names,
            pages: PageServer::start().await,
        }
    }

    fn url(&self, path: &str) -> String {
        self.url_at("pages.example.com", path)
    }

    fn url_at(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.pages.port)
    }

    /// A link to a page of the site.
    async fn link(&self, path: &str) -> Value {
        self.link_to(&self.url(path)).await
    }

    async fn link_to(&self, url: &str) -> Value {
        let made = self.app.create_link(json!({ "original_url": url })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(made.body["page"], Value::Null);
        made.body
    }

    /// The link, once its page was read.
    async fn read(&self, link: &Value) -> Value {
        let path = link_path(&link["id"]);
        eventually("its page is read", async || {
            let link = self.app.get(&path).await.body;
            link["page"].is_object().then_some(link)
        })
        .await
    }

    /// Waits until there is nothing left to read, and says what came of this link.
    async fn given_up(&self, link: &Value) -> Value {
        eventually("it is given up", async || {
            (self.jobs().await.is_empty()).then_some(())
        })
        .await;
        self.app.get(&link_path(&link["id"])).await.body
    }

    /// Attempts of the jobs that are there.
    async fn jobs(&self) -> Vec<i16> {
        let attempts = "select attempts from page_jobs";
        let jobs = sqlx::query_scalar(attempts).fetch_all(&self.app.pool);
        jobs.await.unwrap()
    }

    /// Waits until the only job was put off after so many attempts, and says for how long.
    async fn put_off(&self, attempts: i16) -> i64 {
        let next = "select (extract(epoch from next_attempt_at) * 1000000)::bigint from page_jobs
                    where attempts = $1";
        eventually("it is put off", async || {
            let next: Option<i64> = sqlx::query_scalar(next)
                .bind(attempts)
                .fetch_optional(&self.app.pool)
                .await
                .unwrap();
            let wait = next? - contract::Clock::now(&*self.app.clock).as_micros();
            // While it is being read, it is lent for less.
            (wait != LEASE).then_some(wait)
        })
        .await
    }
}

fn titled(title: &str) -> Page {
    Page::Html(format!("<!doctype html><title>{title}</title><body>"))
}

#[tokio::test]
async fn a_link_without_a_title_shows_its_pages() {
    let at = Installation::start().await;
    let html = "<!doctype html><html><head><meta charset=utf-8>
        <title>Caf&eacute; &amp; more</title>
        <meta name=description content='What we\u{202e} serve'>
        <meta property='og:image' content='/cup.png?a=1&amp;b=2'>
        <link rel='shortcut icon' href='icons/cup.ico'>
        </head><body><svg><title>Not this</title></svg>";
    at.pages.put("/menu/today", Page::Html(html.into()));
    let made = at.link("/menu/today").await;
    assert_eq!(made["title"], Value::Null);
    let link = at.read(&made).await;
    assert_eq!(link["title"], "Café & more");
    assert_eq!(
        link["page"],
        json!({
            "title": "Café & more", "description": "What we serve",
            "image_url": at.url("/cup.png?a=1&b=2"), "icon_url": at.url("/menu/icons/cup.ico"),
            "read_at": "2026-11-22T10:20:30.123456Z",
        })
    );
    assert_eq!(link["revision"], made["revision"], "the owner did nothing");
    for text in ["CAF%C3%89%20%26", "mo"] {
        let found = at.app.get(&format!("/api/v1/links?q={text}")).await;
        assert_eq!(found.body["data"][0]["id"], link["id"], "{text}");
    }
    let history = format!("{}/history", link_path(&link["id"]));
    let history = at.app.get(&history).await.body;
    assert_eq!(history["data"].as_array().unwrap().len(), 1);
    assert_eq!(history["data"][0]["link"]["title"], Value::Null);
    let exported = at.app.get("/api/v1/links/export.jsonl").await.body;
    assert_eq!(exported["title"], Value::Null, "not its owner's");

    let asked = at.pages.headers();
    assert!(
        asked["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("LinkPulseBot/")
    );
    assert!(!asked.contains_key("cookie") && !asked.contains_key("authorization"));
    let code = link["code"].as_str().unwrap();
    let preview = at.app.visitor(Method::GET, &format!("/{code}+"));
    let preview = preview.send().await.unwrap().text().await.unwrap();
    for part in [
        "<h1>Café &amp; more</h1>",
        "<p>What we serve</p>",
        "/cup.png?a=1&amp;b=2",
    ] {
        assert!(preview.contains(part), "{part} in {preview}");
    }
    assert_eq!(at.pages.asked(), ["/menu/today"], "once, and no picture");
}

#[tokio::test]
async fn what_its_owner_says_wins() {
    let at = Installation::start().await;
    let html = "<title>Theirs</title><meta name=description content='Their words'>";
    at.pages.put("/a", Page::Html(html.into()));
    let preview =
        json!({ "description": "Our words", "image_url": "https://example.com/ours.png" });
    let body = json!({ "original_url": at.url("/a"), "title": "Ours", "social_preview": preview });
    let made = at.app.create_link(body).await.body;
    let link = at.read(&made).await;
    assert_eq!(
        (&link["title"], &link["page"]["title"]),
        (&json!("Ours"), &json!("Theirs"))
    );
    let path = format!("/{}+", link["code"].as_str().unwrap());
    let shown = at.app.visitor(Method::GET, &path).send().await.unwrap();
    let shown = shown.text().await.unwrap();
    for part in ["<h1>Ours</h1>", "<p>Our words</p>", "ours.png"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(!shown.contains("Their"), "{shown}");
    let cleared = at
        .app
        .patch_link(&link["id"], json!({ "title": null }))
        .await;
    assert_eq!(cleared.body["title"], "Theirs");
    assert_eq!(at.pages.asked().len(), 1, "the target is the same");
}

#[tokio::test]
async fn another_target_is_another_page() {
    let at = Installation::start().await;
    at.pages.put("/one", titled("One"));
    at.pages.put("/two", titled("Two"));
    let made = at.link("/one").await;
    assert_eq!(at.read(&made).await["title"], "One");
    let body = json!({ "original_url": at.url("/two") });
    let changed = at.app.patch_link(&made["id"], body).await.body;
    assert_eq!(
        (&changed["title"], &changed["page"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(at.read(&made).await["title"], "Two");
    let body = json!({ "version": 1 });
    let path = format!("{}/roll-back", link_path(&made["id"]));
    let back = at.app.call(Method::POST, &path, Some(body)).await;
    assert_eq!((back.status, &back.body["page"]), (200, &Value::Null));
    assert_eq!(at.read(&made).await["title"], "One");
}

#[tokio::test]
async fn links_made_in_bulk_and_imported_are_read_too() {
    let at = Installation::start().await;
    at.pages.put("/bulk", titled("Bulk"));
    at.pages.put("/import", titled("Import"));
    let links = json!([{ "original_url": at.url("/bulk"), "code": "from-bulk" }]);
    let bulk = json!({ "links": links });
    let bulk = at
        .app
        .call(Method::POST, "/api/v1/links/bulk", Some(bulk))
        .await;
    assert_eq!(bulk.body["done"], 1, "{}", bulk.body);
    let import = at
        .app
        .request(Method::POST, "/api/v1/imports")
        .bearer_auth(&at.app.key)
        .header("content-type", "text/csv")
        .body(format!("url,code\n{},from-file\n", at.url("/import")));
    assert_eq!(import.send().await.unwrap().status(), 202);
    for (code, title) in [("from-bulk", "Bulk"), ("from-file", "Import")] {
        let path = format!("/api/v1/links/by-code/go.example.org/{code}");
        eventually("its page is read", async || {
            (at.app.get(&path).await.body["title"] == title).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn three_hops_are_followed_and_no_more() {
    let at = Installation::start().await;
    for hop in 0..4 {
        let next = format!("/{}", hop + 1);
        at.pages.put(&format!("/{hop}"), Page::Redirect(next));
    }
    at.pages.put("/4", titled("The end"));
    let near = at.link("/1").await;
    assert_eq!(at.read(&near).await["title"], "The end");
    assert!(!at.pages.headers().contains_key("cookie"), "none is kept");
    let far = at.link("/0").await;
    assert_eq!(at.given_up(&far).await["page"], Value::Null);
    assert_eq!(at.pages.asked()[4..], ["/0", "/1", "/2", "/3"]);
}

#[tokio::test]
async fn no_hop_goes_into_our_own_network() {
    let at = Installation::start().await;
    let private = Data::Address([10, 0, 0, 1].into());
    at.names.put("private.example.com", vec![private.clone()]);
    let here = Data::Address([127, 0, 0, 1].into());
    at.names.put("mixed.example.com", vec![here, private]);
    for (number, to) in [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[::ffff:169.254.169.254]/".to_owned(),
        format!("http://localhost:{}/secret", at.pages.port),
        format!("http://127.0.0.1:{}/secret", at.pages.port),
        at.url_at("private.example.com", "/secret"),
        at.url_at("mixed.example.com", "/secret"),
        "https://go.example.org/abc".to_owned(),
        "file:///etc/passwd".to_owned(),
        "http://user:password@pages.example.com/secret".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/hop-{number}");
        at.pages.put(&path, Page::Redirect(to.clone()));
        let made = at.link(&path).await;
        assert_eq!(at.given_up(&made).await["page"], Value::Null, "{to}");
        assert_eq!(at.pages.asked().len(), number + 1, "{to}");
    }
}

#[tokio::test]
async fn a_host_with_an_address_of_ours_is_not_asked() {
    let at = Installation::start_with(&[]).await;
    let public = Data::Address([93, 184, 216, 34].into());
    let address = |text: &str| Data::Address(text.parse().unwrap());
    for (name, data) in [
        ("loopback.example.com", vec![address("127.0.0.1")]),
        ("mixed.example.com", vec![public, address("127.0.0.1")]),
        ("mapped.example.com", vec![address("::ffff:127.0.0.1")]),
        ("nat64.example.com", vec![address("64:ff9b::7f00:1")]),
        ("metadata.example.com", vec![address("169.254.169.254")]),
    ] {
        at.names.put(name, data);
        let made = at.link_to(&at.url_at(name, "/")).await;
        assert_eq!(at.given_up(&made).await["page"], Value::Null, "{name}");
    }
    assert!(at.pages.asked().is_empty());
}

#[tokio::test]
async fn a_name_that_becomes_ours_between_two_hops_is_refused() {
    let at = Installation::start().await;
    // First where it may be asked, then where it may not: each connection asks anew.
    let ours = ["127.0.0.1".parse().unwrap(), "127.0.0.2".parse().unwrap()];
    let rebinding = Data::Rebinding(ours.to_vec());
    at.names.put("rebinding.example.com", vec![rebinding]);
    let next = at.url_at("rebinding.example.com", "/secret");
    at.pages.put("/", Page::Redirect(next));
    at.pages.put("/secret", titled("Secret"));
    let made = at.link_to(&at.url_at("rebinding.example.com", "/")).await;
    assert_eq!(at.given_up(&made).await["page"], Value::Null);
    assert_eq!(at.pages.asked(), ["/"]);
}

#[tokio::test]
async fn a_megabyte_of_a_page_is_read_and_no_more() {
    let at = Installation::start().await;
    let filler = " ".repeat(2 * 1024 * 1024);
    let early = format!("<title>Early</title>{filler}<meta name=description content=Late>");
    at.pages.put("/early", Page::Html(early));
    at.pages
        .put("/late", Page::Html(format!("{filler}<title>Late</title>")));
    let early = at.link("/early").await;
    let early = at.read(&early).await;
    let found = (&early["title"], &early["page"]["description"]);
    assert_eq!(found, (&json!("Early"), &Value::Null));
    let late = at.link("/late").await;
    assert_eq!(at.given_up(&late).await["page"], Value::Null);
}

#[tokio::test]
async fn a_page_that_trickles_is_given_up_and_tried_again_later() {
    let at = Installation::start().await;
    at.pages.put("/", Page::Trickle);
    let made = at.link("/").await;
    assert_eq!(at.put_off(1).await, MINUTE);
    at.pages.put("/", titled("At last"));
    at.app.clock.advance(MINUTE);
    assert_eq!(at.read(&made).await["title"], "At last");
}

#[tokio::test]
async fn a_page_that_fails_is_tried_five_times_later_and_later() {
    let at = Installation::start().await;
    at.pages.put("/", Page::Status(503));
    let made = at.link("/").await;
    for (attempt, wait) in [
        (1, MINUTE),
        (2, 10 * MINUTE),
        (3, 60 * MINUTE),
        (4, 360 * MINUTE),
    ] {
        assert_eq!(at.put_off(attempt).await, wait);
        assert_eq!(
            at.pages.asked().len(),
            attempt as usize,
            "not before its time"
        );
        at.app.clock.advance(wait);
    }
    assert_eq!(at.given_up(&made).await["page"], Value::Null);
    assert_eq!(at.pages.asked().len(), 5);
}

#[tokio::test]
async fn what_is_no_page_says_nothing() {
    let at = Installation::start().await;
    at.pages.put(
        "/pdf",
        Page::Bytes("application/pdf", b"<title>No</title>".to_vec()),
    );
    at.pages
        .put("/empty", Page::Html("<title> \u{202e}</title>".into()));
    at.pages.put("/gone", Page::Status(410));
    for path in ["/pdf", "/empty", "/gone", "/unknown"] {
        let made = at.link(path).await;
        let link = at.given_up(&made).await;
        assert_eq!(
            (&link["page"], &link["title"]),
            (&Value::Null, &Value::Null),
            "{path}"
        );
    }
    assert_eq!(at.pages.asked().len(), 4, "each once");
}

#[tokio::test]
async fn a_title_is_text_whatever_is_in_it_and_in_whatever_charset() {
    let at = Installation::start().await;
    let hostile = "<img src=x onerror=alert(1)>\"';&#x202e;&#0;";
    let image = "<meta property=og:image content='javascript:alert(1)'>\
                 <link rel=icon href='http://192.168.0.1/admin'>";
    at.pages.put(
        "/hostile",
        Page::Html(format!("<title>{hostile}</title>{image}")),
    );
    let made = at.link("/hostile").await;
    let link = at.read(&made).await;
    assert_eq!(link["title"], "<img src=x onerror=alert(1)>\"';\u{fffd}");
    let addresses = (&link["page"]["image_url"], &link["page"]["icon_url"]);
    assert_eq!(addresses, (&Value::Null, &Value::Null));
    let path = format!("/{}+", link["code"].as_str().unwrap());
    let shown = at.app.visitor(Method::GET, &path).send().await.unwrap();
    let shown = shown.text().await.unwrap();
    assert!(
        shown.contains("&lt;img src=x onerror=alert(1)&gt;"),
        "{shown}"
    );
    assert!(!shown.contains("<img"), "{shown}");

    let latin = b"<meta charset=windows-1252><title>Caf\xe9 \x80</title>".to_vec();
    at.pages.put("/latin", Page::Bytes("text/html", latin));
    let made = at.link("/latin").await;
    assert_eq!(at.read(&made).await["title"], "Café €");
    let named = b"<title>\x83e\x83X\x83g</title>".to_vec();
    at.pages
        .put("/named", Page::Bytes("text/html; charset=Shift_JIS", named));
    let made = at.link("/named").await;
    assert_eq!(at.read(&made).await["title"], "テスト");
}

#[tokio::test]
async fn a_restart_goes_on_with_what_was_to_be_read() {
    let mut at = Installation::start().await;
    at.pages.put("/", Page::Status(500));
    let made = at.link("/").await;
    at.put_off(1).await;
    at.app.stop().await.unwrap();
    at.pages.put("/", titled("Later"));
    at.app.clock.advance(MINUTE);
    assert_eq!(at.pages.asked().len(), 1, "nobody is there");
    let _next = at.app.second_instance().await;
    let title = "select page ->> 'title' from links";
    let title = eventually("its page is read", async || {
        let title: Option<String> = sqlx::query_scalar(title)
            .fetch_one(&at.app.pool)
            .await
            .unwrap();
        title
    })
    .await;
    assert_eq!(
        (title.as_str(), made["title"].clone()),
        ("Later", Value::Null)
    );
    assert!(at.jobs().await.is_empty());
}

#[tokio::test]
async fn two_control_planes_read_each_page_once() {
    let at = Installation::start().await;
    let _sibling = at.app.second_instance().await;
    let mut paths = Vec::new();
    let mut links = Vec::new();
    for number in 0..60 {
        let path = format!("/{number:02}");
        at.pages.put(&path, titled(&path));
        links.push(json!({ "original_url": at.url(&path) }));
        paths.push(path);
    }
    let body = json!({ "links": links });
    let made = at
        .app
        .call(Method::POST, "/api/v1/links/bulk", Some(body))
        .await;
    assert_eq!(made.body["done"], 60);
    eventually("all are read", async || {
        at.jobs().await.is_empty().then_some(())
    })
    .await;
    let mut asked = at.pages.asked();
    asked.sort_unstable();
    assert_eq!(asked, paths);
    let list = at.app.get("/api/v1/links?limit=100").await.body;
    let links = list["data"].as_array().unwrap();
    assert!(links.iter().all(|link| link["title"].is_string()), "{list}");
}

#[tokio::test]
async fn a_setting_switches_it_off_and_forgets_what_waits() {
    let app = App::start().await;
    app.link("unread").await;
    let jobs = "select count(*) from page_jobs";
    let count = async || {
        let count: i64 = sqlx::query_scalar(jobs).fetch_one(&app.pool).await.unwrap();
        count
    };
    assert_eq!(count().await, 1, "whoever makes a link does not know");
    let _sibling = app.second_instance().await;
    eventually("it is forgotten", async || {
        (count().await == 0).then_some(())
    })
    .await;
}
