//! Where bodies have texts, as the description has it, and bodies with one of them changed.

use serde_json::{Map, Value, json};

use crate::openapi::resolved;

/// One step into a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Field(String),
    FirstEntry,
    /// Which of several shapes. No step in the body.
    Shape(&'static str, usize),
}

/// The way to all texts of a schema.
pub fn texts(schema: &'static Value) -> Vec<Vec<Step>> {
    let schema = resolved(schema);
    let mut found = Vec::new();
    let is_text = schema["type"] == "string" || schema["type"] == json!(["string", "null"]);
    if is_text {
        found.push(Vec::new());
    }
    let fields = schema["properties"].as_object().into_iter().flatten();
    for (name, field) in fields {
        below(Step::Field(name.clone()), field, &mut found);
    }
    if let Some(entry) = schema.get("items") {
        below(Step::FirstEntry, entry, &mut found);
    }
    for keyword in ["oneOf", "allOf"] {
        let shapes = schema[keyword].as_array().into_iter().flatten();
        for (number, shape) in shapes.enumerate() {
            below(Step::Shape(keyword, number), shape, &mut found);
        }
    }
    found
}

fn below(step: Step, schema: &'static Value, found: &mut Vec<Vec<Step>>) {
    for rest in texts(schema) {
        found.push([vec![step.clone()], rest].concat());
    }
}

/// A body with `value` at the end of the way, and besides only what must be there.
pub fn with(schema: &'static Value, way: &[Step], value: &Value) -> Value {
    let schema = resolved(schema);
    let Some((step, rest)) = way.split_first() else {
        return value.clone();
    };
    match step {
        Step::Field(name) => {
            let mut object = required(schema);
            let field = with(&schema["properties"][name], rest, value);
            object.insert(name.clone(), field);
            Value::Object(object)
        }
        // Too few would be refused for that.
        Step::FirstEntry => {
            let changed = with(&schema["items"], rest, value);
            let least = schema["minItems"].as_u64().unwrap_or(1);
            let others = (1..least).map(|_| plainest(&schema["items"]));
            [changed].into_iter().chain(others).collect()
        }
        Step::Shape(keyword, number) => with(&schema[keyword][number], rest, value),
    }
}

fn required(schema: &'static Value) -> Map<String, Value> {
    let names = schema["required"].as_array().into_iter().flatten();
    let names = names.map(|name| name.as_str().unwrap());
    let fields = names.map(|name| (name.to_owned(), plainest(&schema["properties"][name])));
    fields.collect()
}

/// What a schema gives as an example, or the least that it allows.
pub fn plainest(schema: &'static Value) -> Value {
    let schema = resolved(schema);
    for known in ["example", "default"] {
        if let Some(value) = schema.get(known) {
            return value.clone();
        }
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(shapes) = schema["oneOf"].as_array() {
        return plainest(&shapes[0]);
    }
    match schema["type"].as_str() {
        Some("object") => Value::Object(required(schema)),
        Some("array") => json!([plainest(&schema["items"])]),
        Some("integer") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(false),
        Some("string") if schema["format"] == "password" => json!("correct horse battery"),
        Some("string") => json!("text"),
        _ => Value::Null,
    }
}

/// What is at the end of the way.
pub fn at<'v>(body: &'v Value, way: &[Step]) -> &'v Value {
    way.iter().fold(body, |value, step| match step {
        Step::Field(name) => &value[name],
        Step::FirstEntry => &value[0],
        Step::Shape(..) => value,
    })
}

/// The field at the top, as refusals begin with it.
pub fn first_field(way: &[Step]) -> &str {
    let fields = way.iter().find_map(|step| match step {
        Step::Field(name) => Some(name.as_str()),
        _ => None,
    });
    fields.unwrap()
}
