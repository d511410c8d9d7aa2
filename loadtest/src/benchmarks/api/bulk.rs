//! Ten thousand links in one request.

use std::time::Instant;

use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use super::words::{WORDS, tag};
use crate::servers::{ApiServer, Client};

/// How long each took. Seconds.
#[derive(Debug, Serialize)]
pub(super) struct Round {
    pub(super) create: f64,
    pub(super) edit: f64,
    pub(super) delete: f64,
}

/// Makes, edits and deletes `rows` links, so many times.
pub(super) fn measure(
    server: &ApiServer,
    rows: usize,
    rounds: usize,
) -> anyhow::Result<Vec<Round>> {
    let mut client = server.client()?;
    let mut measured = Vec::new();
    for round in 0..rounds {
        let links = (0..rows).map(|row| {
            let word = WORDS[row % WORDS.len()];
            json!({
                "original_url": format!("https://www.example.com/bulk/{word}/{round}-{row}"),
                "title": format!("{word} {row}"),
                "tags": [tag(row % 200)],
            })
        });
        let links: Vec<Value> = links.collect();
        let (create, made) = ask(&mut client, "", &json!({ "links": links }), rows)?;
        let results = made["results"].as_array().context("no results")?;
        let ids: Vec<&Value> = results.iter().map(|row| &row["id"]).collect();
        let select = json!({ "ids": ids });
        let change = json!({ "title": "Edited", "archived": true });
        let edit = json!({ "select": select, "change": change, "add_tags": ["edited"] });
        let (edit, _) = ask(&mut client, "/edit", &edit, rows)?;
        let (delete, _) = ask(&mut client, "/delete", &json!({ "select": select }), rows)?;
        eprintln!("bulk: {create:.2} s, {edit:.2} s, {delete:.2} s");
        measured.push(Round {
            create,
            edit,
            delete,
        });
    }
    Ok(measured)
}

fn ask(client: &mut Client, path: &str, body: &Value, rows: usize) -> anyhow::Result<(f64, Value)> {
    let path = format!("/api/v1/links/bulk{path}");
    let body = body.to_string();
    let begun = Instant::now();
    let reply = client.send("POST", &path, "", &body)?.expect(200)?;
    let seconds = begun.elapsed().as_secs_f64();
    let outcome = reply.json()?;
    ensure!(
        outcome["done"] == rows,
        "{path} did {} of {rows}",
        outcome["done"]
    );
    Ok((seconds, outcome))
}
