//! What the [gate](crate::gate) makes of every route, so that no handler has to describe it.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Object, Ref, RefOr, Response, ResponseBuilder, Type};

use crate::access::{self, Needs};
use crate::auth::{Permission, Role, Scope};

/// Routes whose handlers do not take the name of a request: sent again, they are done again. For most
/// of them that changes nothing.
const DONE_AGAIN: [&str; 8] = [
    "/api/v1/domains/{domain}/verify",
    "/api/v1/imports",
    "/api/v1/links/{id}/block",
    "/api/v1/links/{id}/restore",
    "/api/v1/links/{id}/roll-back",
    "/api/v1/links/{id}/unblock",
    "/api/v1/reports/{id}/close",
    "/api/v1/webhooks/{id}/messages/{message}/replay",
];

/// Adds who may use a route, and how they are refused.
pub(super) fn describe(method: &str, path: &str, operation: &mut Operation) {
    let mut routes = access::ROUTES.iter();
    let Some(route) = routes.find(|route| route.method == method && route.path == path) else {
        return;
    };
    let is_unsafe = method != "GET";
    match route.needs {
        Needs::Nothing => operation.security = Some(Vec::new()),
        Needs::Session => {
            operation.security = Some(vec![session()]);
            refuse(operation, "401", "`unauthenticated`");
            if is_unsafe {
                refuse(operation, "403", "`cross_site`");
            }
        }
        Needs::Permission(permission) => {
            operation.security = Some(security(permission));
            operation.description = Some(described(operation, permission));
            refuse(operation, "401", "`unauthenticated`");
            let others = if is_unsafe { ", `cross_site`" } else { "" };
            let forbidden = format!("`missing_scope`, `one_domain_only`, `forbidden`{others}");
            refuse(operation, "403", &forbidden);
        }
    }
    let is_done_once = method == "POST" && route.needs != Needs::Nothing;
    if is_done_once && !DONE_AGAIN.contains(&path) {
        once(operation);
    }
    versions(operation);
    refuse(operation, "429", "`rate_limited`");
    refuse(operation, "503", "`unavailable`, `timed_out`");
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            name_problems(status, response);
            add_headers(status, response);
        }
    }
}

/// What the [layer](crate::once) for requests that come again does.
fn once(operation: &mut Operation) {
    let text = "A name for the request, unique in the workspace: sent again with it within 24 hours, \
                it is not done again, but gets the same answer, with `Idempotent-Replayed: true`";
    header(operation, "Idempotency-Key", text);
    refuse(operation, "400", "`invalid_idempotency_key`");
    refuse(operation, "409", "`still_running`");
    refuse(operation, "413", "`too_large`");
    refuse(operation, "422", "`idempotency_key_reused`");
}

/// Things with a version have an `ETag`, and edits of them a 412.
fn versions(operation: &mut Operation) {
    let responses = &operation.responses.responses;
    if responses.contains_key("412") {
        header(operation, "If-Match", "`ETag` of the version to change");
    } else if responses.contains_key("304") {
        header(
            operation,
            "If-None-Match",
            "`ETag` of a version that is known",
        );
    }
}

fn header(operation: &mut Operation, name: &str, description: &str) {
    let schema = Object::with_type(Type::String);
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .description(Some(description))
        .schema(Some(schema));
    let parameter = RefOr::T(parameter.build());
    operation.parameters.get_or_insert_default().push(parameter);
}

fn session() -> SecurityRequirement {
    SecurityRequirement::new::<_, [&str; 0], _>("session", [])
}

fn security(permission: Permission) -> Vec<SecurityRequirement> {
    let key = Scope::for_permission(permission);
    let key = key.map(|scope| SecurityRequirement::new("api_key", [scope.as_str()]));
    key.into_iter().chain([session()]).collect()
}

fn described(operation: &Operation, permission: Permission) -> String {
    let names = |names: Vec<&str>| {
        let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(", ")
    };
    let scopes = Scope::ALL.into_iter();
    let scopes = scopes.filter(|scope| scope.allows(permission));
    let scopes = names(scopes.map(Scope::as_str).collect());
    let roles = Role::ALL.into_iter();
    let roles = names(
        roles
            .filter(|role| role.allows(permission))
            .map(Role::as_str)
            .collect(),
    );
    let who = match scopes.is_empty() {
        true => format!("For people with the role {roles}; not for keys."),
        false => {
            format!("For keys with a scope of {scopes}, and for people with a role of {roles}.")
        }
    };
    match &operation.description {
        Some(text) => format!("{text}\n\n{who}"),
        None => who,
    }
}

/// A handler may have said something of it already.
fn refuse(operation: &mut Operation, status: &str, description: &str) {
    let responses = &mut operation.responses.responses;
    if let Some(RefOr::T(response)) = responses.get_mut(status) {
        let is_new = |code: &&str| !response.description.contains(code);
        let more: Vec<_> = description.split(", ").filter(is_new).collect();
        if !more.is_empty() {
            response.description = format!("{}; {}", response.description, more.join(", "));
        }
        return;
    }
    responses.entry(status.to_owned()).or_insert_with(|| {
        let problem = Ref::from_schema_name("Problem");
        let content = ContentBuilder::new().schema(Some(problem)).build();
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", content);
        RefOr::T(response.build())
    });
}

/// Handlers say `body = Problem`, and mean the type that problems have.
fn name_problems(status: &str, response: &mut Response) {
    if status >= "400"
        && let Some(content) = response.content.shift_remove("application/json")
    {
        let kind = "application/problem+json".to_owned();
        response.content.insert(kind, content);
    }
}

fn add_headers(status: &str, response: &mut Response) {
    let mut add = |name: &str, kind: Type, description: &str| {
        let schema = Object::with_type(kind);
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(description));
        response
            .headers
            .insert(name.to_owned(), RefOr::T(header.build()));
    };
    if status == "429" {
        add("Retry-After", Type::Integer, "Seconds to wait");
    }
    if !["401", "503"].contains(&status) {
        let name = "RateLimit";
        add(
            name,
            Type::String,
            "What is left, as in draft-ietf-httpapi-ratelimit-headers",
        );
    }
}
