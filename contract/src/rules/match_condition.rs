//! Whether a condition holds for a visit.

use super::condition::{Condition, QueryValue, Test, contains};
use crate::Visit;

impl Condition {
    /// Whether it holds.
    pub fn holds(&self, visit: &Visit<'_>) -> bool {
        self.test.holds(visit) != self.is_negated
    }
}

impl Test {
    fn holds(&self, visit: &Visit<'_>) -> bool {
        match self {
            Self::Country(list) => is_one_of(list.iter().map(|it| it.0), visit.place.country),
            Self::Continent(list) => is_one_of(list.iter().map(|it| it.0), visit.place.continent),
            Self::Region(list) => is_named(list, visit.place.region),
            Self::City(list) => is_named(list, visit.place.city),
            Self::Device(list) => list.contains(&visit.agent().device),
            Self::Os(list) => list.contains(&visit.agent().os),
            Self::Browser(list) => list.contains(&visit.agent().browser),
            Self::Language(list) => {
                let preferred = visit.preferred_language();
                list.iter().any(|language| language.covers(preferred))
            }
            Self::Query { name, value } => {
                let mut values = visit.query_values(name);
                match value {
                    QueryValue::Present => values.next().is_some(),
                    QueryValue::Equals(expected) => values.any(|value| value == expected),
                }
            }
            Self::Referrer(list) => {
                let host = visit.referrer_host();
                list.iter().any(|site| is_site(site, host))
            }
            Self::Address(list) => visit
                .address
                .is_some_and(|address| list.iter().any(|network| contains(network, address))),
            Self::Before(moment) => visit.now < *moment,
            Self::After(moment) => visit.now >= *moment,
            Self::Hours(hours) => hours.contain(visit.now),
        }
    }
}

fn is_one_of(mut list: impl Iterator<Item = [u8; 2]>, letters: Option<[u8; 2]>) -> bool {
    letters.is_some_and(|letters| list.any(|listed| listed == letters))
}

fn is_named(list: &[String], name: &str) -> bool {
    // The cheap comparison first: it is the usual one.
    let lower = || name.to_lowercase();
    !name.is_empty()
        && list
            .iter()
            .any(|listed| listed == name || listed.to_lowercase() == lower())
}

fn is_site(site: &str, host: &str) -> bool {
    let Some(start) = host.len().checked_sub(site.len()) else {
        return false;
    };
    let Some((prefix, tail)) = host.split_at_checked(start) else {
        return false;
    };
    !site.is_empty()
        && tail.eq_ignore_ascii_case(site)
        && (prefix.is_empty() || prefix.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Place, Timestamp};

    /// Whether the condition, as it is written in a record, holds.
    fn holds(condition: &str, visit: &Visit<'_>) -> bool {
        let condition: Condition = serde_json::from_str(condition).expect(condition);
        let again = serde_json::to_string(&condition).unwrap();
        assert_eq!(
            serde_json::from_str::<Condition>(&again).unwrap(),
            condition
        );
        condition.holds(visit)
    }

    const SAFARI_ON_IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) \
        AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

    fn visit() -> Visit<'static> {
        Visit {
            // Saturday 2027-01-02 22:30 UTC; in Auckland it is Sunday 11:30.
            now: Timestamp::from_micros(1_798_929_000_000_000),
            address: Some("203.0.113.7".parse().unwrap()),
            place: Place {
                country: Some(*b"DE"),
                continent: Some(*b"EU"),
                region: "BY",
                city: "München",
            },
            user_agent: SAFARI_ON_IPHONE,
            language: "de-AT,en;q=0.5",
            referrer: "https://news.t.co/a",
            query: "ref=a%20b&empty&ref=c",
            ..Visit::default()
        }
    }

    #[test]
    fn every_kind_of_condition_holds_when_it_should() {
        for condition in [
            r#"{"country":["AT","de"]}"#,
            r#"{"country":["AT"],"not":true}"#,
            r#"{"continent":["EU"]}"#,
            r#"{"region":["by"]}"#,
            r#"{"city":["MÜNCHEN"]}"#,
            r#"{"device":["mobile"]}"#,
            r#"{"os":["android","ios"]}"#,
            r#"{"browser":["safari"]}"#,
            r#"{"language":["de"]}"#,
            r#"{"language":["DE-at"]}"#,
            r#"{"query":{"name":"empty","value":"present"}}"#,
            r#"{"query":{"name":"ref","value":{"equals":"a%20b"}}}"#,
            r#"{"query":{"name":"ref","value":{"equals":"c"}}}"#,
            r#"{"query":{"name":"empty","value":{"equals":""}}}"#,
            r#"{"query":{"name":"re","value":"present"},"not":true}"#,
            r#"{"referrer":["T.co"]}"#,
            r#"{"address":["203.0.113.0/24"]}"#,
            r#"{"before":1798929000000001}"#,
            r#"{"after":1798929000000000}"#,
            r#"{"hours":{"zone":"UTC","days":["sat"],"from":"22:00","until":"23:00"}}"#,
            r#"{"hours":{"zone":"Pacific/Auckland","days":["sun"],"from":"09:00","until":"17:00"}}"#,
        ] {
            assert!(holds(condition, &visit()), "{condition}");
        }
    }

    #[test]
    fn and_does_not_when_it_should_not() {
        for condition in [
            r#"{"country":["AT"]}"#,
            r#"{"country":[]}"#,
            r#"{"continent":["NA"]}"#,
            r#"{"region":["BE"]}"#,
            r#"{"city":["Berlin"]}"#,
            r#"{"device":["desktop"]}"#,
            r#"{"os":["windows"]}"#,
            r#"{"browser":["chrome"]}"#,
            r#"{"language":["de-DE"]}"#,
            r#"{"language":["d"]}"#,
            r#"{"query":{"name":"ref","value":{"equals":"a b"}}}"#,
            r#"{"query":{"name":"re","value":"present"}}"#,
            r#"{"referrer":["co"],"not":true}"#,
            r#"{"referrer":["x.news.t.co"]}"#,
            r#"{"referrer":["ws.t.co"]}"#,
            r#"{"address":["203.0.114.0/24"]}"#,
            r#"{"before":1798929000000000}"#,
            r#"{"after":1798929000000001}"#,
            r#"{"hours":{"zone":"Pacific/Auckland","days":["sat"],"from":"00:00","until":"24:00"}}"#,
        ] {
            assert!(!holds(condition, &visit()), "{condition}");
        }
    }

    #[test]
    fn what_is_not_known_is_in_no_list() {
        let nobody = Visit::default();
        for condition in [
            r#"{"country":["DE"]}"#,
            r#"{"region":[""]}"#,
            r#"{"city":[""]}"#,
            r#"{"language":[""],"not":true}"#,
            r#"{"referrer":[""]}"#,
            r#"{"address":["0.0.0.0/0"]}"#,
        ] {
            assert!(!holds(condition, &nobody), "{condition}");
        }
        assert!(holds(r#"{"country":["DE"],"not":true}"#, &nobody));
    }

    #[test]
    fn an_address_in_the_clothes_of_ipv6_is_seen_through() {
        let visit = Visit {
            address: Some("::ffff:203.0.113.7".parse().unwrap()),
            ..Visit::default()
        };
        assert!(holds(r#"{"address":["203.0.113.7/32"]}"#, &visit));
    }
}
