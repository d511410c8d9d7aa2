//! Who may use which route: all of them, in one place.
//!
//! The [gate](crate::gate) asks here before a handler runs, and the API's description tells it. A
//! route that is missing here answers nobody.

use axum::http::Method;

use crate::auth::Permission;

/// One route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `HEAD` goes with `GET`.
    pub method: &'static str,
    /// As in the router.
    pub path: &'static str,
    /// What it takes.
    pub needs: Needs,
    /// How keys use it that see links of one domain only, or with one tag.
    pub restricted: Restricted,
}

/// What a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: anybody may.
    Nothing,
    /// A session cookie, whatever the role.
    Session,
    /// A session or a key that may do this.
    Permission(Permission),
}

/// How keys use a route that see links of one domain only, or with one tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restricted {
    /// Not at all.
    Refused,
    /// The path names a link by `{id}`: the gate looks whether they see it.
    LinkInPath,
    /// The handler looks at [`Caller::only_domain`](crate::auth::Caller::only_domain) and at
    /// [`Caller::only_tag`](crate::auth::Caller::only_tag).
    InHandler,
}

const fn route(method: &'static str, path: &'static str, needs: Needs) -> Route {
    Route {
        method,
        path,
        needs,
        restricted: Restricted::Refused,
    }
}

const fn of_a_link(method: &'static str, path: &'static str, permission: Permission) -> Route {
    Route {
        restricted: Restricted::LinkInPath,
        ..route(method, path, Needs::Permission(permission))
    }
}

const fn by_handler(method: &'static str, path: &'static str, permission: Permission) -> Route {
    Route {
        restricted: Restricted::InHandler,
        ..route(method, path, Needs::Permission(permission))
    }
}

const WRITE: Needs = Needs::Permission(Permission::Write);
const READ: Needs = Needs::Permission(Permission::Read);
const ADMINISTER: Needs = Needs::Permission(Permission::Administer);

