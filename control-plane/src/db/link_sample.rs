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
use super::link_way::{Costs, Sample, SampledText, SampledWords, Way};
use super::patterns::{contains_pattern, pattern_of_words};
use super::samples::{Samples, Seen};
use super::word_pairs::word_pairs;
use crate::Result;

/// Pages of the table whose links are looked at: some 2,000 links, 2 to 6 ms. By its length, which is always
/// known: how many rows there are PostgreSQL only knows some time after they have come.
const SAMPLE: f64 = 100.0;

/// Shorter words are not worth more than their place in the text.
const SHORTEST_WORD: usize = 3;

/// An index is asked for so much of each word, in characters: for each further one it reads another list,
/// and that takes longer than to look at the few more links that it gives. Unless those are many.
const BEGINNING: usize = 4;

macro_rules! sample_of_links {
    ($where:literal, ($($argument:expr),* $(,)?), $size:expr, $patterns:expr) => {
        sqlx::query_as!(
            Seen,
            r#"with part as materialized (
                   select least(100, 100 * $18::float8 * current_setting('block_size')::int
                                     / greatest(pg_relation_size('links'), 1)) as percent
               ),
               sample as materialized (
                   select workspace_id = $1 as is_ours, search_text,
                          (links.ctid::text::point)[0] as table_page,
                          ($10::text[] is null or tags && $10)
                          and ($11::text[] is null or tags @> $11) as is_tagged,
                          search_text like all ($19::text[]) as is_begun,
                          search_text like all ($20::text[]) as is_worded,
                          search_text like all ($21::text[]) as is_paired,
                          "# + $where + r#" as is_match
                   from links tablesample system ((select percent from part))
               )
               select count(*) filter (where is_match) as "matches!",
                      count(distinct table_page) filter (where is_match) as "pages!",
                      count(*) filter (where is_ours) as "ours!",
                      count(*) as "all!",
                      count(*) filter (where is_tagged) as "tagged!",
                      count(*) filter (where is_begun) as "begun!",
                      count(*) filter (where is_worded) as "worded!",
                      count(*) filter (where is_paired) as "paired!",
                      array(
                          select (select count(*) from sample where search_text like word)
                          from unnest($19::text[]) with ordinality as words (word, place)
                          order by place
                      ) as "of_beginnings!",
                      array(
                          select (select count(*) from sample where search_text like word)
                          from unnest($20::text[]) with ordinality as words (word, place)
                          order by place
                      ) as "of_words!",
                      array(
                          select (select count(*) from sample where search_text like pair)
                          from unnest($21::text[]) with ordinality as pairs (pair, place)
                          order by place
                      ) as "of_pairs!",
                      (select percent from part) as "percent!"
               from sample"#,
            $($argument,)*
            $size,
            &$patterns.beginnings,
            &$patterns.words,
            &$patterns.pairs,
        )
    };
}

/// The way to a page of so many links.
pub(super) async fn way(
    (pool, samples): (&PgPool, &Samples),
    workspace_id: Uuid,
    filter: &LinkFilter<'_>,
    now: OffsetDateTime,
    limit: i64,
    costs: Costs,
) -> Result<Way> {
    if !filter.is_narrow() {
        return Ok(Way::InOrder);
    }
    let text = filter.search_anywhere();
    let pairs = text.map(word_pairs).unwrap_or_default();
    let words = text.map(words).unwrap_or_default();
    let beginnings: Vec<&str> = words.iter().map(|word| beginning(word)).collect();
    // Where words meet says more than whole words.
    let words = if pairs.is_empty() { words } else { Vec::new() };
    let list = samples.list(workspace_id, filter);
    let seen = match samples.known(list).filter(Seen::is_enough) {
        Some(seen) => seen,
        None => {
            let each = |words: &[&str]| {
                let words = words.iter().map(|word| word.to_ascii_lowercase());
                words.map(|word| pattern_of_words(&[&word])).collect()
            };
            let patterns = Patterns {
                beginnings: each(&beginnings),
                words: each(&words),
                pairs: pairs
                    .iter()
                    .map(|pair| contains_pattern(&pair.text.to_lowercase()))
                    .collect(),
            };
            let seen = look(pool, workspace_id, filter, now, &patterns).await?;
            samples.add(list, seen)
        }
    };
    let pairs = pairs.iter().map(|pair| pair.entry.as_str());
    let sample = Sample {
        percent: seen.percent,
        all: seen.all,
        ours: seen.ours,
        matches: seen.matches,
        pages: seen.pages,
        tagged: (filter.any_tag.is_some() || filter.all_tags.is_some()).then_some(seen.tagged),
        text: text.is_some().then(|| SampledText {
            beginnings: SampledWords {
                all: seen.begun,
                each: beginnings.into_iter().zip(seen.of_beginnings).collect(),
            },
            words: SampledWords {
                all: seen.worded,
                each: words.into_iter().zip(seen.of_words).collect(),
            },
            pairs: SampledWords {
                all: seen.paired,
                each: pairs.zip(seen.of_pairs).collect(),
            },
        }),
    };
    Ok(sample.way(limit, costs, filter.index()))
}

/// What links are counted with, of a searched text.
struct Patterns {
    /// Of the beginning of each word.
    beginnings: Vec<String>,
    /// Of each word.
    words: Vec<String>,
    /// Of each place where two words meet.
    pairs: Vec<String>,
}

/// Looks at some links.
async fn look(
    pool: &PgPool,
    workspace_id: Uuid,
    filter: &LinkFilter<'_>,
    now: OffsetDateTime,
    patterns: &Patterns,
) -> Result<Seen> {
    let index = filter.index();
    let seen = with_filter!(
        sample_of_links,
        workspace_id,
        filter,
        index,
        now,
        SAMPLE,
        patterns
    );
    Ok(seen.fetch_one(pool).await?)
}

/// The words of a text that an index could be asked for, in the case they were typed in: the database has
/// its own idea of lower case, so letters that have another case end a word, except those of ASCII.
fn words(text: &str) -> Vec<&str> {
    let is_certain = |character: char| {
        character.is_ascii() || character.to_lowercase().eq(std::iter::once(character))
    };
    let words =
        text.split(|character: char| !(character.is_alphanumeric() && is_certain(character)));
    words
        .filter(|word| word.chars().count() >= SHORTEST_WORD)
        .collect()
}

/// How a word begins.
fn beginning(word: &str) -> &str {
    match word.char_indices().nth(BEGINNING) {
        Some((end, _)) => &word[..end],
        None => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_is_between_signs() {
        let words_of = words("https://a.example.com/über-uns/überall/x");
        let expected = ["https", "example", "com", "über", "uns", "überall"];
        assert_eq!(words_of, expected);
        let beginnings: Vec<&str> = words_of.into_iter().map(beginning).collect();
        assert_eq!(beginnings, ["http", "exam", "com", "über", "uns", "über"]);
        assert!(words("-_/").is_empty());
        // `Σ` is `ς` or `σ`, `I` is `i` or `ı`: it depends on whom one asks.
        assert_eq!(words("ΟΔΟΣ shop ΟΔΟΣ"), ["shop"]);
        assert_eq!(words("API Übersicht"), ["API", "bersicht"]);
    }
}
