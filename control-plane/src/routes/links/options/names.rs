//! Values that are a text in JSON: between their types and their texts.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The value with this name, if there is one.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(Value::String(text.to_owned())).ok()
}

/// The value's name.
pub(super) fn show<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// The names of several values.
pub(super) fn show_all<T: Serialize>(values: &[T]) -> Vec<String> {
    values.iter().map(show).collect()
}
