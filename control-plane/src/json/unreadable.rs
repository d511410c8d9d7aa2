//! What cannot be read of a body. serde stops at the first such thing; so that is taken out, or something
//! readable is put in its place, and the rest is read again.

use std::collections::VecDeque;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Segment;

use super::plain_words::in_plain_words;
use crate::error::FieldError;

/// Fields that are named at once. For each, the body is read a few times more.
pub(super) const MOST: usize = 20;

/// A step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// Why something could not be read, and where it is.
#[derive(Debug)]
pub(super) struct Unreadable {
    place: Vec<Step>,
    reason: String,
}

/// Reads JSON, which stays as it is.
pub(super) fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Unreadable> {
    serde_path_to_error::deserialize(value).map_err(|error| Unreadable::new(&error))
}

impl Unreadable {
    pub(super) fn new(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let reason = error.inner().to_string();
        let mut place: Vec<_> = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                // A variant with something in it is an object with one key.
                Segment::Map { key } | Segment::Enum { variant: key } => {
                    Some(Step::Key(key.clone()))
                }
                Segment::Seq { index } => Some(Step::Index(*index)),
                Segment::Unknown => None,
            })
            .collect();
        let named = ["unknown field `", "missing field `"]
            .iter()
            .find_map(|prefix| reason.strip_prefix(prefix)?.split('`').next());
        // The path ends with the field, or with what the field is in.
        if let Some(name) = named {
            let step = Step::Key(name.to_owned());
            if reason.starts_with("missing") || place.last() != Some(&step) {
                place.push(step);
            }
        }
        Self { place, reason }
    }

    pub(super) fn refusal(&self) -> FieldError {
        let known = [
            ("unknown field", "unknown_field", "this field is unknown"),
            ("missing field", "required", "this field is required"),
        ];
        let (field, reason) = (self.field(), self.reason.as_str());
        let is_known = |(start, ..): &&(&str, _, _)| reason.starts_with(start);
        if let Some((_, code, message)) = known.iter().find(is_known) {
            return FieldError::new(&field, code, message);
        }
        let code = match reason.starts_with("unknown variant") {
            true => "unknown_value",
            false => "wrong_type",
        };
        FieldError::new(&field, code, in_plain_words(reason))
    }

    /// The place as problems name it: `rules[1].target`.
    fn field(&self) -> String {
        let mut name = String::new();
        for step in &self.place {
            match step {
                Step::Key(key) if name.is_empty() => name.push_str(key),
                Step::Key(key) => name.extend([".", key]),
                Step::Index(index) => name.push_str(&format!("[{index}]")),
            }
        }
        name
    }

    fn is_within(&self, place: &[Step]) -> bool {
        self.place.starts_with(place)
    }

    /// The first of the words that would have been understood.
    fn expected_word(&self) -> Option<&str> {
        self.reason.split_once("expected ")?.1.split('`').nth(1)
    }
}

/// All that cannot be read of a value, beginning with what was found `first`. At most [`MOST`]; and what is
/// beside a thing that nothing can be put in the place of is not looked at.
pub(super) fn all<T: DeserializeOwned>(mut value: Value, first: Unreadable) -> Vec<FieldError> {
    let mut refused = vec![first.refusal()];
    let mut mended: Vec<Vec<Step>> = Vec::new();
    let mut unreadable = first;
    while refused.len() < MOST {
        let around = (1..=unreadable.place.len()).rev();
        let mut mends = around.filter_map(|length| {
            let place = &unreadable.place[..length];
            Some((place, mend::<T>(&value, place)?))
        });
        let Some((place, (better, Err(next)))) = mends.next() else {
            break;
        };
        mended.push(place.to_vec());
        (value, unreadable) = (better, next);
        // What was taken out may be missing at the end.
        if !mended.iter().any(|place| unreadable.is_within(place)) {
            refused.push(unreadable.refusal());
        }
    }
    refused
}

/// What can be read without the outermost fields that cannot: they are absent, or empty if they must be
/// there. `None` if there is no such thing, or if that are more than [`MOST`].
pub(super) fn rest<T: DeserializeOwned>(value: &Value, first: &Unreadable) -> Option<T> {
    let (mut value, mut result) = mend(value, first.place.get(..1)?)?;
    // One that must be there is mended twice: first it is taken out.
    for _ in 0..2 * MOST {
        let unreadable = match result {
            Ok(read) => return Some(read),
            Err(unreadable) => unreadable,
        };
        (value, result) = mend(&value, unreadable.place.get(..1)?)?;
    }
    None
}

/// The value with nothing, something empty, or the first word that would be understood in a place, if it can be
/// read there, with what comes of the rest.
fn mend<T: DeserializeOwned>(
    value: &Value,
    place: &[Step],
) -> Option<(Value, Result<T, Unreadable>)> {
    let mut value = value.clone();
    let empties = [json!(""), json!([]), json!({}), json!(0), json!(false)].map(Some);
    let mut candidates: VecDeque<_> = [None].into_iter().chain(empties).collect();
    let mut has_word = false;
    while let Some(candidate) = candidates.pop_front() {
        if put(&mut value, place, candidate).is_none() {
            continue;
        }
        let result = read::<T>(&value);
        let unreadable = match &result {
            // Also around it: an object that has nothing left in it may be none any more.
            Err(unreadable)
                if unreadable.is_within(place) || place.starts_with(&unreadable.place) =>
            {
                unreadable
            }
            _ => return Some((value, result)),
        };
        if let (false, Some(word)) = (has_word, unreadable.expected_word()) {
            candidates.extend([Some(json!(word)), Some(json!({ word: "" }))]);
            has_word = true;
        }
    }
    None
}

/// Puts something in a place, or takes out what is there. `None` if that cannot be done.
fn put(value: &mut Value, place: &[Step], new: Option<Value>) -> Option<()> {
    let (last, way) = place.split_last()?;
    let mut holder = value;
    for step in way {
        holder = match step {
            Step::Key(key) => holder.get_mut(key)?,
            Step::Index(index) => holder.get_mut(index)?,
        };
    }
    match (last, new) {
        (Step::Key(key), Some(new)) => drop(holder.as_object_mut()?.insert(key.clone(), new)),
        (Step::Key(key), None) => drop(holder.as_object_mut()?.remove(key)?),
        (Step::Index(index), Some(new)) => *holder.get_mut(index)? = new,
        // Those behind it would have other numbers.
        (Step::Index(_), None) => return None,
    }
    Some(())
}
