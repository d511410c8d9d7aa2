//! What all lists have in common.

use crate::error::{Error, Result};

/// Entries on a page unless asked otherwise.
const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 100;
/// Longest search text in bytes.
const MAX_SEARCH: usize = 200;

/// How many entries a page has.
pub(super) fn limit(asked: Option<i64>) -> Result<i64> {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let message = format!("a page has 1 to {MAX_LIMIT} entries");
        return Err(Error::invalid("limit", "out_of_range", message));
    }
    Ok(limit)
}

/// The text to look for; none if it is blank.
pub(super) fn search(asked: Option<&str>) -> Result<Option<&str>> {
    let search = asked.map(str::trim).filter(|text| !text.is_empty());
    if search.is_some_and(|text| text.len() > MAX_SEARCH || text.contains('\0')) {
        let message = format!("search for at most {MAX_SEARCH} bytes of text");
        return Err(Error::invalid("q", "invalid_search", message));
    }
    Ok(search)
}
