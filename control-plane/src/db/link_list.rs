//! The list of links.

use contract::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::LinkRow;
use super::link_pages::{by_age, by_total, page_of_front, page_of_links};
use super::patterns::contains_pattern;
use super::select_link::select_link;
use crate::Result;

/// How long links can be restored from the bin.
pub const BIN_PERIOD: Duration = Duration::days(30);

/// Which links a list shows. What is `None` does not matter.
#[derive(Debug, Default, Clone)]
pub struct LinkFilter<'a> {
    /// Text to find in code, target, title, notes or tags, without regard to case. One or two
    /// characters: what a code, a tag or a word of the title begins with.
    pub search: Option<&'a str>,
    /// Name of a state; all but the bin when absent.
    pub status: Option<&'a str>,
    /// Host.
    pub domain: Option<&'a str>,
    /// `usr_…` or `key_…`.
    pub created_by: Option<&'a str>,
    /// Made then or later.
    pub created_from: Option<OffsetDateTime>,
    /// Made earlier.
    pub created_before: Option<OffsetDateTime>,
    /// With one of these.
    pub any_tag: Option<Vec<String>>,
    /// With each of these.
    pub all_tags: Option<Vec<String>>,
    /// With none of these.
    pub no_tag: Option<Vec<String>>,
    /// Archived, or not.
    pub is_archived: Option<bool>,
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkOrder {
    /// When links were made.
    Created,
    /// Their clicks.
    Clicks,
    /// Their newest click.
    LastClicked,
}

/// Where a page begins: after this link.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Position {
    /// What the list is sorted by: clicks, or a time in microseconds.
    pub value: i64,
    /// The link, for those with the same value.
    pub id: Uuid,
}

impl Position {
    fn time(self) -> Option<OffsetDateTime> {
        Timestamp::from_micros(self.value).to_datetime()
    }
}

/// Which part of a list.
#[derive(Debug)]
pub struct Page {
    /// What comes first.
    pub order: LinkOrder,
    /// The most and the newest first.
    pub is_descending: bool,
    /// From the start when absent.
    pub after: Option<Position>,
    /// Rows at most.
    pub limit: i64,
}

/// Links at the front of a list by age that a search looks at first: 15 ms. When they do not fill a
/// page, a text is in less than one of two hundred, which the index finds in as long.
const FRONT_BY_AGE: i64 = 10_000;

/// The same by clicks, where each link is looked up: 20 ms.
const FRONT_BY_TOTAL: i64 = 4_000;

/// Shorter texts have no trigram, so an index of trigrams does not find them.
const SHORTEST_ANYWHERE: usize = 3;

fn is_short(text: &str) -> bool {
    text.chars().count() < SHORTEST_ANYWHERE
}

/// Gives `$callback!` the filter as text, which is the same for all orders and for counting, and
/// its arguments.
///
/// Connections plan each statement for the arguments it has, so what is asked for by no argument
/// costs nothing, and each state has an index that it may use.
macro_rules! with_filter {
    ($callback:ident, $workspace_id:expr, $filter:expr, $now:expr, $($more:tt)*) => {
        $callback!(
            r#"links.workspace_id = $1
               and ($2::text is null
                    or links_search_text(code, original_url, title, notes, tags) ilike $2)
               and (deleted_at is not null) = ($3::text is not distinct from 'deleted')
               and ($3 is distinct from 'deleted' or deleted_at > $14)
               and ($3 is distinct from 'disabled' or not is_enabled)
               and ($3 is distinct from 'scheduled'
                    or (is_enabled and options ->> 'starts_at' is not null
                        and (options ->> 'starts_at')::bigint > $5))
               and ($3 is distinct from 'expired'
                    or (is_enabled and expires_at <= $4
                        and coalesce((options ->> 'starts_at')::bigint <= $5, true)))
               and ($3 is distinct from 'blocked'
                    or (is_enabled and is_blocked and coalesce(expires_at > $4, true)
                        and coalesce((options ->> 'starts_at')::bigint <= $5, true)))
               and ($3 is distinct from 'active'
                    or (is_enabled and not is_blocked and coalesce(expires_at > $4, true)
                        and coalesce((options ->> 'starts_at')::bigint <= $5, true)))
               and ($6::text is null or domain = $6)
               and ($7::text is null or created_by = $7)
               and ($8::timestamptz is null or created_at >= $8)
               and ($9::timestamptz is null or created_at < $9)
               and ($10::text[] is null or tags && $10)
               and ($11::text[] is null or tags @> $11)
               and ($12::text[] is null or not tags && $12)
               and ($13::boolean is null or is_archived = $13)
               and ($15::text is null
                    or links_beginnings(code, title, tags) @> array[lower($15)])"#,
            (
                $workspace_id,
                $filter.search.filter(|text| !is_short(text)).map(contains_pattern),
                $filter.status,
                $now,
                Timestamp::from($now).as_micros(),
                $filter.domain,
                $filter.created_by,
                $filter.created_from,
                $filter.created_before,
                $filter.any_tag.as_deref() as _,
                $filter.all_tags.as_deref() as _,
                $filter.no_tag.as_deref() as _,
                $filter.is_archived,
                $now - BIN_PERIOD,
                $filter.search.filter(|text| is_short(text)),
            ),
            $($more)*
        )
    };
}

