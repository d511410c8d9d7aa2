use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use contract::LinkId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::draft::Draft;
use super::options::{ClickCap, Rule, SocialPreview, Split};
use super::utm::{Templates, Utm};
use super::{Link, WrittenLink};
use crate::auth::Caller;
use crate::error::{Error, Result};
use crate::json::JsonFields;
use crate::once::Once;
use crate::problem::Problem;
use crate::propagation::Wait;
use crate::routes::Query;
use crate::state::AppState;

/// A link to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateLink {
    /// Where it leads: http or https, at most 2048 bytes.
    #[schema(example = "https://example.com/sale", max_length = 2048)]
    pub(super) original_url: String,
    /// UTM parameters to write into `original_url`.
    pub(super) utm: Option<Utm>,
    /// A template to take them from: `utm_…`. What `utm` says goes before.
    pub(super) utm_template: Option<String>,
    /// Its short part: 1 to 64 of `A–Z a–z 0–9 _ -`. Generated when absent.
    #[schema(example = "spring-24", pattern = "^[A-Za-z0-9_-]{1,64}$")]
    pub(super) code: Option<String>,
    /// Host to live under. When absent the installation's own, or the only one that the key sees.
    #[schema(example = "go.example.com")]
    pub(super) domain: Option<String>,
    /// What to call it: at most 512 characters. Shown on its preview page.
    #[schema(max_length = 512)]
    pub(super) title: Option<String>,
    /// What to note about it: at most 10,000 characters.
    #[schema(max_length = 10_000)]
    pub(super) notes: Option<String>,
    /// Words to find it by: at most 50 of at most 50 characters, without commas. Kept in lower case.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["spring", "print"]))]
    pub(super) tags: Vec<String>,
    /// True keeps it out of lists that do not ask for it.
    #[serde(default)]
    #[schema(default = false)]
    pub(super) archived: bool,
    /// What another system calls it: at most 255 characters. No two links outside the bin share one.
    #[schema(max_length = 255, example = "order-4711")]
    pub(super) external_id: Option<String>,
    /// When it stops redirecting (RFC 3339).
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub(super) expires_at: Option<String>,
    /// False makes it without putting it in service.
    #[serde(default = "enabled")]
    #[schema(default = true)]
    pub(super) enabled: bool,
    /// Which redirect it answers with: 302, 301, 307 or 308. Each is remembered by browsers for
    /// `max_age` only, also the permanent ones.
    #[schema(default = 302, example = 302)]
    pub(super) redirect_status: Option<u16>,
    /// When it begins to redirect (RFC 3339). Before, it is a 404.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) starts_at: Option<String>,
    /// Where it leads once it has expired, instead of 410.
    #[schema(max_length = 2048)]
    pub(super) expired_url: Option<String>,
    /// How often it redirects.
    pub(super) click_cap: Option<ClickCap>,
    /// What visitors have to enter: 4 to 200 characters.
    #[schema(format = Password, min_length = 4, max_length = 200, write_only)]
    pub(super) password: Option<String>,
    /// Other targets, or none, for some visitors. The first that matches decides. Rules, split and the other
    /// options of a link have at most 65,536 bytes together.
    #[schema(max_items = 50)]
    pub(super) rules: Option<Vec<Rule>>,
    /// Several targets for visitors whom no rule has sent elsewhere.
    pub(super) split: Option<Split>,
    /// What chats show when the link is shared.
    pub(super) social_preview: Option<SocialPreview>,
    /// The visitor's query parameters go on to the target, except those that it has itself.
    #[serde(default)]
    #[schema(default = false)]
    pub(super) passes_query: bool,
    /// What follows the code in the path goes on to the target.
    #[serde(default)]
    #[schema(default = false)]
    pub(super) passes_path: bool,
    /// Rather no answer than one that may be out of date.
    #[serde(default)]
    #[schema(default = false)]
    pub(super) strict: bool,
    /// Search engines may list the short address.
    #[serde(default)]
    #[schema(default = false)]
    pub(super) indexable: bool,
    /// Seconds for which browsers may remember where it leads; 0: they ask every time. As long,
    /// edits do not arrive and clicks do not count. At most a day, and an hour with a permanent
    /// `redirect_status`. Without effect where the answer depends on the visit: with rules, split,
    /// cap, password, and for strict links.
    #[schema(default = 0, minimum = 0, maximum = 86_400)]
    pub(super) max_age: Option<i64>,
}

fn enabled() -> bool {
    true
}

/// Create a link
#[utoipa::path(post, path = "/api/v1/links", tag = "links", request_body = CreateLink,
    params(Wait),
    responses(
        (status = 201, description = "Made", body = WrittenLink,
            headers(("Location" = String, description = "Address of the link in this API"),
                ("ETag" = String, description = "Which version this is; not on an answer that was \
                    given before"))),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "The domain is not yours", body = Problem),
        (status = 409, description = "`code_taken`, with a suggestion; `conflict`: another link has the \
            external id", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`, `busy`", body = Problem),
    ))]
pub async fn create_link(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    Query(wait): Query<Wait>,
    JsonFields(fields): JsonFields<CreateLink>,
) -> Result<impl IntoResponse> {
    caller.may_edit()?;
    let patience = wait.patience()?;
    let (mut body, mut check) = fields.check(&state);
    let templates = Templates::load(&state, &caller, body.utm_template.is_some()).await?;
    check.found(templates.fill(&mut body.utm, &mut body.utm_template))?;
    let mut draft = Draft::check(body, &state, check)?;
    draft.restrict(&caller, &state)?;
    draft.hash_password(&state).await?;
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn({
        let state = state.clone();
        async move {
            let actor = caller.identity.to_string();
            let maker = (caller.workspace_id, actor.as_str());
            state.together.insert(&state, draft, maker, &once).await
        }
    });
    let row = task.await.map_err(Error::internal)??;
    let location = Link::location(LinkId(row.id));
    let link = WrittenLink::kept(&state, Link::fresh(row, &state), patience).await;
    Ok((
        StatusCode::CREATED,
        AppendHeaders([(LOCATION, location)]),
        link,
    ))
}
