//! Who may use which route: the table against the description and the README, and every route with
//! keys that are restricted.

use std::collections::BTreeSet;

use control_plane::access::{Needs, ROUTES, Restricted};
use control_plane::auth::{Permission, Role, Scope};
use reqwest::Method;
use serde_json::{Value, json};

use crate::foreign::good_body;
use crate::harness::{App, EMAIL, PASSWORD, answer};
use crate::things::{everything, path_to, things};

#[test]
fn every_route_of_the_description_says_who_may_use_it() {
    let description = serde_json::to_value(control_plane::openapi::description()).unwrap();
    let mut described = BTreeSet::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            described.insert((method.to_uppercase(), path.clone()));
        }
    }
    let declared = ROUTES.iter();
    let declared = declared.map(|route| (route.method.to_owned(), route.path.to_owned()));
    let declared: BTreeSet<_> = declared.collect();
    assert_eq!(declared.len(), ROUTES.len(), "one is there twice");
    let missing: Vec<_> = described.difference(&declared).collect();
    assert!(missing.is_empty(), "missing in src/access.rs: {missing:?}");
    let gone: Vec<_> = declared.difference(&described).collect();
    assert!(gone.is_empty(), "in src/access.rs, but not there: {gone:?}");
}

/// The README's table is what people were promised, and what this code is checked against.
#[test]
fn roles_and_scopes_may_do_what_the_readme_says() {
    let readme = include_str!("../../README.md");
    for (what, permission) in [
        ("see links, domains, people", Permission::Read),
        ("see clicks", Permission::Analytics),
        ("make links", Permission::Create),
        ("change and delete links", Permission::Write),
        ("change domains, people, keys", Permission::Administer),
    ] {
        let row = |line: &&str| line.starts_with(&format!("| {what} |"));
        let row = readme.lines().find(row).unwrap();
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let roles = [Role::Viewer, Role::Editor, Role::Admin, Role::Owner];
        for (role, cell) in roles.into_iter().zip(&cells[2..6]) {
            assert_eq!(role.allows(permission), *cell == "✓", "{what}: {role:?}");
        }
        for scope in Scope::ALL {
            let is_named = cells[6].contains(&format!("`{}`", scope.as_str()));
            assert_eq!(scope.allows(permission), is_named, "{what}: {scope:?}");
        }
    }
}

#[tokio::test]
async fn no_route_lets_a_restricted_key_find_other_links() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let things = things(&app, &owner).await;
    let scopes = [Scope::Read, Scope::Write, Scope::Analytics];
    for (field, value, code) in [
        ("tag", "print", "one_tag_only"),
        ("domain", "go.example.org", "one_domain_only"),
    ] {
        let mut body = json!({ "name": "x", "scopes": scopes });
        body[field] = value.into();
        let path = "/api/v1/keys";
        let made = app.console(&owner, Method::POST, path, Some(body)).await;
        let key = made.body["secret"].as_str().unwrap().to_owned();
        // The only link has no tag, and lives elsewhere.
        sqlx::query("update links set domain = 'other.example'")
            .execute(&app.pool)
            .await
            .unwrap();
        let before = everything(&app).await;
        let mut tried = 0;
        for route in ROUTES {
            let Needs::Permission(permission) = route.needs else {
                continue;
            };
            let path = path_to(route.path, &things);
            let method: Method = route.method.parse().unwrap();
            let request = app.request(method, &path).bearer_auth(&key);
            let request = match route.method {
                "GET" | "DELETE" => request,
                _ => request.json(&good_body(route)),
            };
            let answer = answer(request).await;
            let may = scopes.iter().any(|scope| scope.allows(permission));
            let expected = match (may, route.restricted) {
                // No scope is enough for what owners do.
                (false, _) if Scope::for_permission(permission).is_none() => {
                    (403, json!("forbidden"))
                }
                (false, _) => (403, json!("missing_scope")),
                (true, Restricted::Refused) => (403, json!(code)),
                (true, Restricted::LinkInPath) => (404, json!("link_not_found")),
                // Nobody else can have its external id.
                (true, Restricted::InHandler) if route.method == "PUT" => (409, json!("conflict")),
                (true, Restricted::InHandler) if path.contains("/by-") => {
                    (404, json!("link_not_found"))
                }
                (true, Restricted::InHandler) if route.method == "GET" => (200, Value::Null),
                (true, Restricted::InHandler) => (422, json!("validation_failed")),
            };
            let found = (answer.status, answer.body["code"].clone());
            assert_eq!(found, expected, "{field}: {} {path}", route.method);
            if path.contains("/export.") {
                let file = answer.body.to_string();
                assert!(!file.contains("foreign"), "{field}: {path}: {file}");
            } else if answer.status == 200 {
                assert_eq!(answer.body["data"], json!([]), "{field}: {path}");
            }
            tried += 1;
        }
        assert!(tried > 40, "{tried}");
        assert_eq!(everything(&app).await, before, "nothing has changed");
    }
}
