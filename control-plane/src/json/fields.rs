//! What can be read of a body, and what cannot: so that all that is wrong with it is told at once.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Segment;

use super::refusal;
use crate::error::{Error, FieldError, Result};
use crate::field_check::FieldCheck;
use crate::state::AppState;

/// Fields that are named at once. For each, the body is read once more.
const MOST_REFUSALS: usize = 20;

/// A body of which fields may not have been readable. They are absent from it; those that must not be are
/// empty.
#[derive(Debug)]
pub struct Fields<T> {
    body: T,
    refused: Vec<FieldError>,
}

impl<T> Fields<T> {
    /// What was read elsewhere.
    pub(crate) fn new(body: T, refused: Vec<FieldError>) -> Self {
        Self { body, refused }
    }

    /// The body, if all of it could be read.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the fields that could not.
    pub fn whole(self) -> Result<T> {
        match self.refused.is_empty() {
            true => Ok(self.body),
            false => Err(Error::Invalid(self.refused)),
        }
    }

    /// The body, and a check of its values that begins with what could not be read. Nothing may be done
    /// with the body before the check has ended well.
    pub fn check(self, state: &AppState) -> (T, FieldCheck<'_>) {
        (self.body, FieldCheck::new(state).after(self.refused))
    }

    /// To change the body before it is checked.
    pub fn body_mut(&mut self) -> &mut T {
        &mut self.body
    }
}

impl<T: DeserializeOwned> Fields<T> {
    /// Reads as much as can be read. serde stops at the first field that is unknown or of another type: so
    /// it reads again, without that one.
    ///
    /// # Errors
    /// [`Error::Invalid`] if nothing can be made of the rest.
    pub fn read(value: impl Into<Value>) -> Result<Self> {
        let mut value = value.into();
        let mut refused: Vec<FieldError> = Vec::new();
        let mut out: Vec<String> = Vec::new();
        loop {
            let error = match serde_path_to_error::deserialize(&value) {
                Ok(body) => return Ok(Self { body, refused }),
                Err(error) => error,
            };
            let refusal = refusal(&error);
            let outermost = match error.path().iter().next() {
                Some(Segment::Map { key }) => key.clone(),
                _ => refusal.field.clone(),
            };
            let is_in_place_of = out.contains(&outermost);
            if !is_in_place_of {
                refused.push(refusal);
            }
            let is_enough = refused.len() == MOST_REFUSALS;
            let Some(fields) = value.as_object_mut().filter(|_| !is_enough) else {
                return Err(Error::Invalid(refused));
            };
            if fields.remove(&outermost).is_some() && !is_in_place_of {
                out.push(outermost);
                continue;
            }
            // It must be there.
            let Some(empty) = empty::<T>(&value, &outermost) else {
                return Err(Error::Invalid(refused));
            };
            value[outermost.as_str()] = empty;
            out.push(outermost);
        }
    }
}

/// What can stand in the place of a field that must be there. Of words that are known, the first.
fn empty<T: DeserializeOwned>(value: &Value, field: &str) -> Option<Value> {
    let mut value = value.clone();
    let mut read = |candidate: &Value| {
        value[field] = candidate.clone();
        let read: Result<T, _> = serde_path_to_error::deserialize(&value);
        let error = read.err()?;
        let is_it =
            matches!(error.path().iter().next(), Some(Segment::Map { key }) if key == field);
        is_it.then(|| error.inner().to_string())
    };
    let mut known = None;
    for candidate in [json!(""), json!([]), json!({}), json!(0), json!(false)] {
        let Some(reason) = read(&candidate) else {
            return Some(candidate);
        };
        let word = || reason.split_once("expected ")?.1.split('`').nth(1);
        known = known.or_else(|| word().map(|word| json!(word)));
    }
    known.filter(|known| read(known).is_none())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Map;

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

    fn read(value: impl Into<Value>) -> Result<Body> {
        Fields::read(value)?.whole()
    }

    #[test]
    fn all_fields_that_cannot_be_read_are_named_at_once() {
        assert!(read(json!({ "url": "x", "inner": { "limit": 7 } })).is_ok());
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
            let Err(Error::Invalid(refused)) = read(body.clone()) else {
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
        let Err(Error::Invalid(refused)) = read(many) else {
            panic!("it was read");
        };
        assert_eq!(refused.len(), MOST_REFUSALS);
    }
}
