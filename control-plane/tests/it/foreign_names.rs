//! Another workspace's things in bodies and queries: whoever names one there gets the answer, word for
//! word, that a name of nothing gets.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::body_fields::{Step, first_field, texts, with};
use crate::every_query::parameters;
use crate::foreign::stranger;
use crate::harness::{Answer, App, EMAIL, PASSWORD};
use crate::openapi::all_operations;
use crate::things::{everything, path_to, things, things_on};

/// In what the first workspace has, and in nothing that a stranger sends.
const SECRET: &str = "kestrel";

/// Where bodies name something: a name of one's own does something there, or nothing would be shown.
const IN_BODIES: [(&str, &str); 9] = [
    ("patch /api/v1/links/{id}", "utm_template"),
    ("patch /api/v1/session", "workspace_id"),
    ("post /api/v1/domains", "domain"),
    ("post /api/v1/keys", "domain"),
    ("post /api/v1/links", "domain utm_template"),
    ("post /api/v1/links/bulk", "domain utm_template"),
    (
        "post /api/v1/links/bulk/delete",
        "all_tags any_tag created_by domain ids no_tag q",
    ),
    (
        "post /api/v1/links/bulk/edit",
        "all_tags any_tag created_by domain ids no_tag q utm_template",
    ),
    (
        "put /api/v1/links/by-external-id/{external_id}",
        "domain utm_template",
    ),
];

/// The same of queries.
const IN_QUERIES: [(&str, &str); 6] = [
    ("get /api/v1/audit-log", "actor subject"),
    (
        "get /api/v1/links",
        "all_tags any_tag created_by domain no_tag q",
    ),
    (
        "get /api/v1/links/export.csv",
        "all_tags any_tag created_by domain no_tag q",
    ),
    (
        "get /api/v1/links/export.jsonl",
        "all_tags any_tag created_by domain no_tag q",
    ),
    ("get /api/v1/orphans", "domain"),
    ("get /api/v1/tags", "q"),
];

/// The stranger's.
const DOMAIN: &str = "theirs.example.com";

/// Something of the first workspace, the same of the stranger's, and a name of the same form that is
/// nothing's.
struct Name {
    foreign: String,
    own: String,
    nothing: String,
}

/// Two workspaces with the same things in them, and somebody who is in one only.
struct Neighbours {
    app: App,
    stranger: String,
    things: Vec<(&'static str, String)>,
    names: Vec<Name>,
}

impl Neighbours {
    async fn start() -> Self {
        let app = App::start().await;
        let owner = app.cookie(EMAIL, PASSWORD).await;
        let ours = things(&app, &owner).await;
        let stranger = stranger(&app, &owner).await;
        let domains = "insert into domains (domain, workspace_id, created_at, updated_at, revision)
                       select case row_number() over (order by created_at, id)
                              when 1 then 'ours.example.com' else $1 end,
                              id, now(), now(), 0 from workspaces";
        let domains = sqlx::query(domains).bind(DOMAIN).execute(&app.pool);
        domains.await.unwrap();
        let things = things_on(&app, &stranger, DOMAIN).await;
        for (path, secret) in [
            (
                "/api/v1/links/{id}",
                json!({ "title": SECRET, "notes": SECRET, "tags": ["osprey"], "external_id": "order-71",
                        "original_url": format!("https://example.net/{SECRET}") }),
            ),
            ("/api/v1/utm-templates/{id}", json!({ "source": SECRET })),
            (
                "/api/v1/webhooks/{id}",
                json!({ "url": format!("https://{SECRET}.example.net/") }),
            ),
            ("/api/v1/workspace", json!({ "name": SECRET })),
        ] {
            let path = path_to(path, &ours);
            let changed = app
                .console(&owner, Method::PATCH, &path, Some(secret))
                .await;
            assert!(changed.status < 300, "{path}: {}", changed.body);
        }
        let tagged = Some(json!({ "tags": ["harrier"] }));
        let path = path_to("/api/v1/links/{id}", &things);
        let tagged = app.console(&stranger, Method::PATCH, &path, tagged).await;
        assert_eq!(tagged.status, 200);
        let names = names(&ours, &things);
        Self {
            app,
            stranger,
            things,
            names,
        }
    }

    async fn ask(&self, method: &Method, path: &str, body: Option<Value>) -> Answer {
        let path = path_to(path, &self.things);
        let app = &self.app;
        app.console(&self.stranger, method.clone(), &path, body)
            .await
    }

