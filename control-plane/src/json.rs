//! Reading JSON bodies strictly: what we do not understand we do not guess at.

mod fields;

use std::fmt;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

pub use fields::Fields;

use crate::error::{Error, FieldError, Result};

/// Longest body in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// The same where ten thousand links may be in it.
pub const MAX_BULK_BODY: usize = 8 * 1024 * 1024;

/// A JSON object as request body.
///
/// 415 without a JSON content type, 413 above [`MAX_BODY`] (or what the route allows), 400 for what is not JSON (duplicate
/// keys and invalid UTF-8 included), 422 for JSON of another shape.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        object(request, state).await.and_then(read).map(JsonBody)
    }
}

/// The same where values are checked, too: what cannot be read is told together with what is wrong with the
/// rest ([`Fields::check`]).
#[derive(Debug)]
pub struct JsonFields<T>(pub Fields<T>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonFields<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let body = object(request, state).await?;
        Fields::read(body.value).map(Self)
    }
}

/// A body that is an object.
struct Object {
    value: Value,
    /// Reading one that is long many times would keep us busy.
    is_long: bool,
}

async fn object<S: Send + Sync>(request: Request, state: &S) -> Result<Object> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    if !content_type
        .and_then(|value| value.to_str().ok())
        .is_some_and(is_json)
    {
        return Err(Error::UnsupportedMediaType);
    }
    let bytes = Bytes::from_request(request, state)
        .await
        .map_err(|rejection| match rejection.into_response_status() {
            413 => Error::TooLarge,
            _ => Error::Malformed("the body could not be read".into()),
        })?;
    let value = parse(&bytes)?;
    // serde would also read an array, by position.
    if !value.is_object() {
        return Err(Error::invalid(
            "",
            "wrong_type",
            "the body must be a JSON object",
        ));
    }
    let is_long = bytes.len() > MAX_BODY;
    Ok(Object { value, is_long })
}

trait IntoStatus {
    fn into_response_status(self) -> u16;
}

impl<R: axum::response::IntoResponse> IntoStatus for R {
    fn into_response_status(self) -> u16 {
        self.into_response().status().as_u16()
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn parse(bytes: &[u8]) -> Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let malformed = |error: serde_json::Error| Error::Malformed(format!("not valid JSON: {error}"));
    let value = UniqueKeys
        .deserialize(&mut deserializer)
        .map_err(malformed)?;
    deserializer.end().map_err(malformed)?;
    Ok(value)
}

fn read<T: DeserializeOwned>(Object { value, is_long }: Object) -> Result<T> {
    match is_long {
        true => typed(value),
        false => Fields::read(value)?.whole(),
    }
}

/// Reads JSON that was read before as what it is meant to be.
pub fn typed<T: DeserializeOwned>(value: impl Into<Value>) -> Result<T> {
    let read = serde_path_to_error::deserialize(value.into());
    read.map_err(|error| Error::Invalid(vec![refusal(&error)]))
}

fn refusal(error: &serde_path_to_error::Error<serde_json::Error>) -> FieldError {
    let path = error.path().to_string();
    let field = if path == "." { "" } else { path.as_str() };
    field_error(field, &error.inner().to_string())
}

fn field_error(path: &str, reason: &str) -> FieldError {
    let quoted = |prefix| reason.strip_prefix(prefix)?.split('`').next();
    if let Some(name) = quoted("unknown field `") {
        // The path ends with the field, or with what the field is in.
        let field = match path == name || path.ends_with(&format!(".{name}")) {
            true => path.to_owned(),
            false => below(path, name),
        };
        return FieldError::new(&field, "unknown_field", "this field is unknown");
    }
    if let Some(name) = quoted("missing field `") {
        return FieldError::new(&below(path, name), "required", "this field is required");
    }
    let code = match reason.starts_with("unknown variant") {
        true => "unknown_value",
        false => "wrong_type",
    };
    FieldError::new(path, code, in_plain_words(reason))
}

/// What serde says, for people who do not write Rust.
fn in_plain_words(reason: &str) -> String {
    let words = [
        ("a sequence", "a list"),
        ("sequence", "list"),
        ("a map", "an object"),
        ("map", "object"),
        ("floating point", "number"),
        ("i64", "a whole number"),
        ("u64", "a whole number"),
        ("u16", "a whole number from 0 to 65535"),
        ("u8", "a whole number from 0 to 255"),
        ("f64", "a number"),
    ];
    let Some((found, expected)) = reason.split_once(", expected ") else {
        return reason.to_owned();
    };
    let expected = match expected.strip_prefix("struct ") {
        Some(_) => "an object",
        None => expected,
    };
    let replaced = |text: &str| {
        let word = words.iter().find(|(rust, _)| *rust == text);
        word.map_or(text, |(_, plain)| plain).to_owned()
    };
    // What was found begins with what kind of thing it is, and may end with itself.
    let (kind, found) = found.split_once(": ").unwrap_or(("", found));
    let (what, itself) = match found.split_once(" `") {
        Some((what, itself)) => (what, format!(" `{itself}")),
        None => (found, String::new()),
    };
    let what = replaced(what);
    let expected = replaced(expected);
    match kind {
        "" => format!("{what}{itself}, expected {expected}"),
        kind => format!("{kind}: {what}{itself}, expected {expected}"),
    }
}

fn below(path: &str, name: &str) -> String {
    match path.is_empty() {
        true => name.to_owned(),
        false => format!("{path}.{name}"),
    }
}

/// Tells an absent field from an explicit `null`, for edits. Use with
/// `#[serde(default, deserialize_with = "json::present")]` on an `Option<Option<T>>`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A field of an edit that may be absent, but not `null`, because it cannot be cleared.
pub fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads any JSON value, but no object in which a key appears twice: which of the two is meant?
struct UniqueKeys;

impl<'de> DeserializeSeed<'de> for UniqueKeys {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(serde::de::Error::custom("a key appears twice"));
            }
            object.insert(key, entries.next_value_seed(UniqueKeys)?);
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(UniqueKeys)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.into()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_to_know_rust_to_understand_why() {
        for (reason, plain) in [
            (
                "invalid type: string \"x\", expected i64",
                "invalid type: string \"x\", expected a whole number",
            ),
            (
                "invalid type: integer `7`, expected a string",
                "invalid type: integer `7`, expected a string",
            ),
            (
                "invalid type: map, expected a sequence",
                "invalid type: object, expected a list",
            ),
            (
                "invalid type: floating point `1.5`, expected u16",
                "invalid type: number `1.5`, expected a whole number from 0 to 65535",
            ),
            (
                "invalid type: null, expected struct LinkFilters",
                "invalid type: null, expected an object",
            ),
            (
                "unknown variant `x`, expected one of `a`, `b`",
                "unknown variant `x`, expected one of `a`, `b`",
            ),
        ] {
            assert_eq!(in_plain_words(reason), plain);
        }
    }
}
