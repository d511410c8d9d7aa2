use axum::http::StatusCode;
use contract::{LinkId, Timestamp};
use serde::Serialize;
use sqlx::PgConnection;
use time::OffsetDateTime;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use super::LinkStatus;
use super::options::{ClickCap, Rule, SocialPreview, Split};
use super::warning::LinkWarning;
use crate::db::{self, LinkRow, LinkTotals};
use crate::error::{Error, Result};
use crate::once::Once;
use crate::state::AppState;
use crate::target::spellings;
use crate::unfurl::TargetPage;

/// A link.
#[derive(Debug, Serialize, ToSchema)]
pub struct Link {
    /// Stays the same whatever happens to the code.
    #[schema(value_type = String, example = "lnk_01K9ZC6T2YJ4T1B6Q8S3W5")]
    id: LinkId,
    /// Host it lives under.
    #[schema(example = "go.example.com")]
    domain: String,
    /// Its short part.
    #[schema(example = "spring-24")]
    code: String,
    /// What to print and share.
    #[schema(example = "https://go.example.com/spring-24")]
    short_url: String,
    /// Where it leads, in the URL standard's serialised form.
    #[schema(example = "https://example.com/sale")]
    original_url: String,
    /// How people read the host of `original_url`; null if as it is written. To be shown beside it and never
    /// for it: hosts that are not the same may read alike.
    #[schema(required)]
    unicode_host: Option<String>,
    /// What its owner calls it; else what the page it leads to calls itself, once that was read.
    #[schema(required)]
    title: Option<String>,
    /// What its owner notes about it.
    #[schema(required)]
    notes: Option<String>,
    /// Words to find it by, in lower case, ascending.
    #[schema(example = json!(["print", "spring"]))]
    tags: Vec<String>,
    /// False: switched off by its owner.
    #[schema(example = true)]
    enabled: bool,
    /// True: out of lists that do not ask for it.
    archived: bool,
    /// What another system calls it.
    #[schema(required, example = "order-4711")]
    external_id: Option<String>,
    /// What a visitor meets.
    status: LinkStatus,
    /// When it stops redirecting.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    expires_at: Option<OffsetDateTime>,
    /// Which redirect it answers with: 302, 301, 307 or 308.
    #[schema(example = 302)]
    redirect_status: u16,
    /// When it begins to redirect.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    starts_at: Option<OffsetDateTime>,
    /// Where it leads once it has expired, instead of 410.
    #[schema(required)]
    expired_url: Option<String>,
    /// How often it redirects.
    #[schema(required)]
    click_cap: Option<ClickCap>,
    /// Visitors have to enter a password.
    has_password: bool,
    /// What to look at twice before trusting it. Mostly nothing.
    #[schema(example = json!([]))]
    warnings: Vec<LinkWarning>,
    /// Other targets, or none, for some visitors.
    #[schema(example = json!([]))]
    rules: Vec<Rule>,
    /// Several targets for visitors whom no rule has sent elsewhere.
    #[schema(required)]
    split: Option<Split>,
    /// What chats show when the link is shared.
    #[schema(required)]
    social_preview: Option<SocialPreview>,
    /// What the page it leads to says of itself; null before it was read, and if it says nothing. Read
    /// in the background when a link is made and when its target changes. Without effect on `revision`.
    #[schema(required)]
    page: Option<TargetPage>,
    /// The visitor's query parameters go on to the target.
    passes_query: bool,
    /// What follows the code in the path goes on to the target.
    passes_path: bool,
    /// Rather no answer than one that may be out of date.
    strict: bool,
    /// Search engines may list the short address.
    indexable: bool,
    /// Seconds for which browsers may remember where it leads.
    max_age: u32,
    /// Clicks since it was made; null while the statistics cannot be reached.
    #[schema(required, example = 17)]
    clicks: Option<i64>,
    /// The newest click.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    last_clicked_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Who made it: `usr_…` or `key_…`; null if that was not noted then.
    #[schema(required)]
    created_by: Option<String>,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    /// When it was put into the bin. For 30 days it can be restored.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    deleted_at: Option<OffsetDateTime>,
    /// Grows with every change.
    revision: i64,
}

impl Link {
    /// Rows as the client sees them, with their clicks.
    ///
    /// The statistics may be in another database. With that one away, links can still be made,
    /// edited and taken down; their clicks are unknown, which is not the same as none.
    pub(super) async fn load(state: &AppState, rows: Vec<LinkRow>) -> Vec<Self> {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let totals = db::link_totals(&state.analytics, &ids).await;
        if let Err(error) = &totals {
            tracing::warn!(%error, "links are shown without their clicks");
        }
        let totals = totals.ok();
        let now = state.now();
        let view = |row: LinkRow| {
            let total = totals.as_deref().map(|totals| total_of(row.id, totals));
            Self::new(row, total, &state.config.public_url, now)
        };
        rows.into_iter().map(view).collect()
    }

