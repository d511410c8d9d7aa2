//! Which links a list shows, as a condition.

use time::OffsetDateTime;

use super::patterns::contains_pattern;

/// Shorter texts have no trigram, so an index of trigrams does not find them.
const SHORTEST_ANYWHERE: usize = 3;

/// Which links a list shows. What is `None` does not matter.
#[derive(Debug, Default, Clone)]
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

impl LinkFilter<'_> {
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
/// its arguments, $1 to $16. `$indexed` is a pattern that whatever has the searched text is like: what
/// an index is asked for.
///
/// Connections plan each statement for the arguments it has, so what is asked for by no argument
/// costs nothing, and each state has an index that it may use.
macro_rules! with_filter {
    ($callback:ident, $workspace_id:expr, $filter:expr, $indexed:expr, $now:expr, $($more:tt)*) => {
        $callback!(
            r#"links.workspace_id = $1
               and ($2::text is null
                    or (search_text like lower($16) and (search_text || '') like lower($2)))
               and (deleted_at is not null) = ($3::text is not distinct from 'deleted')
               and ($3 is distinct from 'deleted' or deleted_at > $14)
               and ($3 is distinct from 'disabled' or not is_enabled)
               and ($3 is distinct from 'scheduled'
                    or (is_enabled and options ->> 'starts_at' is not null
                        and (options ->> 'starts_at')::bigint > $5))
               and ($3 is distinct from 'expired'
                    or (is_enabled and expires_at <= $4
                        and coalesce((options ->> 'starts_at')::bigint <= $5, true)))
               and ($3 is distinct from 'blocked'
                    or (is_enabled and is_blocked and coalesce(expires_at > $4, true)
                        and coalesce((options ->> 'starts_at')::bigint <= $5, true)))
               and ($3 is distinct from 'active'
                    or (is_enabled and not is_blocked and coalesce(expires_at > $4, true)
                        and coalesce((options ->> 'starts_at')::bigint <= $5, true)))
               and ($6::text is null or domain = $6)
               and ($7::text is null or created_by = $7)
               and ($8::timestamptz is null or created_at >= $8)
               and ($9::timestamptz is null or created_at < $9)
               and ($10::text[] is null or tags && $10)
               and ($11::text[] is null or tags @> $11)
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
                $indexed,
            ),
            $($more)*
        )
    };
}

pub(super) use with_filter;
