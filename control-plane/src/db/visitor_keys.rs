//! The keys that visitors are hashed under.

use std::ops::RangeInclusive;

use contract::{Day, DayKey};
use sqlx::{PgConnection, PgPool};
use time::Date;

use crate::error::{Error, Result};

/// Stores those of the keys whose day has none. At the same time somebody else may do so too: the
/// first one wins.
pub async fn insert_missing_visitor_keys(pool: &PgPool, keys: &[DayKey]) -> Result<()> {
    let mut connection = pool.acquire().await?;
    insert(&mut connection, keys).await
}

/// The keys from the first of these days to the last.
pub async fn visitor_keys(pool: &PgPool, days: RangeInclusive<Day>) -> Result<Vec<DayKey>> {
    let mut connection = pool.acquire().await?;
    select(&mut connection, date(*days.start())?, date(*days.end())?).await
}

/// Deletes the keys of earlier days, and returns how many there were.
///
/// Their bytes leave the table's file too. Deleted rows stay in there until a vacuum, which little
/// else causes in a table of two rows, and which spares them while any transaction is older than
/// their deletion. `truncate` spares nothing; what is to stay is written anew.
pub async fn delete_visitor_keys_before(pool: &PgPool, day: Day) -> Result<u64> {
    let day = date(day)?;
    let is_due = sqlx::query_scalar!(
        r#"select exists (select from visitor_keys where day < $1) as "is_due!""#,
        day,
    );
    if !is_due.fetch_one(pool).await? {
        return Ok(0);
    }
    let mut transaction = super::begin(pool).await?;
    sqlx::query!("lock table visitor_keys in access exclusive mode")
        .execute(&mut *transaction)
        .await?;
    let deleted = sqlx::query!("delete from visitor_keys where day < $1", day)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
    let kept = select(&mut transaction, day, Date::MAX).await?;
    sqlx::query!("truncate visitor_keys")
        .execute(&mut *transaction)
        .await?;
    insert(&mut transaction, &kept).await?;
    transaction.commit().await?;
    Ok(deleted)
}

async fn select(connection: &mut PgConnection, first: Date, last: Date) -> Result<Vec<DayKey>> {
    let rows = sqlx::query!(
        "select day, key from visitor_keys where day between $1 and $2 order by day",
        first,
        last,
    )
    .fetch_all(connection)
    .await?;
    let keys = rows.into_iter().map(|row| {
        let key = row.key.try_into();
        let key = key.map_err(|_| Error::internal("a visitor key has another length"))?;
        Ok(DayKey {
            day: row.day.into(),
            key,
        })
    });
    keys.collect()
}

async fn insert(connection: &mut PgConnection, keys: &[DayKey]) -> Result<()> {
    let days: Vec<Date> = keys
        .iter()
        .map(|key| date(key.day))
        .collect::<Result<_>>()?;
    let keys: Vec<Vec<u8>> = keys.iter().map(|key| key.key.into()).collect();
    sqlx::query!(
        "insert into visitor_keys (day, key)
         select * from unnest($1::date[], $2::bytea[])
         on conflict (day) do nothing",
        &days,
        &keys,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn date(day: Day) -> Result<Date> {
    let date = day.to_date();
    date.ok_or_else(|| Error::internal("the clock shows a day outside the calendar"))
}
