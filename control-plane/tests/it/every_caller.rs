//! Every route with every role and every scope, about things that are there: who may is let in and
//! has done what the route is for, who may not changes nothing.

use std::io::Cursor;

use control_plane::ProblemCode;
use control_plane::access::{Needs, ROUTES, Route};
use control_plane::auth::{Role, Scope};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::every_id::body;
use crate::harness::{App, EMAIL, PASSWORD, answer, eventually};
use crate::openapi::DESCRIPTION;
use crate::things::{everything, path_to, things};

/// A workspace with one of everything, to be used up by one caller.
struct Place {
    app: App,
    owner: String,
    things: Vec<(&'static str, String)>,
    /// Another link than the one of the paths, so that each can be deleted once.
    other_link: String,
    invitation: Value,
}

impl Place {
    async fn start() -> Self {
        let app = App::start().await;
        let owner = app.cookie(EMAIL, PASSWORD).await;
        let domain = "insert into domains (domain, workspace_id, created_at, updated_at, revision)
                      select 'links.example.com', id, now(), now(), 0 from workspaces";
        sqlx::query(domain).execute(&app.pool).await.unwrap();
        app.member(&owner, "other@example.com", "viewer").await;
        let invitation = json!({ "email": "invited@example.com", "role": "viewer" });
        let path = "/api/v1/invitations";
        let invitation = app.console(&owner, Method::POST, path, Some(invitation));
        let invitation = invitation.await.body["token"].clone();
        let other_link = app.link("other").await["id"].as_str().unwrap().to_owned();
        let mut place = Self {
            app,
            owner,
            things: Vec::new(),
            other_link,
            invitation,
        };
        place.add_things().await;
        place
    }

    /// The first of a path is taken, so what can be removed comes before what must stay: the owner and
    /// the own domain.
    async fn add_things(&mut self) {
        let in_bin = self.app.link("in-bin").await;
        assert_eq!(self.app.delete_link(&in_bin["id"]).await.status, 204);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let in_bin = format!("{}/restore", text(&in_bin["id"]));
        let logo = self.ask_owner("PUT", "/api/v1/qr-logo").await;
        assert_eq!(logo, Value::Null);
        let members = self.ask_owner("GET", "/api/v1/members").await;
        let mut members = members["data"].as_array().unwrap().iter();
        let member = members.find(|member| member["role"] == "viewer").unwrap();
        let import = self.import().await;
        self.things = vec![
            ("/api/v1/links/{id}/restore", in_bin),
            ("/api/v1/members/{id}", text(&member["id"])),
            ("/api/v1/domains/{domain}", "links.example.com".to_owned()),
            ("/api/v1/imports/{id}", import),
        ];
        // Among them a webhook, which would be told of links that are made after it.
        self.things.extend(things(&self.app, &self.owner).await);
        let split = json!({ "split": { "variants": [
            { "url": "https://example.com/1", "weight": 1 },
            { "url": "https://example.com/2", "weight": 1 }] } });
        let path = path_to("/api/v1/links/{id}", &self.things);
        let split = self.app.call(Method::PATCH, &path, Some(split)).await;
        assert_eq!(split.status, 200, "{}", split.body);
    }

    /// One that is through: a workspace has one at a time.
    async fn import(&self) -> String {
        let begun = self.ask_owner("POST", "/api/v1/imports").await;
        let id = begun["id"].as_str().unwrap();
        let path = format!("/api/v1/imports/{id}");
        let finished = async || (self.app.get(&path).await.body["finished"] == true).then_some(());
        eventually("the import is through", finished).await;
        id.to_owned()
    }

    async fn ask_owner(&self, method: &str, path: &str) -> Value {
        let is_it = |route: &&Route| (route.method, route.path) == (method, path);
        let route = ROUTES.iter().find(is_it).unwrap();
        let (status, body) = self.ask(self.request(route), &self.owner).await;
        assert_done(status, &body, "owner", route);
        body
    }

