//! Clicks of releases that kept the user agent with each of them.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use time::Date;

use crate::Result;
use crate::store::{agent_id, enter_agents};

/// Moves the user agents of a day's clicks into their own table. Does nothing to clicks that have
/// been moved, or were never otherwise.
///
/// What such a click counts as changes by that, from "as it was counted in its time" to what the
/// user agent says; the correction of counts comes after, and sees both. No lock is needed: nobody
/// else changes rows, and the labels that are entered are new.
pub(super) async fn move_texts(connection: &mut PgConnection, day: Date) -> Result<()> {
    let texts = sqlx::query_scalar!(
        r#"select distinct user_agent as "text!" from clicks
           where clicked_at >= $1::date::timestamp at time zone 'UTC'
             and clicked_at < ($1::date + 1)::timestamp at time zone 'UTC'
             and user_agent_id is null and user_agent is not null"#,
        day
    )
    .fetch_all(&mut *connection)
    .await?;
    if texts.is_empty() {
        return Ok(());
    }
    let by_id: BTreeMap<i64, &str> = texts.iter().map(|it| (agent_id(it), it.as_str())).collect();
    enter_agents(connection, &by_id).await?;
    let ids: Vec<i64> = texts.iter().map(|text| agent_id(text)).collect();
    sqlx::query!(
        "update clicks set user_agent_id = agent.id, user_agent = null
         from unnest($2::text[], $3::bigint[]) as agent (text, id)
         where clicked_at >= $1::date::timestamp at time zone 'UTC'
           and clicked_at < ($1::date + 1)::timestamp at time zone 'UTC'
           and user_agent_id is null and user_agent = agent.text",
        day,
        &texts,
        &ids,
    )
    .execute(connection)
    .await?;
    Ok(())
}
