//! How operations are refused: each status with the codes it can have, from the table in
//! [`Code`].

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder};
use utoipa::openapi::{Components, ContentBuilder, Ref, RefOr, Type};

use crate::error::Error;
use crate::problem::{Code, Problem};

const KIND: &str = "application/problem+json";

/// Codes that an operation can be refused with, by status.
pub(super) struct Problems(BTreeMap<String, Vec<Code>>);

impl Problems {
    /// What the handler says of itself: statuses, and in their descriptions the codes that are
    /// special to it. The first one of a status is meant where it names none.
    pub(super) fn of_handler(operation: &Operation) -> Self {
        let mut problems = Self(BTreeMap::new());
        for (status, response) in &operation.responses.responses {
            let RefOr::T(response) = response else {
                continue;
            };
            let of_status = || {
                Code::ALL
                    .iter()
                    .copied()
                    .filter(|code| is_of(*code, status))
            };
            let is_named = |code: &Code| response.description.contains(&quoted(*code));
            let named: Vec<Code> = of_status().filter(is_named).collect();
            match named.is_empty() {
                true => problems.add(of_status().next()),
                false => problems.add(named),
            }
        }
        problems
    }

    /// These, too.
    pub(super) fn add(&mut self, codes: impl IntoIterator<Item = Code>) {
        for code in codes {
            let of_status = self.0.entry(code.status().as_str().to_owned());
            let of_status = of_status.or_default();
            if !of_status.contains(&code) {
                of_status.push(code);
            }
        }
    }

    /// Writes them into the operation.
    pub(super) fn describe(self, operation: &mut Operation) {
        for (status, mut codes) in self.0 {
            codes.sort_by_key(|code| *code as usize);
            let responses = &mut operation.responses.responses;
            let empty = || RefOr::T(Response::default());
            let RefOr::T(response) = responses.entry(status).or_insert_with(empty) else {
                continue;
            };
            response.description = text(&response.description, &codes);
            response.content.clear();
            response.content.insert(KIND.to_owned(), content(&codes));
        }
    }
}

/// What the handler said, and the codes that it did not name.
fn text(said: &str, codes: &[Code]) -> String {
    // Long ones are broken, in the source.
    let words: Vec<_> = said.split_whitespace().collect();
    let said = words.join(" ");
    let says_only_codes = said.split([' ', ',', ';']).all(|word| {
        let is_code = |code: &Code| word == quoted(*code);
        word.is_empty() || codes.iter().any(is_code)
    });
    let said = if says_only_codes { String::new() } else { said };
    let is_new = |code: &&Code| !said.contains(&quoted(**code));
    let new = codes.iter().filter(is_new).map(|code| quoted(*code));
    let new: Vec<_> = new.collect();
    let parts = [said.clone(), new.join(", ")];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

/// Puts what many operations answer into one place, under its status and its codes.
pub(super) fn share(operation: &mut Operation, shared: &mut BTreeMap<String, RefOr<Response>>) {
    for (status, response) in &mut operation.responses.responses {
        let codes = match response {
            RefOr::T(response) if status.as_str() >= "400" => names(response),
            _ => continue,
        };
        let name = format!("{status}.{}", codes.join("."));
        let first = shared
            .entry(name.clone())
            .or_insert_with(|| response.clone());
        // Some say more of the same codes.
        if first == response {
            *response = RefOr::Ref(Ref::new(format!("#/components/responses/{name}")));
        }
    }
}

fn names(response: &Response) -> Vec<String> {
    match response.content.get(KIND) {
        Some(RefOr::T(content)) => content.examples.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

fn is_of(code: Code, status: &str) -> bool {
    code.status().as_str() == status
}

fn quoted(code: Code) -> String {
    format!("`{}`", code.as_str())
}

/// A problem with one of these codes.
fn content(codes: &[Code]) -> RefOr<utoipa::openapi::Content> {
    let names = codes.iter().map(|code| code.as_str());
    let code = ObjectBuilder::new().schema_type(Type::String);
    let code = code.enum_values(Some(names.clone()));
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name("Problem"))
        .item(ObjectBuilder::new().property("code", code));
    let examples = names.map(|name| {
        let example = Ref::new(format!("#/components/examples/{name}"));
        (name, RefOr::<Example>::Ref(example))
    });
    let content = ContentBuilder::new()
        .schema(Some(schema))
        .examples_from_iter(examples);
    RefOr::T(content.build())
}

/// One answer for each code, as it is sent.
pub(super) fn add_examples(components: &mut Components) {
    for code in Code::ALL {
        let example = ExampleBuilder::new()
            .summary(code.meaning())
            .value(Some(example(*code)));
        components
            .examples
            .insert(code.as_str().to_owned(), RefOr::T(example.build()));
    }
}

/// The table for people, in Markdown.
pub(super) fn table() -> String {
    let rows = Code::ALL.iter().map(|code| {
        let status = code.status().as_u16();
        format!("| {status} | {} | {} |\n", quoted(*code), code.meaning())
    });
    let rows: String = rows.collect();
    format!("| status | `code` | meaning |\n|---|---|---|\n{rows}")
}

fn example(code: Code) -> Value {
    let mut problem = json!(Problem::from(&error(code)));
    problem["request_id"] = json!("req_01K9ZC6T2YJ4T1B6Q8S3W5");
    problem
}

/// An error that gets this code.
fn error(code: Code) -> Error {
    match code {
        Code::Malformed => Error::Malformed(
            "not valid JSON: EOF while parsing an object at line 1 column 1".into(),
        ),
        Code::InvalidIdempotencyKey => Error::InvalidIdempotencyKey,
        Code::Unauthenticated => Error::Unauthenticated,
        Code::InvalidCredentials => Error::InvalidCredentials,
        Code::CrossSite => Error::CrossSite,
        Code::Forbidden => Error::Forbidden,
        Code::MissingScope => Error::MissingScope("write"),
        Code::OneDomainOnly => Error::OneDomainOnly,
        Code::OneTagOnly => Error::OneTagOnly,
        Code::NotFound => Error::NotFound("domain"),
        Code::LinkNotFound => Error::NotFound("link"),
        Code::MethodNotAllowed => Error::MethodNotAllowed,
        Code::Conflict => Error::Conflict("another link has this external id"),
        Code::CodeTaken => Error::CodeTaken {
            code: "spring-24".into(),
            suggestion: "spring-24-2".into(),
        },
        Code::NotVerified => Error::NotVerified,
        Code::StillRunning => Error::StillRunning,
        Code::Stale => Error::Stale,
        Code::TooLarge => Error::TooLarge,
        Code::UnsupportedMediaType => Error::UnsupportedMediaType,
        Code::ValidationFailed => Error::invalid(
            "original_url",
            "forbidden_scheme",
            "only http and https targets are allowed",
        ),
        Code::IdempotencyKeyReused => Error::IdempotencyKeyReused,
        Code::RateLimited => Error::RateLimited(Duration::from_secs(1)),
        Code::TooManyAttempts => Error::TooManyAttempts(Duration::from_secs(60)),
        Code::Internal => Error::internal("in the log only"),
        Code::Unavailable => Error::Unavailable(sqlx::Error::PoolTimedOut),
        Code::TimedOut => Error::TimedOut,
        Code::Busy => Error::TooManyPasswords,
        Code::NoNameServer => Error::NoNameServer("in the log only".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_example_has_the_code_that_it_is_an_example_of() {
        for code in Code::ALL {
            let example = example(*code);
            assert_eq!(example["code"], code.as_str());
            assert_eq!(example["status"], code.status().as_u16());
        }
    }
}
