//! Every part of every path that names something, as the description has them, with names of
//! nothing.

use reqwest::Method;
use serde_json::{Value, json};

use crate::body_fields::plainest;
use crate::harness::{App, EMAIL, PASSWORD, answer};
use crate::openapi::all_operations;
use crate::things::{path_to, things};

/// What no path may be answered with more than "there is no such thing". Percent encoded.
fn names(path: &str, id: &str) -> Vec<String> {
    let well_formed = match id.split_once('_') {
        Some((prefix, rest)) if rest.len() == 22 => format!("{prefix}_{}", "0".repeat(22)),
        _ => "absent.example".to_owned(),
    };
    // A link's id is another kind of thing to all but links.
    let other_kind = match path.starts_with("/api/v1/links/{id}") {
        true => "key_01K9ZC6T2YJ4T1B6Q8S3W5",
        false => "lnk_01K9ZC6T2YJ4T1B6Q8S3W5",
    };
    let mut names = vec![well_formed, other_kind.to_owned()];
    names.extend(
        [
            "nonsense",
            "%00",
            "a%00b",
            "%FF",
            "..%2f..",
            "%E2%80%AE",
            "%20",
            "'",
        ]
        .map(str::to_owned),
    );
    // No thing has the id of zeroes; this one there could be.
    let other = if id.ends_with('1') { '2' } else { '1' };
    names.extend([
        format!("{}{other}", &id[..id.len() - 1]),
        "lnk_".to_owned(),
        format!("{id}x"),
        id.to_uppercase() + "%0a",
        "x".repeat(300),
    ]);
    names
}

#[tokio::test]
async fn no_name_of_nothing_finds_something_or_does_harm() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let things = things(&app, &owner).await;
    let (mut tried, mut made) = (0, 0);
    for (operation, described) in all_operations() {
        let (method, path) = operation.split_once(' ').unwrap();
        let real = path_to(path, &things);
        let method: Method = method.to_uppercase().parse().unwrap();
        for (place, part) in path.split('/').enumerate() {
            if !part.starts_with('{') {
                continue;
            }
            let mut parts: Vec<String> = real.split('/').map(str::to_owned).collect();
            for name in names(path, &parts[place].clone()) {
                parts[place] = name.clone();
                let request = app.request(method.clone(), &parts.join("/"));
                let request = request.header("cookie", &owner);
                let mut request = request.header("x-requested-with", "linkpulse");
                if let Some(content) = described["requestBody"]["content"].get("application/json") {
                    request = request.json(&body(path, content));
                }
                tried += 1;
                if method == Method::PUT {
                    // What a client calls a link may be anything, so there is one then.
                    let answer = request.send().await.unwrap();
                    let status = answer.status().as_u16();
                    assert!([201, 422].contains(&status), "{operation} with {name:?}");
                    made += usize::from(status == 201);
                    continue;
                }
                let answer = answer(request).await;
                let is_refused = [400, 404, 422].contains(&answer.status);
                assert!(
                    is_refused,
                    "{operation} with {name:?}: {} {}",
                    answer.status, answer.body
                );
            }
        }
    }
    assert!(tried > 300 && made > 3, "{tried} {made}");
}

/// A good one.
pub fn body(path: &str, content: &'static Value) -> Value {
    match content.get("example") {
        // The example has a code, which could be given once, on a domain that is not there.
        _ if path.ends_with("{external_id}") => json!({ "original_url": "https://example.com/" }),
        Some(example) => example.clone(),
        None => plainest(&content["schema"]),
    }
}

/// The things, but of each kind one that can be removed: before the last owner, the test's own session
/// and the own domain.
async fn removable(app: &App, owner: &str) -> Vec<(&'static str, String)> {
    let first = async |path: &str, field: &str, value: Value| {
        let list = app.console(owner, Method::GET, path, None).await;
        let mut list = list.body["data"].as_array().unwrap().iter();
        let found = list.find(|entry| entry[field] == value).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    app.member(owner, "other@example.com", "viewer").await;
    app.cookie(EMAIL, PASSWORD).await;
    let domain = "insert into domains (domain, workspace_id, created_at, updated_at, revision)
                  select 'links.example.com', id, now(), now(), 0 from workspaces";
    sqlx::query(domain).execute(&app.pool).await.unwrap();
    let mut removable = vec![
        (
            "/api/v1/members/{id}",
            first("/api/v1/members", "role", json!("viewer")).await,
        ),
        (
            "/api/v1/sessions/{id}",
            first("/api/v1/sessions", "current", json!(false)).await,
        ),
        ("/api/v1/domains/{domain}", "links.example.com".to_owned()),
    ];
    removable.extend(things(app, owner).await);
    removable
}

#[tokio::test]
async fn what_was_deleted_is_not_found_again() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let things = removable(&app, &owner).await;
    let mut tried = Vec::new();
    for (delete, _) in all_operations() {
        let Some(path) = delete.strip_prefix("delete ") else {
            continue;
        };
        // Links go into the bin, see below.
        if !path.contains('{') || path == "/api/v1/links/{id}" {
            continue;
        }
        let real = path_to(path, &things);
        let gone = app.console(&owner, Method::DELETE, &real, None).await;
        assert_eq!(gone.status, 204, "{path}");
        tried.push(path.to_owned());
        for (operation, described) in all_operations() {
            let (method, template) = operation.split_once(' ').unwrap();
            if !template.starts_with(path) {
                continue;
            }
            let real = path_to(template, &things);
            let content = described["requestBody"]["content"].get("application/json");
            let body = content.map(|content| body(template, content));
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = app.console(&owner, method, &real, body).await;
            assert_eq!(answer.status, 404, "{operation}: {}", answer.body);
        }
    }
    assert_eq!(tried.len(), 7, "{tried:?}");
}

/// Whoever may edit a link is told that it is in the bin: no 404, after which it might be made anew.
#[tokio::test]
async fn a_link_in_the_bin_is_shown_and_is_not_edited() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let things = things(&app, &owner).await;
    let link = path_to("/api/v1/links/{id}", &things);
    let gone = app.console(&owner, Method::DELETE, &link, None).await;
    assert_eq!(gone.status, 204);
    let (mut read, mut refused) = (0, 0);
    for (operation, described) in all_operations() {
        let (method, template) = operation.split_once(' ').unwrap();
        let is_of_a_link = template.starts_with("/api/v1/links/{id}");
        if !is_of_a_link || template.ends_with("/restore") {
            continue;
        }
        let real = path_to(template, &things);
        let content = described["requestBody"]["content"].get("application/json");
        let body = content.map(|content| body(template, content));
        let method: Method = method.to_uppercase().parse().unwrap();
        let is_read = method == Method::GET;
        let answer = app.console(&owner, method, &real, body).await;
        match is_read {
            true => {
                assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
                read += 1;
            }
            false => {
                let found = (answer.status, &answer.body["code"]);
                assert_eq!(found, (410, &json!("link_gone")), "{operation}");
                refused += 1;
            }
        }
    }
    assert!(read > 3 && refused > 4, "{read} {refused}");
    let shown = app.console(&owner, Method::GET, &link, None).await;
    assert_eq!(shown.body["status"], "deleted");
    let restore = format!("{link}/restore");
    let restored = app.console(&owner, Method::POST, &restore, None).await;
    assert_eq!(
        (restored.status, &restored.body["status"]),
        (200, &json!("active"))
    );
}
