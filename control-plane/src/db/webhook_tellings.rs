//! What happened, and who wants to be told.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;

/// Up to where everything was written down.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Of the change log.
    pub seq: i64,
    /// Of links whose time was over. `None`: nobody has looked yet.
    pub expired_until: Option<OffsetDateTime>,
    /// The last of them, if others were over at the same instant.
    pub expired_link: Option<Uuid>,
}

/// A link whose time was over, and when.
pub type Expiry = (OffsetDateTime, Uuid);

/// Something that happened to a link, for one receiver.
#[derive(Debug)]
pub struct Telling {
    /// Whom to tell.
    pub webhook_id: Uuid,
    /// What.
    pub event: String,
    /// Of which link.
    pub link_id: Uuid,
    /// Its record as of then.
    pub record: String,
    /// When.
    pub at: OffsetDateTime,
}

/// A piece of the change log.
#[derive(Debug)]
pub struct Tellings {
    /// Where it ends.
    pub seq: i64,
    /// What is to be told of it, in order.
    pub tellings: Vec<Telling>,
}

/// Takes the work until the end of the transaction; `None` while another process has it.
pub async fn lock_progress(connection: &mut PgConnection) -> Result<Option<Progress>> {
    let progress = sqlx::query_as!(
        Progress,
        "select seq, expired_until, expired_link from webhook_progress for update skip locked",
    )
    .fetch_optional(connection)
    .await?;
    Ok(progress)
}

/// What is to be told of the changes after `seq`, of which `limit` are looked at.
///
/// The first change of a link made it; one that left it deleted deleted it.
pub async fn changes_to_tell(
    connection: &mut PgConnection,
    seq: i64,
    limit: i64,
) -> Result<Tellings> {
    let end = sqlx::query_scalar!(
        r#"select coalesce(max(seq), $1) as "seq!" from (
               select seq from link_changes where seq > $1 order by seq limit $2
           ) as piece"#,
        seq,
        limit,
    )
    .fetch_one(&mut *connection)
    .await?;
    if end == seq {
        return Ok(Tellings {
            seq,
            tellings: Vec::new(),
        });
    }
    let tellings = sqlx::query_as!(
        Telling,
        r#"select w.id as webhook_id, c.event as "event!", c.link_id as "link_id!", c.record,
                  c.changed_at as at
           from (
               select seq, link_id, record, changed_at,
                      case
                        when record::jsonb ->> 'state' = 'deleted' then 'link.deleted'
                        when exists (
                            select from link_changes as earlier
                            where earlier.link_id = change.link_id and earlier.seq < change.seq
                        ) then 'link.updated'
                        else 'link.created'
                      end as event
               from link_changes as change
               where seq > $1 and seq <= $2 and link_id is not null
           ) as c
           join links l on l.id = c.link_id
           join webhooks w on w.workspace_id = l.workspace_id
           where w.is_enabled and c.event = any (w.events) and c.seq > w.since_seq
           order by c.seq, w.id"#,
        seq,
        end,
    )
    .fetch_all(connection)
    .await?;
    Ok(Tellings { seq: end, tellings })
}

/// Where a piece of `limit` links ends whose time was over after `since` and not after `until`; `None` if
/// there are fewer.
pub async fn end_of_expiries(
    connection: &mut PgConnection,
    since: Expiry,
    until: OffsetDateTime,
    limit: i64,
) -> Result<Option<Expiry>> {
    let end = sqlx::query!(
        r#"select expires_at as "expires_at!", id from links
           where (expires_at, id) > ($1, $2) and expires_at <= $3 and deleted_at is null
           order by expires_at, id offset $4 limit 1"#,
        since.0,
        since.1,
        until,
        limit - 1,
    )
    .fetch_optional(connection)
    .await?;
    Ok(end.map(|end| (end.expires_at, end.id)))
}

/// Links whose time was over after `since` and not after `until`.
pub async fn expired_links_to_tell(
    connection: &mut PgConnection,
    since: Expiry,
    until: Expiry,
) -> Result<Vec<Telling>> {
    let tellings = sqlx::query_as!(
        Telling,
        r#"select w.id as webhook_id, 'link.expired' as "event!", l.id as link_id, c.record,
                  l.expires_at as "at!"
           from links l
           join webhooks w on w.workspace_id = l.workspace_id
           join link_changes c on c.seq = l.revision
           where (l.expires_at, l.id) > ($1, $2) and (l.expires_at, l.id) <= ($3, $4)
             and l.deleted_at is null and w.is_enabled and 'link.expired' = any (w.events)
           order by l.expires_at, l.id, w.id"#,
        since.0,
        since.1,
        until.0,
        until.1,
    )
    .fetch_all(connection)
    .await?;
    Ok(tellings)
}

/// Notes how far it was done.
pub async fn set_progress(connection: &mut PgConnection, progress: &Progress) -> Result<()> {
    sqlx::query!(
        "update webhook_progress set seq = $1, expired_until = $2, expired_link = $3",
        progress.seq,
        progress.expired_until,
        progress.expired_link,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A number of clicks that a link has reached, for one receiver.
#[derive(Debug)]
pub struct ClicksTelling {
    /// Whom to tell.
    pub webhook_id: Uuid,
    /// The number.
    pub threshold: i64,
    /// The link's record.
    pub record: String,
    /// The newest click.
    pub at: OffsetDateTime,
}

/// Links clicked after `since` that have reached a number of clicks, `limit` at most; each is given once.
pub async fn clicks_to_tell(
    connection: &mut PgConnection,
    since: OffsetDateTime,
    limit: i64,
) -> Result<Vec<ClicksTelling>> {
    let tellings = sqlx::query_as!(
        ClicksTelling,
        r#"with reached as (
               insert into webhook_thresholds (webhook_id, link_id, threshold)
               select w.id, t.link_id, wanted.clicks
               from webhooks w
               cross join unnest(w.click_thresholds) as wanted (clicks)
               join link_totals t
                 on t.workspace_id = w.workspace_id and t.clicks >= wanted.clicks
               where w.is_enabled and 'link.clicks_reached' = any (w.events)
                 and t.last_clicked_at > $1
                 and not exists (
                     select from webhook_thresholds told
                     where told.webhook_id = w.id and told.link_id = t.link_id
                       and told.threshold = wanted.clicks
                 )
               limit $2
               on conflict do nothing
               returning webhook_id, link_id, threshold
           )
           select r.webhook_id, r.threshold, c.record, t.last_clicked_at as at
           from reached r
           join links l on l.id = r.link_id
           join link_changes c on c.seq = l.revision
           join link_totals t on t.link_id = r.link_id
           order by r.link_id, r.threshold"#,
        since,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(tellings)
}

/// Notes what links have reached already when a receiver begins to be told: that is no news.
pub async fn pass_over_thresholds(connection: &mut PgConnection, webhook_id: Uuid) -> Result<()> {
    sqlx::query!(
        "insert into webhook_thresholds (webhook_id, link_id, threshold)
         select w.id, t.link_id, threshold
         from webhooks w
         cross join unnest(w.click_thresholds) as threshold
         join link_totals t on t.workspace_id = w.workspace_id and t.clicks >= threshold
         where w.id = $1
         on conflict do nothing",
        webhook_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}
