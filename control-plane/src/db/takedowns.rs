//! Links that whoever runs the installation took down, and that their workspaces cannot put up again.

use contract::LinkId;
use sqlx::{PgConnection, PgExecutor, PgPool};
use time::OffsetDateTime;

use super::LinkRow;
use super::select_link::select_link;
use crate::Result;

/// Why and since when a link is down.
#[derive(Debug)]
pub struct TakedownRow {
    /// For the link's owners, too.
    pub reason: Option<String>,
    /// When.
    pub taken_down_at: OffsetDateTime,
}

/// The link, whoever owns it, also from the bin.
pub async fn find_any_link(pool: &PgPool, id: LinkId) -> Result<Option<LinkRow>> {
    let link = select_link!("from links where id = $1", id.0)
        .fetch_optional(pool)
        .await?;
    Ok(link)
}

/// The link for a takedown or its end, locked until the end of the transaction. Whoever owns it, and
/// also from the bin: it could come out of there.
pub async fn lock_any_link(connection: &mut PgConnection, id: LinkId) -> Result<Option<LinkRow>> {
    let link = select_link!("from links where id = $1 for update", id.0)
        .fetch_optional(connection)
        .await?;
    Ok(link)
}

/// The takedown of a link, if there is one.
pub async fn find_takedown(
    database: impl PgExecutor<'_>,
    link_id: LinkId,
) -> Result<Option<TakedownRow>> {
    let takedown = sqlx::query_as!(
        TakedownRow,
        "select reason, taken_down_at from link_takedowns where link_id = $1",
        link_id.0,
    )
    .fetch_optional(database)
    .await?;
    Ok(takedown)
}

/// What is known of a link beside itself.
#[derive(Debug)]
pub struct LinkCase {
    /// What its workspace is called.
    pub workspace: String,
    /// Reports that nobody has closed.
    pub open_reports: i64,
    /// When whoever runs the installation took it down.
    pub taken_down_at: Option<OffsetDateTime>,
    /// Why.
    pub reason: Option<String>,
}

/// What is known of a link beside itself.
pub async fn link_case(database: impl PgExecutor<'_>, link_id: LinkId) -> Result<LinkCase> {
    let case = sqlx::query_as!(
        LinkCase,
        r#"select workspaces.name as workspace,
                  (select count(*) from link_reports
                   where link_id = links.id and closed_at is null) as "open_reports!",
                  taken_down_at as "taken_down_at?", reason
           from links
           join workspaces on workspaces.id = workspace_id
           left join link_takedowns on link_id = links.id
           where links.id = $1"#,
        link_id.0,
    )
    .fetch_one(database)
    .await?;
    Ok(case)
}

/// Keeps that a link is taken down. A second time gives another reason. The transaction must have locked
/// the link.
pub async fn put_takedown(
    connection: &mut PgConnection,
    link_id: LinkId,
    takedown: &TakedownRow,
) -> Result<()> {
    sqlx::query!(
        "insert into link_takedowns (link_id, reason, taken_down_at) values ($1, $2, $3)
         on conflict (link_id) do update set reason = excluded.reason",
        link_id.0,
        takedown.reason,
        takedown.taken_down_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets it, if it is there.
pub async fn delete_takedown(connection: &mut PgConnection, link_id: LinkId) -> Result<()> {
    sqlx::query!("delete from link_takedowns where link_id = $1", link_id.0)
        .execute(connection)
        .await?;
    Ok(())
}
