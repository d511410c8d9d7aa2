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

/// Links that are looked at: 2 ms.
const SAMPLE: f64 = 2_000.0;

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
            r#"with sample as materialized (
                   select workspace_id = $1 as is_ours, search_text,
                          ($10::text[] is null or tags && $10)
                          and ($11::text[] is null or tags @> $11)
                          and search_text like all ($17::text[]) as is_candidate,
                          "# + $where + r#" as is_match
                   from links tablesample system ((
                       select least(100, 100 * $18::float8 / greatest(reltuples, 1))
                       from pg_class where oid = 'links'::regclass
                   ))
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
                      (select greatest(reltuples, 1)::float8 from pg_class
                       where oid = 'links'::regclass) as "links!"
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
    let all = sample.all.max(1) as f64;
    let of_all = |count: f64| count / all * sample.links;
    let matches = sample.matches as f64;
    let has_tags = filter.any_tag.is_some() || filter.all_tags.is_some();
    let candidates = match (&text, words.is_empty() && !has_tags) {
        (None, _) => of_all(matches),
        (Some(_), true) => WITHOUT_WORDS * sample.links,
        (Some(_), false) => of_all(sample.candidates as f64),
    };
    let found = candidates * CANDIDATE + of_all(matches) * costs.sorted;
    // There may be fewer than the sample has it: by one standard deviation, so one says nothing.
    let share = (matches - matches.sqrt()) / sample.ours.max(1) as f64;
    if limit as f64 / share * costs.in_order <= found {
        return Ok(Way::InOrder);
    }
    let counted = words.iter().zip(&sample.of_words);
    let rare: Vec<&str> = counted
        .filter(|(_, count)| **count as f64 <= all * COMMON)
        .map(|(word, _)| *word)
        .collect();
    let is_shorter = !rare.is_empty() && rare.len() < words.len();
    let indexed = is_shorter.then(|| pattern_of_words(&rare));
    Ok(Way::Found(indexed.or(pattern)))
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
}
