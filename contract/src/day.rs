//! A day in UTC.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::Timestamp;

const MICROS: i64 = 24 * 3600 * 1_000_000;

/// A day in UTC: days since 1970-01-01, which is also its form on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(i32);

impl Day {
    /// From days since 1970-01-01.
    pub const fn from_number(number: i32) -> Self {
        Self(number)
    }

    /// The day of a moment. Every moment has one: 64 bits of microseconds are 213 million days.
    pub const fn of(moment: Timestamp) -> Self {
        Self(moment.as_micros().div_euclid(MICROS) as i32)
    }

    /// The day after.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// As a calendar date, or `None` outside the years −9999 to 9999.
    pub fn to_date(self) -> Option<Date> {
        let epoch = OffsetDateTime::UNIX_EPOCH.date();
        epoch.checked_add(time::Duration::days(self.0.into()))
    }
}

impl From<Date> for Day {
    /// Every `Date` fits.
    fn from(date: Date) -> Self {
        Self((date - OffsetDateTime::UNIX_EPOCH.date()).whole_days() as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_day_ends_where_the_next_begins() {
        for (micros, number) in [(0, 0), (MICROS - 1, 0), (MICROS, 1), (-1, -1)] {
            let day = Day::of(Timestamp::from_micros(micros));
            assert_eq!(day, Day::from_number(number), "{micros}");
        }
        assert_eq!(Day::from_number(0).next(), Day::from_number(1));
        // The first and the last moment that can be told.
        for micros in [i64::MIN, i64::MAX] {
            let day = Day::of(Timestamp::from_micros(micros));
            assert_eq!(i64::from(day.0), micros.div_euclid(MICROS));
            assert_eq!(day.to_date(), None);
        }
    }

    #[test]
    fn days_are_dates() {
        for (date, number) in [
            (date!(1970 - 01 - 01), 0),
            (date!(1969 - 12 - 31), -1),
            (date!(2026 - 11 - 22), 20_779),
        ] {
            assert_eq!(Day::from(date), Day::from_number(number));
            assert_eq!(Day::from_number(number).to_date(), Some(date));
        }
    }
}
