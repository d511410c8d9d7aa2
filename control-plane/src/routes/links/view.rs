use contract::LinkId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::{self, LinkRow, LinkTotals};
use crate::error::{Error, Result};
use crate::state::AppState;

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
    /// What its owner calls it.
    #[schema(required)]
    title: Option<String>,
    /// False: switched off by its owner.
    enabled: bool,
    /// What a visitor meets.
    status: LinkStatus,
    /// When it stops redirecting.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    expires_at: Option<OffsetDateTime>,
    /// Clicks since it was made; null while the statistics cannot be reached.
    #[schema(required)]
    clicks: Option<i64>,
    /// The newest click.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    last_clicked_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    /// Grows with every change.
    revision: i64,
}

/// What a visitor of a link meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinkStatus {
    /// The target.
    Active,
    /// 410: switched off.
    Disabled,
    /// 410: past its time.
    Expired,
    /// 410: in the bin.
    Deleted,
}

impl LinkStatus {
    /// The name, as in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Deleted => "deleted",
        }
    }

    fn of(link: &LinkRow, now: OffsetDateTime) -> Self {
        if link.deleted_at.is_some() {
            Self::Deleted
        } else if !link.is_enabled {
            Self::Disabled
        } else if link.expires_at.is_some_and(|expires_at| expires_at <= now) {
            Self::Expired
        } else {
            Self::Active
        }
    }
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

    fn new(row: LinkRow, total: Option<LinkTotals>, public_url: &Url, now: OffsetDateTime) -> Self {
        Self {
            status: LinkStatus::of(&row, now),
            // `public_url` ends in "/", and so far every link is on its host.
            short_url: format!("{public_url}{}", row.code),
            id: LinkId(row.id),
            domain: row.domain,
            code: row.code,
            original_url: row.original_url,
            title: row.title,
            enabled: row.is_enabled,
            expires_at: row.expires_at,
            clicks: total.map(|total| total.clicks),
            last_clicked_at: total.and_then(|total| total.last_clicked_at),
            created_at: row.created_at,
            updated_at: row.updated_at,
            revision: row.revision,
        }
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
