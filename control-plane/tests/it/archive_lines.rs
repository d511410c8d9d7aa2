//! Every text of every line of a workspace's file, with texts that do harm elsewhere.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::archive::Place;
use crate::harmful;
use crate::link_options::example::everything;

/// Stands where bytes go that no JSON value holds.
const PLACE: &str = "put it here";

/// A line of a file, and what a text was put into.
struct Line {
    bytes: Vec<u8>,
    field: String,
    what: &'static str,
}

/// Where a value has texts: pointers into it.
fn texts(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(entries) => {
            for (place, entry) in entries.iter().enumerate() {
                texts(entry, &format!("{at}/{place}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                texts(field, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// The line once more for each of its texts, with another text there.
fn lines(line: &Value, (what, text): &(&'static str, Vec<u8>), number: &mut u32) -> Vec<Line> {
    let mut places = Vec::new();
    texts(line, "", &mut places);
    let put = places.into_iter().map(|place| {
        let mut line = line.clone();
        *number += 1;
        // Each is about a thing of its own, so that nothing but the text can be wrong with it.
        if line["kind"] == "domain" {
            line["domain"] = json!(format!("d{number}.example.com"));
        }
        if line["kind"] == "utm_template" {
            line["id"] = json!(format!("utm_{number:022}"));
            line["name"] = json!(format!("n-{number}"));
        }
        if line["kind"] == "link" {
            line["id"] = json!(format!("lnk_{number:022}"));
            line["code"] = json!(format!("c-{number}"));
            line["external_id"] = json!(format!("e-{number}"));
        }
        *line.pointer_mut(&place).unwrap() = json!(PLACE);
        let (before, after) = (line.to_string(), in_json(text));
        let (before, rest) = before.split_once(&format!("\"{PLACE}\"")).unwrap();
        Line {
            bytes: [before.as_bytes(), &after, rest.as_bytes(), b"\n"].concat(),
            field: place.split('/').nth(1).unwrap().to_owned(),
            what,
        }
    });
    put.collect()
}

fn value(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

/// What is no text stays as it is, between quotes.
fn in_json(text: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(text) {
        Ok(text) => json!(text).to_string().into_bytes(),
        Err(_) => [b"\"", text, b"\""].concat(),
    }
}

fn file(lines: &[Line]) -> Vec<u8> {
    let mut file = b"{\"kind\":\"workspace\",\"format\":1}\n".to_vec();
    file.extend(lines.iter().flat_map(|line| &line.bytes));
    let end = json!({ "kind": "end", "lines": lines.len() + 1 });
    file.extend(format!("{end}\n").into_bytes());
    file
}

/// Takes those lines out that are refused, whether at once or by the job, and says how many were.
async fn take_out_refused(place: &Place, lines: &mut Vec<Line>) -> usize {
    let before = lines.len();
    loop {
        let begun = place.upload("?dry_run=true", file(lines)).await;
        let refused: BTreeSet<usize> = match begun.status {
            202 => {
                let done = place.finished(&begun).await;
                assert_eq!(done["failure"], Value::Null);
                let errors = done["errors"].as_array().unwrap().iter();
                let refused = errors.map(|error| {
                    let number = usize::try_from(error["row"].as_u64().unwrap()).unwrap();
                    // The first line is the workspace's.
                    assert_named(&error["problem"], &lines[number - 2]);
                    number
                });
                refused.collect()
            }
            status => {
                assert_eq!(status, 422, "{}", begun.body);
                let errors = begun.body["errors"].as_array().unwrap().iter();
                let number = |error: &Value| {
                    let field = error["field"].as_str().unwrap();
                    field.strip_prefix("line ").unwrap().parse().unwrap()
                };
                errors.map(number).collect()
            }
        };
        if refused.is_empty() {
            return before - lines.len();
        }
        let mut number = 1;
        lines.retain(|_| {
            number += 1;
            !refused.contains(&number)
        });
    }
}

/// The problem is with that field, and says so.
fn assert_named(problem: &Value, line: &Line) {
    let errors = problem["errors"].as_array().into_iter().flatten();
    let mut names = errors.map(|error| error["field"].as_str().unwrap());
    // A domain that nobody has is no wrong field.
    let is_unknown_domain = line.field == "domain" && problem["status"] == 404;
    // What is base64 and no picture is refused as one.
    let field =
        |name: &str| name.starts_with(&line.field) || (name, &*line.field) == ("logo", "png");
    let is_named = names.any(field) || is_unknown_domain;
    assert!(is_named, "{} with {}: {problem}", line.field, line.what);
}

#[tokio::test]
async fn no_text_of_any_line_does_harm() {
    let place = Place::start().await;
    let mut link = everything();
    link["original_url"] = json!("https://example.com/");
    link["title"] = json!("Title");
    link["notes"] = json!("Notes");
    link["tags"] = json!(["tag"]);
    link["password"] = json!("open sesame");
    link["external_id"] = json!("e");
    place.create(link).await;
    place.put_logo().await;
    let settings = json!({
        "root_url": "https://example.com/", "not_found_url": "https://example.com/404",
        "expired_url": "https://example.com/over",
        "apple_app_site_association": { "webcredentials": { "apps": ["A1B2C3D4E5.com.example"] } },
        "assetlinks": [{ "relation": ["delegate_permission/common.handle_all_urls"] }],
    });
    place.set(settings).await;
    let template = json!({
        "name": "Name", "source": "s", "medium": "m", "campaign": "c", "term": "t", "content": "c",
    });
    place
        .ask(reqwest::Method::POST, "/api/v1/utm-templates", template)
        .await;
    let exported = place.export().await;

    let new = Place::start().await;
    new.add_domains(1_000).await;
    let (mut kept, mut refused, mut number) = (Vec::new(), 0, 0);
    for text in harmful::texts() {
        let mut tried = Vec::new();
        for line in exported.lines() {
            let line = value(line);
            // The first and the last line are numbers only.
            if !["workspace", "end"].contains(&line["kind"].as_str().unwrap()) {
                tried.extend(lines(&line, &text, &mut number));
            }
        }
        refused += take_out_refused(&new, &mut tried).await;
        kept.extend(tried);
    }
    assert!(kept.len() > 20 && refused > 300, "{} {refused}", kept.len());
    let done = new.restore("", file(&kept)).await;
    assert_eq!(done["errors"], json!([]));
    let again = new.export().await;
    let again: Vec<Value> = again.lines().map(value).collect();
    for line in kept {
        let mut sent = value(std::str::from_utf8(&line.bytes).unwrap());
        // Notes have lines, which end in one way.
        if let Some(notes) = sent["notes"].as_str() {
            sent["notes"] = json!(notes.replace("\r\n", "\n"));
        }
        if line.field == "tags" {
            let tag = sent["tags"][0].as_str().unwrap();
            sent["tags"] = json!([tag.to_lowercase()]);
        }
        assert!(again.contains(&sent), "{} with {}", line.field, line.what);
    }
}