    /// Asks with a name, and undoes what came of it, so that it does not stand in the next one's way.
    async fn answer(&self, method: &Method, path: &str, body: Value) -> Value {
        let answer = self.ask(method, path, Some(body)).await;
        let made = answer
            .headers
            .get("location")
            .filter(|_| answer.status == 201);
        if let Some(made) = made {
            let path = made.to_str().unwrap();
            let app = &self.app;
            app.console(&self.stranger, Method::DELETE, path, None)
                .await;
        }
        match path {
            _ if answer.status >= 400 || answer.body["done"] == 0 => {}
            "/api/v1/links/bulk/delete" => {
                let path = "/api/v1/links/{id}/restore";
                self.ask(&Method::POST, path, None).await;
            }
            "/api/v1/links/bulk/edit"
            | "/api/v1/links/{id}"
            | "/api/v1/links/by-external-id/{external_id}" => {
                let before = json!({ "title": null, "notes": null, "tags": ["harrier"] });
                let path = "/api/v1/links/{id}";
                self.ask(&Method::PATCH, path, Some(before)).await;
            }
            _ => {}
        }
        without_names(&answer, &self.names)
    }

    fn own_link(&self) -> String {
        path_to("/api/v1/links/{id}", &self.things)["/api/v1/links/".len()..].to_owned()
    }

