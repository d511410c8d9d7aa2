use axum::Json;
use axum::extract::State;
use contract::LinkId;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{WrittenLink, fields};
use crate::auth::Caller;
use crate::db::{self, LinkRow};
use crate::error::{Error, Result};
use crate::json::{self, JsonBody};
use crate::problem::Problem;
use crate::propagation::Wait;
use crate::routes::{LinkPath, Query};
use crate::state::AppState;

/// What to change. Absent fields stay; `null` clears what may be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateLink {
    /// Where it leads from now on.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(
        example = "https://example.com/sale",
        max_length = 2048,
        nullable = false
    )]
    original_url: Option<String>,
    /// What to call it.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 512)]
    title: Option<Option<String>>,
    /// When it stops redirecting (RFC 3339).
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<String>>,
    /// False switches it off, true on again.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

/// Edit a link
///
/// Proxies that are connected follow at once, others when they are again.
#[utoipa::path(patch, path = "/api/v1/links/{id}", tag = "links", request_body = UpdateLink,
    params(("id" = String, Path, description = "`lnk_…`"), Wait),
    responses(
        (status = 200, description = "The link as it is now", body = WrittenLink),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn update_link(
    State(state): State<AppState>,
    caller: Caller,
    LinkPath(id): LinkPath,
    Query(wait): Query<Wait>,
    JsonBody(body): JsonBody<UpdateLink>,
) -> Result<Json<WrittenLink>> {
    caller.may_edit()?;
    let patience = wait.patience()?;
    let edit = Edit::check(body, &state)?;
    let task = tokio::spawn({
        let state = state.clone();
        async move { edit.write(&state, caller.workspace_id, id).await }
    });
    let row = task.await.map_err(Error::internal)??;
    Ok(Json(WrittenLink::load(&state, row, patience).await?))
}

/// An edit whose fields are in order. The outer `None` leaves a field alone.
struct Edit {
    original_url: Option<String>,
    title: Option<Option<String>>,
    expires_at: Option<Option<OffsetDateTime>>,
    is_enabled: Option<bool>,
}

impl Edit {
    fn check(body: UpdateLink, state: &AppState) -> Result<Self> {
        let own = &state.config.default_domain;
        let now = state.now();
        let mut errors = Vec::new();
        let original_url = body
            .original_url
            .and_then(|text| fields::original_url(&text, own, &mut errors));
        let title = body
            .title
            .map(|title| title.and_then(|text| fields::title(text, &mut errors)));
        let expires_at = body
            .expires_at
            .map(|moment| moment.and_then(|text| fields::expires_at(&text, now, &mut errors)));
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        Ok(Self {
            original_url,
            title,
            expires_at,
            is_enabled: body.enabled,
        })
    }

    async fn write(self, state: &AppState, workspace_id: Uuid, id: LinkId) -> Result<LinkRow> {
        let mut transaction = state.pool.begin().await?;
        let link = db::lock_link(&mut transaction, workspace_id, id).await?;
        let mut link = link.ok_or(Error::NotFound("link"))?;
        if let Some(original_url) = self.original_url {
            link.original_url = original_url;
        }
        if let Some(title) = self.title {
            link.title = title;
        }
        if let Some(expires_at) = self.expires_at {
            link.expires_at = expires_at;
        }
        if let Some(is_enabled) = self.is_enabled {
            link.is_enabled = is_enabled;
        }
        db::update_link(&mut transaction, &link).await?;
        let link = db::log_change(&mut transaction, link.id, state.now()).await?;
        transaction.commit().await?;
        Ok(link)
    }
}
