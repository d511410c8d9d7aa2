//! A workspace leaves one installation, and comes back at another that `linkpulse up` has made.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Place, Up, eventually, text};
use crate::web::Web;

const EXPORT: &str = "/api/v1/workspace/export";
const RESTORE: &str = "/api/v1/workspace/restore";

/// A client of a running installation, and what it may do everything with.
struct Admin {
    web: Web,
    key: String,
}

impl Admin {
    fn of(place: &Place) -> Admin {
        let made = text(&place.run(&["key", "create", "--name", "move", "--scope", "admin"]));
        let mut words = made.split_whitespace();
        let key = words.find(|word| word.starts_with("lp_live_")).unwrap();
        Admin {
            web: Web::new(place.url("")),
            key: key.to_owned(),
        }
    }

    fn export(&self) -> String {
        let authorization = format!("Bearer {}", self.key);
        let headers = [("authorization", authorization.as_str())];
        let reply = self.web.send(Method::GET, EXPORT, &headers, None);
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    }

    /// What became of a restore, at its end; or why it did not begin.
    fn restore(&self, file: &str) -> Value {
        let authorization = format!("Bearer {}", self.key);
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/jsonl"),
        ];
        let body = Some(file.to_owned());
        let begun = self.web.send(Method::POST, RESTORE, &headers, body);
        let mut restore: Value = serde_json::from_str(&begun.body).unwrap();
        if begun.status == 202 {
            let path = begun.header("location").to_owned();
            eventually("the restore has ended", || {
                restore = self.web.api(Method::GET, &path, &self.key, None);
                restore["finished"] == true
            });
        }
        restore
    }
}

fn running(place: &Place, arguments: &[&str]) -> (Up, Admin) {
    let up = place.up_with(arguments);
    (up, Admin::of(place))
}

#[test]
fn a_new_installation_without_a_link_takes_a_workspace_with_the_own_domains_settings() {
    let old = Place::new();
    let (up, admin) = running(&old, &[]);
    let settings =
        json!({ "root_url": "https://example.com/", "not_found_url": "https://example.com/404" });
    let own = "/api/v1/domains/localhost";
    let set = |body| admin.web.api(Method::PATCH, own, &admin.key, Some(body));
    set(settings);
    let file = admin.export();
    assert!(file.contains("My first link"), "{file}");
    assert_eq!(admin.restore(&file)["code"], "conflict", "it has a link");
    drop((up, old));

    let new = Place::new();
    let (up, admin) = running(&new, &["--no-link"]);
    let output = up.output();
    assert!(!output.contains("First link"), "{output}");
    let done = admin.restore(&file);
    assert_eq!((&done["made"], &done["errors"]), (&json!(1), &json!([])));
    assert_eq!(admin.export(), file);
    eventually("the root leads where it did", || {
        admin.web.get("/", "").header("location") == "https://example.com/"
    });
}