    /// A body with a name in it, which is refused for nothing else.
    fn body(&self, operation: &str, schema: &'static Value, way: &[Step], name: &str) -> Value {
        let mut body = with(schema, way, &json!(name));
        // The installation's own domain is the first workspace's.
        let on_own_domain = |link: &mut Value| {
            if link.get("domain").is_none() {
                link["domain"] = json!(DOMAIN);
            }
        };
        match operation {
            "post /api/v1/links" | "put /api/v1/links/by-external-id/{external_id}" => {
                on_own_domain(&mut body);
            }
            "post /api/v1/links/bulk" => on_own_domain(&mut body["links"][0]),
            "post /api/v1/links/bulk/edit" if first_field(way) == "select" => {
                body["add_tags"] = json!(["stolen"]);
            }
            "post /api/v1/links/bulk/edit" => {
                body["select"] = json!({ "ids": [self.own_link()] });
            }
            _ => {}
        }
        body
    }
}

/// One line for each field.
fn expected(table: &[(&str, &str)]) -> BTreeSet<String> {
    let lines = table.iter().flat_map(|(operation, fields)| {
        let fields = fields.split(' ');
        fields.map(move |field| format!("{operation}: {field}"))
    });
    lines.collect()
}

fn last_field(way: &[Step]) -> &str {
    let fields = way.iter().rev().find_map(|step| match step {
        Step::Field(name) => Some(name.as_str()),
        _ => None,
    });
    fields.unwrap()
}

fn names(ours: &[(&'static str, String)], theirs: &[(&'static str, String)]) -> Vec<Name> {
    let mut names = Vec::new();
    for kind in ["links", "keys", "members", "workspaces", "utm-templates"] {
        let path = format!("/api/v1/{kind}/{{id}}");
        let find = |things: &[(&'static str, String)]| {
            let thing = things.iter().find(|(thing, _)| *thing == path);
            thing.unwrap().1.clone()
        };
        let foreign = find(ours);
        let other = if foreign.ends_with('1') { '2' } else { '1' };
        let nothing = format!("{}{other}", &foreign[..25]);
        names.push(Name {
            own: find(theirs),
            foreign,
            nothing,
        });
    }
    for (foreign, own, nothing) in [
        ("ours.example.com", DOMAIN, "none.example.com"),
        // Tags, and what clients call links.
        ("osprey", "harrier", "merlin"),
        ("order-71", "foreign-1", "order-00"),
    ] {
        names.push(Name {
            foreign: foreign.to_owned(),
            own: own.to_owned(),
            nothing: nothing.to_owned(),
        });
    }
    names
}

/// An answer without what differs from one request to the next anyhow.
fn without_names(answer: &Answer, names: &[Name]) -> Value {
    assert!(!answer.body.to_string().contains(SECRET), "{answer:?}");
    let mut body = answer.body.clone();
    blur(&mut body, names);
    json!([answer.status, body])
}

fn blur(value: &mut Value, names: &[Name]) {
    let is_id = |text: &str| text.len() == 26 && text.as_bytes()[3] == b'_';
    match value {
        Value::String(text) if is_id(text) => *value = json!("an id"),
        Value::String(text) => {
            for name in names {
                for name in [&name.foreign, &name.own, &name.nothing] {
                    *text = text.replace(name, "a name");
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|entry| blur(entry, names)),
        Value::Object(object) => {
            let is_link = object.contains_key("short_url") || object.contains_key("done");
            let is_taken = object.contains_key("suggestion");
            object.retain(|field, _| match field.as_str() {
                // Of a link, not of a problem.
                "code" | "short_url" => !is_link,
                // It suggests another code each time.
                "suggestion" | "detail" => !is_taken,
                "request_id" | "revision" | "secret" | "token" | "prefix" | "url" | "value" => {
                    false
                }
                _ => true,
            });
            object.values_mut().for_each(|field| blur(field, names));
        }
        _ => {}
    }
}

#[tokio::test]
async fn no_body_tells_what_is_another_workspaces_from_what_is_nothing() {
    let at = Neighbours::start().await;
    let before = everything(&at.app).await;
    let (mut tried, mut names_something) = (0, BTreeSet::new());
    for (operation, described) in all_operations() {
        let Some(content) = described["requestBody"]["content"].get("application/json") else {
            continue;
        };
        // A changed password would be wrong the next time.
        if operation == "put /api/v1/session/password" {
            continue;
        }
        let (method, path) = operation.split_once(' ').unwrap();
        let method: Method = method.to_uppercase().parse().unwrap();
        for way in texts(&content["schema"]) {
            // All that make and edit links read these in the same way.
            let parts = ["rules", "split", "social_preview", "click_cap", "utm"];
            let parts = parts.map(|name| Step::Field(name.into()));
            let is_in_part = way.iter().any(|step| parts.contains(step));
            if is_in_part && operation != "post /api/v1/links" {
                continue;
            }
            for name in &at.names {
                // Nobody waits for the limits of those who are not signed in.
                if described["security"] == json!([]) {
                    at.app.clock.advance(900 * 1_000_000);
                }
                let body = |name| at.body(&operation, &content["schema"], &way, name);
                let (foreign, nothing) = (&name.foreign, &name.nothing);
                let found = at.answer(&method, path, body(foreign)).await;
                let none = at.answer(&method, path, body(nothing)).await;
                assert_eq!(found, none, "{operation} {way:?}: {foreign}");
                tried += 1;
                let field = last_field(&way);
                let known = |(_, fields): &(_, &str)| fields.split(' ').any(|known| known == field);
                if IN_BODIES.iter().any(known) {
                    let mine = at.answer(&method, path, body(&name.own)).await;
                    if mine != none {
                        names_something.insert(format!("{operation}: {field}"));
                    }
                }
            }
        }
    }
    assert!(tried > 1_000, "{tried}");
    assert_eq!(names_something, expected(&IN_BODIES));
    assert_eq!(everything(&at.app).await, before, "nothing has changed");
}

#[tokio::test]
async fn no_query_tells_what_is_another_workspaces_from_what_is_nothing() {
    let at = Neighbours::start().await;
    let before = everything(&at.app).await;
    let mut names_something = BTreeSet::new();
    for (operation, described) in all_operations() {
        let (method, path) = operation.split_once(' ').unwrap();
        if method != "get" {
            continue;
        }
        for parameter in parameters(described) {
            for Name {
                foreign,
                own,
                nothing,
            } in &at.names
            {
                let ask = async |name: &str| {
                    let path = format!("{path}?{parameter}={name}");
                    without_names(&at.ask(&Method::GET, &path, None).await, &at.names)
                };
                let none = ask(nothing).await;
                assert_eq!(
                    ask(foreign).await,
                    none,
                    "{operation}?{parameter}={foreign}"
                );
                if ask(own).await != none {
                    names_something.insert(format!("{operation}: {parameter}"));
                }
            }
        }
    }
    assert_eq!(everything(&at.app).await, before, "nothing has changed");
    assert_eq!(names_something, expected(&IN_QUERIES));
}

#[tokio::test]
async fn a_cursor_of_another_workspace_shows_nothing_of_it() {
    let at = Neighbours::start().await;
    let owner = at.app.cookie(EMAIL, PASSWORD).await;
    let more = json!({ "original_url": "https://example.com/", "title": SECRET });
    assert_eq!(at.app.create_link(more).await.status, 201);
    let mut tried = BTreeSet::new();
    for (operation, described) in all_operations() {
        let (method, path) = operation.split_once(' ').unwrap();
        let is_list = method == "get" && parameters(described).contains(&"cursor");
        if !is_list || path.contains('{') {
            continue;
        }
        let first = format!("{path}?limit=1");
        let first = at.app.console(&owner, Method::GET, &first, None).await;
        let Some(cursor) = first.body["next_cursor"].as_str() else {
            continue;
        };
        let next = format!("{path}?limit=1&cursor={cursor}");
        let next = at.ask(&Method::GET, &next, None).await;
        assert!(!next.body.to_string().contains(SECRET), "{path}: {next:?}");
        tried.insert(path.to_owned());
    }
    let expected = ["/api/v1/audit-log", "/api/v1/links"];
    assert_eq!(tried, expected.map(str::to_owned).into());
}
