//! What clicks add up to: one number per link and hour. Pure.

use std::collections::BTreeMap;

use contract::{Click, LinkId, Timestamp};

use crate::classify::{Kind, classify};

/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;

/// What one link got in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourlyCount {
    /// Which link.
    pub link_id: LinkId,
    /// Start of the hour, in UTC.
    pub hour: Timestamp,
    /// How many clicks.
    pub clicks: i64,
    /// The latest of them.
    pub last_clicked_at: Timestamp,
}

/// Counts clicks per link and hour, by the time the edge saw them: a block that arrives late is
/// counted in the hour it belongs to. Hits of other kinds and hits without a link do not count.
///
/// Ascending by link and hour. Every worker locks rows in this order, so two of them never wait
/// for each other in a circle.
pub fn hourly<'c>(clicks: impl IntoIterator<Item = &'c Click<'c>>) -> Vec<HourlyCount> {
    let mut counts: BTreeMap<(LinkId, Timestamp), HourlyCount> = BTreeMap::new();
    for click in clicks {
        let Some(link_id) = click.link_id else {
            continue;
        };
        if classify(click) != Kind::Click {
            continue;
        }
        let hour = start_of_hour(click.clicked_at);
        let count = counts.entry((link_id, hour)).or_insert(HourlyCount {
            link_id,
            hour,
            clicks: 0,
            last_clicked_at: click.clicked_at,
        });
        count.clicks += 1;
        count.last_clicked_at = count.last_clicked_at.max(click.clicked_at);
    }
    counts.into_values().collect()
}

fn start_of_hour(moment: Timestamp) -> Timestamp {
    Timestamp::from_micros(moment.as_micros().div_euclid(HOUR) * HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use contract::Method;

    fn link(number: u128) -> LinkId {
        LinkId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn counts_per_link_and_hour_in_one_order() {
        let click = |number, micros| Click {
            link_id: Some(link(number)),
            ..example::click(micros)
        };
        let clicks = [
            click(2, HOUR),
            click(1, HOUR + 5),
            click(2, HOUR - 1),
            click(1, HOUR + 9),
            click(1, HOUR + 7),
        ];
        let count = |number, hour, clicks, last| HourlyCount {
            link_id: link(number),
            hour: Timestamp::from_micros(hour),
            clicks,
            last_clicked_at: Timestamp::from_micros(last),
        };
        let expected = [
            count(1, HOUR, 3, HOUR + 9),
            count(2, 0, 1, HOUR - 1),
            count(2, HOUR, 1, HOUR),
        ];
        assert_eq!(hourly(&clicks), expected);
    }

    #[test]
    fn other_kinds_and_orphans_do_not_count() {
        let clicks = [
            Click {
                method: Method::Head,
                ..example::click(0)
            },
            Click {
                is_prefetch: true,
                ..example::click(0)
            },
            Click {
                link_id: None,
                ..example::click(0)
            },
        ];
        assert_eq!(hourly(&clicks), []);
    }
}
