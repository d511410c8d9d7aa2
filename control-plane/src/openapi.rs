//! The API's description, generated from the handlers.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

mod examples;
mod gate;
mod headers;
mod pictures;
mod problem_examples;
mod problems;

use examples::Examples;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "LinkPulse API",
        description = "Links, their state and their clicks. Errors are `application/problem+json` \
                       (RFC 9457) with a stable `code`; every answer carries `x-request-id`. A head \
                       of more than 16 KiB, or 64 fields, gets 431 (`head_too_large`).",
    ),
    tags(
        (name = "links", description = "Short links and their statistics"),
        (name = "utm", description = "Values of UTM parameters that links are tagged with"),
        (name = "orphans", description = "Codes that visitors asked for and that do not exist"),
        (name = "audit", description = "Who changed what"),
        (name = "imports", description = "Links from files"),
        (name = "reports", description = "What visitors say of links"),
        (name = "domains", description = "Domains and their settings"),
        (name = "keys", description = "API keys"),
        (name = "webhooks", description = "Programs that are told of links"),
        (name = "people", description = "Workspaces, their members, and invitations"),
        (name = "session", description = "Signing in to the console"),
    ),
    modifiers(&Credentials),
    security(("api_key" = []), ("session" = [])),
)]
pub(crate) struct Description;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let components = description.components.get_or_insert_default();
        let bearer = Http::builder()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("lp_live_…");
        components.add_security_scheme("api_key", SecurityScheme::Http(bearer.build()));
        let cookie = ApiKey::Cookie(ApiKeyValue::new("__Host-linkpulse_session"));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}

/// The whole description, as in `docs/api/openapi.json`.
pub fn description() -> utoipa::openapi::OpenApi {
    let mut description = crate::router::api().split_for_parts().1;
    let components = description.components.get_or_insert_default();
    problem_examples::add(components);
    // A description is always JSON.
    let schemas = serde_json::to_value(&components.schemas).unwrap_or_default();
    let examples = Examples::new(schemas);
    for (path, item) in &mut description.paths.paths {
        for (method, operation) in [
            ("GET", &mut item.get),
            ("POST", &mut item.post),
            ("PUT", &mut item.put),
            ("PATCH", &mut item.patch),
            ("DELETE", &mut item.delete),
        ] {
            if let Some(operation) = operation {
                gate::describe(method, path, operation);
                pictures::describe(operation);
                examples.describe(operation);
                problems::share(operation, &mut components.responses);
            }
        }
    }
    let text = description.info.description.get_or_insert_default();
    text.push_str("\n\n");
    text.push_str(&problems::table());
    description
}
