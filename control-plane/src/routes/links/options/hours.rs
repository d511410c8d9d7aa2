use contract::rules;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::names;
use crate::field_check::FieldCheck;

/// Some hours on some days of the week.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Whose clocks count: a time zone of the IANA database.
    #[schema(example = "Europe/Berlin")]
    zone: String,
    /// The days on which the hours begin: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`.
    #[schema(min_items = 1, max_items = 7, example = json!(["mon", "fri"]))]
    days: Vec<String>,
    /// When they begin, as `HH:MM`.
    #[schema(example = "08:00")]
    from: String,
    /// When they end, up to `24:00`. Not later than `from`: on the next day.
    #[schema(example = "18:00")]
    until: String,
}

impl Hours {
    pub(super) fn check(self, field: &str, check: &mut FieldCheck<'_>) -> Option<rules::Hours> {
        let zone = names::read(&self.zone);
        if zone.is_none() {
            let message = "this is not a time zone of the IANA database, as Europe/Berlin is one";
            check.refuse(&format!("{field}.zone"), "unknown_zone", message);
        }
        let list = format!("{field}.days");
        let has_days = check.length(&list, self.days.len(), 1..=7);
        let mut days = Vec::new();
        for (number, text) in self.days.iter().enumerate() {
            match names::read(text) {
                Some(day) => days.push(day),
                None => {
                    let message = "days are mon, tue, wed, thu, fri, sat and sun";
                    check.refuse(&format!("{list}[{number}]"), "unknown_day", message);
                }
            }
        }
        let mut time = |name: &str, text: &str| {
            let time = names::read(text);
            if time.is_none() {
                let message = "a time of day is written as HH:MM, from 00:00 to 24:00";
                check.refuse(&format!("{field}.{name}"), "invalid_time", message);
            }
            time
        };
        let (from, until) = (time("from", &self.from), time("until", &self.until));
        Some(rules::Hours {
            zone: zone?,
            days: Some(days).filter(|_| has_days)?,
            from: from?,
            until: until?,
        })
    }
}

impl From<rules::Hours> for Hours {
    fn from(hours: rules::Hours) -> Self {
        Self {
            zone: names::show(&hours.zone),
            days: names::show_all(&hours.days),
            from: names::show(&hours.from),
            until: names::show(&hours.until),
        }
    }
}
