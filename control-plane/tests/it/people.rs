//! Members, roles, invitations, sign-ins, workspaces.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer, cookie};

const MEMBERS: &str = "/api/v1/members";
const INVITATIONS: &str = "/api/v1/invitations";

/// An app, and the cookie of its owner.
async fn start() -> (App, String) {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    (app, owner)
}

async fn invite(app: &App, cookie: &str, email: &str, role: &str) -> Answer {
    let body = json!({ "email": email, "role": role });
    app.console(cookie, Method::POST, INVITATIONS, Some(body))
        .await
}

async fn accept(app: &App, token: &Value, password: &str) -> Answer {
    let body = json!({ "token": token, "password": password });
    let path = format!("{INVITATIONS}/accept");
    answer(app.request(Method::POST, &path).json(&body)).await
}

async fn members(app: &App, cookie: &str) -> Vec<Value> {
    let list = app.console(cookie, Method::GET, MEMBERS, None).await;
    list.body["data"].as_array().unwrap().clone()
}

async fn id_of(app: &App, cookie: &str, email: &str) -> String {
    let members = members(app, cookie).await;
    let member = members
        .iter()
        .find(|member| member["email"] == email)
        .unwrap();
    member["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_is_invited_becomes_a_member_with_an_account() {
    let (app, owner) = start().await;
    let invited = invite(&app, &owner, " Grace@Example.com", "editor").await;
    assert_eq!(invited.status, 201);
    let token = &invited.body["token"];
    let text = token.as_str().unwrap();
    assert_eq!(
        invited.body["url"],
        format!("https://go.example.org/console/invitation#{text}")
    );
    let list = app.console(&owner, Method::GET, INVITATIONS, None).await;
    assert_eq!(list.body["data"][0]["email"], "grace@example.com");
    assert_eq!(
        list.body["data"][0]["expires_at"],
        "2026-11-29T10:20:30.123456Z"
    );
    assert!(!list.body.to_string().contains(text));

    assert_eq!(accept(&app, token, "short").await.status, 422);
    let accepted = accept(&app, token, "another good password").await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    assert_eq!(accepted.body["role"], "editor");
    let grace = cookie(&accepted);
    let created = json!({ "original_url": "https://example.com/" });
    let created = app
        .console(&grace, Method::POST, "/api/v1/links", Some(created))
        .await;
    assert_eq!(created.status, 201);
    let people: Vec<_> = members(&app, &grace).await;
    let people: Vec<_> = people
        .iter()
        .map(|one| (&one["email"], &one["role"]))
        .collect();
    let (ada, grace) = (json!("ada@example.com"), json!("grace@example.com"));
    assert_eq!(
        people,
        [(&ada, &json!("owner")), (&grace, &json!("editor"))]
    );
    assert_eq!(
        app.sign_in("grace@example.com", "another good password")
            .await
            .status,
        200
    );
    // Only once.
    assert_eq!(
        accept(&app, token, "another good password").await.status,
        404
    );
    let again = invite(&app, &owner, "grace@example.com", "editor").await;
    assert_eq!(
        (again.status, &again.body["code"]),
        (409, &json!("conflict"))
    );
}

#[tokio::test]
async fn invitations_end_are_replaced_and_withdrawn() {
    let (app, owner) = start().await;
    let first = invite(&app, &owner, "a@example.com", "viewer").await.body;
    let second = invite(&app, &owner, "a@example.com", "editor").await.body;
    assert_eq!(
        accept(&app, &first["token"], PASSWORD).await.status,
        404,
        "replaced"
    );
    let path = format!("{INVITATIONS}/{}", second["id"].as_str().unwrap());
    assert_eq!(
        app.console(&owner, Method::DELETE, &path, None)
            .await
            .status,
        204
    );
    assert_eq!(
        app.console(&owner, Method::DELETE, &path, None)
            .await
            .status,
        404
    );
    assert_eq!(
        accept(&app, &second["token"], PASSWORD).await.status,
        404,
        "withdrawn"
    );
    let third = invite(&app, &owner, "a@example.com", "viewer").await.body;
    app.clock.advance(7 * 24 * 3_600 * 1_000_000);
    assert_eq!(
        accept(&app, &third["token"], PASSWORD).await.status,
        404,
        "expired"
    );
    for token in [json!(""), json!("x"), json!("a".repeat(43)), json!("\u{0}")] {
        assert_eq!(accept(&app, &token, PASSWORD).await.status, 404);
    }
    for (email, role) in [
        ("nobody", "viewer"),
        ("a@b.de", "king"),
        ("a@b\u{0}.de", "viewer"),
    ] {
        assert_eq!(
            invite(&app, &owner, email, role).await.status,
            422,
            "{email}"
        );
    }
}

#[tokio::test]
async fn an_invitation_ends_with_what_its_maker_may_do() {
    let (app, owner) = start().await;
    let log = async || {
        let path = "/api/v1/audit-log?action=invitation.withdrawn";
        let log = app.console(&owner, Method::GET, path, None).await.body;
        let entries = log["data"].as_array().unwrap().clone();
        let told = entries.into_iter();
        told.map(|entry| (entry["subject"].clone(), entry["actor"].clone()))
            .collect::<Vec<_>>()
    };
    let ada = id_of(&app, &owner, EMAIL).await;
    let grace = app.member(&owner, "grace@example.com", "admin").await;
    let path = format!(
        "{MEMBERS}/{}",
        id_of(&app, &owner, "grace@example.com").await
    );
    let change = async |role: &str| {
        let body = Some(json!({ "role": role }));
        app.console(&owner, Method::PATCH, &path, body).await.status
    };
    let hers = invite(&app, &grace, "back@example.com", "admin").await.body;
    let less = invite(&app, &grace, "less@example.com", "editor")
        .await
        .body;
    let others = invite(&app, &owner, "alan@example.com", "admin").await.body;
    assert_eq!(hers["created_by"], path.rsplit('/').next().unwrap());

    // Not more than she is.
    assert_eq!(change("owner").await, 200);
    assert_eq!(change("admin").await, 200);
    assert_eq!(log().await, []);
    assert_eq!(change("editor").await, 200);
    assert_eq!(accept(&app, &hers["token"], PASSWORD).await.status, 404);
    assert_eq!(log().await, [(hers["id"].clone(), json!(ada))]);
    let removed = app.console(&owner, Method::DELETE, &path, None).await;
    assert_eq!(removed.status, 204);
    assert_eq!(accept(&app, &less["token"], PASSWORD).await.status, 404);
    assert_eq!(log().await[0], (less["id"].clone(), json!(ada)));
    assert_eq!(accept(&app, &others["token"], PASSWORD).await.status, 200);

    // A key is no other way back.
    let key = json!({ "name": "x", "scopes": ["admin"] });
    let path = "/api/v1/keys";
    let key = app
        .console(&owner, Method::POST, path, Some(key))
        .await
        .body;
    let secret = key["secret"].as_str().unwrap();
    let body = json!({ "email": "key@example.com", "role": "admin" });
    let by_key = app
        .call_with(secret, Method::POST, INVITATIONS, Some(body))
        .await
        .body;
    assert_eq!(by_key["created_by"], key["id"]);
    let path = format!("{path}/{}", key["id"].as_str().unwrap());
    let revoked = app.console(&owner, Method::DELETE, &path, None).await;
    assert_eq!(revoked.status, 204);
    assert_eq!(accept(&app, &by_key["token"], PASSWORD).await.status, 404);
}

#[tokio::test]
async fn what_is_made_has_the_address_that_the_answer_says() {
    let (app, owner) = start().await;
    let name = json!({ "name": "Second" });
    let invitation = json!({ "email": "grace@example.com", "role": "viewer" });
    for (path, body) in [("/api/v1/workspaces", name), (INVITATIONS, invitation)] {
        let make = async || {
            let request = app.request(Method::POST, path).header("cookie", &owner);
            let request = request
                .header("x-requested-with", "linkpulse")
                .header("idempotency-key", path);
            answer(request.json(&body)).await
        };
        let made = make().await;
        assert_eq!(made.status, 201, "{}", made.body);
        let location = made.headers["location"].to_str().unwrap();
        let read = app.console(&owner, Method::GET, location, None).await;
        assert_eq!(read.status, 200, "{location}");
        assert_eq!(read.body["id"], made.body["id"]);
        let again = make().await;
        assert_eq!(again.headers["location"], made.headers["location"]);
    }
}

#[tokio::test]
async fn who_has_an_account_accepts_with_its_password() {
    let (app, owner) = start().await;
    let made = json!({ "name": "Second" });
    let made = app
        .console(&owner, Method::POST, "/api/v1/workspaces", Some(made))
        .await;
    assert_eq!(made.status, 201);
    let grace = app.member(&owner, "grace@example.com", "viewer").await;

    let body = json!({ "workspace_id": made.body["id"] });
    let switch = async |cookie: &str| {
        app.console(cookie, Method::PATCH, "/api/v1/session", Some(body.clone()))
            .await
    };
    assert_eq!(switch(&grace).await.status, 404, "not hers");
    let switched = switch(&owner).await;
    assert_eq!(switched.body["workspace"]["name"], "Second");
    let invited = invite(&app, &owner, "grace@example.com", "admin").await;
    let wrong = accept(&app, &invited.body["token"], "not her password").await;
    assert_eq!(
        (wrong.status, &wrong.body["code"]),
        (401, &json!("invalid_credentials"))
    );
    let accepted = accept(&app, &invited.body["token"], PASSWORD).await;
    assert_eq!(accepted.body["workspace"]["name"], "Second");
    assert_eq!(accepted.body["role"], "admin");
    let list = app
        .console(&grace, Method::GET, "/api/v1/workspaces", None)
        .await;
    let list = list.body["data"].as_array().unwrap();
    let roles: Vec<_> = list.iter().map(|one| &one["role"]).collect();
    assert_eq!(roles, ["viewer", "admin"]);
    assert_eq!(switch(&grace).await.body["role"], "admin");
}

#[tokio::test]
async fn roles_change_at_once_and_the_last_owner_stays() {
    let (app, owner) = start().await;
    let grace = app.member(&owner, "grace@example.com", "viewer").await;
    let alan = app.member(&owner, "alan@example.com", "admin").await;
    let change = async |by: &str, email: &str, role: &str| {
        let path = format!("{MEMBERS}/{}", id_of(&app, &owner, email).await);
        app.console(by, Method::PATCH, &path, Some(json!({ "role": role })))
            .await
    };
    let may_edit = async |cookie: &str| {
        let body = json!({ "original_url": "https://example.com/" });
        let made = app
            .console(cookie, Method::POST, "/api/v1/links", Some(body))
            .await;
        made.status == 201
    };
    assert!(!may_edit(&grace).await);
    assert_eq!(
        change(&alan, "grace@example.com", "editor").await.status,
        200
    );
    assert!(may_edit(&grace).await);
    assert_eq!(
        change(&grace, "grace@example.com", "admin").await.status,
        403
    );
    assert_eq!(change(&alan, "alan@example.com", "owner").await.status, 403);
    assert_eq!(change(&alan, EMAIL, "viewer").await.status, 403);
    assert_eq!(
        invite(&app, &alan, "x@example.com", "owner").await.status,
        403
    );
    let alone = change(&owner, EMAIL, "admin").await;
    assert_eq!(
        (alone.status, &alone.body["code"]),
        (409, &json!("conflict"))
    );
    assert_eq!(
        change(&owner, "grace@example.com", "owner").await.status,
        200
    );
    assert_eq!(change(&owner, EMAIL, "viewer").await.status, 200);
    assert!(!may_edit(&owner).await);
}

#[tokio::test]
async fn a_removed_member_is_out_at_once() {
    let (app, owner) = start().await;
    let grace = app.member(&owner, "grace@example.com", "editor").await;
    let remove = async |by: &str, email: &str| {
        let path = format!("{MEMBERS}/{}", id_of(&app, &owner, email).await);
        app.console(by, Method::DELETE, &path, None).await.status
    };
    assert_eq!(remove(&grace, EMAIL).await, 403);
    assert_eq!(remove(&owner, EMAIL).await, 409, "the last owner");
    let path = format!(
        "{MEMBERS}/{}",
        id_of(&app, &owner, "grace@example.com").await
    );
    assert_eq!(remove(&owner, "grace@example.com").await, 204);
    let again = app.console(&owner, Method::DELETE, &path, None).await;
    assert_eq!(again.status, 404);
    let gone = app
        .console(&grace, Method::GET, "/api/v1/links", None)
        .await;
    assert_eq!(gone.status, 401);
    assert_eq!(app.sign_in("grace@example.com", PASSWORD).await.status, 401);
}

#[tokio::test]
async fn two_owners_who_leave_at_the_same_time_leave_one() {
    let (app, owner) = start().await;
    let other = app.member(&owner, "grace@example.com", "owner").await;
    let ada = format!("{MEMBERS}/{}", id_of(&app, &owner, EMAIL).await);
    let grace = format!(
        "{MEMBERS}/{}",
        id_of(&app, &owner, "grace@example.com").await
    );
    let body = || Some(json!({ "role": "viewer" }));
    let (one, two) = tokio::join!(
        app.console(&owner, Method::PATCH, &ada, body()),
        app.console(&other, Method::PATCH, &grace, body()),
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn sign_ins_are_listed_and_ended() {
    let (app, owner) = start().await;
    let second = app.request(Method::POST, "/api/v1/session");
    let second = second.header("user-agent", "Phone/1.0");
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let phone = cookie(&answer(second.json(&body)).await);
    let sessions = "/api/v1/sessions";
    let list = app.console(&owner, Method::GET, sessions, None).await.body;
    let list = list["data"].as_array().unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!(
        (&list[0]["user_agent"], &list[0]["current"]),
        (&json!("Phone/1.0"), &json!(false))
    );
    assert_eq!(list[1]["current"], true);
    assert_eq!(list[1]["last_used_at"], "2026-11-22T10:20:30.123456Z");

    let grace = app.member(&owner, "grace@example.com", "admin").await;
    let path = format!("{sessions}/{}", list[0]["id"].as_str().unwrap());
    assert_eq!(
        app.console(&grace, Method::DELETE, &path, None)
            .await
            .status,
        404,
        "not hers"
    );
    assert_eq!(
        app.console(&owner, Method::DELETE, &path, None)
            .await
            .status,
        204
    );
    assert_eq!(
        app.console(&phone, Method::GET, sessions, None)
            .await
            .status,
        401
    );

    let third = app.cookie(EMAIL, PASSWORD).await;
    assert_eq!(
        app.console(&owner, Method::DELETE, sessions, None)
            .await
            .status,
        204
    );
    assert_eq!(
        app.console(&third, Method::GET, sessions, None)
            .await
            .status,
        401
    );
    assert_eq!(
        app.console(&owner, Method::GET, sessions, None)
            .await
            .status,
        200
    );
    assert_eq!(
        app.console(&grace, Method::GET, sessions, None)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn only_owners_rename_the_workspace() {
    let (app, owner) = start().await;
    let admin = app.member(&owner, "grace@example.com", "admin").await;
    let rename = async |cookie: &str, name: &str| {
        let body = Some(json!({ "name": name }));
        app.console(cookie, Method::PATCH, "/api/v1/workspace", body)
            .await
            .status
    };
    assert_eq!(rename(&admin, "Mine").await, 403);
    assert_eq!(rename(&owner, " ").await, 422);
    assert_eq!(rename(&owner, "Marketing").await, 200);
    let session = app
        .console(&admin, Method::GET, "/api/v1/session", None)
        .await;
    assert_eq!(session.body["workspace"]["name"], "Marketing");
}
