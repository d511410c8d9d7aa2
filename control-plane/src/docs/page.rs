use serde_json::Value;
use url::Url;

use super::fields;
use super::operation::Operation;
use super::text::{inline, paragraphs};
use crate::pages::escaped;

/// The whole page.
pub(super) fn page(description: &Value, public_url: &Url) -> String {
    let operations = Operation::all(description);
    let title = escaped(description["info"]["title"].as_str().unwrap_or_default());
    let version = escaped(description["info"]["version"].as_str().unwrap_or_default());
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"/docs/style.css\">\n\
         <a class=\"skip\" href=\"#main\">To the content</a>\n\
         <header>\n<h1>{title}</h1>\n<p>Version {version} · \
         <a href=\"/api/v1/openapi.json\">openapi.json</a> · <a href=\"/console/\">Console</a></p>\n\
         </header>\n<nav aria-label=\"Contents\">\n{}</nav>\n<main id=\"main\">\n{}{}{}{}</main>\n\
         </html>\n",
        contents(description, &operations),
        introduction(description, public_url),
        sections(description, &operations, public_url.as_str()),
        problems(description),
        schemas(description),
    )
}

fn tags(description: &Value) -> impl Iterator<Item = (&Value, String)> {
    let tags = description["tags"].as_array().into_iter().flatten();
    tags.map(|tag| (tag, escaped(tag["name"].as_str().unwrap_or_default())))
}

fn contents(description: &Value, operations: &[Operation<'_>]) -> String {
    let groups = tags(description).map(|(tag, name)| {
        let own = operations.iter().filter(|one| one.has_tag(&tag["name"]));
        let links = own.map(|one| {
            let summary = inline(one.summary());
            format!("<li><a href=\"#{}\">{summary}</a>\n", one.id())
        });
        let links: String = links.collect();
        format!("<details><summary>{name}</summary>\n<ul>\n{links}</ul>\n</details>\n")
    });
    let groups: String = groups.collect();
    format!(
        "{groups}<p><a href=\"#problems\">Problems</a></p>\n<p><a href=\"#schemas\">Schemas</a></p>\n"
    )
}

fn introduction(description: &Value, public_url: &Url) -> String {
    let text = description["info"]["description"].as_str();
    // The table of problems follows, better to read, below.
    let text = text.unwrap_or_default().split("\n\n|").next();
    let url = escaped(public_url.as_str().trim_end_matches('/'));
    format!(
        "<section id=\"introduction\">\n{}<p>The API is at <code>{url}/api/v1</code>. Programs send a key, \
         which an admin makes in the console: <code>Authorization: Bearer lp_live_…</code>. In the \
         commands below it is in <code>$LINKPULSE_KEY</code>.</p>\n</section>\n",
        paragraphs(text.unwrap_or_default())
    )
}

fn sections(description: &Value, operations: &[Operation<'_>], url: &str) -> String {
    let sections = tags(description).map(|(tag, name)| {
        let text = inline(tag["description"].as_str().unwrap_or_default());
        let own = operations.iter().filter(|one| one.has_tag(&tag["name"]));
        let articles: String = own.map(|one| one.article(description, url)).collect();
        format!(
            "<section id=\"tag-{name}\">\n<h2>{name}</h2>\n<p>{text}.</p>\n{articles}</section>\n"
        )
    });
    sections.collect()
}

fn problems(description: &Value) -> String {
    let examples = description["components"]["examples"].as_object();
    let mut examples: Vec<_> = examples.into_iter().flatten().collect();
    examples.sort_by_key(|(_, example)| example["value"]["status"].as_u64());
    let rows = examples.into_iter().map(|(code, example)| {
        let (status, code) = (&example["value"]["status"], escaped(code));
        let meaning = inline(example["summary"].as_str().unwrap_or_default());
        format!(
            "<tr id=\"problem-{code}\"><th scope=\"row\"><code>{code}</code><td>{status}<td>{meaning}\n"
        )
    });
    let rows: String = rows.collect();
    format!(
        "<section id=\"problems\">\n<h2>Problems</h2>\n<p>Their body is a \
         <a href=\"#schema-Problem\">Problem</a>.</p>\n<div class=\"wide\"><table>\n\
         <thead><tr><th scope=\"col\">Code<th scope=\"col\">Status<th scope=\"col\">Meaning</thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n</section>\n"
    )
}

fn schemas(description: &Value) -> String {
    let schemas = description["components"]["schemas"].as_object();
    let schemas = schemas.into_iter().flatten().map(|(name, schema)| {
        let name = escaped(name);
        let text = paragraphs(schema["description"].as_str().unwrap_or_default());
        format!(
            "<article id=\"schema-{name}\">\n<h3><a href=\"#schema-{name}\">{name}</a></h3>\n{text}{}\
             </article>\n",
            fields::table(schema)
        )
    });
    let schemas: String = schemas.collect();
    format!("<section id=\"schemas\">\n<h2>Schemas</h2>\n{schemas}</section>\n")
}
