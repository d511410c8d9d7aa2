use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use super::draft::{Draft, MOST_KEYS};
use super::{ApiKey as ApiKeyView, NewApiKey};
use crate::auth::id::ApiKeyId;
use crate::auth::{ApiKey, Caller, Scope};
use crate::db::{self, KeyRow};
use crate::error::{Error, Result};
use crate::json::JsonFields;
use crate::once::Once;
use crate::problem::Problem;
use crate::routes::domains;
use crate::state::AppState;

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    /// What it is for: 1 to 100 characters.
    #[schema(example = "newsletter", min_length = 1, max_length = 100)]
    pub(super) name: String,
    /// What it may do.
    #[schema(min_items = 1, example = json!(["read", "write"]))]
    pub(super) scopes: Vec<Scope>,
    /// The only domain whose links it sees. All of the workspace when absent.
    #[schema(example = "go.example.com")]
    pub(super) domain: Option<String>,
    /// The tag without which it sees no link: what it makes gets it, and what it edits keeps it. Not
    /// together with `domain`.
    #[schema(example = "print", min_length = 1, max_length = 50)]
    pub(super) tag: Option<String>,
    /// When it stops working (RFC 3339). Never when absent.
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub(super) expires_at: Option<String>,
    /// Requests a minute. As for everybody when absent.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub(super) rate_limit: Option<i64>,
}

/// Make an API key
///
/// Its text is in the answer, and nowhere else ever after.
#[utoipa::path(post, path = "/api/v1/keys", tag = "keys", request_body = CreateApiKey,
    responses(
        (status = 201, description = "Made", body = NewApiKey,
            headers(("Location" = String, description = "Address of the key in this API"))),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 404, description = "The domain is not yours", body = Problem),
        (status = 409, description = "`conflict`: there are too many", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn create_api_key(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    JsonFields(fields): JsonFields<CreateApiKey>,
) -> Result<impl IntoResponse> {
    let (body, check) = fields.check(&state);
    let draft = Draft::check(body, check)?;
    if let Some(domain) = &draft.domain {
        domains::require_own(&state, &caller, domain).await?;
    }
    let key = ApiKey::generate(&mut rand::rng());
    let row = draft.into_row(&key, state.now());
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn({
        let (row, hash) = (row.clone(), key.hash());
        async move { insert(&state, &caller, &row, &hash, &once).await }
    });
    task.await.map_err(Error::internal)??;
    let location = ApiKeyView::location(row.id);
    let made = NewApiKey::new(row.try_into()?, key.expose());
    Ok((
        StatusCode::CREATED,
        AppendHeaders([(LOCATION, location)]),
        Json(made),
    ))
}

async fn insert(
    state: &AppState,
    caller: &Caller,
    row: &KeyRow,
    hash: &[u8],
    once: &Once,
) -> Result<()> {
    let workspace_id = caller.workspace_id;
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    if db::count_api_keys(&mut transaction, workspace_id).await? >= MOST_KEYS {
        return Err(Error::Conflict(
            "a workspace has at most 200 keys; revoke one first",
        ));
    }
    db::insert_api_key(&mut transaction, workspace_id, row, hash).await?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "key.created", row.created_at);
    let made = ApiKeyView::try_from(row.clone())?;
    deed.record(&mut transaction, ApiKeyId(row.id), &made)
        .await?;
    NewApiKey::keep(row, once, &mut transaction).await?;
    db::commit(transaction).await?;
    Ok(())
}
