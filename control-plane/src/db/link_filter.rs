//! Which links a list shows, as a condition.

use time::OffsetDateTime;

use super::patterns::contains_pattern;

/// Shorter texts have no trigram, so an index of trigrams does not find them.
const SHORTEST_ANYWHERE: usize = 3;

/// Which links a list shows. What is `None` does not matter.
#[derive(Debug, Default, Clone, Hash)]
pub struct LinkFilter<'a> {
    /// Text to find in code, target, title, notes or tags, without regard to case. One or two
    /// characters: what a code, a tag or a word of the title begins with. A link without a title has
    /// that of its target's page.
    pub search: Option<&'a str>,
    /// Name of a state; all but the bin when absent.
    pub status: Option<&'a str>,
    /// Host.
    pub domain: Option<&'a str>,
    /// `usr_…` or `key_…`.
    pub created_by: Option<&'a str>,
    /// Made then or later.
    pub created_from: Option<OffsetDateTime>,
    /// Made earlier.
    pub created_before: Option<OffsetDateTime>,
    /// With one of these.
    pub any_tag: Option<Vec<String>>,
    /// With each of these.
    pub all_tags: Option<Vec<String>>,
    /// With none of these.
    pub no_tag: Option<Vec<String>>,
    /// Archived, or not.
    pub is_archived: Option<bool>,
}

/// What an index is asked for. What it gives is compared with the whole filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    /// For `like`, what all links with the searched text are like. Of pairs, the entries that they have,
    /// with blanks in between.
    pub(super) pattern: Option<String>,
    /// Which indexes may be asked.
    pub(super) is_of: IndexOf,
}

/// Which indexes may be asked. To ask two, and find out what both give, takes longer than to look at
/// what the better one gives, and PostgreSQL does not know which that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IndexOf {
    /// That of texts, by the words in them.
    Words,
    /// That of texts, by where two words meet.
    Pairs,
    /// That of tags.
    Tags,
    /// Any.
    All,
}

impl IndexOf {
    /// As statements know it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Pairs => "pairs",
            Self::Tags => "tags",
            Self::All => "all",
        }
    }
}

impl LinkFilter<'_> {
    /// All that could be looked up.
    pub(super) fn index(&self) -> Index {
        Index {
            pattern: self.pattern(),
            is_of: IndexOf::All,
        }
    }

    /// Whether anything matters.
    pub(super) fn is_narrow(&self) -> bool {
        self.search.is_some()
            || self.status.is_some()
            || self.domain.is_some()
            || self.created_by.is_some()
            || self.created_from.is_some()
            || self.created_before.is_some()
            || self.any_tag.is_some()
            || self.all_tags.is_some()
            || self.no_tag.is_some()
            || self.is_archived.is_some()
    }

    /// A text that may be anywhere.
    pub(super) fn search_anywhere(&self) -> Option<&str> {
        self.search.filter(|text| !is_short(text))
    }

    /// A text that may be where something begins.
    pub(super) fn search_beginnings(&self) -> Option<&str> {
        self.search.filter(|text| is_short(text))
    }

    /// What a searched text is like.
    pub(super) fn pattern(&self) -> Option<String> {
        self.search_anywhere().map(contains_pattern)
    }
}

fn is_short(text: &str) -> bool {
    text.chars().count() < SHORTEST_ANYWHERE
}

/// Gives `$callback!` the filter as text, which is the same for all orders and for counting, and
/// its arguments, $1 to $17. `$index` is an [`Index`].
///
/// Connections plan each statement for the arguments it has, so what is asked for by no argument
/// costs nothing, and each state has an index that it may use.
macro_rules! with_filter {
    ($callback:ident, $workspace_id:expr, $filter:expr, $index:expr, $now:expr, $($more:tt)*) => {
        $callback!(
            r#"links.workspace_id = $1
               and ($2::text is null
                    or (case when $17 = 'pairs'
                             then links_word_pairs(search_text) @> string_to_array(lower($16), ' ')
                             else search_text like lower($16) end
                        and (search_text || '') like lower($2)))
               and (deleted_at is not null) = ($3::text is not distinct from 'deleted')
               and ($3 is distinct from 'deleted' or deleted_at > $14)
               and ($3 is distinct from 'disabled' or not is_enabled)
               and ($3 is distinct from 'scheduled'
                    or (is_enabled and options ->> 'starts_at' is not null
                        and (options ->> 'starts_at')::bigint > $5))
               and ($3 is distinct from 'expired'
                    or (is_enabled and not is_blocked and expires_at <= $4
                        and coalesce((options ->> 'starts_at')::bigint <= $5, true)))
               and ($3 is distinct from 'blocked'
                    or (is_enabled and is_blocked
                        and coalesce((options ->> 'starts_at')::bigint <= $5, true)))
               and ($3 is distinct from 'active'
                    or (is_enabled and not is_blocked and coalesce(expires_at > $4, true)
                        and coalesce((options ->> 'starts_at')::bigint <= $5, true)))
               and ($6::text is null or case when $17 = 'all' then domain else domain || '' end = $6)
               and ($7::text is null
                    or case when $17 = 'all' then created_by else created_by || '' end = $7)
               and ($8::timestamptz is null or created_at >= $8)
               and ($9::timestamptz is null or created_at < $9)
               and ($10::text[] is null or case when $17 in ('words', 'pairs') then tags || '{}' else tags end && $10)
               and ($11::text[] is null or case when $17 in ('words', 'pairs') then tags || '{}' else tags end @> $11)
               and ($12::text[] is null or not tags && $12)
               and ($13::boolean is null or is_archived = $13)
               and ($15::text is null or beginnings @> array[lower($15)])"#,
            (
                $workspace_id,
                $filter.pattern(),
                $filter.status,
                $now,
                Timestamp::from($now).as_micros(),
                $filter.domain,
                $filter.created_by,
                $filter.created_from,
                $filter.created_before,
                $filter.any_tag.as_deref() as _,
                $filter.all_tags.as_deref() as _,
                $filter.no_tag.as_deref() as _,
                $filter.is_archived,
                $now - BIN_PERIOD,
                $filter.search_beginnings(),
                $index.pattern,
                $index.is_of.name(),
            ),
            $($more)*
        )
    };
}

pub(super) use with_filter;
