//! What hits add up to: two numbers per link and hour. Pure.

use std::collections::BTreeMap;

use contract::{Click, LinkId, Tally, Timestamp};

use crate::classify::Kind;

/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;

/// A click and what it was taken for.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'c> {
    /// As it was recorded.
    pub click: &'c Click<'c>,
    /// Name of its user agent in the table `user_agents`.
    pub agent_id: i64,
    /// What it counts as.
    pub kind: Kind,
}

/// What one link got in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourlyCount {
    /// Which link.
    pub link_id: LinkId,
    /// Start of the hour, in UTC.
    pub hour: Timestamp,
    /// How many clicks: hits of persons.
    pub clicks: i64,
    /// How many hits of every other kind.
    pub other_hits: i64,
    /// The latest click; `None` if there is none.
    pub last_clicked_at: Option<Timestamp>,
}

/// Counts hits per link and hour, by the time the edge saw them: a block that arrives late is
/// counted in the hour it belongs to. Hits without a link do not count. Tallies are hits of which
/// only the numbers are left.
///
/// Ascending by link and hour. Every worker locks rows in this order, so two of them never wait
/// for each other in a circle.
pub fn hourly<'h>(
    hits: impl IntoIterator<Item = &'h Hit<'h>>,
    tallies: &[Tally],
) -> Vec<HourlyCount> {
    let mut counts = Counts::default();
    for hit in hits {
        let Some(link_id) = hit.click.link_id else {
            continue;
        };
        let (clicks, other_hits) = match hit.kind {
            Kind::Click => (1, 0),
            _ => (0, 1),
        };
        counts.add(link_id, hit.click.clicked_at, clicks, other_hits);
    }
    for tally in tallies {
        let (clicks, other_hits) = (tally.clicks.into(), tally.other_hits.into());
        counts.add(tally.link_id, tally.minute, clicks, other_hits);
    }
    counts.0.into_values().collect()
}

#[derive(Default)]
struct Counts(BTreeMap<(LinkId, Timestamp), HourlyCount>);

impl Counts {
    fn add(&mut self, link_id: LinkId, at: Timestamp, clicks: i64, other_hits: i64) {
        let hour = start_of_hour(at);
        let count = self.0.entry((link_id, hour)).or_insert(HourlyCount {
            link_id,
            hour,
            clicks: 0,
            other_hits: 0,
            last_clicked_at: None,
        });
        count.clicks += clicks;
        count.other_hits += other_hits;
        if clicks > 0 {
            count.last_clicked_at = count.last_clicked_at.max(Some(at));
        }
    }
}

fn start_of_hour(moment: Timestamp) -> Timestamp {
    Timestamp::from_micros(moment.as_micros().div_euclid(HOUR) * HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    fn link(number: u128) -> LinkId {
        LinkId(uuid::Uuid::from_u128(number))
    }

    fn counted(clicks: &[(Click<'_>, Kind)]) -> Vec<HourlyCount> {
        let hit = |(click, kind)| Hit {
            click,
            agent_id: 1,
            kind,
        };
        let hits: Vec<Hit<'_>> = clicks
            .iter()
            .map(|(click, kind)| hit((click, *kind)))
            .collect();
        hourly(&hits, &[])
    }

    #[test]
    fn counts_per_link_and_hour_in_one_order() {
        let click = |number, micros, kind| {
            let link_id = Some(link(number));
            let click = Click {
                link_id,
                ..example::click(micros)
            };
            (click, kind)
        };
        let clicks = [
            click(2, HOUR, Kind::Click),
            click(1, HOUR + 5, Kind::Click),
            click(2, HOUR - 1, Kind::Scanner),
            click(1, HOUR + 9, Kind::Bot),
            click(1, HOUR + 7, Kind::Click),
        ];
        let count = |number, hour, clicks, other_hits, last: Option<i64>| HourlyCount {
            link_id: link(number),
            hour: Timestamp::from_micros(hour),
            clicks,
            other_hits,
            last_clicked_at: last.map(Timestamp::from_micros),
        };
        let expected = [
            count(1, HOUR, 2, 1, Some(HOUR + 7)),
            count(2, 0, 0, 1, None),
            count(2, HOUR, 1, 0, Some(HOUR)),
        ];
        assert_eq!(counted(&clicks), expected);
    }

    #[test]
    fn orphans_do_not_count() {
        let orphan = Click {
            link_id: None,
            ..example::click(0)
        };
        assert_eq!(counted(&[(orphan, Kind::Click)]), []);
    }
}