macro_rules! count_of_links {
    ($where:literal, ($($argument:expr),* $(,)?),) => {
        sqlx::query_scalar!(
            r#"select count(*) as "count!" from links where "# + $where,
            $($argument,)*
        )
    };
}

/// A page of the workspace's links.
///
/// How many links have a text in them nobody knows before, PostgreSQL least of all, and there are two
/// ways to find them: in the order of the list until the page is full, which is quick if many have it,
/// and by the index of texts, then sorted, which is quick if few have it. A wrong guess reads hundreds
/// of thousands of rows. So a search looks at the front of the list first, and when the page is not
/// full by then, few have it.
pub async fn list_links(
    pool: &PgPool,
    workspace_id: Uuid,
    filter: &LinkFilter<'_>,
    page: &Page,
    now: OffsetDateTime,
) -> Result<Vec<LinkRow>> {
    let value = page.after.map(|position| position.value);
    let time = page.after.and_then(Position::time);
    let links = match (page.order, page.is_descending) {
        (LinkOrder::Created, true) => {
            by_age!(pool, workspace_id, filter, now, page, "<", "desc")
        }
        (LinkOrder::Created, false) => {
            by_age!(pool, workspace_id, filter, now, page, ">", "asc")
        }
        (LinkOrder::Clicks, true) => by_total!(
            pool,
            workspace_id,
            filter,
            now,
            page,
            "clicks",
            "bigint",
            value,
            "<",
            "desc"
        ),
        (LinkOrder::Clicks, false) => by_total!(
            pool,
            workspace_id,
            filter,
            now,
            page,
            "clicks",
            "bigint",
            value,
            ">",
            "asc"
        ),
        (LinkOrder::LastClicked, true) => by_total!(
            pool,
            workspace_id,
            filter,
            now,
            page,
            "last_clicked_at",
            "timestamptz",
            time,
            "<",
            "desc"
        ),
        (LinkOrder::LastClicked, false) => by_total!(
            pool,
            workspace_id,
            filter,
            now,
            page,
            "last_clicked_at",
            "timestamptz",
            time,
            ">",
            "asc"
        ),
    };
    Ok(links)
}

/// How many links there are. Reads them all: only for those who ask.
pub async fn count_links(
    pool: &PgPool,
    workspace_id: Uuid,
    filter: &LinkFilter<'_>,
    now: OffsetDateTime,
) -> Result<i64> {
    let count = with_filter!(count_of_links, workspace_id, filter, now,);
    Ok(count.fetch_one(pool).await?)
}

/// What a link is sorted by, where that is not in its row.
pub async fn totals_of(pool: &PgPool, id: Uuid) -> Result<(i64, OffsetDateTime)> {
    let totals = sqlx::query!(
        "select clicks, last_clicked_at from link_totals where link_id = $1",
        id,
    )
    .fetch_optional(pool)
    .await?;
    let totals = totals.map(|totals| (totals.clicks, totals.last_clicked_at));
    Ok(totals.unwrap_or((0, OffsetDateTime::UNIX_EPOCH)))
}
