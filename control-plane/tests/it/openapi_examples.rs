//! The description's examples are what its schemas allow.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::openapi::{DESCRIPTION, all_operations, resolved};

/// A schema of the description, with all that it refers to.
pub fn validator(schema: &Value) -> Validator {
    let mut schema = schema.clone();
    schema["components"] = DESCRIPTION["components"].clone();
    let options = jsonschema::draft202012::options();
    options
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// Bodies of an operation: what they are of, and what they are.
fn bodies(operation: &'static Value) -> Vec<(String, &'static Value)> {
    let request = operation.get("requestBody").into_iter();
    let request = request.map(|body| ("request".to_owned(), body));
    let responses = operation["responses"].as_object().unwrap().iter();
    let responses = responses.map(|(status, response)| (status.clone(), resolved(response)));
    let contents = request.chain(responses).flat_map(|(name, body)| {
        let content = body["content"].as_object().into_iter().flatten();
        content.map(move |(kind, content)| (format!("{name} {kind}"), content))
    });
    contents.collect()
}

#[test]
fn every_body_has_an_example_that_its_schema_allows() {
    let mut count = 0;
    for (operation, description) in all_operations() {
        for (body, content) in bodies(description) {
            if body.ends_with("image/png") {
                continue;
            }
            let examples: Vec<Value> = match content["examples"].as_object() {
                Some(examples) => examples.values().map(value).collect(),
                None => content.get("example").cloned().into_iter().collect(),
            };
            assert!(!examples.is_empty(), "{operation} {body} has no example");
            let validator = validator(&content["schema"]);
            for example in examples {
                let errors: Vec<_> = validator.iter_errors(&example).collect();
                assert!(errors.is_empty(), "{operation} {body}: {errors:?}");
                count += 1;
            }
        }
    }
    assert!(count > 100, "only {count}");
}

fn value(example: &'static Value) -> Value {
    resolved(example)["value"].clone()
}

#[test]
fn the_check_of_examples_can_fail() {
    let schema = json!({ "$ref": "#/components/schemas/CreateLink" });
    let validator = validator(&schema);
    assert!(validator.is_valid(&json!({ "original_url": "https://example.com/" })));
    assert!(!validator.is_valid(&json!({ "original_url": 1 })));
    assert!(!validator.is_valid(&json!({ "original_url": "https://example.com/", "x": 1 })));
}
