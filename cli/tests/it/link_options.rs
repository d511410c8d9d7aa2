//! What links and domains may have beyond a target, through the whole system.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Place, Up, eventually};
use crate::web::{BROWSER, Web};

#[test]
fn options_made_through_the_api_take_effect_at_the_edge() {
    let place = Place::new();
    let up = place.up();
    let web = Web::new(place.url(""));
    let said = Said(up.output());
    a_password_leads_on_and_the_visit_counts_once(&web, &said);
    a_cap_ends_a_link(&web, &said);
    settings_of_the_domain_take_effect(&web, &said);
    place.assert_redis_refused_nothing();
    said.nothing_of(&up, &place, "open+sesame");
}

fn a_password_leads_on_and_the_visit_counts_once(web: &Web, said: &Said) {
    let variant = |name: &str| json!({ "url": format!("https://{name}.example/"), "weight": 1 });
    let link = web.api(
        Method::POST,
        "/api/v1/links",
        said.api_key(),
        Some(json!({
            "original_url": "https://example.com/nobody",
            "code": "vault",
            "password": "open sesame",
            "rules": [{
                "if": [{ "query": { "name": "lang", "value": { "equals": "de" } } }],
                "then": { "url": "https://de.example/" },
            }],
            "split": { "variants": [variant("a"), variant("b")] },
            "passes_query": true,
        })),
    );
    let link_path = format!("/api/v1/links/{}", link["id"].as_str().unwrap());
    let form = web.get("/vault?x=1&y=2", "");
    assert_eq!(form.status, 200, "{}", form.body);
    assert!(
        form.body.contains("action=\"/auth/vault\""),
        "{}",
        form.body
    );
    assert!(form.body.contains("value=\"x=1&amp;y=2\""), "{}", form.body);
    assert!(!form.body.contains(".example"), "{}", form.body);
    let query = "query=x%3D1%26y%3D2";
    let wrong = web.post_form("/auth/vault", &format!("password=guess&{query}"));
    assert_eq!(wrong.status, 403, "{}", wrong.body);

    let right = web.post_form("/auth/vault", &format!("password=open+sesame&{query}"));
    assert_eq!(
        (right.status, right.header("location")),
        (303, "/vault?x=1&y=2")
    );
    let cookie = right.cookie("/vault");
    assert_eq!(web.get("/vault", "").status, 200, "others are still asked");
    let on = web.get("/vault?x=1&y=2", &cookie);
    let agent = BROWSER.replace(' ', "%20");
    let explained =
        format!("{link_path}/explain?unlocked=true&ip=127.0.0.1&ua={agent}&query=x=1%26y=2");
    let explained = web.api(Method::GET, &explained, said.api_key(), None);
    assert_eq!(
        (on.status, on.header("location")),
        (302, text(&explained["location"]))
    );
    assert!(on.header("location").ends_with(".example/?x=1&y=2"));
    count_becomes(web, said, &link_path, 1);

    let by_rule = web.get("/vault?lang=de", &cookie);
    assert_eq!(by_rule.header("location"), "https://de.example/?lang=de");
    count_becomes(web, said, &link_path, 2);

    let preview = web.get("/vault+", &right.cookie("/vault+"));
    assert!(
        preview.body.contains("https://b.example/"),
        "{}",
        preview.body
    );
    let locked = web.get("/vault+", "");
    assert!(!locked.body.contains(".example"), "{}", locked.body);

    // Another password, and the cookie of the one before opens nothing.
    let body = json!({ "password": "another one" });
    web.api(Method::PATCH, &link_path, said.api_key(), Some(body));
    eventually("the old cookie is worth nothing", || {
        web.get("/vault", &cookie).status == 200
    });
}

fn a_cap_ends_a_link(web: &Web, said: &Said) {
    let body = json!({
        "original_url": "https://example.com/", "code": "few", "click_cap": { "limit": 2 },
    });
    web.api(Method::POST, "/api/v1/links", said.api_key(), Some(body));
    let statuses: Vec<_> = (0..4).map(|_| web.get("/few", "").status).collect();
    assert_eq!(statuses, [302, 302, 410, 410]);
}

fn settings_of_the_domain_take_effect(web: &Web, said: &Said) {
    let body = json!({ "email": said.line("Sign in as"), "password": said.line("Password") });
    let json = ("content-type", "application/json");
    let signed_in = web.send(
        Method::POST,
        "/api/v1/session",
        &[json],
        Some(body.to_string()),
    );
    assert_eq!(signed_in.status, 200, "{}", signed_in.body);
    let cookie = signed_in.cookie("/");
    let headers = [
        json,
        ("cookie", cookie.as_str()),
        ("x-requested-with", "linkpulse"),
    ];
    assert_eq!(web.get("/misprint", "").status, 404);
    let body = json!({ "not_found_url": "https://example.com/lost" }).to_string();
    let domain = "/api/v1/domains/localhost";
    let changed = web.send(Method::PATCH, domain, &headers, Some(body));
    assert_eq!(changed.status, 200, "{}", changed.body);
    eventually("lost visitors are sent on", || {
        web.get("/misprint", "").header("location") == "https://example.com/lost"
    });
}

/// Waits until the link has so many clicks. It never has more.
fn count_becomes(web: &Web, said: &Said, link_path: &str, expected: u64) {
    let path = format!("{link_path}/stats");
    eventually("the click is counted", || {
        let stats = web.api(Method::GET, &path, said.api_key(), None);
        let total = stats["total"].as_u64().unwrap();
        assert!(total <= expected, "{total} clicks, not {expected}");
        total == expected
    });
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// What `linkpulse up` said when it had started.
pub(crate) struct Said(pub(crate) String);

impl Said {
    pub(crate) fn api_key(&self) -> &str {
        self.line("API key")
    }

    /// The rest of the line that begins so.
    fn line(&self, beginning: &str) -> &str {
        let mut lines = self.0.lines().map(str::trim);
        let line = lines.find_map(|line| line.strip_prefix(beginning));
        line.unwrap().trim()
    }

    /// No log holds this text.
    fn nothing_of(&self, up: &Up, place: &Place, secret: &str) {
        let mut texts = vec![up.output()];
        for entry in std::fs::read_dir(place.state_dir().join("logs")).unwrap() {
            texts.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
        }
        assert!(texts.len() > 3, "there are logs");
        for spelling in [secret.to_owned(), secret.replace('+', " ")] {
            assert!(texts.iter().all(|text| !text.contains(&spelling)));
        }
    }
}