/// All routes of the API.
pub const ROUTES: &[Route] = &[
    route("POST", "/api/v1/session", Needs::Nothing),
    route("GET", "/api/v1/session", Needs::Session),
    route("PATCH", "/api/v1/session", Needs::Session),
    route("DELETE", "/api/v1/session", Needs::Session),
    route("PUT", "/api/v1/session/password", Needs::Session),
    route("GET", "/api/v1/sessions", Needs::Session),
    route("DELETE", "/api/v1/sessions", Needs::Session),
    route("DELETE", "/api/v1/sessions/{id}", Needs::Session),
    route("GET", "/api/v1/workspaces", Needs::Session),
    route("POST", "/api/v1/workspaces", Needs::Session),
    route("GET", "/api/v1/workspaces/{id}", Needs::Session),
    route(
        "PATCH",
        "/api/v1/workspace",
        Needs::Permission(Permission::Own),
    ),
    route("GET", "/api/v1/workspace/export", ADMINISTER),
    route("POST", "/api/v1/workspace/restore", ADMINISTER),
    route("GET", "/api/v1/members", READ),
    route("GET", "/api/v1/members/{id}", READ),
    route("PATCH", "/api/v1/members/{id}", ADMINISTER),
    route("DELETE", "/api/v1/members/{id}", ADMINISTER),
    route("GET", "/api/v1/invitations", ADMINISTER),
    route("POST", "/api/v1/invitations", ADMINISTER),
    route("POST", "/api/v1/invitations/accept", Needs::Nothing),
    route("GET", "/api/v1/invitations/{id}", ADMINISTER),
    route("DELETE", "/api/v1/invitations/{id}", ADMINISTER),
    by_handler("GET", "/api/v1/links", Permission::Read),
    by_handler("POST", "/api/v1/links", Permission::Create),
    of_a_link("GET", "/api/v1/links/{id}", Permission::Read),
    of_a_link("PATCH", "/api/v1/links/{id}", Permission::Write),
    of_a_link("DELETE", "/api/v1/links/{id}", Permission::Write),
    of_a_link("GET", "/api/v1/links/{id}/stats", Permission::Analytics),
    of_a_link("GET", "/api/v1/links/{id}/explain", Permission::Read),
    route(
        "GET",
        "/api/v1/orphans",
        Needs::Permission(Permission::Analytics),
    ),
    by_handler("POST", "/api/v1/links/bulk", Permission::Create),
    by_handler("POST", "/api/v1/links/bulk/edit", Permission::Write),
    by_handler("POST", "/api/v1/links/bulk/delete", Permission::Write),
    by_handler(
        "GET",
        "/api/v1/links/by-code/{domain}/{code}",
        Permission::Read,
    ),
    by_handler(
        "GET",
        "/api/v1/links/by-external-id/{external_id}",
        Permission::Read,
    ),
    by_handler(
        "PUT",
        "/api/v1/links/by-external-id/{external_id}",
        Permission::Write,
    ),
    by_handler("GET", "/api/v1/links/export.csv", Permission::Read),
    by_handler("GET", "/api/v1/links/export.jsonl", Permission::Read),
    of_a_link("GET", "/api/v1/links/{id}/history", Permission::Read),
    of_a_link("GET", "/api/v1/links/{id}/qr.png", Permission::Read),
    of_a_link("GET", "/api/v1/links/{id}/qr.svg", Permission::Read),
    of_a_link("POST", "/api/v1/links/{id}/restore", Permission::Write),
    of_a_link("POST", "/api/v1/links/{id}/roll-back", Permission::Write),
    of_a_link("POST", "/api/v1/links/{id}/split/winner", Permission::Write),
    route("GET", "/api/v1/tags", READ),
    route("GET", "/api/v1/imports", READ),
    route("POST", "/api/v1/imports", WRITE),
    route("GET", "/api/v1/imports/{id}", READ),
    route("GET", "/api/v1/qr-logo", READ),
    route("PUT", "/api/v1/qr-logo", WRITE),
    route("DELETE", "/api/v1/qr-logo", WRITE),
    route("GET", "/api/v1/audit-log", ADMINISTER),
    of_a_link("POST", "/api/v1/links/{id}/block", Permission::Administer),
    of_a_link("POST", "/api/v1/links/{id}/unblock", Permission::Administer),
    route("GET", "/api/v1/reports", ADMINISTER),
    route("POST", "/api/v1/reports/{id}/close", ADMINISTER),
    route("GET", "/api/v1/domains", READ),
    route("GET", "/api/v1/domains/{domain}", READ),
    route("POST", "/api/v1/domains", ADMINISTER),
    route("PATCH", "/api/v1/domains/{domain}", ADMINISTER),
    route("DELETE", "/api/v1/domains/{domain}", ADMINISTER),
    route("POST", "/api/v1/domains/{domain}/verify", ADMINISTER),
    route("GET", "/api/v1/utm-templates", READ),
    route("POST", "/api/v1/utm-templates", WRITE),
    route("GET", "/api/v1/utm-templates/{id}", READ),
    route("PATCH", "/api/v1/utm-templates/{id}", WRITE),
    route("DELETE", "/api/v1/utm-templates/{id}", WRITE),
    route("GET", "/api/v1/webhooks", ADMINISTER),
    route("POST", "/api/v1/webhooks", ADMINISTER),
    route("GET", "/api/v1/webhooks/{id}", ADMINISTER),
    route("PATCH", "/api/v1/webhooks/{id}", ADMINISTER),
    route("DELETE", "/api/v1/webhooks/{id}", ADMINISTER),
    route("POST", "/api/v1/webhooks/{id}/rotate-secret", ADMINISTER),
    route("GET", "/api/v1/webhooks/{id}/messages", ADMINISTER),
    route(
        "POST",
        "/api/v1/webhooks/{id}/messages/{message}/replay",
        ADMINISTER,
    ),
    route("GET", "/api/v1/keys", ADMINISTER),
    route("POST", "/api/v1/keys", ADMINISTER),
    route("GET", "/api/v1/keys/{id}", ADMINISTER),
    route("DELETE", "/api/v1/keys/{id}", ADMINISTER),
    route("POST", "/api/v1/keys/{id}/rotate", ADMINISTER),
];

/// The route of a request, if it is one of the API's.
pub fn route_of(method: &Method, path: &str) -> Option<&'static Route> {
    let method = match *method {
        Method::HEAD => "GET",
        ref other => other.as_str(),
    };
    let is_it = |route: &&Route| route.method == method && route.path == path;
    ROUTES.iter().find(is_it)
}
