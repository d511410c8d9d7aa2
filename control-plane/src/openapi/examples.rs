//! An example for each body that handlers give none for, made of the examples of its fields.

use serde_json::{Map, Value, json};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, RefOr};

/// The schemas that others refer to.
pub(super) struct Examples {
    components: Value,
}

impl Examples {
    /// From what `components.schemas` is in JSON.
    pub(super) fn new(components: Value) -> Self {
        Self { components }
    }

    /// Gives the operation's bodies their examples. Problems have theirs already.
    pub(super) fn describe(&self, operation: &mut Operation) {
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            for (kind, content) in &mut body.content {
                self.fill(kind, content);
            }
        }
        for response in operation.responses.responses.values_mut() {
            let RefOr::T(response) = response else {
                continue;
            };
            for (kind, content) in &mut response.content {
                self.fill(kind, content);
            }
        }
    }

    fn fill(&self, kind: &str, content: &mut RefOr<Content>) {
        let RefOr::T(content) = content else {
            return;
        };
        if kind != "application/json" || content.example.is_some() {
            return;
        }
        // A schema is always JSON.
        let schema = serde_json::to_value(&content.schema).unwrap_or_default();
        content.example = Some(self.of(&schema));
    }

    /// A value that the schema allows: what it says itself, else the plainest one.
    fn of(&self, schema: &Value) -> Value {
        for known in ["example", "default", "const"] {
            if let Some(value) = schema.get(known) {
                return value.clone();
            }
        }
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap_or_default();
            return self.of(&self.components[name]);
        }
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let parts = parts.iter().map(|part| self.of(part));
            return parts.fold(json!({}), merged);
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let is_optional = choices.iter().any(|choice| choice["type"] == "null");
            return match is_optional {
                true => Value::Null,
                false => choices.first().map_or(Value::Null, |first| self.of(first)),
            };
        }
        match schema["type"].as_str() {
            Some("object") => self.object(schema),
            Some("array") => json!([self.of(&schema["items"])]),
            Some("string") => text(schema),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
            Some("boolean") => json!(false),
            // A list of types: it may be null.
            _ => Value::Null,
        }
    }

    /// What must be there, and what has an example.
    fn object(&self, schema: &Value) -> Value {
        let required = schema["required"].as_array();
        let is_required = |name: &str| {
            required.is_some_and(|required| required.iter().any(|other| other == name))
        };
        let properties = schema["properties"].as_object();
        let shown = properties.into_iter().flatten();
        let shown =
            shown.filter(|(name, property)| is_required(name) || property.get("example").is_some());
        let shown = shown.map(|(name, property)| (name.clone(), self.of(property)));
        Value::Object(shown.collect::<Map<_, _>>())
    }
}

fn merged(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            one.extend(other);
            Value::Object(one)
        }
        (one, _) => one,
    }
}

fn text(schema: &Value) -> Value {
    json!(match schema["format"].as_str() {
        Some("date-time") => "2026-11-22T10:20:30Z",
        Some("uuid") => "0199d8f3-5c2a-7e41-9b1d-6f3a2c4e5d70",
        Some("password") => "correct horse battery",
        _ => "text",
    })
}
