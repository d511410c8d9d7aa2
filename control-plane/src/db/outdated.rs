//! Rows that nobody will ask for again.

use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

use super::{idempotency, webhook_messages};
use crate::Result;

/// How long an invitation is shown after it has expired, so that whoever made it sees why it does
/// not work. Those that are used or withdrawn go at once.
const EXPIRED_INVITATIONS: Duration = Duration::days(30);

/// How long the outcome of an import can be asked for. Its rows go when it is finished.
const FINISHED_IMPORTS: Duration = Duration::days(90);

/// What gets out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outdated {
    /// Sign-ins that ran out. Those that were ended go at once.
    Sessions,
    /// Answers to requests that have a name.
    Answers,
    /// What was sent to webhooks, or could not be.
    Messages,
    /// Invitations that were never accepted.
    Invitations,
    /// Imports that are finished.
    Imports,
}

impl Outdated {
    /// All of it.
    pub const ALL: [Self; 5] = [
        Self::Sessions,
        Self::Answers,
        Self::Messages,
        Self::Invitations,
        Self::Imports,
    ];
}

/// Forgets the oldest, at most so many, and says how many they were.
pub async fn delete_outdated(
    pool: &PgPool,
    what: Outdated,
    now: OffsetDateTime,
    limit: i64,
) -> Result<u64> {
    let deleted = match what {
        Outdated::Sessions => {
            sqlx::query!(
                "delete from sessions where token_hash in (
                     select token_hash from sessions where expires_at <= $1
                     order by expires_at limit $2
                 )",
                now,
                limit,
            )
            .execute(pool)
            .await?
        }
        Outdated::Answers => {
            sqlx::query!(
                "delete from idempotency_keys where (workspace_id, key_hash) in (
                     select workspace_id, key_hash from idempotency_keys where created_at <= $1
                     order by created_at limit $2
                 )",
                now - idempotency::KEPT,
                limit,
            )
            .execute(pool)
            .await?
        }
        Outdated::Messages => {
            sqlx::query!(
                "delete from webhook_messages where id in (
                     select id from webhook_messages where created_at <= $1
                     order by created_at limit $2
                 )",
                now - webhook_messages::KEPT,
                limit,
            )
            .execute(pool)
            .await?
        }
        Outdated::Invitations => {
            sqlx::query!(
                "delete from invitations where id in (
                     select id from invitations where expires_at <= $1
                     order by expires_at limit $2
                 )",
                now - EXPIRED_INVITATIONS,
                limit,
            )
            .execute(pool)
            .await?
        }
        Outdated::Imports => {
            sqlx::query!(
                "delete from imports where id in (
                     select id from imports where finished_at <= $1
                     order by finished_at limit $2
                 )",
                now - FINISHED_IMPORTS,
                limit,
            )
            .execute(pool)
            .await?
        }
    };
    Ok(deleted.rows_affected())
}
