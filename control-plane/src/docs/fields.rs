//! Schemas as tables.

use serde_json::Value;

use super::text::inline;
use crate::pages::escaped;

/// A table of an object's fields; what it is, if it is none.
pub(super) fn table(schema: &Value) -> String {
    let rows = rows(schema);
    if rows.is_empty() {
        return format!("<p>{}</p>\n", kind(schema));
    }
    format!(
        "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Field<th scope=\"col\">Type\
         <th scope=\"col\">Meaning</thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
    )
}

fn rows(schema: &Value) -> String {
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().map(|part| match part["$ref"].as_str() {
            Some(_) => row("…", part, "all of them"),
            None => rows(part),
        });
        return parts.collect();
    }
    let required = schema["required"].as_array();
    let is_required = |name: &str| {
        let mut required = required.into_iter().flatten();
        required.any(|other| other == name)
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    let rows = properties.map(|(name, property)| match is_required(name) {
        true => row(name, property, "required"),
        false => row(name, property, ""),
    });
    rows.collect()
}

/// One row, of a field or of a parameter.
pub(super) fn row(name: &str, schema: &Value, note: &str) -> String {
    let note = match note {
        "" => String::new(),
        note => format!(" <small>{note}</small>"),
    };
    let description = schema["description"].as_str();
    let description = description.or_else(|| schema["oneOf"][0]["description"].as_str());
    let meaning = [inline(description.unwrap_or_default()), limits(schema)];
    let meaning: Vec<_> = meaning
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    format!(
        "<tr><th scope=\"row\"><code>{}</code>{note}<td>{}<td>{}\n",
        escaped(name),
        kind(schema),
        meaning.join(" ")
    )
}

/// What values are, in words, with links to what is described elsewhere.
pub(super) fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        let name = escaped(name.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(values) = schema["enum"].as_array() {
        return choices(values.iter().map(code));
    }
    for (keyword, word) in [("oneOf", " or "), ("allOf", " and ")] {
        if let Some(parts) = schema[keyword].as_array() {
            let parts: Vec<_> = parts.iter().map(kind).collect();
            return parts.join(word);
        }
    }
    if schema["type"] == "array" {
        return format!("list of {}", kind(&schema["items"]));
    }
    if let (Some(properties), true) = (schema["properties"].as_object(), schema["type"] == "object")
    {
        let names = properties.keys().map(|name| code(&name.clone().into()));
        return format!("object with {}", names.collect::<Vec<_>>().join(", "));
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one.as_str()],
        _ => vec!["anything"],
    };
    let format = schema["format"].as_str().unwrap_or_default();
    let types = types.into_iter().map(|name| match (name, format) {
        ("string", "date-time") => "time".to_owned(),
        ("string", "binary") => "bytes".to_owned(),
        ("string", "uuid") => "UUID".to_owned(),
        (name, _) => escaped(name),
    });
    types.collect::<Vec<_>>().join(" or ")
}

fn choices(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join(", ")
}

fn code(value: &Value) -> String {
    let text = value.as_str().map_or(value.to_string(), str::to_owned);
    format!("<code>{}</code>", escaped(&text))
}

/// How large or small values may be, and what they are when absent.
fn limits(schema: &Value) -> String {
    let named = [
        ("default", "When absent"),
        ("minimum", "From"),
        ("maximum", "At most"),
        ("minLength", "Characters, at least"),
        ("maxLength", "Characters, at most"),
        ("minItems", "Entries, at least"),
        ("maxItems", "Entries, at most"),
        ("pattern", "Matches"),
    ];
    let named = named.iter().filter_map(|(keyword, words)| {
        let value = schema.get(keyword)?;
        Some(format!("<small>{words}: {}.</small>", code(value)))
    });
    named.collect::<Vec<_>>().join(" ")
}
