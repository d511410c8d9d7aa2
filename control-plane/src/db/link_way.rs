//! Which way to a page of links is the cheaper one, by what was seen of some links. Pure.

use super::link_filter::{Index, IndexOf};
use super::patterns::{EVERYTHING, pattern_of_words};

/// A word that more of the links have is no help: an index takes longer to tell who has it than to
/// find those who have the others.
const COMMON: f64 = 0.5;

/// Links that an index gives for a text in which no word is long enough for it: a guess.
const WITHOUT_WORDS: f64 = 0.1;

/// How much longer it takes to ask an index for whole words than for their beginnings.
const WHOLE_WORDS: f64 = 2.5;

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
const CANDIDATE: f64 = 1.75;

/// Finding one in an index, of those that have the rarest of the words, or one of the tags. As [`Costs`].
const ENTRY: f64 = 0.15;

/// How a page is found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// In the order of the list, until the page is full.
    InOrder,
    /// All that are looked for, then sorted.
    Found(Index),
}

/// What was seen of some links.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample<'a> {
    /// How many of the table's pages were looked at.
    pub(super) percent: f64,
    /// Links on them.
    pub(super) all: i64,
    /// Of these, the workspace's.
    pub(super) ours: i64,
    /// Of these, what is looked for.
    pub(super) matches: i64,
    /// On so many pages.
    pub(super) pages: i64,
    /// Of all, those with the tags, if any are asked for.
    pub(super) tagged: Option<i64>,
    /// If one is searched for.
    pub(super) text: Option<SampledText<'a>>,
}

/// What was seen of a text. An index can be asked for each of these; where one is empty, it cannot.
#[derive(Debug, Clone, Default)]
pub(super) struct SampledText<'a> {
    /// Of the beginnings of its words.
    pub(super) beginnings: SampledWords<'a>,
    /// Of the whole words.
    pub(super) words: SampledWords<'a>,
    /// Of where two words meet.
    pub(super) pairs: SampledWords<'a>,
}

/// What was seen of some words.
#[derive(Debug, Clone, Default)]
pub(super) struct SampledWords<'a> {
    /// Links with all of them.
    pub(super) all: i64,
    /// Links with each of them.
    pub(super) each: Vec<(&'a str, i64)>,
}

