//! Every column of a file, with texts that do harm elsewhere.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{download, import, upload};
use crate::harmful;
use crate::harness::App;

const COLUMNS: [&str; 11] = [
    "original_url",
    "code",
    "domain",
    "title",
    "notes",
    "tags",
    "expires_at",
    "enabled",
    "archived",
    "external_id",
    "redirect_status",
];

/// A row with a text in one column, and besides only what must be there.
fn row(column: &str, text: &[u8], number: usize) -> Vec<u8> {
    let cells = COLUMNS.map(|name| match name {
        name if name == column => text.to_vec(),
        "original_url" => format!("https://example.com/{number}").into(),
        "code" => format!("row-{number}").into(),
        _ => Vec::new(),
    });
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells).unwrap();
    writer.into_inner().unwrap()
}

fn file(rows: &[Vec<u8>]) -> Vec<u8> {
    [
        COLUMNS.join(",").into_bytes(),
        b"\n".to_vec(),
        rows.concat(),
    ]
    .concat()
}

/// Why rows were refused, by their number.
fn refused(import: &Value) -> BTreeMap<usize, Value> {
    let errors = import["errors"].as_array().unwrap().iter();
    let by_number = errors.map(|error| {
        let number = error["row"].as_u64().unwrap();
        (usize::try_from(number).unwrap(), error["problem"].clone())
    });
    by_number.collect()
}

/// The problem is with this column, and says so.
fn assert_named(problem: &Value, column: &str, what: &str) {
    let errors = problem["errors"].as_array().into_iter().flatten();
    let mut names = errors.map(|error| error["field"].as_str().unwrap());
    // A domain that nobody has is no wrong field.
    let is_unknown_domain = column == "domain" && problem["detail"] == "there is no such domain";
    let is_named = names.any(|name| name.starts_with(column)) || is_unknown_domain;
    assert!(is_named, "{column} with {what}: {problem}");
}

#[tokio::test]
async fn no_text_in_any_cell_does_harm() {
    let app = App::start().await;
    let (mut rows, mut tried) = (Vec::new(), Vec::new());
    for column in COLUMNS {
        for (what, text) in harmful::texts() {
            // What is no text refuses the file.
            if text.contains(&0) || std::str::from_utf8(&text).is_err() {
                let refused = upload(&app, "", file(&[row(column, &text, 0)])).await;
                let code = &refused.body["errors"][0]["code"];
                let found = (refused.status, code);
                assert_eq!(found, (422, &json!("invalid_csv")), "{column} with {what}");
                continue;
            }
            rows.push(row(column, &text, rows.len() + 1));
            tried.push((column, what, String::from_utf8(text).unwrap()));
        }
    }
    let import = import(&app, "", file(&rows)).await;
    let refused = refused(&import);
    let mut kept = 0;
    for (number, (column, what, text)) in (1..).zip(tried) {
        if let Some(problem) = refused.get(&number) {
            assert_named(problem, column, what);
            continue;
        }
        let link = format!("/api/v1/links/by-code/go.example.org/row-{number}");
        let link = app.get(&link).await.body;
        let expected = match column {
            // Notes have lines, which end in one way.
            "notes" => json!(text.replace("\r\n", "\n")),
            "tags" => json!([text.to_lowercase()]),
            _ => json!(text),
        };
        assert_eq!(link[column], expected, "{column} with {what}");
        kept += 1;
    }
    assert!(kept > 3 && refused.len() > 40, "{kept} {}", refused.len());
    let total = kept + refused.len();
    assert_eq!(
        import["total"],
        json!(total),
        "each row is the one or the other"
    );
    assert_defused(&download(&app, "export.csv").await);
}

/// No cell begins like something that a spreadsheet runs.
pub fn assert_defused(csv: &str) {
    assert!(csv.contains("'=HYPERLINK"), "nothing was there to defuse");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    for row in reader.records() {
        for cell in &row.unwrap() {
            let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
            assert!(!runs, "{cell}");
        }
    }
}

/// Files may be that long, so it is the field that must be refused, and told of in few words.
#[tokio::test]
async fn a_cell_of_ten_megabytes_is_refused_in_few_words() {
    let app = App::start().await;
    for column in COLUMNS {
        let long = vec![b'x'; 10_000_000];
        let import = import(&app, "?dry_run=true", file(&[row(column, &long, 1)])).await;
        let told = import.to_string().len();
        assert!(told < 10_000, "{column}: {told} bytes of answer");
        assert_eq!(import["failure"], Value::Null, "{column}");
        assert_named(&refused(&import)[&1], column, "10 MB");
    }
}
