//! A look at some links, to tell how a list of them is found soonest.
//!
//! There are two ways to a page. In the order of the list until it is full: quick if many links are
//! what is looked for. And all that are, by an index, then sorted: quick if few are. A wrong guess
//! reads hundreds of thousands of rows. PostgreSQL guesses wrong: it knows how many links have a tag,
//! but not how many have a text, two tags, or anything else together. So some links are asked.

use contract::Timestamp;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::link_filter::{LinkFilter, with_filter};
use super::link_list::BIN_PERIOD;
use super::patterns::pattern_of_words;
use crate::Result;

/// Pages of the table whose links are looked at: some 2,000 links, 2 ms. By its length, which is always
/// known: how many rows there are PostgreSQL only knows some time after they have come.
const SAMPLE: f64 = 100.0;

/// A word that more of the links have is no help: an index takes longer to tell who has it than to
/// find those who have the others.
const COMMON: f64 = 0.5;

/// Links that an index gives for a text in which no word is long enough for it: a guess.
const WITHOUT_WORDS: f64 = 0.1;

/// Shorter words are not worth more than their place in the text.
const SHORTEST_WORD: usize = 3;

/// What a link costs. Only the proportions matter. Measured with a million links in memory, in
/// microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Costs {
    /// Looking at the next of the list.
    pub(super) in_order: f64,
    /// Finding out what one that matches is sorted by.
    pub(super) sorted: f64,
}

/// Looking at a link that an index gives. As [`Costs`].
const CANDIDATE: f64 = 2.5;

/// How a page is found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// In the order of the list, until the page is full.
    InOrder,
    /// All that are looked for, then sorted. With what an index is asked for instead of the text.
    Found(Option<String>),
}

macro_rules! sample_of_links {
    ($where:literal, ($($argument:expr),* $(,)?), $words:expr, $size:expr) => {
        sqlx::query!(
            r#"with part as materialized (
                   select least(100, 100 * $18::float8 * current_setting('block_size')::int
                                     / greatest(pg_relation_size('links'), 1)) as percent
               ),
               sample as materialized (
                   select workspace_id = $1 as is_ours, search_text,
                          ($10::text[] is null or tags && $10)
                          and ($11::text[] is null or tags @> $11)
                          and search_text like all ($17::text[]) as is_candidate,
                          "# + $where + r#" as is_match
                   from links tablesample system ((select percent from part))
               )
               select count(*) filter (where is_match) as "matches!",
                      count(*) filter (where is_ours) as "ours!",
                      count(*) as "all!",
                      count(*) filter (where is_candidate) as "candidates!",
                      array(
                          select (select count(*) from sample where search_text like word)
                          from unnest($17::text[]) with ordinality as words (word, place)
                          order by place
                      ) as "of_words!",
                      (select percent from part) as "percent!"
               from sample"#,
            $($argument,)*
            $words,
            $size,
        )
    };
}

/// The way to a page of so many links.
pub(super) async fn way(
    pool: &PgPool,
    workspace_id: Uuid,
    filter: &LinkFilter<'_>,
    now: OffsetDateTime,
    limit: i64,
    costs: Costs,
) -> Result<Way> {
    if !filter.is_narrow() {
        return Ok(Way::InOrder);
    }
    let text = filter.search_anywhere().map(str::to_lowercase);
    let words = text.as_deref().map(words).unwrap_or_default();
    let patterns: Vec<String> = words.iter().map(|word| pattern_of_words(&[word])).collect();
    let pattern = filter.pattern();
    let sample = with_filter!(
        sample_of_links,
        workspace_id,
        filter,
        pattern,
        now,
        &patterns,
        SAMPLE
    )
    .fetch_one(pool)
    .await?;
    let sample = Sample {
        percent: sample.percent,
        all: sample.all,
        ours: sample.ours,
        matches: sample.matches,
        candidates: match (&text, filter.any_tag.is_some() || filter.all_tags.is_some()) {
            (None, _) => Some(sample.matches),
            (Some(_), false) if words.is_empty() => None,
            (Some(_), _) => Some(sample.candidates),
        },
        of_words: words.iter().copied().zip(sample.of_words).collect(),
    };
    if sample.is_in_order(limit, costs) {
        return Ok(Way::InOrder);
    }
    Ok(Way::Found(sample.rare_words().or(pattern)))
}

