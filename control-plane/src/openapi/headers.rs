//! Headers of answers that no handler sets by itself, or that many set in the same way.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Object, RefOr, Response, Type};

use crate::problem::Code;

/// Adds them. `is_done_once`: requests can have an `Idempotency-Key`.
pub(super) fn describe(method: &str, is_done_once: bool, operation: &mut Operation) {
    let mut parameters = operation.parameters.iter().flatten();
    let is_paged =
        parameters.any(|parameter| matches!(parameter, RefOr::T(known) if known.name == "cursor"));
    let responses = &mut operation.responses.responses;
    // Of what was deleted there is no version.
    let is_versioned =
        responses.contains_key("304") || (responses.contains_key("412") && method != "DELETE");
    for (status, response) in responses {
        let RefOr::T(response) = response else {
            continue;
        };
        let is_done = status.starts_with('2');
        if is_paged && is_done {
            let text = "Address of the next page, `rel=\"next\"`; absent on the last";
            add(response, "Link", Type::String, text);
        }
        if is_versioned && (is_done && status != "204" || status == "304") {
            let text = "Which version this is";
            add(response, "ETag", Type::String, text);
        }
        if is_done_once && is_done {
            let text = "`true` on an answer that was given before, to the same `Idempotency-Key`";
            add(response, "Idempotent-Replayed", Type::String, text);
        }
        match status.as_str() {
            "401" => add(
                response,
                "WWW-Authenticate",
                Type::String,
                "How to sign requests",
            ),
            "429" | "503" => add(response, "Retry-After", Type::Integer, "Seconds to wait"),
            "409" if is_done_once => {
                let text = format!("Seconds to wait; with `{}`", Code::StillRunning.as_str());
                add(response, "Retry-After", Type::Integer, &text);
            }
            _ => {}
        }
        // Missing where a request is refused before anybody has counted.
        let text = "What is left, as in draft-ietf-httpapi-ratelimit-headers";
        add(response, "RateLimit", Type::String, text);
        let text = "How many requests are possible in how many seconds, as in that draft";
        add(response, "RateLimit-Policy", Type::String, text);
    }
}

fn add(response: &mut Response, name: &str, kind: Type, description: &str) {
    let header = HeaderBuilder::new()
        .schema(Some(Object::with_type(kind)))
        .description(Some(description));
    response
        .headers
        .insert(name.to_owned(), RefOr::T(header.build()));
}
