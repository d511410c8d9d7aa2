//! What all lists have in common.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cursor;
use crate::error::{Error, Result};

/// Entries on a page unless asked otherwise.
const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 100;
/// Longest search text in bytes.
const MAX_SEARCH: usize = 200;

/// Keeps the fields that say which page out of the name of the question. (With `skip_serializing` they
/// would be missing in the API's description, too.)
pub(super) fn is_no_question<T>(_: &T) -> bool {
    true
}

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

/// The page of a list that somebody asked for. `P` is a position: where in the list a page begins.
pub(super) struct Asked<P> {
    question: u32,
    limit: usize,
    /// Where the page before ended; none on the first.
    pub(super) after: Option<P>,
}

impl<P: Serialize + DeserializeOwned> Asked<P> {
    /// `question` is what makes the list another one: its filters, or whose list it is.
    ///
    /// # Errors
    /// For a limit out of range, and for a cursor that is none of this list.
    pub(super) fn read(
        question: &impl Serialize,
        asked: Option<i64>,
        after: Option<&str>,
    ) -> Result<Self> {
        let limit = limit(asked)?;
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
            let asked = Asked::<i64>::read(&"list", Some(2), cursor.as_deref()).unwrap();
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
            assert!(Asked::<i64>::read(&"other", Some(2), cursor.as_deref()).is_err());
        }
        assert_eq!(seen, all);
    }
}
