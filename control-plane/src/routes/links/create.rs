use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use contract::{Code, Domain, LinkId};
use rand::RngExt;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{WrittenLink, fields};
use crate::auth::Caller;
use crate::db::{self, LinkRow, NewLink};
use crate::error::{Error, Result};
use crate::json::JsonBody;
use crate::problem::Problem;
use crate::propagation::Wait;
use crate::routes::Query;
use crate::state::AppState;

/// Length of generated codes: 62⁸ are 2·10¹⁴, too many to scan.
const GENERATED_LENGTH: usize = 8;

/// A generated code is taken once in 10⁸ tries with a million links; ten in a row mean that
/// something else is wrong.
const GENERATE_ATTEMPTS: usize = 10;

/// Generated codes contain none of these, in any case.
const RUDE: [&str; 8] = [
    "arse", "cock", "cunt", "dick", "fuck", "nazi", "shit", "slut",
];

/// A link to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateLink {
    /// Where it leads: http or https, at most 2048 bytes.
    #[schema(example = "https://example.com/sale", max_length = 2048)]
    original_url: String,
    /// Its short part: 1 to 64 of `A–Z a–z 0–9 _ -`. Generated when absent.
    #[schema(example = "spring-24", pattern = "^[A-Za-z0-9_-]{1,64}$")]
    code: Option<String>,
    /// Host to live under. The installation's own when absent.
    #[schema(example = "go.example.com")]
    domain: Option<String>,
    /// What to call it: at most 512 characters.
    #[schema(max_length = 512)]
    title: Option<String>,
    /// When it stops redirecting (RFC 3339).
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-01-31T12:00:00Z")]
    expires_at: Option<String>,
    /// False makes it without putting it in service.
    #[serde(default = "enabled")]
    #[schema(default = true)]
    enabled: bool,
}

fn enabled() -> bool {
    true
}

/// Create a link
#[utoipa::path(post, path = "/api/v1/links", tag = "links", request_body = CreateLink,
    params(Wait),
    responses(
        (status = 201, description = "Made", body = WrittenLink,
            headers(("Location" = String, description = "Address of the link in this API"))),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "The domain is not yours", body = Problem),
        (status = 409, description = "`code_taken`, with a suggestion", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn create_link(
    State(state): State<AppState>,
    caller: Caller,
    Query(wait): Query<Wait>,
    JsonBody(body): JsonBody<CreateLink>,
) -> Result<impl IntoResponse> {
    caller.may_edit()?;
    let patience = wait.patience()?;
    let draft = Draft::check(body, &state)?;
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn({
        let state = state.clone();
        async move { draft.insert(&state, caller.workspace_id).await }
    });
    let row = task.await.map_err(Error::internal)??;
    let location = format!("/api/v1/links/{}", LinkId(row.id));
    let link = WrittenLink::load(&state, row, patience).await?;
    Ok((
        StatusCode::CREATED,
        AppendHeaders([(LOCATION, location)]),
        Json(link),
    ))
}

/// A link whose fields are in order.
struct Draft {
    domain: Domain,
    code: Option<Code>,
    original_url: String,
    title: Option<String>,
    is_enabled: bool,
    expires_at: Option<OffsetDateTime>,
}

impl Draft {
    fn check(body: CreateLink, state: &AppState) -> Result<Self> {
        let own = &state.config.default_domain;
        let now = state.now();
        let mut errors = Vec::new();
        let original_url = fields::original_url(&body.original_url, own, &mut errors);
        let code = body.code.and_then(|text| fields::code(&text, &mut errors));
        let title = body.title.and_then(|text| fields::title(text, &mut errors));
        let expires_at = body
            .expires_at
            .and_then(|text| fields::expires_at(&text, now, &mut errors));
        let (Some(original_url), []) = (original_url, errors.as_slice()) else {
            return Err(Error::Invalid(errors));
        };
        if body
            .domain
            .is_some_and(|text| text.parse::<Domain>().as_ref() != Ok(own))
        {
            return Err(Error::NotFound("domain"));
        }
        let is_enabled = body.enabled;
        Ok(Self {
            domain: own.clone(),
            code,
            original_url,
            title,
            is_enabled,
            expires_at,
        })
    }

    async fn insert(self, state: &AppState, workspace_id: Uuid) -> Result<LinkRow> {
        let now = state.now();
        let mut transaction = state.pool.begin().await?;
        for _ in 0..GENERATE_ATTEMPTS {
            let code = self.code.clone().unwrap_or_else(generate_code);
            let link = NewLink {
                id: LinkId(Uuid::now_v7()),
                workspace_id,
                domain: &self.domain,
                code: &code,
                original_url: &self.original_url,
                title: self.title.as_deref(),
                is_enabled: self.is_enabled,
                expires_at: self.expires_at,
                created_at: now,
            };
            if db::insert_link(&mut transaction, &link).await? {
                let row = db::log_change(&mut transaction, link.id.0, now).await?;
                transaction.commit().await?;
                return Ok(row);
            }
            if self.code.is_some() {
                transaction.rollback().await?;
                let suggestion = free_code_like(state, &self.domain, &code).await?;
                return Err(Error::CodeTaken {
                    code: code.to_string(),
                    suggestion,
                });
            }
        }
        Err(Error::internal("no free code found"))
    }
}

/// Random, and neither reserved nor rude.
fn generate_code() -> Code {
    loop {
        let random = rand::rng().sample_iter(rand::distr::Alphanumeric);
        let text: String = random.take(GENERATED_LENGTH).map(char::from).collect();
        let lower = text.to_ascii_lowercase();
        if RUDE.iter().any(|word| lower.contains(word)) {
            continue;
        }
        if let Ok(code) = text.parse::<Code>()
            && !code.is_reserved()
        {
            return code;
        }
    }
}

/// `code-2` to `code-9`, or a generated one.
async fn free_code_like(state: &AppState, domain: &Domain, taken: &Code) -> Result<String> {
    for number in 2..=9 {
        let Ok(candidate) = format!("{taken}-{number}").parse::<Code>() else {
            break;
        };
        if db::find_link_by_code(&state.pool, domain, &candidate)
            .await?
            .is_none()
        {
            return Ok(candidate.to_string());
        }
    }
    Ok(generate_code().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_codes_are_codes() {
        for _ in 0..1000 {
            let code = generate_code();
            assert_eq!(code.as_str().len(), GENERATED_LENGTH);
            assert!(!code.is_reserved());
        }
    }
}
