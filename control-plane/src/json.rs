//! Reading JSON bodies strictly: what we do not understand we do not guess at.

mod fields;
mod plain_words;
mod unreadable;

use std::fmt;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

pub use fields::Fields;

use crate::body;
use crate::error::{Error, Result};

/// Longest body in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// The same where ten thousand links may be in it.
pub const MAX_BULK_BODY: usize = 8 * 1024 * 1024;

/// A JSON object as request body.
///
/// 415 without a JSON content type or in another coding than UTF-8, 413 above [`MAX_BODY`] (or what the route allows), 400 for what is not JSON (duplicate
/// keys and invalid UTF-8 included), 422 for JSON of another shape.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let body = object(request, state).await?;
        Fields::read(body)?.whole().map(Self)
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
        Fields::read(body).map(Self)
    }
}

/// A body that is an object.
async fn object<S: Send + Sync>(request: Request, state: &S) -> Result<Value> {
    body::check_type(request.headers(), "application/json")?;
    let bytes = body::whole(Bytes::from_request(request, state).await)?;
    let value = parse(&bytes)?;
    // serde would also read an array, by position.
    if !value.is_object() {
        return Err(Error::invalid(
            "",
            "wrong_type",
            "the body must be a JSON object",
        ));
    }
    Ok(value)
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

/// Reads JSON that was read before as what it is meant to be.
pub fn typed<T: DeserializeOwned>(value: impl Into<Value>) -> Result<T> {
    let read = unreadable::read(&value.into());
    read.map_err(|unreadable| Error::Invalid(vec![unreadable.refusal()]))
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
