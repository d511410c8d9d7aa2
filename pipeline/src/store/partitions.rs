//! One partition per UTC day, where TimescaleDB does not make its own.
//!
//! Partitions are made ahead, and for the days of a batch before its transaction, so a click that
//! comes late, or from an edge with a wrong clock, finds a place too.

use std::collections::BTreeSet;

use contract::{Click, Timestamp};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use time::Date;

use crate::Result;

/// Days made ahead, today not included: a week in which making them may fail unnoticed.
const DAYS_AHEAD: usize = 7;

/// Held while a partition is made, so that two workers do not make the same one: "lppart".
const LOCK: i64 = 0x6c70_7061_7274;

/// The UTC days of clicks.
pub(super) fn days<'c>(clicks: impl IntoIterator<Item = &'c Click<'c>>) -> BTreeSet<Date> {
    let day = |click: &Click<'_>| Some(click.clicked_at.to_datetime()?.date());
    clicks.into_iter().filter_map(day).collect()
}

/// Yesterday, for what is on its way, today, and [`DAYS_AHEAD`].
pub(super) fn around(now: Timestamp) -> BTreeSet<Date> {
    let yesterday = now.to_datetime().and_then(|now| now.date().previous_day());
    let days = std::iter::successors(yesterday, |day| day.next_day());
    days.take(DAYS_AHEAD + 2).collect()
}

/// Makes the partition of a day, unless it is there.
///
/// Made beside the table and attached then: that lets writers and readers of the table go on,
/// where `create table … partition of` would stop them all.
pub(super) async fn ensure(connection: &mut PgConnection, day: Date) -> Result<()> {
    let mut transaction = connection.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock($1)", LOCK)
        .execute(&mut *transaction)
        .await?;
    let name = name(day);
    let is_attached = sqlx::query_scalar!(
        r#"select exists (
               select from pg_inherits
               where inhparent = 'clicks'::regclass and inhrelid = to_regclass($1)
           ) as "is_attached!""#,
        name,
    )
    .fetch_one(&mut *transaction)
    .await?;
    if !is_attached {
        // Runtime SQL: names and bounds of tables cannot be parameters. Both are made of digits.
        let statements = format!(
            "create table if not exists {name} (like clicks including all);
             alter table clicks attach partition {name}
             for values from ('{day} 00:00:00+00') to ('{end}');",
            end = end(day),
        );
        sqlx::raw_sql(AssertSqlSafe(statements))
            .execute(&mut *transaction)
            .await?;
        tracing::info!(partition = name, "partition made");
    }
    transaction.commit().await?;
    Ok(())
}

/// Where the partition of a day ends. The last day that we can write has no day after it.
fn end(day: Date) -> String {
    match day.next_day() {
        Some(next) => format!("{next} 00:00:00+00"),
        None => "infinity".to_owned(),
    }
}

fn name(day: Date) -> String {
    let (year, month, day) = (day.year(), u8::from(day.month()), day.day());
    format!("clicks_{year:04}{month:02}{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use time::macros::date;

    #[test]
    fn days_are_utc_days() {
        const DAY: i64 = 86_400_000_000;
        let clicks = [DAY - 1, DAY, 0].map(example::click);
        let expected = [date!(1970 - 01 - 01), date!(1970 - 01 - 02)];
        assert_eq!(days(&clicks), BTreeSet::from(expected));
    }

    #[test]
    fn a_week_is_made_ahead() {
        let days = around(Timestamp::from_micros(0));
        assert_eq!(days.first(), Some(&date!(1969 - 12 - 31)));
        assert_eq!(days.last(), Some(&date!(1970 - 01 - 08)));
        assert_eq!(days.len(), 9);
    }

    #[test]
    fn names_and_bounds_are_digits() {
        assert_eq!(name(date!(2026 - 03 - 09)), "clicks_20260309");
        assert_eq!(end(date!(2026 - 12 - 31)), "2027-01-01 00:00:00+00");
        assert_eq!(end(Date::MAX), "infinity");
    }
}
