//! Reading a file.

use std::collections::HashMap;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::lines::Lines;
use super::row::Row;
use super::shape::Shape;
use super::{codes, columns};
use crate::error::{Error, Result};
use crate::{spreadsheet, tags_cell};

/// Rows of a file.
const MAX_ROWS: usize = 200_000;

/// Columns of a file.
const MAX_COLUMNS: usize = 200;

/// Longest header that is shown. Characters.
const MAX_HEADER: usize = 100;

/// What is in a file.
#[derive(Debug)]
pub(crate) struct File {
    /// Each a [`Row`].
    pub(crate) rows: Vec<Value>,
    /// Headers of columns that mean nothing to us.
    pub(crate) ignored_columns: Vec<String>,
}

/// Reads CSV with a header.
///
/// # Errors
/// [`Error::Invalid`] when there is nothing in it that could be links.
pub(crate) fn read(bytes: &[u8], workspace_id: Uuid) -> Result<File> {
    let refuse = |code: &str, message: String| Error::invalid("file", code, message);
    if bytes.contains(&0) {
        let message = "there are NUL characters in the file: save it as UTF-8";
        return Err(refuse("invalid_csv", message.into()));
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let unreadable = |error: csv::Error| refuse("invalid_csv", error.to_string());
    let headers = reader.headers().map_err(unreadable)?.clone();
    if headers.len() > MAX_COLUMNS {
        let message = format!("a file has at most {MAX_COLUMNS} columns");
        return Err(refuse("too_many_columns", message));
    }
    let mut lines = Lines::of(bytes);
    let header = Shape {
        file: bytes,
        place: 0..place(&reader),
        cells: &headers,
        columns: headers.len(),
    };
    if let Some(fault) = header.fault(&mut lines)? {
        return Err(Error::Invalid(vec![fault]));
    }
    let fields = fields(&headers)?;
    let mut occurrences: HashMap<String, usize> = HashMap::new();
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let begin = place(&reader);
        if !reader.read_record(&mut record).map_err(unreadable)? {
            break;
        }
        // Empty lines before a row are skipped.
        let end = place(&reader);
        let text = bytes[begin..end].iter();
        let begin = begin
            + text
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
        let line = lines.at(begin);
        let shape = Shape {
            file: bytes,
            place: begin..end,
            cells: &record,
            columns: headers.len(),
        };
        let fault = shape.fault(&mut lines)?;
        if rows.len() == MAX_ROWS {
            let message = format!("a file has at most {MAX_ROWS} rows");
            return Err(refuse("too_many_rows", message));
        }
        let mut link = link(&record, &fields);
        if !link.contains_key("code")
            && let Some(url) = link.get("original_url").and_then(Value::as_str)
        {
            let occurrence = occurrences.entry(url.to_owned()).or_default();
            let code = codes::of_row(workspace_id, url, *occurrence);
            *occurrence += 1;
            link.insert("code".to_owned(), code.into());
        }
        let row = Row {
            line: Some(line),
            link: link.into(),
            fault,
        };
        rows.push(serde_json::to_value(row).map_err(Error::internal)?);
    }
    if rows.is_empty() {
        return Err(refuse("empty", "the file has no rows".into()));
    }
    let ignored = headers
        .iter()
        .zip(&fields)
        .filter(|(_, field)| field.is_none());
    Ok(File {
        rows,
        ignored_columns: ignored
            .map(|(header, _)| header.chars().take(MAX_HEADER).collect())
            .collect(),
    })
}

/// How far a file has been read.
fn place(reader: &csv::Reader<&[u8]>) -> usize {
    usize::try_from(reader.position().byte()).unwrap_or(usize::MAX)
}

/// What each column holds. Of several that name the code (as a code, and as a whole address), the
/// first counts.
fn fields(headers: &csv::StringRecord) -> Result<Vec<Option<&'static str>>> {
    let refuse = |code: &str, message: String| Error::invalid("file", code, message);
    let mut fields: Vec<_> = headers.iter().map(columns::field).collect();
    if !fields.contains(&Some("original_url")) {
        let message = "no column is called original_url, url, target or the like";
        return Err(refuse("no_target_column", message.into()));
    }
    for place in 1..fields.len() {
        match fields[place] {
            Some(field) if fields[..place].contains(&Some(field)) => {
                if field != "code" {
                    let message = format!("two columns mean {field}");
                    return Err(refuse("ambiguous_columns", message));
                }
                fields[place] = None;
            }
            _ => {}
        }
    }
    Ok(fields)
}

/// A row as JSON has it, without its empty cells.
fn link(record: &csv::StringRecord, fields: &[Option<&str>]) -> Map<String, Value> {
    let mut link = Map::new();
    for (cell, field) in record.iter().zip(fields) {
        if let Some(field) = field
            && !cell.trim().is_empty()
        {
            let cell = spreadsheet::restored(cell);
            link.insert((*field).to_owned(), value(field, &cell));
        }
    }
    link
}

/// A cell as JSON has it. What it cannot be stays text, and is refused with the row.
fn value(field: &str, cell: &str) -> Value {
    let text = cell.trim();
    let truth = |text: &str| match text.to_lowercase().as_str() {
        "true" | "yes" | "1" => Some(Value::Bool(true)),
        "false" | "no" | "0" => Some(Value::Bool(false)),
        _ => None,
    };
    let read = match field {
        "code" => Some(codes::from_cell(text).into()),
        "tags" => Some(tags_cell::separated(text).map(Value::from).collect()),
        "enabled" | "archived" => truth(text),
        "redirect_status" => text.parse::<u16>().ok().map(Value::from),
        _ => None,
    };
    read.unwrap_or_else(|| cell.into())
}