impl Sample<'_> {
    /// The cheaper way. `index` is all that could be looked up.
    pub(super) fn way(&self, limit: i64, costs: Costs, index: Index) -> Way {
        let matches = self.in_table(self.matches as f64);
        let (by_text, by_tags) = (self.by_text(&index), self.by_tags());
        let found = match (by_text, by_tags) {
            (Some(by_text), Some(by_tags)) if by_tags.0 <= by_text.0 => Some(by_tags),
            (by_text, by_tags) => by_text.or(by_tags),
        };
        let (looked_up, index) = found.unwrap_or((matches * CANDIDATE, index));
        if self.in_order(limit) * costs.in_order <= looked_up + matches * costs.sorted {
            return Way::InOrder;
        }
        Way::Found(index)
    }

    /// How many there are of what was seen so often.
    fn in_table(&self, count: f64) -> f64 {
        count * 100.0 / self.percent
    }

    /// How many links of the list are looked at until a page is full.
    fn in_order(&self, limit: i64) -> f64 {
        // There may be fewer than it looks, and then it takes much longer: on average as if one less had
        // been seen, so one says nothing. Links that were made together are on one page, and alike:
        // they say as much as one.
        let certain = 1.0 - 1.0 / self.pages.max(1) as f64;
        let share = self.matches as f64 / self.ours.max(1) as f64 * certain;
        limit as f64 / share
    }

    /// What it costs to find all with the text by an index, and what that is asked for: all of the
    /// text, as in `index`, if no part of it will do.
    fn by_text(&self, index: &Index) -> Option<(f64, Index)> {
        let SampledText {
            beginnings,
            words,
            pairs,
        } = self.text.as_ref()?;
        let cost = |words: &SampledWords<'_>, factor| {
            let rarest = words.each.iter().map(|(_, count)| *count).min()?;
            let entries = self.in_table(rarest as f64) * ENTRY * factor;
            Some(entries + self.in_table(words.all as f64) * CANDIDATE)
        };
        let by_words = |words: &SampledWords<'_>, factor| {
            let rare = words.rare(self.all);
            let pattern = match rare.is_empty() {
                true => index.pattern.clone(),
                false => Some(pattern_of_words(&rare)),
            };
            let is_of = IndexOf::Words;
            Some((cost(words, factor)?, Index { pattern, is_of }))
        };
        let by_pairs = || {
            let rare = pairs.rare(self.all);
            if rare.is_empty() {
                return None;
            }
            let (pattern, is_of) = (Some(rare.join(" ")), IndexOf::Pairs);
            Some((cost(pairs, 1.0)?, Index { pattern, is_of }))
        };
        let ways = [
            by_pairs(),
            by_words(beginnings, 1.0),
            by_words(words, WHOLE_WORDS),
        ];
        let cheapest = ways
            .into_iter()
            .flatten()
            .min_by(|a, b| a.0.total_cmp(&b.0));
        cheapest.or_else(|| {
            let guess = self.in_table(WITHOUT_WORDS * self.all as f64) * CANDIDATE;
            let pattern = index.pattern.clone();
            let is_of = IndexOf::Words;
            Some((guess, Index { pattern, is_of }))
        })
    }

    /// The same for the tags.
    fn by_tags(&self) -> Option<(f64, Index)> {
        let tagged = self.in_table(self.tagged? as f64);
        let index = Index {
            pattern: self.text.as_ref().map(|_| EVERYTHING.to_owned()),
            is_of: IndexOf::Tags,
        };
        Some((tagged * (ENTRY + CANDIDATE), index))
    }
}

