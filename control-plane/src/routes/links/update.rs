use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::WrittenLink;
use super::edit::Edit;
use super::options::{ClickCap, Rule, SocialPreview, Split};
use super::utm::{Templates, Utm};
use crate::auth::Caller;
use crate::error::{Error, Result};
use crate::json::{self, JsonFields};
use crate::problem::Problem;
use crate::propagation::Wait;
use crate::routes::{LinkPath, Query};
use crate::state::AppState;
use crate::versions::IfMatch;

/// What to change. Absent fields stay; `null` clears what may be empty.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateLink {
    /// Where it leads from now on.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(
        example = "https://example.com/sale",
        max_length = 2048,
        nullable = false
    )]
    pub(super) original_url: Option<String>,
    /// UTM parameters to write into `original_url`, whether that changes or not.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    pub(super) utm: Option<Utm>,
    /// A template to take them from: `utm_…`. What `utm` says goes before.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    pub(super) utm_template: Option<String>,
    /// What to call it.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 512)]
    pub(super) title: Option<Option<String>>,
    /// What to note about it.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 10_000)]
    pub(super) notes: Option<Option<String>>,
    /// Words to find it by. These take the place of all that were there.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false, max_items = 50)]
    pub(super) tags: Option<Vec<String>>,
    /// True keeps it out of lists that do not ask for it.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    pub(super) archived: Option<bool>,
    /// What another system calls it.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 255)]
    pub(super) external_id: Option<Option<String>>,
    /// When it stops redirecting (RFC 3339).
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) expires_at: Option<Option<String>>,
    /// False switches it off, true on again.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    pub(super) enabled: Option<bool>,
    /// Which redirect it answers with: 302, 301, 307 or 308.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false, example = 302)]
    pub(super) redirect_status: Option<u16>,
    /// When it begins to redirect (RFC 3339). Before, it is a 404.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) starts_at: Option<Option<String>>,
    /// Where it leads once it has expired, instead of 410.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 2048)]
    pub(super) expired_url: Option<Option<String>>,
    /// How often it redirects.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<ClickCap>)]
    pub(super) click_cap: Option<Option<ClickCap>>,
    /// What visitors have to enter: 4 to 200 characters. Whoever knew the one before is asked
    /// again.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, format = Password, min_length = 4, max_length = 200, write_only)]
    pub(super) password: Option<Option<String>>,
    /// Other targets, or none, for some visitors. The first that matches decides. These take the
    /// place of all that were there.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<Vec<Rule>>, max_items = 50)]
    pub(super) rules: Option<Option<Vec<Rule>>>,
    /// Several targets for visitors whom no rule has sent elsewhere.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<Split>)]
    pub(super) split: Option<Option<Split>>,
    /// What chats show when the link is shared.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<SocialPreview>)]
    pub(super) social_preview: Option<Option<SocialPreview>>,
    /// The visitor's query parameters go on to the target, except those that it has itself.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    pub(super) passes_query: Option<bool>,
    /// What follows the code in the path goes on to the target.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    pub(super) passes_path: Option<bool>,
    /// Rather no answer than one that may be out of date.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    pub(super) strict: Option<bool>,
    /// Search engines may list the short address.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    pub(super) indexable: Option<bool>,
    /// Seconds for which browsers may remember where it leads; `null`: 0, they ask every time.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 86_400)]
    pub(super) max_age: Option<Option<i64>>,
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
        (status = 409, description = "`conflict`: another link has the external id", body = Problem),
        (status = 410, description = "`link_gone`", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`, `busy`", body = Problem),
    ))]
pub async fn update_link(
    State(state): State<AppState>,
    caller: Caller,
    LinkPath(id): LinkPath,
    if_match: IfMatch,
    Query(wait): Query<Wait>,
    JsonFields(fields): JsonFields<UpdateLink>,
) -> Result<WrittenLink> {
    caller.may_edit()?;
    let patience = wait.patience()?;
    let (mut body, mut check) = fields.check(&state);
    let templates = Templates::load(&state, &caller, body.utm_template.is_some()).await?;
    check.found(templates.fill(&mut body.utm, &mut body.utm_template))?;
    let mut edit = Edit::check(body, check)?;
    edit.hash_password(&state).await?;
    let task = tokio::spawn({
        let state = state.clone();
        async move { edit.write(&state, &caller, id, &if_match).await }
    });
    let row = task.await.map_err(Error::internal)??;
    let link = WrittenLink::load(&state, row, patience).await?;
    Ok(link)
}
