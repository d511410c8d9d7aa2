use std::mem::take;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use contract::{Code, Domain, LinkId, LinkOptions, RedirectStatus};
use rand::RngExt;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::options::{ClickCap, OptionFields, Rule, SocialPreview, Split};
use super::{WrittenLink, fields};
use crate::auth::Caller;
use crate::db::{self, LinkRow, NewLink};
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;
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
#[derive(Deserialize, ToSchema)]
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
    /// What to call it: at most 512 characters. Shown on its preview page.
    #[schema(max_length = 512)]
    title: Option<String>,
    /// When it stops redirecting (RFC 3339).
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-01-31T12:00:00Z")]
    expires_at: Option<String>,
    /// False makes it without putting it in service.
    #[serde(default = "enabled")]
    #[schema(default = true)]
    enabled: bool,
    /// Which redirect it answers with: 302, 301, 307 or 308. Each is remembered by browsers for
    /// `max_age` only, also the permanent ones.
    #[schema(default = 302, example = 302)]
    redirect_status: Option<u16>,
    /// When it begins to redirect (RFC 3339). Before, it is a 404.
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<String>,
    /// Where it leads once it has expired, instead of 410.
    #[schema(max_length = 2048)]
    expired_url: Option<String>,
    /// How often it redirects.
    click_cap: Option<ClickCap>,
    /// What visitors have to enter: 4 to 200 characters.
    #[schema(format = Password, min_length = 4, max_length = 200, write_only)]
    password: Option<String>,
    /// Other targets, or none, for some visitors. The first that matches decides.
    #[schema(max_items = 50)]
    rules: Option<Vec<Rule>>,
    /// Several targets for visitors whom no rule has sent elsewhere.
    split: Option<Split>,
    /// What chats show when the link is shared.
    social_preview: Option<SocialPreview>,
    /// The visitor's query parameters go on to the target, except those that it has itself.
    #[serde(default)]
    #[schema(default = false)]
    passes_query: bool,
    /// What follows the code in the path goes on to the target.
    #[serde(default)]
    #[schema(default = false)]
    passes_path: bool,
    /// Rather no answer than one that may be out of date.
    #[serde(default)]
    #[schema(default = false)]
    strict: bool,
    /// Search engines may list the short address.
    #[serde(default)]
    #[schema(default = false)]
    indexable: bool,
    /// Seconds for which browsers may remember where it leads; 0: they ask every time. As long,
    /// edits do not arrive and clicks do not count. At most a day, and an hour with a permanent
    /// `redirect_status`. Without effect where the answer depends on the visit: with rules, split,
    /// cap, password, and for strict links.
    #[schema(default = 0, minimum = 0, maximum = 86_400)]
    max_age: Option<i64>,
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
    let mut draft = Draft::check(body, &state)?;
    if let Some(password) = &mut draft.password {
        *password = state.passwords.hash(take(password)).await?;
    }
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
    redirect_status: RedirectStatus,
    options: LinkOptions,
    /// In clear text until it is hashed, before anything is written.
    password: Option<String>,
}

impl Draft {
    fn check(body: CreateLink, state: &AppState) -> Result<Self> {
        let own = &state.config.default_domain;
        let mut check = FieldCheck::new(state);
        let original_url = check.url("original_url", &body.original_url);
        let code = body.code.and_then(|text| fields::code(&text, &mut check));
        let title = body.title.and_then(|text| fields::title(&text, &mut check));
        let expires_at = body
            .expires_at
            .and_then(|text| fields::expires_at(&text, &mut check));
        let redirect_status = body
            .redirect_status
            .and_then(|number| fields::redirect_status(number, &mut check))
            .unwrap_or_default();
        let password = body
            .password
            .and_then(|text| fields::password(text, &mut check));
        let mut options = LinkOptions::default();
        let given = OptionFields {
            starts_at: Some(body.starts_at),
            expired_url: Some(body.expired_url),
            click_cap: Some(body.click_cap),
            rules: Some(body.rules),
            split: Some(body.split),
            social_preview: Some(body.social_preview),
            passes_query: Some(body.passes_query),
            passes_path: Some(body.passes_path),
            strict: Some(body.strict),
            indexable: Some(body.indexable),
            max_age: Some(body.max_age),
        };
        given.check(&mut check).apply(&mut options, 0);
        fields::together(redirect_status, &options, expires_at, &mut check);
        check.finish()?;
        if body
            .domain
            .is_some_and(|text| text.parse::<Domain>().as_ref() != Ok(own))
        {
            return Err(Error::NotFound("domain"));
        }
        Ok(Self {
            domain: own.clone(),
            code,
            original_url: original_url.ok_or_else(|| Error::internal("a target got lost"))?,
            title,
            is_enabled: body.enabled,
            expires_at,
            redirect_status,
            options,
            password,
        })
    }

    async fn insert(self, state: &AppState, workspace_id: Uuid) -> Result<LinkRow> {
        let now = state.now();
        let mut transaction = state.pool.begin().await?;
        let is_lower = db::hold_case(&mut transaction, &self.domain).await?;
        for _ in 0..GENERATE_ATTEMPTS {
            let code = match &self.code {
                Some(code) => folded(code, is_lower)?,
                None => generate_code(is_lower),
            };
            let link = NewLink {
                id: LinkId(Uuid::now_v7()),
                workspace_id,
                domain: &self.domain,
                code: &code,
                original_url: &self.original_url,
                title: self.title.as_deref(),
                is_enabled: self.is_enabled,
                expires_at: self.expires_at,
                redirect_status: self.redirect_status,
                options: &self.options,
                password_hash: self.password.as_deref(),
                created_at: now,
            };
            if db::insert_link(&mut transaction, &link).await? {
                let row = db::log_change(&mut transaction, link.id.0, now).await?;
                transaction.commit().await?;
                return Ok(row);
            }
            if self.code.is_some() {
                transaction.rollback().await?;
                let suggestion = free_code_like(state, &self.domain, &code, is_lower).await?;
                return Err(Error::CodeTaken {
                    code: code.to_string(),
                    suggestion,
                });
            }
        }
        Err(Error::internal("no free code found"))
    }
}

/// The code as the domain stores it.
fn folded(code: &Code, is_lower: bool) -> Result<Code> {
    match is_lower {
        true => {
            let lower = code.as_str().to_ascii_lowercase();
            lower.parse().map_err(Error::internal)
        }
        false => Ok(code.clone()),
    }
}

/// Random, and neither reserved nor rude.
fn generate_code(is_lower: bool) -> Code {
    loop {
        let random = rand::rng().sample_iter(rand::distr::Alphanumeric);
        let mut text: String = random.take(GENERATED_LENGTH).map(char::from).collect();
        let lower = text.to_ascii_lowercase();
        if RUDE.iter().any(|word| lower.contains(word)) {
            continue;
        }
        if is_lower {
            text = lower;
        }
        if let Ok(code) = text.parse::<Code>()
            && !code.is_reserved()
        {
            return code;
        }
    }
}

/// `code-2` to `code-9`, or a generated one.
async fn free_code_like(
    state: &AppState,
    domain: &Domain,
    taken: &Code,
    is_lower: bool,
) -> Result<String> {
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
    Ok(generate_code(is_lower).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_codes_are_codes() {
        for number in 0..1000 {
            let code = generate_code(number % 2 == 0);
            assert_eq!(code.as_str().len(), GENERATED_LENGTH);
            assert!(!code.is_reserved());
            let has_capitals = code.as_str().bytes().any(|byte| byte.is_ascii_uppercase());
            assert!(number % 2 == 1 || !has_capitals, "{code}");
        }
    }
}
