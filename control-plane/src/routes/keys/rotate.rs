use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::draft::MOST_KEYS;
use super::{ApiKey as ApiKeyView, NewApiKey};
use crate::auth::id::ApiKeyId;
use crate::auth::{ApiKey, Caller};
use crate::db::{self, KeyRow};
use crate::error::{Error, Result};
use crate::json::JsonBody;
use crate::once::Once;
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;

/// Longest time for which both keys work.
const LONGEST_OVERLAP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How to rotate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateApiKey {
    /// How long the old key goes on working: `0s`, `24h`, at most `30days`.
    #[serde(default = "a_day")]
    #[schema(default = "24h", example = "24h")]
    overlap: String,
}

fn a_day() -> String {
    "24h".into()
}

/// Rotate an API key
///
/// Makes a key like it, with the same end if it has one, and ends the old one after the overlap.
#[utoipa::path(post, path = "/api/v1/keys/{id}/rotate", tag = "keys", request_body = RotateApiKey,
    params(("id" = String, Path, description = "`key_…`")),
    responses(
        (status = 201, description = "The new key", body = NewApiKey,
            headers(("Location" = String, description = "Address of the key in this API"))),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 409, description = "`conflict`: there are too many, or it has
            expired, or was rotated before",
            body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn rotate_api_key(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    IdPath(ApiKeyId(id)): IdPath<ApiKeyId>,
    JsonBody(body): JsonBody<RotateApiKey>,
) -> Result<impl IntoResponse> {
    let overlap = humantime::parse_duration(&body.overlap).ok();
    let overlap = overlap.filter(|overlap| *overlap <= LONGEST_OVERLAP);
    let overlap = overlap.ok_or_else(|| {
        let message = "a time is written as 90m or 24h; the longest is 30days";
        Error::invalid("overlap", "invalid_duration", message)
    })?;
    let key = ApiKey::generate(&mut rand::rng());
    let task = tokio::spawn({
        let key = key.clone();
        let rotation = Rotation { id, key, overlap };
        async move { rotation.write(&state, &caller, &once).await }
    });
    let row = task.await.map_err(Error::internal)??;
    let location = ApiKeyView::location(row.id);
    let made = NewApiKey::new(row.try_into()?, key.expose());
    Ok((
        StatusCode::CREATED,
        AppendHeaders([(LOCATION, location)]),
        Json(made),
    ))
}

struct Rotation {
    id: Uuid,
    key: ApiKey,
    overlap: Duration,
}

impl Rotation {
    async fn write(self, state: &AppState, caller: &Caller, once: &Once) -> Result<KeyRow> {
        let (now, workspace_id) = (state.now(), caller.workspace_id);
        let mut transaction = db::begin(&state.pool).await?;
        once.begin(&mut transaction).await?;
        if db::count_api_keys(&mut transaction, workspace_id).await? >= MOST_KEYS {
            return Err(Error::Conflict(
                "a workspace has at most 200 keys; revoke one first",
            ));
        }
        let old = db::lock_api_key(&mut transaction, workspace_id, self.id).await?;
        let old = old.ok_or(Error::NotFound("key"))?;
        if old.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(Error::Conflict("this key has expired; make another one"));
        }
        if db::has_successor(&mut transaction, self.id).await? {
            return Err(Error::Conflict(
                "another key has taken this one's place; rotate that one",
            ));
        }
        db::expire_api_key(&mut transaction, self.id, now + self.overlap).await?;
        let ends_at = now + self.overlap;
        let ending = KeyRow {
            expires_at: Some(old.expires_at.map_or(ends_at, |at| at.min(ends_at))),
            ..old.clone()
        };
        let new = KeyRow {
            id: Uuid::now_v7(),
            prefix: self.key.shown_prefix().to_owned(),
            replaces: Some(self.id),
            created_at: now,
            last_used_at: None,
            ..old
        };
        db::insert_api_key(&mut transaction, workspace_id, &new, &self.key.hash()).await?;
        let actor = caller.identity.to_string();
        for (action, row) in [("key.updated", ending), ("key.created", new.clone())] {
            let deed = caller.deed(&actor, action, now);
            let (id, shown) = (ApiKeyId(row.id), ApiKeyView::try_from(row)?);
            deed.record(&mut transaction, id, &shown).await?;
        }
        NewApiKey::keep(&new, once, &mut transaction).await?;
        db::commit(transaction).await?;
        Ok(new)
    }
}
