//! A request to try, as a command.

use serde_json::Value;

/// What stands for the part of an id that differs.
const SOME_ID: &str = "01K9ZC6T2YJ4T1B6Q8S3W5";

/// The command. Credentials are left out: the page must hold none.
pub(super) fn command(url: &str, method: &str, path: &str, operation: &Value) -> String {
    let mut address = format!("{}{path}", url.trim_end_matches('/'));
    let parameters = operation["parameters"].as_array();
    for parameter in parameters.into_iter().flatten() {
        if parameter["in"] == "path" {
            let name = parameter["name"].as_str().unwrap_or_default();
            address = address.replace(&format!("{{{name}}}"), &some(name, parameter));
        }
    }
    let mut lines = vec![match method {
        "GET" => format!("curl '{address}'"),
        _ => format!("curl -X {method} '{address}'"),
    }];
    let security = operation["security"].as_array();
    let takes = |kind: &str| {
        let mut kinds = security.into_iter().flatten();
        kinds.any(|one| one.get(kind).is_some())
    };
    if takes("api_key") {
        lines.push("-H \"Authorization: Bearer $LINKPULSE_KEY\"".to_owned());
    } else if takes("session") {
        lines.push("-b \"__Host-linkpulse_session=$SESSION\"".to_owned());
        if method != "GET" {
            lines.push("-H 'X-Requested-With: linkpulse'".to_owned());
        }
    }
    let contents = operation["requestBody"]["content"].as_object();
    for (kind, content) in contents.into_iter().flatten() {
        lines.push(format!("-H 'Content-Type: {kind}'"));
        lines.push(body(&content["example"]));
    }
    lines.join(" \\\n  ")
}

fn body(example: &Value) -> String {
    let text = match example {
        Value::Null => return "--data-binary @file".to_owned(),
        Value::String(text) => text.trim_end().to_owned(),
        other => format!("{other:#}"),
    };
    let data = match example.is_string() {
        true => "--data-binary",
        false => "-d",
    };
    // As shells want it.
    format!("{data} '{}'", text.replace('\'', "'\\''"))
}

/// Something that could stand in the path: an id if the description says what they look like.
fn some(name: &str, parameter: &Value) -> String {
    let description = parameter["description"].as_str().unwrap_or_default();
    let quoted = description.split('`').nth(1).unwrap_or_default();
    match (quoted.strip_suffix('…'), name) {
        (Some(prefix), _) => format!("{prefix}{SOME_ID}"),
        (None, "domain") => "go.example.com".to_owned(),
        (None, "code") => "spring-24".to_owned(),
        (None, "external_id") => "order-4711".to_owned(),
        (None, name) => name.to_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_command_is_what_a_shell_understands() {
        let operation = json!({
            "parameters": [{ "name": "id", "in": "path", "description": "`lnk_…`" }],
            "security": [{ "api_key": [] }],
            "requestBody": { "content": { "application/json": { "example": { "title": "it's" } } } },
        });
        let url = "https://go.example.com/";
        assert_eq!(
            command(url, "PATCH", "/api/v1/links/{id}", &operation),
            "curl -X PATCH 'https://go.example.com/api/v1/links/lnk_01K9ZC6T2YJ4T1B6Q8S3W5' \\\n  \
             -H \"Authorization: Bearer $LINKPULSE_KEY\" \\\n  \
             -H 'Content-Type: application/json' \\\n  \
             -d '{\n  \"title\": \"it'\\''s\"\n}'"
        );
    }
}