    /// One row as the client sees it.
    pub(super) async fn load_one(state: &AppState, row: LinkRow) -> Result<Self> {
        let mut links = Self::load(state, vec![row]).await;
        links
            .pop()
            .ok_or_else(|| Error::internal("a link got lost while it was loaded"))
    }

    /// One that was just made: nobody can have followed it.
    pub(super) fn fresh(row: LinkRow, state: &AppState) -> Self {
        let total = total_of(row.id, &[]);
        Self::new(row, Some(total), &state.config.public_url, state.now())
    }

    /// Clicks of a link; `None` while the statistics cannot be reached. To be asked before a
    /// transaction, which others wait for.
    pub(super) async fn total(state: &AppState, id: LinkId) -> Option<LinkTotals> {
        let totals = db::link_totals(&state.analytics, &[id.0]).await.ok()?;
        Some(total_of(id.0, &totals))
    }

    /// One row as the client sees it, with clicks that were asked before.
    pub(super) fn with_total(state: &AppState, row: LinkRow, total: Option<LinkTotals>) -> Self {
        Self::new(row, total, &state.config.public_url, state.now())
    }

    /// Keeps it as the answer to a request that may come again. The last statement before the commit.
    pub(super) async fn keep(&self, once: &Once, connection: &mut PgConnection) -> Result<()> {
        once.keep(connection, StatusCode::OK, None, self).await
    }

    /// Address in this API.
    pub(super) fn location(id: LinkId) -> String {
        format!("/api/v1/links/{id}")
    }

    /// Which version this is.
    pub(super) fn revision(&self) -> i64 {
        self.revision
    }

    /// One row as the client sees it, where clicks do not matter.
    pub(super) fn without_clicks(state: &AppState, row: LinkRow) -> Self {
        Self::new(row, None, &state.config.public_url, state.now())
    }

    fn new(row: LinkRow, total: Option<LinkTotals>, public_url: &Url, now: OffsetDateTime) -> Self {
        let options = row.options();
        let page = row.page.clone().map(|page| page.0);
        let read_title = || {
            page.as_ref()
                .and_then(|page| page.title().map(str::to_owned))
        };
        let starts_at = options.starts_at.and_then(Timestamp::to_datetime);
        let warnings = LinkWarning::all(&row.original_url, &options);
        Self {
            status: LinkStatus::of(&row, now),
            short_url: short_url(public_url, &row.domain, &row.code),
            id: LinkId(row.id),
            domain: row.domain,
            code: row.code,
            unicode_host: spellings(&row.original_url).map(|(_, unicode)| unicode),
            original_url: row.original_url,
            title: row.title.or_else(read_title),
            notes: row.notes,
            tags: row.tags,
            enabled: row.is_enabled,
            archived: row.is_archived,
            external_id: row.external_id,
            expires_at: row.expires_at,
            // The table has no others.
            redirect_status: row.redirect_status.unsigned_abs(),
            starts_at,
            expired_url: options.expired_url,
            click_cap: options.click_cap.map(Into::into),
            has_password: row.password_hash.is_some(),
            warnings,
            rules: options.rules.into_iter().map(Into::into).collect(),
            split: options.split.map(Into::into),
            social_preview: options.social_preview.map(Into::into),
            page,
            passes_query: options.passes_query,
            passes_path: options.passes_path,
            strict: options.is_strict,
            indexable: options.is_indexable,
            max_age: options.max_age,
            clicks: total.map(|total| total.clicks),
            last_clicked_at: total.and_then(|total| total.last_clicked_at),
            created_at: row.created_at,
            created_by: row.created_by,
            deleted_at: row.deleted_at,
            updated_at: row.updated_at,
            revision: row.revision,
        }
    }
}

/// All domains are reached as the installation's own is: with its scheme and port.
pub(crate) fn short_url(public_url: &Url, domain: &str, code: &str) -> String {
    let mut url = public_url.clone();
    // Domains are names of hosts. `public_url` ends in "/".
    match url.set_host(Some(domain)) {
        Ok(()) => format!("{url}{code}"),
        Err(_) => format!("{public_url}{code}"),
    }
}

/// A link without a click has no row.
fn total_of(link_id: Uuid, totals: &[LinkTotals]) -> LinkTotals {
    let total = totals
        .iter()
        .find(|total| total.link_id == link_id)
        .copied();
    total.unwrap_or(LinkTotals {
        link_id,
        clicks: 0,
        last_clicked_at: None,
    })
}
