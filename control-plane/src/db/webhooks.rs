//! Programs that are told of links.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;
use crate::versions::revision_of;

/// A receiver.
#[derive(Debug, Clone)]
pub struct WebhookRow {
    /// Identity.
    pub id: Uuid,
    /// Where it is.
    pub url: String,
    /// What it is told of.
    pub events: Vec<String>,
    /// Numbers of clicks it is told of.
    pub click_thresholds: Vec<i64>,
    /// Whether it is told anything.
    pub is_enabled: bool,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// Messages that were not written down, since too many were waiting.
    pub missed: i64,
    /// When that happened last.
    pub missed_at: Option<OffsetDateTime>,
}

impl WebhookRow {
    /// Which version this is. Messages that were missed do not change it.
    pub fn revision(&self) -> Result<i64> {
        revision_of(&(
            &self.url,
            &self.events,
            &self.click_thresholds,
            self.is_enabled,
            self.updated_at,
        ))
    }
}

/// Stores a new receiver.
pub async fn insert_webhook(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    webhook: &WebhookRow,
    secret: &[u8],
) -> Result<()> {
    sqlx::query!(
        "insert into webhooks (id, workspace_id, url, secret, events, click_thresholds, is_enabled,
                               created_at, updated_at, since_seq)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, seq from link_changes_head",
        webhook.id,
        workspace_id,
        webhook.url,
        secret,
        &webhook.events,
        &webhook.click_thresholds,
        webhook.is_enabled,
        webhook.created_at,
        webhook.updated_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many receivers a workspace has. Nobody can make one more until the end of the transaction.
pub async fn count_webhooks(connection: &mut PgConnection, workspace_id: Uuid) -> Result<i64> {
    sqlx::query!(
        "select id from workspaces where id = $1 for no key update",
        workspace_id
    )
    .fetch_optional(&mut *connection)
    .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from webhooks where workspace_id = $1"#,
        workspace_id,
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// The receivers of a workspace, newest first.
pub async fn list_webhooks(pool: &PgPool, workspace_id: Uuid) -> Result<Vec<WebhookRow>> {
    let webhooks = sqlx::query_as!(
        WebhookRow,
        "select id, url, events, click_thresholds, is_enabled, created_at, updated_at, missed,
                missed_at
         from webhooks
         where workspace_id = $1
         order by created_at desc, id desc",
        workspace_id,
    )
    .fetch_all(pool)
    .await?;
    Ok(webhooks)
}

/// One receiver.
pub async fn find_webhook(
    pool: &PgPool,
    workspace_id: Uuid,
    id: Uuid,
) -> Result<Option<WebhookRow>> {
    let webhook = sqlx::query_as!(
        WebhookRow,
        "select id, url, events, click_thresholds, is_enabled, created_at, updated_at, missed,
                missed_at
         from webhooks
         where workspace_id = $1 and id = $2",
        workspace_id,
        id,
    )
    .fetch_optional(pool)
    .await?;
    Ok(webhook)
}

/// One receiver for an edit, locked until the end of the transaction.
pub async fn lock_webhook(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    id: Uuid,
) -> Result<Option<WebhookRow>> {
    let webhook = sqlx::query_as!(
        WebhookRow,
        "select id, url, events, click_thresholds, is_enabled, created_at, updated_at, missed,
                missed_at
         from webhooks
         where workspace_id = $1 and id = $2
         for update",
        workspace_id,
        id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(webhook)
}

/// Writes what may be edited. A receiver that is switched on is told of changes from now on. Of what changed
/// before and nobody has looked at yet it is told nothing, even if it was still on then.
pub async fn update_webhook(connection: &mut PgConnection, webhook: &WebhookRow) -> Result<()> {
    sqlx::query!(
        "update webhooks
         set url = $2, events = $3, click_thresholds = $4, is_enabled = $5, updated_at = $6,
             since_seq = case when $5 and not is_enabled then (select seq from link_changes_head)
                              else since_seq end
         where id = $1",
        webhook.id,
        webhook.url,
        &webhook.events,
        &webhook.click_thresholds,
        webhook.is_enabled,
        webhook.updated_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a receiver, which the transaction has locked, another secret. The one before is good until
/// `old_until`, or no longer.
pub async fn rotate_webhook_secret(
    connection: &mut PgConnection,
    id: Uuid,
    secret: &[u8],
    old_until: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update webhooks
         set secret = $2, old_secret_until = $3, updated_at = $4,
             old_secret = case when $3::timestamptz is null then null else secret end
         where id = $1",
        id,
        secret,
        old_until,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets secrets that are good no longer.
pub async fn delete_old_secrets(pool: &PgPool, now: OffsetDateTime) -> Result<u64> {
    let forgotten = sqlx::query!(
        "update webhooks set old_secret = null, old_secret_until = null
         where old_secret_until <= $1",
        now,
    )
    .execute(pool)
    .await?;
    Ok(forgotten.rows_affected())
}

/// Switches a receiver off: whose it is, and what it is like since; `None` if it was off.
pub async fn disable_webhook(
    connection: &mut PgConnection,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<(Uuid, WebhookRow)>> {
    let row = sqlx::query!(
        "update webhooks set is_enabled = false, updated_at = $2
         where id = $1 and is_enabled
         returning workspace_id, url, events, click_thresholds, created_at, updated_at, missed,
                   missed_at",
        id,
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        let webhook = WebhookRow {
            id,
            url: row.url,
            events: row.events,
            click_thresholds: row.click_thresholds,
            is_enabled: false,
            created_at: row.created_at,
            updated_at: row.updated_at,
            missed: row.missed,
            missed_at: row.missed_at,
        };
        (row.workspace_id, webhook)
    }))
}

/// Counts messages that receivers miss, so that their owners learn of it.
pub async fn note_missed(
    connection: &mut PgConnection,
    ids: &[Uuid],
    missed: &[i64],
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update webhooks w
         set missed = w.missed + lost.messages, missed_at = $3
         from unnest($1::uuid[], $2::bigint[]) as lost (id, messages)
         where w.id = lost.id",
        ids,
        missed,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes a receiver, which the transaction has locked, and its messages.
pub async fn delete_webhook(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query!("delete from webhooks where id = $1", id)
        .execute(connection)
        .await?;
    Ok(())
}
