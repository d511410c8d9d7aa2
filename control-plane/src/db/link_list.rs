//! The list of links.

use contract::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::LinkRow;
use super::link_filter::{LinkFilter, with_filter};
use super::link_pages::{by_age, by_total, page_of_links};
use super::link_sample::way;
use super::link_way::{Costs, Way};
use super::pool::{begin_in_order, begin_to_read};
use super::samples::Samples;
use super::select_link::select_link;
use crate::Result;

/// How long links can be restored from the bin.
pub const BIN_PERIOD: Duration = Duration::days(30);

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

/// What links cost where the list is sorted by what is in them.
const BY_AGE: Costs = Costs {
    in_order: 0.6,
    sorted: 0.2,
};

/// The same where that is in another table.
const BY_TOTAL: Costs = Costs {
    in_order: 4.0,
    sorted: 3.0,
};

/// The same where the text that is looked for is there, too.
const TEXT_BY_TOTAL: Costs = Costs {
    in_order: 1.3,
    sorted: 3.0,
};

macro_rules! count_of_links {
    ($where:literal, ($($argument:expr),* $(,)?),) => {
        sqlx::query_scalar!(
            r#"select count(*) as "count!" from links where "# + $where,
            $($argument,)*
        )
    };
}

/// A page of the workspace's links.
pub async fn list_links(
    (pool, samples): (&PgPool, &Samples),
    workspace_id: Uuid,
    filter: &LinkFilter<'_>,
    page: &Page,
    now: OffsetDateTime,
) -> Result<Vec<LinkRow>> {
    let costs = match (page.order, filter.search) {
        (LinkOrder::Created, _) => BY_AGE,
        (LinkOrder::Clicks | LinkOrder::LastClicked, None) => BY_TOTAL,
        (LinkOrder::Clicks | LinkOrder::LastClicked, Some(_)) => TEXT_BY_TOTAL,
    };
    let way = way(
        (pool, samples),
        workspace_id,
        filter,
        now,
        page.limit,
        costs,
    )
    .await?;
    let mut connection = match way {
        Way::InOrder => begin_in_order(pool).await?,
        Way::Found(_) => begin_to_read(pool).await?,
    };
    let value = page.after.map(|position| position.value);
    let time = page.after.and_then(Position::time);
    let links = match (page.order, page.is_descending) {
        (LinkOrder::Created, true) => {
            by_age!(
                connection,
                workspace_id,
                filter,
                way,
                now,
                page,
                "<",
                "desc"
            )
        }
        (LinkOrder::Created, false) => {
            by_age!(connection, workspace_id, filter, way, now, page, ">", "asc")
        }
        (LinkOrder::Clicks, true) => by_total!(
            connection,
            workspace_id,
            filter,
            way,
            now,
            page,
            "clicks",
            "bigint",
            value,
            "<",
            "desc"
        ),
        (LinkOrder::Clicks, false) => by_total!(
            connection,
            workspace_id,
            filter,
            way,
            now,
            page,
            "clicks",
            "bigint",
            value,
            ">",
            "asc"
        ),
        (LinkOrder::LastClicked, true) => by_total!(
            connection,
            workspace_id,
            filter,
            way,
            now,
            page,
            "last_clicked_at",
            "timestamptz",
            time,
            "<",
            "desc"
        ),
        (LinkOrder::LastClicked, false) => by_total!(
            connection,
            workspace_id,
            filter,
            way,
            now,
            page,
            "last_clicked_at",
            "timestamptz",
            time,
            ">",
            "asc"
        ),
    };
    connection.commit().await?;
    Ok(links)
}

/// How many links there are. Reads them all: only for those who ask.
pub async fn count_links(
    pool: &PgPool,
    workspace_id: Uuid,
    filter: &LinkFilter<'_>,
    now: OffsetDateTime,
) -> Result<i64> {
    let count = with_filter!(count_of_links, workspace_id, filter, filter.index(), now,);
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

/// Works what is new into the indexes that searches read. Two at a time do no harm.
pub async fn work_in_new_links(pool: &PgPool) -> Result<()> {
    sqlx::query!(
        "select gin_clean_pending_list(pg_class.oid)
         from pg_index
         join pg_class on pg_class.oid = indexrelid
         join pg_am on pg_am.oid = relam and amname = 'gin'
         where indrelid = 'links'::regclass and indisvalid",
    )
    .fetch_all(pool)
    .await?;
    Ok(())
}
