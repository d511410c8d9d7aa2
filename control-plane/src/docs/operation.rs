//! One operation: what it takes, what it answers, how it refuses.

use serde_json::Value;

use super::text::{inline, paragraphs};
use super::{curl, fields};
use crate::pages::escaped;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// An operation and where it is.
pub(super) struct Operation<'a> {
    pub(super) method: &'static str,
    pub(super) path: &'a str,
    pub(super) it: &'a Value,
}

impl<'a> Operation<'a> {
    /// All of the description, by path.
    pub(super) fn all(description: &'a Value) -> Vec<Self> {
        let paths = description["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(path, item)| {
            METHODS.iter().filter_map(move |method| {
                let it = item.get(method.to_lowercase())?;
                Some(Self { method, path, it })
            })
        });
        operations.collect()
    }

    /// Its name, which is also its anchor.
    pub(super) fn id(&self) -> &'a str {
        self.it["operationId"].as_str().unwrap_or_default()
    }

    pub(super) fn summary(&self) -> &'a str {
        self.it["summary"].as_str().unwrap_or_default()
    }

    pub(super) fn has_tag(&self, tag: &Value) -> bool {
        let mut tags = self.it["tags"].as_array().into_iter().flatten();
        tags.any(|other| other == tag)
    }

    /// The method and the path, as readers look for it.
    pub(super) fn line(&self) -> String {
        let method = self.method;
        // A long path breaks where its parts end.
        let path = escaped(self.path).replace('/', "<wbr>/");
        format!("<b class=\"{method}\">{method}</b> <code>{path}</code>")
    }

    /// The whole.
    pub(super) fn article(&self, description: &Value, url: &str) -> String {
        let (id, line) = (self.id(), self.line());
        let summary = inline(self.summary());
        let text = paragraphs(self.it["description"].as_str().unwrap_or_default());
        let parts = [
            self.parameters(),
            self.body(description),
            self.answers(description),
        ];
        let command = curl::command(url, self.method, self.path, self.it);
        format!(
            "<article id=\"{id}\">\n<h3><a href=\"#{id}\">{summary}</a></h3>\n<p class=\"line\">{line}\
             </p>\n{text}<h4>To try</h4>\n<pre tabindex=\"0\">{}</pre>\n{}</article>\n",
            escaped(&command),
            parts.concat()
        )
    }

    fn parameters(&self) -> String {
        let parameters = self.it["parameters"].as_array().into_iter().flatten();
        let rows: String = parameters
            .map(|parameter| {
                let name = parameter["name"].as_str().unwrap_or_default();
                let mut schema = parameter["schema"].clone();
                schema["description"] = parameter["description"].clone();
                let place = parameter["in"].as_str().unwrap_or_default();
                let note = match parameter["required"] == true {
                    true => format!("{place}, required"),
                    false => place.to_owned(),
                };
                fields::row(name, &schema, &note)
            })
            .collect();
        match rows.is_empty() {
            true => String::new(),
            false => format!(
                "<h4>Parameters</h4>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Name\
                 <th scope=\"col\">Type<th scope=\"col\">Meaning</thead>\n<tbody>\n{rows}</tbody>\n\
                 </table></div>\n"
            ),
        }
    }

    fn body(&self, description: &Value) -> String {
        let contents = self.it["requestBody"]["content"].as_object();
        let contents = contents.into_iter().flatten();
        let contents = contents.map(|(kind, content)| {
            let schema = &content["schema"];
            let named = resolved(schema, description);
            let fields = match named.get("properties") {
                Some(_) => format!(
                    "<details><summary>Fields</summary>\n{}</details>\n",
                    fields::table(named)
                ),
                None => String::new(),
            };
            let (kind, schema) = (escaped(kind), fields::kind(schema));
            format!("<h4>Body</h4>\n<p><code>{kind}</code>: {schema}</p>\n{fields}")
        });
        contents.collect()
    }

    fn answers(&self, description: &Value) -> String {
        let responses = self.it["responses"].as_object().into_iter().flatten();
        let responses =
            responses.map(|(status, response)| answer(status, resolved(response, description)));
        let responses: String = responses.collect();
        format!("<h4>Answers</h4>\n<dl>\n{responses}</dl>\n")
    }
}

/// A part of the description, or what it refers to.
fn resolved<'d>(part: &'d Value, description: &'d Value) -> &'d Value {
    let pointer = part["$ref"]
        .as_str()
        .map(|name| name.trim_start_matches('#'));
    let named = pointer.and_then(|pointer| description.pointer(pointer));
    named.unwrap_or(part)
}

fn answer(status: &str, response: &Value) -> String {
    let text = inline(response["description"].as_str().unwrap_or_default());
    let contents = response["content"].as_object().into_iter().flatten();
    let (text, contents) = match status < "400" {
        true => {
            let contents = contents.map(|(kind, content)| success(kind, content));
            (text, contents.collect())
        }
        false => {
            let text = contents.fold(text, |text, (_, content)| with_links(text, content));
            (text, String::new())
        }
    };
    format!("<dt>{status}<dd>{text}{contents}\n")
}

fn success(kind: &str, content: &Value) -> String {
    let example = match &content["example"] {
        Value::Null => String::new(),
        Value::String(text) => example(text),
        other => example(&format!("{other:#}")),
    };
    let (kind, schema) = (escaped(kind), fields::kind(&content["schema"]));
    format!("<br><code>{kind}</code>: {schema}{example}")
}

fn example(text: &str) -> String {
    let text = escaped(text);
    format!("<details><summary>Example</summary><pre tabindex=\"0\">{text}</pre></details>")
}

/// A problem's codes are explained in one place.
fn with_links(text: String, content: &Value) -> String {
    let codes = content["examples"].as_object().into_iter().flatten();
    codes.fold(text, |text, (code, _)| {
        let marked = format!("<code>{code}</code>");
        text.replace(
            &marked,
            &format!("<a href=\"#problem-{code}\">{marked}</a>"),
        )
    })
}
