//! Another workspace's things in paths: nobody finds them, whatever their role or their key's scope.

use control_plane::access::{Needs, ROUTES, Route};
use control_plane::auth::{Role, Scope};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{App, EMAIL, PASSWORD, answer};
use crate::things::{everything, path_to, things};

/// The cookie of somebody who owns another workspace, and is not a member of the first one.
pub async fn stranger(app: &App, owner: &str) -> String {
    let stranger = app.member(owner, "stranger@example.com", "viewer").await;
    let made = Some(json!({ "name": "Elsewhere" }));
    let path = "/api/v1/workspaces";
    let made = app.console(&stranger, Method::POST, path, made).await;
    let switch = Some(json!({ "workspace_id": made.body["id"] }));
    let path = "/api/v1/session";
    let switched = app.console(&stranger, Method::PATCH, path, switch).await;
    assert_eq!(switched.body["role"], "owner");
    sqlx::query("delete from memberships where role = 'viewer'")
        .execute(&app.pool)
        .await
        .unwrap();
    stranger
}

/// Good bodies: what is refused must be refused because it is another workspace's.
pub fn good_body(route: &Route) -> Value {
    match route.path {
        "/api/v1/members/{id}" => json!({ "role": "viewer" }),
        "/api/v1/links/{id}/roll-back" => json!({ "version": 1 }),
        "/api/v1/links/{id}/split/winner" => json!({ "variant": 1 }),
        "/api/v1/links/by-external-id/{external_id}" => {
            json!({ "original_url": "https://example.com/theirs" })
        }
        _ => json!({}),
    }
}

/// Somebody of the other workspace.
enum Caller {
    Person(Role, String),
    Key(Scope, String),
}

impl Caller {
    /// What the handler never gets to look for: its status.
    fn is_refused(&self, needs: Needs) -> Option<u16> {
        match (self, needs) {
            (Self::Person(role, _), Needs::Permission(what)) if !role.allows(what) => Some(403),
            (Self::Key(scope, _), Needs::Permission(what)) if !scope.allows(what) => Some(403),
            (Self::Key(..), Needs::Session) => Some(401),
            _ => None,
        }
    }

    fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Person(_, cookie) => request
                .header("cookie", cookie)
                .header("x-requested-with", "linkpulse"),
            Self::Key(_, key) => request.bearer_auth(key),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Person(role, _) => role.as_str(),
            Self::Key(scope, _) => scope.as_str(),
        }
    }
}

/// One of each kind.
async fn callers(app: &App, stranger: &str) -> Vec<Caller> {
    let mut callers = Vec::new();
    for role in Role::ALL {
        let email = format!("{}@example.net", role.as_str());
        let cookie = app.member(stranger, &email, role.as_str()).await;
        callers.push(Caller::Person(role, cookie));
    }
    for scope in Scope::ALL {
        let key = Some(json!({ "name": "x", "scopes": [scope] }));
        let path = "/api/v1/keys";
        let key = app.console(stranger, Method::POST, path, key).await;
        let key = key.body["secret"].as_str().unwrap().to_owned();
        callers.push(Caller::Key(scope, key));
    }
    callers
}

#[tokio::test]
async fn no_route_finds_what_belongs_to_another_workspace() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let things = things(&app, &owner).await;
    let stranger = stranger(&app, &owner).await;
    let callers = callers(&app, &stranger).await;
    let before = everything(&app).await;
    let (mut tried, mut put) = (0, 0);
    for route in ROUTES {
        if !route.path.contains('{') {
            continue;
        }
        let path = path_to(route.path, &things);
        for caller in &callers {
            let request = app.request(route.method.parse().unwrap(), &path);
            let request = match route.method {
                "GET" | "DELETE" => request,
                _ => request.json(&good_body(route)),
            };
            let found = answer(caller.sign(request)).await.status;
            let expected = match (caller.is_refused(route.needs), route.method) {
                (Some(refused), _) => refused,
                // Makes one of their own, under a name that is free in their workspace.
                (None, "PUT") => 201,
                (None, _) => 404,
            };
            let who = caller.name();
            assert_eq!(found, expected, "{who} {} {path}", route.method);
            if found == 201 {
                put += 1;
                remove_theirs(&app, &stranger, &path).await;
            }
            tried += usize::from(found == 404);
        }
    }
    assert!(tried > 150 && put == 5, "{tried} {put}");
    assert_eq!(everything(&app).await, before, "nothing has changed");
}

/// What comes later must not find what a stranger has made.
async fn remove_theirs(app: &App, stranger: &str, path: &str) {
    let made = app.console(stranger, Method::GET, path, None).await;
    let path = format!("/api/v1/links/{}", made.body["id"].as_str().unwrap());
    let removed = app.console(stranger, Method::DELETE, &path, None).await;
    assert_eq!(removed.status, 204, "{path}");
}
