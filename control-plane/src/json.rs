//! Reading JSON bodies strictly: what we do not understand we do not guess at.

use std::fmt;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use crate::error::{Error, FieldError, Result};

/// Longest body in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// The same where ten thousand links may be in it.
pub const MAX_BULK_BODY: usize = 8 * 1024 * 1024;

/// Fields that are named at once. For each, the body is read once more.
const MOST_REFUSALS: usize = 20;

/// A JSON object as request body.
///
/// 415 without a JSON content type, 413 above [`MAX_BODY`] (or what the route allows), 400 for what is not JSON (duplicate
/// keys and invalid UTF-8 included), 422 for JSON of another shape.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        if !content_type
            .and_then(|value| value.to_str().ok())
            .is_some_and(is_json)
        {
            return Err(Error::UnsupportedMediaType);
        }
        let bytes =
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| match rejection.into_response_status() {
                    413 => Error::TooLarge,
                    _ => Error::Malformed("the body could not be read".into()),
                })?;
        read(&bytes).map(JsonBody)
    }
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

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let malformed = |error: serde_json::Error| Error::Malformed(format!("not valid JSON: {error}"));
    let value = UniqueKeys
        .deserialize(&mut deserializer)
        .map_err(malformed)?;
    deserializer.end().map_err(malformed)?;
    // serde would also read an array, by position.
    if !value.is_object() {
        return Err(Error::invalid(
            "",
            "wrong_type",
            "the body must be a JSON object",
        ));
    }
    // Reading one that is long many times would keep us busy.
    match bytes.len() <= MAX_BODY {
        true => typed_whole(value),
        false => typed(value),
    }
}

/// Reads JSON that was read before as what it is meant to be.
pub fn typed<T: DeserializeOwned>(value: impl Into<Value>) -> Result<T> {
    let read = serde_path_to_error::deserialize(value.into());
    read.map_err(|error| Error::Invalid(vec![refusal(&error)]))
}

/// The same, with all fields that are unknown or of another type. serde stops at the first: so it reads
/// again, without that one.
pub fn typed_whole<T: DeserializeOwned>(value: impl Into<Value>) -> Result<T> {
    let mut value = value.into();
    let mut refused = Vec::new();
    let mut taken_out = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize(&value) {
            Ok(read) if refused.is_empty() => return Ok(read),
            Ok::<T, _>(_) => return Err(Error::Invalid(refused)),
            Err(error) => error,
        };
        let refusal = refusal(&error);
        let outermost = match error.path().iter().next() {
            Some(Segment::Map { key }) => key.clone(),
            _ => refusal.field.clone(),
        };
        if taken_out.contains(&outermost) {
            // It is missing since then.
            return Err(Error::Invalid(refused));
        }
        refused.push(refusal);
        let fields = value.as_object_mut();
        let is_out = fields.is_some_and(|fields| fields.remove(&outermost).is_some());
        if !is_out || refused.len() == MOST_REFUSALS {
            return Err(Error::Invalid(refused));
        }
        taken_out.push(outermost);
    }
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
    FieldError::new(path, code, reason)
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
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only whether it can be read matters")]
    struct Body {
        url: String,
        tags: Option<Vec<String>>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only whether it can be read matters")]
    struct Inner {
        limit: i64,
    }

    #[test]
    fn all_fields_that_cannot_be_read_are_named_at_once() {
        assert!(typed_whole::<Body>(json!({ "url": "x", "inner": { "limit": 7 } })).is_ok());
        for (body, expected) in [
            (json!({}), vec![("url", "required")]),
            (json!({ "url": 7 }), vec![("url", "wrong_type")]),
            (
                json!({ "a.b": 1, "tags": ["x", 7, 8], "inner": { "limit": "x" }, "url": null, "z": 1 }),
                vec![
                    ("a.b", "unknown_field"),
                    ("inner.limit", "wrong_type"),
                    ("tags[1]", "wrong_type"),
                    ("url", "wrong_type"),
                    ("z", "unknown_field"),
                ],
            ),
            (
                json!({ "owner": 1, "inner": {} }),
                vec![
                    ("inner.limit", "required"),
                    ("owner", "unknown_field"),
                    ("url", "required"),
                ],
            ),
        ] {
            let Err(Error::Invalid(refused)) = typed_whole::<Body>(body.clone()) else {
                panic!("{body} was read");
            };
            let mut refused: Vec<_> = refused
                .iter()
                .map(|error| (error.field.as_str(), error.code.as_str()))
                .collect();
            refused.sort_unstable();
            assert_eq!(refused, expected, "{body}");
        }
        let many: Map<String, Value> = (0..100)
            .map(|number| (format!("a{number}"), Value::Null))
            .collect();
        let Err(Error::Invalid(refused)) = typed_whole::<Body>(many) else {
            panic!("it was read");
        };
        assert_eq!(refused.len(), MOST_REFUSALS);
    }
}
