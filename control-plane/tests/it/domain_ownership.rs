//! Domains are added, shown to be their workspace's by a DNS record, used, removed.

use control_plane::auth::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer, eventually};
use crate::name_server::{Data, NameServer};

const DOMAINS: &str = "/api/v1/domains";
const NEW: &str = "links.example.com";

struct Installation {
    app: App,
    names: NameServer,
    ours: String,
    theirs: String,
}

impl Installation {
    async fn start() -> Self {
        let names = NameServer::start().await;
        let app = App::start_with(&[names.setting()]).await;
        let theirs = app.foreign_key().await;
        sqlx::query("update api_keys set scopes = '{admin}' where name = 'foreign'")
            .execute(&app.pool)
            .await
            .unwrap();
        Self {
            ours: app.key_with(&[Scope::Admin]).await,
            app,
            names,
            theirs,
        }
    }

    async fn add(&self, key: &str, domain: &str) -> Answer {
        let body = json!({ "domain": domain });
        self.app
            .call_with(key, Method::POST, DOMAINS, Some(body))
            .await
    }

    async fn verify(&self, key: &str, domain: &str) -> Answer {
        let path = format!("{DOMAINS}/{domain}/verify");
        self.app.call_with(key, Method::POST, &path, None).await
    }

    /// Puts what was asked for into the DNS, beside other records.
    fn publish(&self, added: &Answer) {
        let verification = &added.body["verification"];
        let text = |name: &str| verification[name].as_str().unwrap().to_owned();
        let other = Data::Text("v=spf1 -all".into());
        self.names
            .put(&text("name"), vec![other, Data::Text(text("value"))]);
    }

    async fn link(&self, key: &str, domain: &str) -> Answer {
        let body = json!({
            "original_url": "https://example.net/", "domain": domain, "code": "same",
        });
        self.app
            .call_with(key, Method::POST, "/api/v1/links", Some(body))
            .await
    }

    async fn remove(&self, key: &str, domain: &str) -> u16 {
        let path = format!("{DOMAINS}/{domain}");
        self.app
            .call_with(key, Method::DELETE, &path, None)
            .await
            .status
    }
}

#[tokio::test]
async fn whoever_shows_a_domain_at_the_same_time_is_told_that_it_is_theirs() {
    let at = Installation::start().await;
    at.publish(&at.add(&at.ours, NEW).await);
    let shown = (0..6).map(|_| at.verify(&at.ours, NEW));
    for shown in futures_util::future::join_all(shown).await {
        assert_eq!(
            (shown.status, &shown.body["status"]),
            (200, &json!("active"))
        );
    }
    // Of several who remove it, one does, whether it was shown meanwhile or not.
    at.publish(&at.add(&at.ours, "more.example.com").await);
    let removed = (0..3).map(|_| at.remove(&at.ours, "more.example.com"));
    let (shown, removed) = tokio::join!(
        at.verify(&at.ours, "more.example.com"),
        futures_util::future::join_all(removed),
    );
    assert!([200, 404].contains(&shown.status), "{}", shown.body);
    let done = removed.iter().filter(|status| **status == 204).count();
    assert!(
        done >= 1 && removed.iter().all(|status| [204, 404].contains(status)),
        "{removed:?}"
    );
}