/// What was seen of some links.
#[derive(Debug, Clone, Default)]
struct Sample<'a> {
    /// How many of the table's pages were looked at.
    percent: f64,
    /// Links on them.
    all: i64,
    /// Of these, the workspace's.
    ours: i64,
    /// Of these, what is looked for.
    matches: i64,
    /// Of all, those that an index would give. `None`: nobody knows.
    candidates: Option<i64>,
    /// Of all, those with each word of the text.
    of_words: Vec<(&'a str, i64)>,
}

impl Sample<'_> {
    /// Whether a page is full sooner than all that match are found.
    fn is_in_order(&self, limit: i64, costs: Costs) -> bool {
        let in_table = |count: f64| count * 100.0 / self.percent;
        let matches = self.matches as f64;
        let candidates = self.candidates.map(|count| count as f64);
        let candidates = candidates.unwrap_or(WITHOUT_WORDS * self.all as f64);
        let found = in_table(candidates) * CANDIDATE + in_table(matches) * costs.sorted;
        // There may be fewer than the sample has it: by one standard deviation, so one says nothing.
        let share = (matches - matches.sqrt()) / self.ours.max(1) as f64;
        limit as f64 / share * costs.in_order <= found
    }

    /// A pattern of the words that are worth looking up, if others are not.
    fn rare_words(&self) -> Option<String> {
        let is_rare = |count: i64| count as f64 <= self.all as f64 * COMMON;
        let rare = self.of_words.iter().filter(|(_, count)| is_rare(*count));
        let rare: Vec<&str> = rare.map(|(word, _)| *word).collect();
        let is_shorter = !rare.is_empty() && rare.len() < self.of_words.len();
        is_shorter.then(|| pattern_of_words(&rare))
    }
}

/// The words of a text that an index could be asked for.
fn words(text: &str) -> Vec<&str> {
    let words = text.split(|character: char| !character.is_alphanumeric());
    words
        .filter(|word| word.chars().count() >= SHORTEST_WORD)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_is_between_signs() {
        assert_eq!(
            words("https://a.example.com/über-uns/x"),
            ["https", "example", "com", "über", "uns"]
        );
        assert!(words("-_/").is_empty());
    }

    const COSTS: Costs = Costs {
        in_order: 1.0,
        sorted: 1.0,
    };

    /// Of a table with 1,000,000 links, all of them ours.
    fn seen(matches: i64, candidates: Option<i64>) -> Sample<'static> {
        Sample {
            percent: 0.2,
            all: 2_000,
            ours: 2_000,
            matches,
            candidates,
            ..Sample::default()
        }
    }

    #[test]
    fn few_are_found_and_many_come_in_order() {
        for (matches, candidates, is_in_order) in [
            // None, or one by chance.
            (0, Some(0), false),
            (1, Some(1), false),
            (10, Some(10), true),
            (2_000, Some(2_000), true),
            // In order it is 60,000 links, by the index 4,500.
            (3, Some(3), false),
            // But not if the index gives twenty times as many to look at.
            (3, Some(60), true),
            (3, None, true),
        ] {
            let sample = seen(matches, candidates);
            assert_eq!(sample.is_in_order(50, COSTS), is_in_order, "{sample:?}");
        }
    }

    #[test]
    fn a_workspace_of_which_nothing_was_seen_is_looked_up() {
        let none = Sample {
            ours: 0,
            ..seen(0, Some(0))
        };
        assert!(!none.is_in_order(50, COSTS));
        let nothing = Sample {
            percent: 100.0,
            ..Sample::default()
        };
        assert!(!nothing.is_in_order(50, COSTS));
        assert_eq!(nothing.rare_words(), None);
    }

    #[test]
    fn words_that_most_links_have_are_not_looked_up() {
        let of = |words: &[(&'static str, i64)]| {
            let of_words = words.to_vec();
            Sample {
                of_words,
                ..seen(0, None)
            }
            .rare_words()
        };
        let words = [("sailing", 40), ("example", 2_000), ("garden", 90)];
        assert_eq!(of(&words).as_deref(), Some("%sailing%garden%"));
        assert_eq!(of(&[("sailing", 40), ("garden", 90)]), None);
        assert_eq!(of(&[("example", 2_000), ("com", 1_999)]), None);
    }
}
