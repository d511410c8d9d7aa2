//! What the [gate](crate::gate) makes of every route, so that no handler has to describe it.

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Object, RefOr, Type};

use super::headers;
use super::problems::Problems;
use crate::access::{self, Needs, Restricted};
use crate::auth::{Permission, Role, Scope};
use crate::problem::Code;

/// Adds who may use a route, and how they are refused.
pub(super) fn describe(method: &str, path: &str, operation: &mut Operation) {
    let mut routes = access::ROUTES.iter();
    let Some(route) = routes.find(|route| route.method == method && route.path == path) else {
        return;
    };
    let mut problems = Problems::of_handler(operation);
    let is_unsafe = method != "GET";
    let cross_site = Some(Code::CrossSite).filter(|_| is_unsafe);
    match route.needs {
        Needs::Nothing => {
            operation.security = Some(Vec::new());
            problems.add(cross_site);
        }
        Needs::Session => {
            operation.security = Some(vec![session()]);
            problems.add([Code::Unauthenticated]);
            problems.add(cross_site);
        }
        Needs::Permission(permission) => {
            operation.security = Some(security(permission));
            operation.description = Some(described(operation, permission));
            problems.add([Code::Unauthenticated]);
            problems.add(forbidden(permission, route.restricted));
            problems.add(cross_site);
        }
    }
    if is_unsafe && route.needs != Needs::Nothing {
        let text = "With a session cookie: `linkpulse`, which pages of other sites cannot send";
        header(operation, "X-Requested-With", text);
    }
    let is_done_once = method == "POST" && route.needs != Needs::Nothing;
    if is_done_once {
        once(operation);
        problems.add([
            Code::InvalidIdempotencyKey,
            Code::StillRunning,
            Code::TooLarge,
            Code::IdempotencyKeyReused,
        ]);
    }
    versions(operation);
    // See `unasked`.
    problems.add([Code::ValidationFailed]);
    match &operation.request_body {
        None => problems.add([Code::Malformed, Code::TooLarge]),
        Some(_) if has_json_body(operation) => problems.add(BODY),
        Some(_) => {}
    }
    problems.add([
        Code::RateLimited,
        Code::Internal,
        Code::Unavailable,
        Code::TimedOut,
    ]);
    problems.add(is_unsafe.then_some(Code::OutcomeUnknown));
    problems.describe(operation);
    headers::describe(method, is_done_once, operation);
}

/// How those are refused who may not do this.
fn forbidden(permission: Permission, restricted: Restricted) -> impl Iterator<Item = Code> {
    let can_keys = Scope::for_permission(permission).is_some();
    let is_for_whole_keys = can_keys && restricted == Restricted::Refused;
    let may_all = can_keys && Role::ALL.iter().all(|role| role.allows(permission));
    [
        (Code::MissingScope, can_keys),
        (Code::OneDomainOnly, is_for_whole_keys),
        (Code::OneTagOnly, is_for_whole_keys),
        (Code::Forbidden, !may_all),
    ]
    .into_iter()
    .filter_map(|(code, is_possible)| is_possible.then_some(code))
}

/// How JSON that cannot be used is refused.
const BODY: [Code; 4] = [
    Code::Malformed,
    Code::TooLarge,
    Code::UnsupportedMediaType,
    Code::ValidationFailed,
];

fn has_json_body(operation: &Operation) -> bool {
    match &operation.request_body {
        Some(RefOr::T(body)) => body.content.contains_key("application/json"),
        _ => false,
    }
}

/// What the [layer](crate::once) for requests that come again does.
fn once(operation: &mut Operation) {
    let text = "A name for the request, unique in the workspace: sent again with it within 24 hours, \
                it is not done again, but gets the same answer, with `Idempotent-Replayed: true`";
    header(operation, "Idempotency-Key", text);
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
