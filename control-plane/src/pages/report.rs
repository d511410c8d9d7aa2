use axum::Form as FormBody;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::allowance;
use super::asked::{self, AskedCode};
use super::form::Form;
use super::html::{self, May, escaped};
use crate::db;
use crate::error::Result;
use crate::state::AppState;
use crate::unfurl;

/// Longest text of a visitor. Characters.
const MAX_DETAIL: usize = 1_000;

const REASONS: [(&str, &str); 4] = [
    ("phishing", "It wants my password or my money"),
    ("malware", "It wants me to install something"),
    ("spam", "It was sent to me unasked"),
    ("other", "Something else"),
];

const FORM: Form = Form {
    name: "the form of a report",
    page: "the link's own report page",
};

/// The form as it was sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    reason: String,
    #[serde(default)]
    detail: String,
}

/// `GET /report/{code}`: the form.
pub async fn report_form(
    State(state): State<AppState>,
    AskedCode(code): AskedCode,
    headers: HeaderMap,
) -> Response {
    let found = async {
        allowance::spend(&state, &headers).await?;
        asked::find(&state, &headers, &code).await
    };
    match found.await {
        Ok(Some(link)) if link.deleted_at.is_none() => form(asked::host(&headers), &code),
        Ok(_) => html::not_found(),
        Err(error) => html::failed(error),
    }
}

/// `POST /report/{code}`: keeps what a visitor says of a link, and nothing of who they are.
pub async fn report(
    State(state): State<AppState>,
    AskedCode(code): AskedCode,
    headers: HeaderMap,
    body: Result<FormBody<Entry>, FormRejection>,
) -> Response {
    let kept = FORM.received(&headers, body, |entry| keep(&state, &headers, &code, entry));
    kept.await
}

async fn keep(state: &AppState, headers: &HeaderMap, code: &str, entry: Entry) -> Result<Response> {
    allowance::spend(state, headers).await?;
    let Some(link) = asked::find(state, headers, code).await? else {
        return Ok(html::not_found());
    };
    if link.deleted_at.is_some() {
        return Ok(html::not_found());
    }
    let is_known = REASONS.iter().any(|(reason, _)| *reason == entry.reason);
    // Line ends are fine, all other control characters are not.
    let detail = entry.detail.trim();
    let is_text = |character: char| !character.is_control() || character.is_whitespace();
    if !is_known || detail.chars().count() > MAX_DETAIL || !detail.chars().all(is_text) {
        let text = "Choose a reason, and say the rest in at most 1000 characters.";
        return Ok(html::sentence(StatusCode::UNPROCESSABLE_ENTITY, text));
    }
    // A stranger's text, as a page's: nothing in it deceives whoever reads it.
    let is_kept = |character: &char| character.is_whitespace() || unfurl::is_seen(*character);
    let detail: String = detail.chars().filter(is_kept).collect();
    let detail = Some(detail.trim()).filter(|detail| !detail.is_empty());
    let (id, workspace_id) = (link.id, link.workspace_id);
    db::insert_report(
        &state.pool,
        id,
        workspace_id,
        &entry.reason,
        detail,
        state.now(),
    )
    .await?;
    let thanks = "<p>Thank you. Whoever answers for this link has been told.</p>\n";
    Ok(html::page(StatusCode::OK, "Reported", thanks, May::Nothing))
}

fn form(host: &str, code: &str) -> Response {
    let address = escaped(&format!("{host}/{code}"));
    let reasons: String = REASONS
        .iter()
        .map(|(reason, text)| {
            format!(
                "<p><label><input type=\"radio\" name=\"reason\" value=\"{reason}\" required> \
                 {text}</label></p>\n"
            )
        })
        .collect();
    // Checked: a code has no characters that mean anything in HTML.
    let code = escaped(code);
    let content = format!(
        "<p>What is wrong with <b class=\"address\">{address}</b>?</p>\n\
         <form method=\"post\" action=\"/report/{code}\">\n{reasons}\
         <label for=\"detail\">In your words (not needed)</label>\n\
         <input id=\"detail\" name=\"detail\" maxlength=\"{MAX_DETAIL}\">\n\
         <button>Report</button>\n</form>\n"
    );
    html::page(StatusCode::OK, "Report a link", &content, May::SendForms)
}
