use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use crate::error::{Error, FieldError, Result};
use crate::json::Fields;

/// Refusals that one answer names. For each, all parameters are read once more.
const MOST: usize = 20;

/// Query parameters; unknown or unreadable ones are refused, each by its name.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let read = read(parts.uri.query().unwrap_or_default())?;
        read.whole().map(Self)
    }
}

/// The same where values are checked, too: what cannot be read is told together with what is wrong with the
/// rest.
pub struct QueryFields<T>(pub Fields<T>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryFields<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// serde stops at the first parameter that it cannot read. So it reads again, without that one, until
/// nothing is left to refuse.
fn read<T: DeserializeOwned>(query: &str) -> Result<Fields<T>> {
    let mut query = query.to_owned();
    let mut refused: Vec<FieldError> = Vec::new();
    loop {
        let parameters = form_urlencoded::parse(query.as_bytes());
        let parameters = serde_urlencoded::Deserializer::new(parameters);
        let error = match serde_path_to_error::deserialize(parameters) {
            Ok(read) => return Ok(Fields::new(read, refused)),
            Err(error) => error,
        };
        let refusal = refusal(&error.path().to_string(), &error.inner().to_string());
        let name = refusal.field.clone();
        // One that could not be read is missing afterwards.
        if !refused.iter().any(|known| known.field == name) {
            refused.push(refusal);
        }
        let rest = form_urlencoded::parse(query.as_bytes());
        let rest = rest.filter(|(other, _)| *other != name);
        let mut without = form_urlencoded::Serializer::new(String::new());
        let without = without.extend_pairs(rest).finish();
        let is_gone = form_urlencoded::parse(without.as_bytes()).count()
            < form_urlencoded::parse(query.as_bytes()).count();
        if !is_gone || refused.len() == MOST {
            return Err(Error::Invalid(refused));
        }
        query = without;
    }
}

fn refusal(path: &str, reason: &str) -> FieldError {
    let named = |prefix| reason.strip_prefix(prefix)?.split('`').next();
    if let Some(name) = named("unknown field `") {
        return FieldError::new(name, "unknown_parameter", "there is no such parameter");
    }
    if let Some(name) = named("duplicate field `") {
        return FieldError::new(name, "repeated", "this parameter can be there once");
    }
    if let Some(name) = named("missing field `") {
        return FieldError::new(name, "required", "this parameter is required");
    }
    let reason = match reason {
        "invalid digit found in string" => "a whole number is expected here",
        "provided string was not `true` or `false`" => "`true` or `false` is expected here",
        other => other,
    };
    FieldError::new(path, "invalid_parameter", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Parameters {
        limit: Option<i64>,
        total: Option<bool>,
        q: String,
    }

    fn refused(query: &str) -> Vec<(String, String)> {
        match read::<Parameters>(query)
            .and_then(Fields::whole)
            .unwrap_err()
        {
            Error::Invalid(errors) => errors
                .into_iter()
                .map(|error| (error.field, error.code))
                .collect(),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn all_parameters_that_cannot_be_read_are_named_at_once() {
        let good = read::<Parameters>("limit=7&q=a%26b")
            .unwrap()
            .whole()
            .unwrap();
        assert_eq!(
            good,
            Parameters {
                limit: Some(7),
                total: None,
                q: "a&b".into()
            }
        );
        for (query, expected) in [
            ("", vec![("q", "required")]),
            ("q=&limit=x", vec![("limit", "invalid_parameter")]),
            ("q=a&q=b", vec![("q", "repeated")]),
            ("q=a&=", vec![("", "unknown_parameter")]),
            ("q=a&%60=", vec![("", "unknown_parameter")]),
            (
                "planet=Mars&total=1&limit=1e9&moon=",
                vec![
                    ("planet", "unknown_parameter"),
                    ("total", "invalid_parameter"),
                    ("limit", "invalid_parameter"),
                    ("moon", "unknown_parameter"),
                    ("q", "required"),
                ],
            ),
        ] {
            let refused = refused(query);
            let refused: Vec<_> = refused
                .iter()
                .map(|(field, code)| (field.as_str(), code.as_str()))
                .collect();
            assert_eq!(refused, expected, "{query}");
        }
        let many: String = (0..100).map(|number| format!("a{number}=&")).collect();
        assert_eq!(refused(&many).len(), MOST);
    }
}