#[tokio::test]
async fn a_key_with_a_domain_makes_links_there_without_naming_it() {
    let at = Installation::start().await;
    at.publish(&at.add(&at.ours, NEW).await);
    assert_eq!(at.verify(&at.ours, NEW).await.status, 200);
    let owner = at.app.cookie(EMAIL, PASSWORD).await;
    let body = json!({ "name": "x", "scopes": ["write"], "domain": NEW });
    let key = at
        .app
        .console(&owner, Method::POST, "/api/v1/keys", Some(body))
        .await;
    let key = key.body["secret"].as_str().unwrap();
    let link = json!({ "original_url": "https://example.net/" });
    let made = at
        .app
        .call_with(key, Method::POST, "/api/v1/links", Some(link.clone()))
        .await;
    assert_eq!(
        (made.status, &made.body["domain"]),
        (201, &json!(NEW)),
        "{}",
        made.body
    );
    let rows = json!({ "links": [link] });
    let made = at
        .app
        .call_with(key, Method::POST, "/api/v1/links/bulk", Some(rows))
        .await;
    assert_eq!(made.body["done"], 1, "{}", made.body);
    let path = format!("/api/v1/links?domain={NEW}");
    let all = at.app.call_with(&at.ours, Method::GET, &path, None).await;
    assert_eq!(all.body["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_domain_is_pending_until_its_record_is_found() {
    let at = Installation::start().await;
    let added = at.add(&at.ours, "Links.Example.com.").await;
    assert_eq!(added.status, 201, "{}", added.body);
    assert_eq!(added.headers["location"], format!("{DOMAINS}/{NEW}"));
    assert_eq!(
        (&added.body["domain"], &added.body["status"]),
        (&json!(NEW), &json!("pending"))
    );
    assert_eq!(added.body["verification"]["type"], "TXT");
    assert_eq!(
        added.body["verification"]["name"],
        format!("_linkpulse.{NEW}")
    );
    assert_eq!(at.add(&at.ours, NEW).await.status, 409);

    let early = at.verify(&at.ours, NEW).await;
    assert_eq!(
        (early.status, &early.body["code"]),
        (409, &json!("not_verified"))
    );
    at.names.put(
        &format!("_linkpulse.{NEW}"),
        vec![Data::Text("linkpulse-verification=x".into())],
    );
    assert_eq!(at.verify(&at.ours, NEW).await.status, 409, "another token");
    assert_eq!(at.link(&at.ours, NEW).await.status, 404, "pending");
    let path = format!("{DOMAINS}/{NEW}");
    let body = json!({ "root_url": "https://example.net/" });
    let set = at
        .app
        .call_with(&at.ours, Method::PATCH, &path, Some(body))
        .await;
    assert_eq!(set.body["code"], "not_verified");

    at.publish(&added);
    let verified = at.verify(&at.ours, NEW).await;
    assert_eq!(
        (verified.status, &verified.body["status"]),
        (200, &json!("active"))
    );
    assert_eq!(verified.body["verification"], Value::Null);
    assert_eq!(at.verify(&at.ours, NEW).await.body, verified.body);
    let list = at.app.call_with(&at.ours, Method::GET, DOMAINS, None).await;
    let names: Vec<_> = list.body["data"].as_array().unwrap().iter().collect();
    let names: Vec<_> = names.iter().map(|one| &one["domain"]).collect();
    assert_eq!(names, ["go.example.org", NEW]);

    let link = at.link(&at.ours, NEW).await;
    assert_eq!(link.status, 201, "{}", link.body);
    assert_eq!(link.body["short_url"], format!("https://{NEW}/same"));
    assert_eq!(
        at.link(&at.ours, "go.example.org").await.status,
        201,
        "the same code"
    );
}

#[tokio::test]
async fn a_domain_of_another_workspace_is_not_there() {
    let at = Installation::start().await;
    let ours = at.add(&at.ours, NEW).await;
    at.publish(&ours);
    assert_eq!(at.verify(&at.ours, NEW).await.status, 200);
    assert_eq!(at.link(&at.theirs, NEW).await.status, 404);
    let row = json!({ "original_url": "https://example.net/", "domain": NEW });
    let bulk = json!({ "links": [row] });
    let path = "/api/v1/links/bulk";
    let bulk = at
        .app
        .call_with(&at.theirs, Method::POST, path, Some(bulk))
        .await;
    assert_eq!(
        bulk.body["results"][0]["problem"]["status"], 404,
        "{}",
        bulk.body
    );
    let path = format!("{DOMAINS}/{NEW}");
    let read = at.app.call_with(&at.theirs, Method::GET, &path, None).await;
    assert_eq!(read.status, 404);
    assert_eq!(at.verify(&at.theirs, NEW).await.status, 404);
    assert_eq!(at.remove(&at.theirs, NEW).await, 404);

    // Whoever may write the zone may claim it, but not take it while it is somebody's.
    let theirs = at.add(&at.theirs, NEW).await;
    assert_eq!(theirs.status, 201);
    assert_ne!(theirs.body["verification"], ours.body["verification"]);
    assert_eq!(
        at.verify(&at.theirs, NEW).await.body["code"],
        "not_verified"
    );
    at.publish(&theirs);
    assert_eq!(at.verify(&at.theirs, NEW).await.body["code"], "conflict");
    assert_eq!(at.link(&at.theirs, NEW).await.status, 404);
    assert_eq!(at.remove(&at.ours, NEW).await, 204);
    assert_eq!(at.verify(&at.theirs, NEW).await.status, 200);
    assert_eq!(at.link(&at.theirs, NEW).await.status, 201);
    assert_eq!(at.link(&at.ours, NEW).await.status, 404);
}

#[tokio::test]
async fn a_domain_with_links_stays() {
    let at = Installation::start().await;
    at.publish(&at.add(&at.ours, NEW).await);
    at.verify(&at.ours, NEW).await;
    let link = at.link(&at.ours, NEW).await;
    assert_eq!(at.remove(&at.ours, NEW).await, 409);
    at.app.delete_link(&link.body["id"]).await;
    assert_eq!(
        at.remove(&at.ours, NEW).await,
        409,
        "a deleted link has its code"
    );
    assert_eq!(
        at.remove(&at.ours, "go.example.org").await,
        409,
        "the installation's own"
    );
    let pending = at.add(&at.ours, "other.example.com").await;
    assert_eq!(pending.status, 201);
    assert_eq!(at.remove(&at.ours, "other.example.com").await, 204);
    assert_eq!(at.remove(&at.ours, "other.example.com").await, 404);
}

#[tokio::test]
async fn what_cannot_be_a_domain_is_refused() {
    let at = Installation::start().await;
    for bad in [
        "",
        "localhost",
        "10.0.0.1",
        "bücher.example",
        "a b.example",
        "a.example:80",
    ] {
        let refused = at.add(&at.ours, bad).await;
        assert_eq!(refused.status, 422, "{bad}");
        assert_eq!(refused.body["errors"][0]["code"], "invalid_domain");
    }
    assert_eq!(at.add(&at.ours, "go.example.org").await.status, 409);
}

#[tokio::test]
async fn name_servers_that_do_not_answer_are_503() {
    // Nobody listens there.
    let silent = ("LINKPULSE_DNS_SERVER", "127.0.0.1:9".to_owned());
    let app = App::start_with(&[silent]).await;
    let admin = app.key_with(&[Scope::Admin]).await;
    let body = json!({ "domain": NEW });
    app.call_with(&admin, Method::POST, DOMAINS, Some(body))
        .await;
    let path = format!("{DOMAINS}/{NEW}/verify");
    let refused = app.call_with(&admin, Method::POST, &path, None).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (503, &json!("no_name_server"))
    );
}

#[tokio::test]
async fn nothing_leads_to_a_domain_that_is_registered() {
    let at = Installation::start().await;
    let target = "https://LINKS.example.com.:8443/same?x=1";
    let on = |domain: &str| json!({ "original_url": target, "domain": domain });
    let create = async |body: Value| {
        let path = "/api/v1/links";
        at.app
            .call_with(&at.ours, Method::POST, path, Some(body))
            .await
    };
    let own_domain = |refused: &Answer, field: &str| {
        let error = &refused.body["errors"][0];
        assert_eq!(
            (refused.status, &error["field"], &error["code"]),
            (422, &json!(field), &json!("own_domain")),
            "{}",
            refused.body
        );
    };
    at.publish(&at.add(&at.ours, NEW).await);
    // Whoever claims a domain does not own it yet.
    assert_eq!(create(on("go.example.org")).await.status, 201);
    assert_eq!(at.verify(&at.ours, NEW).await.status, 200);
    own_domain(&create(on(NEW)).await, "original_url");
    own_domain(&create(on("go.example.org")).await, "original_url");
    let elsewhere = "https://example.net/";
    let rule = json!([{ "if": [], "then": { "url": target } }]);
    let ruled = json!({ "original_url": elsewhere, "rules": rule });
    own_domain(&create(ruled).await, "rules[0].then.url");
    let expired = json!({ "original_url": elsewhere, "expired_url": target });
    own_domain(&create(expired).await, "expired_url");
    let variants = json!([{ "url": elsewhere, "weight": 1 }, { "url": target, "weight": 1 }]);
    let split = json!({ "original_url": elsewhere, "split": { "variants": variants } });
    own_domain(&create(split).await, "split.variants[1].url");
    // Of another workspace, too.
    let body = json!({ "original_url": target });
    let path = "/api/v1/links";
    let theirs = at
        .app
        .call_with(&at.theirs, Method::POST, path, Some(body))
        .await;
    own_domain(&theirs, "original_url");
    let path = format!("{DOMAINS}/{NEW}");
    let body = json!({ "root_url": target });
    let set = at.app.call_with(&at.ours, Method::PATCH, &path, Some(body));
    own_domain(&set.await, "root_url");
    let hook = json!({ "url": target, "events": ["link.created"] });
    let path = "/api/v1/webhooks";
    let hook = at
        .app
        .call_with(&at.ours, Method::POST, path, Some(hook))
        .await;
    own_domain(&hook, "url");

    // Another process hears of it.
    let other = at.app.second_instance().await;
    let url = format!("{}/api/v1/links", other.url());
    eventually("the other process knows the name", async || {
        let body = json!({ "original_url": target, "code": "a/b" });
        let request = at.app.client.post(&url).bearer_auth(&at.ours).json(&body);
        let refused = answer(request).await;
        (refused.body["errors"][0]["code"] == "own_domain").then_some(())
    })
    .await;
    assert_eq!(at.remove(&at.ours, NEW).await, 204);
    assert_eq!(create(on("go.example.org")).await.status, 201);
}
