//! An example of each problem, made of the error that causes it.

use std::time::Duration;

use serde_json::{Value, json};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::{Components, RefOr};

use crate::error::Error;
use crate::problem::{Code, Problem};

/// One answer for each code, as it is sent.
pub(super) fn add(components: &mut Components) {
    for code in Code::ALL {
        let example = ExampleBuilder::new()
            .summary(code.meaning())
            .value(Some(example(*code)));
        components
            .examples
            .insert(code.as_str().to_owned(), RefOr::T(example.build()));
    }
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
        Code::LinkGone => Error::LinkGone,
        Code::Stale => Error::Stale,
        Code::TooLarge => Error::TooLarge,
        Code::UnsupportedMediaType => Error::UnsupportedMediaType("application/json"),
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
        Code::OutcomeUnknown => Error::OutcomeUnknown,
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
