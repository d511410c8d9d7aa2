//! What can be read of a body, and what cannot: so that all that is wrong with it is told at once.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{MAX_BODY, unreadable};
use crate::error::{Error, FieldError, Result};
use crate::field_check::FieldCheck;
use crate::state::AppState;

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
        self.check_with(FieldCheck::new(state))
    }

    /// The same with another check.
    pub fn check_with(self, check: FieldCheck<'_>) -> (T, FieldCheck<'_>) {
        (self.body, check.after(self.refused))
    }
}

impl<T: DeserializeOwned> Fields<T> {
    /// Reads as much as can be read.
    ///
    /// # Errors
    /// [`Error::Invalid`] if nothing can be made of the rest.
    pub fn read(value: impl Into<Value>) -> Result<Self> {
        Self::read_thoroughly(value, MAX_BODY)
    }

    /// The same. Of what is longer than `longest` bytes, only the first thing that cannot be read is looked for:
    /// for each, it is read a few times more.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub fn read_thoroughly(value: impl Into<Value>, longest: usize) -> Result<Self> {
        let value = value.into();
        let first = match unreadable::read(&value) {
            Ok(body) => return Ok(Self::new(body, Vec::new())),
            Err(first) => first,
        };
        if value.to_string().len() > longest {
            return Err(Error::Invalid(vec![first.refusal()]));
        }
        let rest = unreadable::rest(&value, &first);
        let refused = unreadable::all::<T>(value, first);
        match rest {
            Some(body) => Ok(Self::new(body, refused)),
            None => Err(Error::Invalid(refused)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Map, json};

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
                    ("tags[2]", "wrong_type"),
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
        assert_eq!(refused.len(), unreadable::MOST);
    }
}