impl SampledWords<'_> {
    /// Those that are worth looking up.
    fn rare(&self, all: i64) -> Vec<&str> {
        let is_rare = |count: i64| count as f64 <= all as f64 * COMMON;
        let words = self.each.iter().filter(|(_, count)| is_rare(*count));
        words.map(|(word, _)| *word).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COSTS: Costs = Costs {
        in_order: 1.0,
        sorted: 1.0,
    };

    /// Of a table with 1,000,000 links, all of them ours, each on a page of its own.
    fn seen(matches: i64) -> Sample<'static> {
        Sample {
            percent: 0.2,
            all: 2_000,
            ours: 2_000,
            matches,
            pages: matches,
            ..Sample::default()
        }
    }

    /// Whole words are as frequent as their beginnings.
    fn with_words(matches: i64, all: i64, each: &[(&'static str, i64)]) -> Sample<'static> {
        let each = each.to_vec();
        let beginnings = SampledWords { all, each };
        let words = beginnings.clone();
        Sample {
            text: Some(SampledText {
                beginnings,
                words,
                ..SampledText::default()
            }),
            ..seen(matches)
        }
    }

    fn with_tags(sample: Sample<'static>, tagged: i64) -> Sample<'static> {
        Sample {
            tagged: Some(tagged),
            ..sample
        }
    }

    fn index(pattern: Option<&str>, is_of: IndexOf) -> Way {
        Way::Found(Index {
            pattern: pattern.map(str::to_owned),
            is_of,
        })
    }

    #[test]
    fn few_are_found_and_many_come_in_order() {
        let found = index(None, IndexOf::All);
        // None, or one by chance.
        assert_eq!(seen(0).way(50, COSTS, index_of_all()), found);
        assert_eq!(seen(1).way(50, COSTS, index_of_all()), found);
        // In order it is 79,000 links, by an index 1,500.
        assert_eq!(seen(3).way(50, COSTS, index_of_all()), found);
        assert_eq!(seen(100).way(50, COSTS, index_of_all()), Way::InOrder);
        assert_eq!(seen(2_000).way(50, COSTS, index_of_all()), Way::InOrder);
    }

    fn index_of_all() -> Index {
        Index {
            pattern: None,
            is_of: IndexOf::All,
        }
    }

    #[test]
    fn what_an_index_gives_in_vain_counts() {
        // Three that match among 20 that an index gives, or among 1,000.
        let few = with_words(3, 20, &[("sail", 70)]);
        assert_eq!(
            few.way(50, COSTS, index_of_all()),
            index(Some("%sail%"), IndexOf::Words)
        );
        let many = with_words(3, 1_000, &[("http", 1_000)]);
        assert_eq!(many.way(50, COSTS, index_of_all()), Way::InOrder);
    }

    #[test]
    fn links_that_are_side_by_side_say_as_much_as_one() {
        let scattered = Sample {
            pages: 40,
            ..seen(40)
        };
        assert_eq!(scattered.way(50, COSTS, index_of_all()), Way::InOrder);
        let together = Sample {
            pages: 1,
            ..seen(40)
        };
        assert_eq!(
            together.way(50, COSTS, index_of_all()),
            index(None, IndexOf::All)
        );
    }

    #[test]
    fn a_workspace_of_which_nothing_was_seen_is_looked_up() {
        let none = Sample { ours: 0, ..seen(0) };
        assert_eq!(
            none.way(50, COSTS, index_of_all()),
            index(None, IndexOf::All)
        );
        let nothing = Sample {
            percent: 100.0,
            ..Sample::default()
        };
        assert_eq!(
            nothing.way(50, COSTS, index_of_all()),
            index(None, IndexOf::All)
        );
    }

    #[test]
    fn words_that_most_links_have_are_not_looked_up() {
        let words = [("sail", 40), ("exam", 2_000), ("gard", 90)];
        let sample = with_words(1, 2, &words);
        let found = sample.way(50, COSTS, index_of_all());
        assert_eq!(found, index(Some("%sail%gard%"), IndexOf::Words));
        let common = SampledWords {
            all: 1_900,
            each: vec![("exam", 2_000), ("com", 1_999)],
        };
        assert_eq!(common.rare(2_000), [""; 0]);
    }

    #[test]
    fn whole_words_are_looked_up_if_many_begin_like_them() {
        let sample = Sample {
            text: Some(SampledText {
                beginnings: SampledWords {
                    all: 300,
                    each: vec![("wint", 300)],
                },
                words: SampledWords {
                    all: 0,
                    each: vec![("wintersummer", 0)],
                },
                ..SampledText::default()
            }),
            ..seen(0)
        };
        let found = sample.way(50, COSTS, index_of_all());
        assert_eq!(found, index(Some("%wintersummer%"), IndexOf::Words));
    }

    #[test]
    fn neighbours_are_looked_up_by_where_they_meet() {
        let mut sample = with_words(2, 40, &[("summ", 600), ("news", 200)]);
        let pairs = SampledWords {
            all: 3,
            each: vec![("merexa", 60), ("plecom", 2_000), ("comnew", 90)],
        };
        sample.text.as_mut().unwrap().pairs = pairs;
        let found = sample.way(50, COSTS, index_of_all());
        assert_eq!(found, index(Some("merexa comnew"), IndexOf::Pairs));
        // Where all meet in the same way, it says nothing.
        let pairs = SampledWords {
            all: 2_000,
            each: vec![("plecom", 2_000)],
        };
        sample.text.as_mut().unwrap().pairs = pairs;
        let found = sample.way(50, COSTS, index_of_all());
        assert_eq!(found, index(Some("%summ%news%"), IndexOf::Words));
    }

    #[test]
    fn tags_or_words_are_looked_up_whichever_are_rarer() {
        let text = || with_words(1, 100, &[("wint", 150)]);
        let by_tags = with_tags(text(), 4).way(50, COSTS, index_of_all());
        assert_eq!(by_tags, index(Some(EVERYTHING), IndexOf::Tags));
        let by_words = with_tags(text(), 900).way(50, COSTS, index_of_all());
        assert_eq!(by_words, index(Some("%wint%"), IndexOf::Words));
    }
}