    /// What the route is for, so that nothing but who asks can be a reason to refuse it.
    fn request(&self, route: &Route) -> RequestBuilder {
        let path = path_to(route.path, &self.things);
        let request = self.app.request(route.method.parse().unwrap(), &path);
        let link = json!({ "original_url": "https://example.com/new" });
        let selected = json!({ "ids": [self.other_link] });
        let json = match (route.method, route.path) {
            ("POST", "/api/v1/session") => json!({ "email": EMAIL, "password": PASSWORD }),
            ("PATCH", "/api/v1/session") => json!({ "workspace_id": self.workspace() }),
            ("PUT", "/api/v1/session/password") => {
                json!({ "old_password": PASSWORD, "new_password": "another good one" })
            }
            ("POST", "/api/v1/invitations") => {
                json!({ "email": "new@example.com", "role": "viewer" })
            }
            ("POST", "/api/v1/invitations/accept") => {
                json!({ "token": self.invitation, "password": PASSWORD })
            }
            ("PATCH", "/api/v1/members/{id}") => json!({ "role": "editor" }),
            ("POST", "/api/v1/keys") => json!({ "name": "new", "scopes": ["read"] }),
            ("POST", "/api/v1/links") => link,
            ("POST", "/api/v1/links/bulk") => json!({ "links": [link] }),
            ("POST", "/api/v1/links/bulk/edit") => {
                json!({ "select": selected, "add_tags": ["spring"] })
            }
            ("POST", "/api/v1/links/bulk/delete") => json!({ "select": selected }),
            // The third has the split.
            ("POST", "/api/v1/links/{id}/roll-back") => json!({ "version": 3 }),
            ("POST", "/api/v1/imports") => {
                return request
                    .header("content-type", "text/csv")
                    .body("url\nhttps://example.com/csv\n");
            }
            ("POST", "/api/v1/workspace/restore") => {
                return request.header("content-type", "application/jsonl").body(
                    "{\"kind\":\"workspace\",\"format\":1}\n{\"kind\":\"end\",\"lines\":1}\n",
                );
            }
            ("PUT", "/api/v1/qr-logo") => {
                let mut png = Cursor::new(Vec::new());
                let picture = image::RgbaImage::new(40, 30);
                picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
                return request
                    .header("content-type", "image/png")
                    .body(png.into_inner());
            }
            (method, path) => {
                let operation = &DESCRIPTION["paths"][path][method.to_lowercase()];
                match operation["requestBody"]["content"].get("application/json") {
                    Some(content) => body(path, content),
                    None => return request,
                }
            }
        };
        request.json(&json)
    }

    fn workspace(&self) -> String {
        let workspace = |(path, _): &&(&str, String)| *path == "/api/v1/workspaces/{id}";
        let (_, id) = self.things.iter().find(workspace).unwrap();
        id.clone()
    }

    /// From the console.
    async fn ask(&self, request: RequestBuilder, cookie: &str) -> (u16, Value) {
        let request = request.header("x-requested-with", "linkpulse");
        let answer = answer(request.header("cookie", cookie)).await;
        (answer.status, answer.body)
    }
}

/// All routes, in an order in which each still finds what it is about.
fn in_order() -> Vec<&'static Route> {
    let mut routes: Vec<&Route> = ROUTES.iter().collect();
    routes.sort_by_key(|route| match (route.method, route.path) {
        ("DELETE", "/api/v1/session") => 3,
        // These end the caller's other sign-in, which another one is about.
        ("DELETE", "/api/v1/sessions") | ("PUT", "/api/v1/session/password") => 2,
        ("DELETE", _) => 1,
        _ => 0,
    });
    routes
}

/// Those that somebody may use, and those that they may not.
fn divided(may: impl Fn(Needs) -> bool) -> (Vec<&'static Route>, Vec<&'static Route>) {
    in_order().into_iter().partition(|route| may(route.needs))
}

/// It has done what it is for.
fn assert_done(status: u16, body: &Value, who: &str, route: &Route) {
    let is_done = match (route.method, route.path) {
        // There are links, and must be: that is said to whoever may restore, and to nobody else.
        ("POST", "/api/v1/workspace/restore") => status == 409,
        _ => (200..300).contains(&status),
    };
    assert!(
        is_done,
        "{who} {} {}: {status} {body}",
        route.method, route.path
    );
}

