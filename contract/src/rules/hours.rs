//! Days of the week and hours, in a time zone.

use std::fmt;

use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// A part of the week: some hours on some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// Whose clocks count.
    pub zone: Zone,
    /// The days on which the hours begin.
    pub days: Vec<Weekday>,
    /// When they begin.
    pub from: TimeOfDay,
    /// When they end. Not later than `from`: on the next day.
    pub until: TimeOfDay,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// A time zone of the IANA database, which is part of this program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

/// Minutes since midnight, 24:00 included. As text `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl Hours {
    pub(super) fn contain(&self, moment: Timestamp) -> bool {
        let Ok(moment) = jiff::Timestamp::from_microsecond(moment.as_micros()) else {
            return false;
        };
        let local = self.zone.0.to_datetime(moment);
        let minute = TimeOfDay::of(local);
        let today = Weekday::of(local.weekday());
        let begins_on = |day| self.days.contains(&day);
        if self.from.0 < self.until.0 {
            return begins_on(today) && (self.from.0..self.until.0).contains(&minute);
        }
        let began_today = minute >= self.from.0 && begins_on(today);
        let began_yesterday = minute < self.until.0 && begins_on(today.previous());
        began_today || began_yesterday
    }
}

impl Weekday {
    fn of(day: civil::Weekday) -> Self {
        match day {
            civil::Weekday::Monday => Self::Mon,
            civil::Weekday::Tuesday => Self::Tue,
            civil::Weekday::Wednesday => Self::Wed,
            civil::Weekday::Thursday => Self::Thu,
            civil::Weekday::Friday => Self::Fri,
            civil::Weekday::Saturday => Self::Sat,
            civil::Weekday::Sunday => Self::Sun,
        }
    }

    fn previous(self) -> Self {
        match self {
            Self::Mon => Self::Sun,
            Self::Tue => Self::Mon,
            Self::Wed => Self::Tue,
            Self::Thu => Self::Wed,
            Self::Fri => Self::Thu,
            Self::Sat => Self::Fri,
            Self::Sun => Self::Sat,
        }
    }
}

impl TimeOfDay {
    fn of(local: civil::DateTime) -> u16 {
        // Both are small and never negative.
        local.hour().unsigned_abs() as u16 * 60 + local.minute().unsigned_abs() as u16
    }
}

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let zone = TimeZone::get(&name);
        zone.map(Self)
            .map_err(|_| format!("{name:?} is not a time zone"))
    }
}

impl From<Zone> for String {
    fn from(Zone(zone): Zone) -> Self {
        zone.iana_name().unwrap_or("UTC").to_owned()
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let wrong = "expected HH:MM between 00:00 and 24:00";
        let (hour, minute) = text.split_once(':').ok_or(wrong)?;
        let number = |digits: &str| match digits.len() {
            2 if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse::<u16>().ok(),
            _ => None,
        };
        match (number(hour), number(minute)) {
            (Some(hour), Some(minute)) if minute < 60 && hour * 60 + minute <= DAY => {
                Ok(Self(hour * 60 + minute))
            }
            _ => Err(wrong),
        }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Weekday::{Fri, Sat};

    fn hours(zone: &str, days: &[Weekday], from: &str, until: &str) -> Hours {
        Hours {
            zone: zone.to_owned().try_into().unwrap(),
            days: days.to_vec(),
            from: from.to_owned().try_into().unwrap(),
            until: until.to_owned().try_into().unwrap(),
        }
    }

    fn at(text: &str) -> Timestamp {
        let moment: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_micros(moment.as_microsecond())
    }

    #[test]
    fn hours_over_midnight_belong_to_the_day_they_begin_on() {
        let night = hours("UTC", &[Fri], "22:00", "02:00");
        assert!(night.contain(at("2027-01-01T22:00:00Z")), "a Friday");
        assert!(night.contain(at("2027-01-02T01:59:59Z")));
        assert!(!night.contain(at("2027-01-02T02:00:00Z")));
        assert!(
            !night.contain(at("2027-01-01T01:00:00Z")),
            "Thursday's night"
        );
        assert!(!night.contain(at("2027-01-02T22:00:00Z")));
    }

    #[test]
    fn a_day_is_from_midnight_to_midnight_on_its_zones_clocks() {
        let saturday = hours("America/New_York", &[Sat], "00:00", "24:00");
        assert!(!saturday.contain(at("2027-07-03T03:59:59Z")));
        assert!(saturday.contain(at("2027-07-03T04:00:00Z")), "summer time");
        assert!(saturday.contain(at("2027-07-04T03:59:59Z")));
        assert!(!saturday.contain(at("2027-01-02T04:59:59Z")), "winter time");
        assert!(saturday.contain(at("2027-01-02T05:00:00Z")));
    }

    #[test]
    fn nonsense_is_refused() {
        for time in ["", "7:00", "24:01", "12:60", "+1:00", "12-00", "99:99"] {
            assert!(TimeOfDay::try_from(time.to_owned()).is_err(), "{time:?}");
        }
        assert!(Zone::try_from("Mars/Olympus".to_owned()).is_err());
    }
}
