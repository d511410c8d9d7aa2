//! A condition in its form in the API.

use contract::Timestamp;
use contract::rules::{self, Test};
use time::format_description::well_known::Rfc3339;

use super::{Condition, QueryTest, QueryValue, names};

impl From<rules::Condition> for Condition {
    fn from(condition: rules::Condition) -> Self {
        let mut shown = Self {
            not: condition.is_negated,
            ..Self::default()
        };
        match condition.test {
            Test::Country(list) => shown.country = Some(names::show_all(&list)),
            Test::Continent(list) => shown.continent = Some(names::show_all(&list)),
            Test::Region(list) => shown.region = Some(list),
            Test::City(list) => shown.city = Some(list),
            Test::Device(list) => shown.device = Some(names::show_all(&list)),
            Test::Os(list) => shown.os = Some(names::show_all(&list)),
            Test::Browser(list) => shown.browser = Some(names::show_all(&list)),
            Test::Language(list) => shown.language = Some(names::show_all(&list)),
            Test::Query { name, value } => {
                let value = match value {
                    rules::QueryValue::Present => QueryValue::Present,
                    rules::QueryValue::Equals(text) => QueryValue::Equals(text),
                };
                shown.query = Some(QueryTest { name, value });
            }
            Test::Referrer(list) => shown.referrer = Some(list),
            Test::Address(list) => shown.address = Some(names::show_all(&list)),
            Test::Before(moment) => shown.before = Some(rfc3339(moment)),
            Test::After(moment) => shown.after = Some(rfc3339(moment)),
            Test::Hours(hours) => shown.hours = Some(hours.into()),
        }
        shown
    }
}

fn rfc3339(moment: Timestamp) -> String {
    let text = moment.to_datetime().map(|moment| moment.format(&Rfc3339));
    text.and_then(Result::ok).unwrap_or_default()
}