fn assert_refused(found: (u16, Value), expected: ProblemCode, who: &str, route: &Route) {
    assert_eq!(
        (found.0, found.1["code"].as_str()),
        (expected.status().as_u16(), Some(expected.as_str())),
        "{who} {} {}",
        route.method,
        route.path
    );
}

#[tokio::test]
async fn every_role_does_what_it_may_and_nothing_else() {
    for role in Role::ALL {
        let mut place = Place::start().await;
        let who = role.as_str();
        let email = format!("{who}@example.com");
        let first = place.app.member(&place.owner, &email, who).await;
        let sessions = place
            .app
            .console(&first, Method::GET, "/api/v1/sessions", None);
        let session = sessions.await.body["data"][0]["id"].clone();
        let session = session.as_str().unwrap().to_owned();
        place.things.insert(0, ("/api/v1/sessions/{id}", session));
        let cookie = place.app.cookie(&email, PASSWORD).await;
        let may = |needs| match needs {
            Needs::Permission(permission) => role.allows(permission),
            Needs::Nothing | Needs::Session => true,
        };
        let (allowed, refused) = divided(may);
        let before = everything(&place.app).await;
        for route in &refused {
            let found = place.ask(place.request(route), &cookie).await;
            assert_refused(found, ProblemCode::Forbidden, who, route);
        }
        assert_eq!(
            everything(&place.app).await,
            before,
            "{who} changed something"
        );
        for route in allowed {
            let (status, body) = place.ask(place.request(route), &cookie).await;
            assert_done(status, &body, who, route);
        }
        assert_eq!(refused.is_empty(), role == Role::Owner);
    }
}

#[tokio::test]
async fn every_scope_does_what_it_may_and_nothing_else() {
    for scope in Scope::ALL {
        let place = Place::start().await;
        let who = scope.as_str();
        let key = place.app.key_with(&[scope]).await;
        let ask = async |route: &Route| {
            let answer = answer(place.request(route).bearer_auth(&key)).await;
            (answer.status, answer.body)
        };
        let may = |needs| match needs {
            Needs::Permission(permission) => scope.allows(permission),
            Needs::Nothing => true,
            Needs::Session => false,
        };
        let (allowed, refused) = divided(may);
        let before = everything(&place.app).await;
        for route in refused {
            let expected = match route.needs {
                Needs::Permission(permission) if Scope::for_permission(permission).is_some() => {
                    ProblemCode::MissingScope
                }
                // No scope is enough for what owners do.
                Needs::Permission(_) => ProblemCode::Forbidden,
                _ => ProblemCode::Unauthenticated,
            };
            assert_refused(ask(route).await, expected, who, route);
        }
        assert_eq!(
            everything(&place.app).await,
            before,
            "{who} changed something"
        );
        for route in allowed {
            let (status, body) = ask(route).await;
            assert_done(status, &body, who, route);
        }
    }
}

#[tokio::test]
async fn without_a_credential_or_from_another_site_nobody_changes_anything() {
    let place = Place::start().await;
    let before = everything(&place.app).await;
    for route in in_order() {
        // Who is nobody has few requests.
        place.app.clock.advance(1_000_000);
        if route.needs == Needs::Nothing {
            continue;
        }
        let nobody = answer(place.request(route)).await;
        let found = (nobody.status, nobody.body);
        assert_refused(found, ProblemCode::Unauthenticated, "nobody", route);
        if route.method != "GET" {
            let request = place.request(route).header("cookie", &place.owner);
            let refused = answer(request).await;
            let found = (refused.status, refused.body);
            assert_refused(found, ProblemCode::CrossSite, "another site", route);
        }
    }
    assert_eq!(everything(&place.app).await, before, "nothing has changed");
    for route in ROUTES.iter().filter(|route| route.needs == Needs::Nothing) {
        let answer = answer(place.request(route)).await;
        assert_done(answer.status, &answer.body, "nobody", route);
    }
}
