use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};

use super::Link;
use super::list_query::{Archived, LinkFilters, narrow};
use crate::auth::Caller;
use crate::db::{self, LinkOrder, Page, Position};
use crate::error::{Error, Result};
use crate::json::Fields;
use crate::problem::Problem;
use crate::routes::QueryFields;
use crate::spreadsheet;
use crate::state::AppState;
use crate::tags_cell;

/// Links that are in memory at a time.
const CHUNK: i64 = 500;

const EXAMPLE: &str = concat!(
    r#""id","domain","code","short_url","original_url","title","notes","tags","enabled","archived","external_id","expires_at","redirect_status","status","clicks","last_clicked_at","created_at","updated_at""#,
    "\r\n",
    r#""lnk_01K9ZC6T2YJ4T1B6Q8S3W5","go.example.com","spring-24","https://go.example.com/spring-24","https://example.com/sale","Spring sale","","print,spring","true","false","order-4711","",302,"active",17,"2026-11-22T10:20:30Z","2026-11-21T08:00:00Z","2026-11-21T08:00:00Z""#,
    "\r\n",
);

/// Export links as CSV
///
/// All that match, the oldest first; archived ones too unless asked otherwise. Rows end in CRLF (RFC 4180). Text
/// is in quotes, and what a spreadsheet would run, at its beginning, after a `;` or after a line break, begins
/// with `'`. Commas separate tags; a tag that is alone and has a `;` or `|` in it ends with one. An import
/// reads this file.
#[utoipa::path(get, path = "/api/v1/links/export.csv", tag = "links", params(LinkFilters),
    responses(
        (status = 200, description = "A file", content_type = "text/csv", body = String,
            example = json!(EXAMPLE)),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`not_found`: the key does not see the domain", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn export_csv(
    State(state): State<AppState>,
    caller: Caller,
    QueryFields(filters): QueryFields<LinkFilters>,
) -> Result<Response> {
    let lines = chunks(state, caller, filters)?.map(|chunk| csv(&chunk?));
    let header = stream::once(async { record(&HEADER) });
    Ok(file(
        "text/csv; charset=utf-8",
        "links.csv",
        header.chain(lines),
    ))
}

/// Export links as JSON lines
///
/// All that match, the oldest first, each as the API shows it, but without what was read from the page
/// it leads to; archived ones too unless asked otherwise.
#[utoipa::path(get, path = "/api/v1/links/export.jsonl", tag = "links", params(LinkFilters),
    responses(
        (status = 200, description = "A file", content_type = "application/jsonl", body = String,
            example = json!("{\"code\":\"spring-24\",\"original_url\":\"https://example.com/sale\"}\n")),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`not_found`: the key does not see the domain", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn export_jsonl(
    State(state): State<AppState>,
    caller: Caller,
    QueryFields(filters): QueryFields<LinkFilters>,
) -> Result<Response> {
    let lines = chunks(state, caller, filters)?.map(|chunk| {
        let mut lines = Vec::new();
        for link in chunk? {
            serde_json::to_writer(&mut lines, &link).map_err(Error::internal)?;
            lines.push(b'\n');
        }
        Ok(lines)
    });
    Ok(file("application/jsonl", "links.jsonl", lines))
}

/// A connection that breaks tells the client that the file is not whole.
pub(crate) fn file(
    content_type: &'static str,
    name: &str,
    lines: impl Stream<Item = Result<Vec<u8>>> + Send + 'static,
) -> Response {
    let lines = lines.map(|lines| {
        lines.map(Bytes::from).inspect_err(|error| {
            tracing::warn!(%error, "an export ended before its end");
        })
    });
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, Body::from_stream(lines)).into_response()
}

/// Links in chunks, each read when the one before has been sent.
fn chunks(
    state: AppState,
    caller: Caller,
    filters: Fields<LinkFilters>,
) -> Result<impl Stream<Item = Result<Vec<Link>>> + Send> {
    // What is wrong must be said before the file begins.
    let (mut filters, mut check) = filters.check(&state);
    filters.archived.get_or_insert(Archived::Include);
    let mut filter = filters.read(&mut check);
    check.finish()?;
    narrow(&mut filter, &caller)?;
    let begin = Some(None);
    Ok(stream::try_unfold(
        begin,
        move |after: Option<Option<Position>>| {
            let (state, caller, mut filters) = (state.clone(), caller.clone(), filters.clone());
            async move {
                let Some(after) = after else {
                    return Ok(None);
                };
                let page = Page {
                    order: LinkOrder::Created,
                    is_descending: false,
                    after,
                    limit: CHUNK,
                };
                let mut filter = filters.check(&state)?;
                narrow(&mut filter, &caller)?;
                let (workspace_id, now) = (caller.workspace_id, state.now());
                let mut rows =
                    db::list_links(state.lists(), workspace_id, &filter, &page, now).await?;
                // Read from there again, if these links are made elsewhere.
                rows.iter_mut().for_each(|row| row.page = None);
                let is_last = (rows.len() as i64) < CHUNK;
                let next = rows.last().filter(|_| !is_last).map(|row| {
                    Some(Position {
                        value: contract::Timestamp::from(row.created_at).as_micros(),
                        id: row.id,
                    })
                });
                Ok(Some((Link::load(&state, rows).await, next)))
            }
        },
    ))
}

const HEADER: [&str; 18] = [
    "id",
    "domain",
    "code",
    "short_url",
    "original_url",
    "title",
    "notes",
    "tags",
    "enabled",
    "archived",
    "external_id",
    "expires_at",
    "redirect_status",
    "status",
    "clicks",
    "last_clicked_at",
    "created_at",
    "updated_at",
];

fn csv(links: &[Link]) -> Result<Vec<u8>> {
    let mut lines = Vec::new();
    for link in links {
        let shown = serde_json::to_value(link).map_err(Error::internal)?;
        let cells = HEADER.map(|field| cell(&shown[field]));
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        lines.extend(record(&cells)?);
    }
    Ok(lines)
}

fn record(cells: &[&str]) -> Result<Vec<u8>> {
    // All text in quotes: which other signs split a line depends on the program that reads it.
    let mut writer = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::NonNumeric)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(cells).map_err(Error::internal)?;
    writer.into_inner().map_err(Error::internal)
}

fn cell(value: &serde_json::Value) -> String {
    use serde_json::Value;
    let text = match value {
        Value::Null => return String::new(),
        Value::Array(values) => {
            let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            tags_cell::joined(&texts)
        }
        Value::String(text) => text.clone(),
        other => return other.to_string(),
    };
    spreadsheet::defused(&text)
}
