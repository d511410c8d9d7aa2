use std::mem::take;

use axum::extract::State;
use contract::{LinkId, RedirectStatus};
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::options::{ClickCap, OptionEdits, OptionFields, Rule, SocialPreview, Split};
use super::{WrittenLink, fields};
use crate::auth::Caller;
use crate::db::{self, LinkRow};
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;
use crate::json::{self, JsonBody};
use crate::problem::Problem;
use crate::propagation::Wait;
use crate::routes::{LinkPath, Query};
use crate::state::AppState;
use crate::versions::{IfMatch, Versioned};

/// What to change. Absent fields stay; `null` clears what may be empty.
#[derive(Deserialize, ToSchema)]
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
    /// Which redirect it answers with: 302, 301, 307 or 308.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false, example = 302)]
    redirect_status: Option<u16>,
    /// When it begins to redirect (RFC 3339). Before, it is a 404.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Option<String>>,
    /// Where it leads once it has expired, instead of 410.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 2048)]
    expired_url: Option<Option<String>>,
    /// How often it redirects.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<ClickCap>)]
    click_cap: Option<Option<ClickCap>>,
    /// What visitors have to enter: 4 to 200 characters. Whoever knew the one before is asked
    /// again.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, format = Password, min_length = 4, max_length = 200, write_only)]
    password: Option<Option<String>>,
    /// Other targets, or none, for some visitors. The first that matches decides. These take the
    /// place of all that were there.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<Vec<Rule>>, max_items = 50)]
    rules: Option<Option<Vec<Rule>>>,
    /// Several targets for visitors whom no rule has sent elsewhere.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<Split>)]
    split: Option<Option<Split>>,
    /// What chats show when the link is shared.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<SocialPreview>)]
    social_preview: Option<Option<SocialPreview>>,
    /// The visitor's query parameters go on to the target, except those that it has itself.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    passes_query: Option<bool>,
    /// What follows the code in the path goes on to the target.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    passes_path: Option<bool>,
    /// Rather no answer than one that may be out of date.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    strict: Option<bool>,
    /// Search engines may list the short address.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    indexable: Option<bool>,
    /// Seconds for which browsers may remember where it leads; `null`: 0, they ask every time.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 86_400)]
    max_age: Option<Option<i64>>,
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
        (status = 412, description = "`stale`", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn update_link(
    State(state): State<AppState>,
    caller: Caller,
    LinkPath(id): LinkPath,
    if_match: IfMatch,
    Query(wait): Query<Wait>,
    JsonBody(body): JsonBody<UpdateLink>,
) -> Result<Versioned<WrittenLink>> {
    caller.may_edit()?;
    let patience = wait.patience()?;
    let mut edit = Edit::check(body, &state)?;
    if let Some(Some(password)) = &mut edit.password {
        *password = state.passwords.hash(take(password)).await?;
    }
    let task = tokio::spawn({
        let state = state.clone();
        async move { edit.write(&state, caller.workspace_id, id, &if_match).await }
    });
    let row = task.await.map_err(Error::internal)??;
    let link = WrittenLink::load(&state, row, patience).await?;
    Ok(Versioned(link.revision(), link))
}

/// An edit whose fields are in order. The outer `None` leaves a field alone.
struct Edit {
    original_url: Option<String>,
    title: Option<Option<String>>,
    expires_at: Option<Option<OffsetDateTime>>,
    is_enabled: Option<bool>,
    redirect_status: Option<RedirectStatus>,
    /// In clear text until it is hashed, before anything is written.
    password: Option<Option<String>>,
    options: OptionEdits,
}

impl Edit {
    fn check(body: UpdateLink, state: &AppState) -> Result<Self> {
        let mut check = FieldCheck::new(state);
        let original_url = body
            .original_url
            .and_then(|text| check.url("original_url", &text));
        let title = body.title.map(|title| fields::title(&title?, &mut check));
        let expires_at = body
            .expires_at
            .map(|moment| fields::expires_at(&moment?, &mut check));
        let redirect_status = body
            .redirect_status
            .and_then(|number| fields::redirect_status(number, &mut check));
        let password = body
            .password
            .map(|password| fields::password(password?, &mut check));
        let given = OptionFields {
            starts_at: body.starts_at,
            expired_url: body.expired_url,
            click_cap: body.click_cap,
            rules: body.rules,
            split: body.split,
            social_preview: body.social_preview,
            passes_query: body.passes_query,
            passes_path: body.passes_path,
            strict: body.strict,
            indexable: body.indexable,
            max_age: body.max_age,
        };
        let options = given.check(&mut check);
        check.finish()?;
        Ok(Self {
            original_url,
            title,
            expires_at,
            is_enabled: body.enabled,
            redirect_status,
            password,
            options,
        })
    }

    async fn write(
        self,
        state: &AppState,
        workspace_id: Uuid,
        id: LinkId,
        if_match: &IfMatch,
    ) -> Result<LinkRow> {
        let mut transaction = state.pool.begin().await?;
        let link = db::lock_link(&mut transaction, workspace_id, id).await?;
        let mut link = link.ok_or(Error::NotFound("link"))?;
        if_match.check(link.revision)?;
        self.apply(&mut link);
        let mut check = FieldCheck::new(state);
        let status = link.redirect_status()?;
        fields::together(status, &link.options(), link.expires_at, &mut check);
        check.finish()?;
        db::update_link(&mut transaction, &link).await?;
        let link = db::log_change(&mut transaction, link.id, state.now()).await?;
        transaction.commit().await?;
        Ok(link)
    }

    fn apply(self, link: &mut LinkRow) {
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
        if let Some(status) = self.redirect_status {
            link.redirect_status = status.as_u16() as i16;
        }
        if let Some(hash) = self.password {
            link.set_password(hash);
        }
        let mut options = link.options();
        self.options
            .apply(&mut options, link.revision.unsigned_abs());
        link.set_options(options);
    }
}
