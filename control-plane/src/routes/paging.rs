//! What all lists have in common.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cursor;
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;

/// Entries on a page unless asked otherwise.
const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 100;
/// Longest search text in characters.
const MAX_SEARCH: usize = 200;

/// Keeps the fields that say which page out of the name of the question. (With `skip_serializing` they
/// would be missing in the API's description, too.)
pub(super) fn is_no_question<T>(_: &T) -> bool {
    true
}

/// How many entries a page has.
pub(super) fn limit(asked: Option<i64>, check: &mut FieldCheck<'_>) -> i64 {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let message = format!("a page has 1 to {MAX_LIMIT} entries");
        check.refuse("limit", "out_of_range", message);
    }
    limit
}

/// The text to look for; none if it is blank.
pub(super) fn search<'q>(asked: Option<&'q str>, check: &mut FieldCheck<'_>) -> Option<&'q str> {
    let search = asked.map(str::trim).filter(|text| !text.is_empty());
    if search.is_some_and(|text| text.chars().count() > MAX_SEARCH || text.contains('\0')) {
        let message = format!("search for at most {MAX_SEARCH} characters of text");
        check.refuse("q", "invalid_search", message);
    }
    search
}

/// A name to compare with, that Postgres can take.
pub(super) fn name<'q>(
    field: &str,
    asked: Option<&'q str>,
    check: &mut FieldCheck<'_>,
) -> Option<&'q str> {
    if asked.is_some_and(|text| text.contains('\0')) {
        let message = "a name has no such characters";
        check.refuse(field, "forbidden_character", message);
    }
    asked
}

/// `Link`: the same question with another cursor, relative to the host that was asked. Nothing on the
/// last page.
pub(super) fn next_page(uri: &Uri, next_cursor: Option<&str>) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    let Some(cursor) = next_cursor else {
        return Ok(headers);
    };
    let pairs = uri.query().unwrap_or_default().split('&');
    let mut query: Vec<&str> = pairs
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="))
        .collect();
    let cursor = format!("cursor={cursor}");
    query.push(&cursor);
    let link = format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"));
    // What came as a request line can stand in a header.
    let link = HeaderValue::from_str(&link).map_err(Error::internal)?;
    headers.insert(header::LINK, link);
    Ok(headers)
}

/// The page of a list that somebody asked for. `P` is a position: where in the list a page begins.
pub(super) struct Asked<P> {
    question: u32,
    limit: usize,
    /// Where the page before ended; none on the first.
    pub(super) after: Option<P>,
}

impl<P: Serialize + DeserializeOwned> Asked<P> {
    /// `question` is what makes the list another one: its filters, or whose list it is. The limit was
    /// checked.
    ///
    /// # Errors
    /// For a cursor that is none of this list.
    pub(super) fn read(question: &impl Serialize, limit: i64, after: Option<&str>) -> Result<Self> {
        let question = cursor::question(question)?;
        let after = after.map(|text| cursor::decode(question, text));
        Ok(Self {
            question,
            limit: usize::try_from(limit).map_err(Error::internal)?,
            after: after.transpose()?,
        })
    }

    /// Rows to read. One more than asked for tells whether another page follows.
    pub(super) fn rows(&self) -> i64 {
        self.limit as i64 + 1
    }

    /// Takes the one more away, and says where the next page begins, if there is one.
    pub(super) fn cut<R>(
        &self,
        rows: &mut Vec<R>,
        position: impl FnOnce(&R) -> P,
    ) -> Result<Option<String>> {
        let is_last = rows.len() <= self.limit;
        rows.truncate(self.limit);
        let last = rows.last().filter(|_| !is_last).map(position);
        let next = last.map(|position| cursor::encode(self.question, &position));
        next.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_until_the_last() {
        let all = [5, 4, 3, 2, 1];
        let (mut seen, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let asked = Asked::<i64>::read(&"list", 2, cursor.as_deref()).unwrap();
            let begin = asked
                .after
                .map_or(0, |after| all.len() - after as usize + 1);
            let rows = all[begin..].iter().copied();
            let mut rows: Vec<_> = rows.take(asked.rows() as usize).collect();
            cursor = asked.cut(&mut rows, |row| *row).unwrap();
            assert!(rows.len() <= 2);
            seen.extend(rows);
            if cursor.is_none() {
                break;
            }
            assert!(Asked::<i64>::read(&"other", 2, cursor.as_deref()).is_err());
        }
        assert_eq!(seen, all);
    }
}
