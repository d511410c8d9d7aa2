//! Checks of the fields of a body. All that is wrong is found, so that a form learns everything at
//! once.

use std::sync::Arc;

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::blocklist::Hosts;
use crate::error::{Error, FieldError, Result};
use crate::own_domains::OwnDomains;
use crate::state::AppState;
use crate::{shorteners, target};

/// Longest text that has no limit of its own. Characters.
pub const MAX_TEXT: usize = 200;

/// Longest tag. Characters.
const MAX_TAG: usize = 50;

/// Errors that are told of one body. Rules of a link have lists in lists, so that a body that is wrong
/// throughout would have an answer hundreds of times as long.
const MAX_ERRORS: usize = 100;

/// Collects what is wrong with the fields of one body. A check that finds something gives `None`.
pub struct FieldCheck<'a> {
    /// `None`: targets may be there.
    own_domains: Option<&'a OwnDomains>,
    blocked_hosts: Arc<Hosts>,
    refuses_shorteners: bool,
    now: OffsetDateTime,
    allows_past: bool,
    errors: Vec<FieldError>,
    /// Fields that could not be read: nothing more is said of them.
    unread: Vec<String>,
    /// Errors beyond those that are told.
    left_out: usize,
}

impl<'a> FieldCheck<'a> {
    /// Nothing is wrong yet.
    pub fn new(state: &'a AppState) -> Self {
        Self {
            own_domains: Some(&state.own_domains),
            blocked_hosts: state.blocklist.hosts(),
            refuses_shorteners: state.config.refuses_shorteners,
            now: state.now(),
            allows_past: false,
            errors: Vec::new(),
            unread: Vec::new(),
            left_out: 0,
        }
    }

    /// The same of what was there before, and comes back: since it was made, the host of a target may have
    /// become a domain of this installation, or have been found to be a shortener's. If it leads nowhere, the
    /// host may be on the blocklist, too.
    pub fn of_restored(state: &'a AppState, leads_nowhere: bool) -> Self {
        let usual = Self::new(state);
        Self {
            own_domains: None,
            refuses_shorteners: false,
            blocked_hosts: match leads_nowhere {
                true => Arc::default(),
                false => usual.blocked_hosts.clone(),
            },
            ..usual
        }
    }

    /// The same where a link may have expired: of one that comes from somewhere else.
    pub fn with_past(state: &'a AppState) -> Self {
        Self {
            allows_past: true,
            ..Self::new(state)
        }
    }

    /// The same where fields could not be read, which is told first.
    pub(crate) fn after(self, refused: Vec<FieldError>) -> Self {
        Self {
            unread: refused.iter().map(outermost).map(str::to_owned).collect(),
            errors: refused,
            ..self
        }
    }

    /// Whether all fields could be read. Else their absence says nothing of others.
    pub fn is_whole(&self) -> bool {
        self.unread.is_empty()
    }

    /// What was found elsewhere; `None` if it was refused there.
    ///
    /// # Errors
    /// What is no refusal of fields.
    pub fn found<T>(&mut self, found: Result<T>) -> Result<Option<T>> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(Error::Invalid(errors)) => {
                for error in errors {
                    self.refuse(&error.field, &error.code, error.message);
                }
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// Whether times that should lie in the future may lie in the past.
    pub fn allows_past(&self) -> bool {
        self.allows_past
    }

    /// Now, for times that must lie in the future.
    pub fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// A field is refused.
    pub fn refuse(&mut self, field: &str, code: &str, message: impl ToString) {
        let error = FieldError::new(field, code, message);
        if self.unread.iter().any(|unread| unread == outermost(&error)) {
            return;
        }
        match self.errors.len() < MAX_ERRORS {
            true => self.errors.push(error),
            false => self.left_out += 1,
        }
    }

    /// Ends the check.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what was refused; if that is a great deal, the last error says so.
    pub fn finish(mut self) -> Result<()> {
        if self.left_out > 0 {
            self.errors.push(FieldError::left_out(self.left_out));
        }
        match self.errors.is_empty() {
            true => Ok(()),
            false => Err(Error::Invalid(self.errors)),
        }
    }

    /// A place that visitors may be sent to, in the form to store.
    pub fn url(&mut self, field: &str, text: &str) -> Option<String> {
        let own_names = self.own_domains.map(OwnDomains::names).unwrap_or_default();
        let checked = target::check(text, &own_names)
            .map_err(|refused| self.refuse(field, refused.code(), refused))
            .ok()?;
        if self.refuses_shorteners && shorteners::is_short(&checked) {
            let message = "this is a link of another shortener: use the address it leads to";
            self.refuse(field, "known_shortener", message);
            return None;
        }
        if self.blocked_hosts.contain(&checked) {
            let message = "this host is on the blocklist";
            self.refuse(field, "blocked_host", message);
            return None;
        }
        Some(checked)
    }

    /// A text for people or for comparison, without blanks around it; `None` if nothing is left.
    pub fn text(&mut self, field: &str, text: &str, longest: usize) -> Option<String> {
        if text.chars().any(char::is_control) {
            let message = "control characters are not allowed here";
            self.refuse(field, "forbidden_character", message);
        }
        if text.chars().count() > longest {
            let message = format!("at most {longest} characters are allowed here");
            self.refuse(field, "too_long", message);
        }
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A word to find links by, as links have it.
    pub fn tag(&mut self, field: &str, text: &str) -> Option<String> {
        // First in lower case: some letters become two.
        match self.text(field, &text.to_lowercase(), MAX_TAG) {
            None => {
                self.refuse(field, "required", "a tag has at least one character");
                None
            }
            Some(tag) if tag.contains(',') => {
                let message = "commas separate tags, so a tag has none";
                self.refuse(field, "forbidden_character", message);
                None
            }
            Some(tag) => Some(tag),
        }
    }

    /// A moment (RFC 3339) in UTC, as exact as Postgres keeps it, from 1970 on.
    pub fn moment(&mut self, field: &str, text: &str) -> Option<OffsetDateTime> {
        let Some(moment) = rfc3339(text) else {
            let message = "a time is written as 2027-01-31T12:00:00Z";
            self.refuse(field, "invalid_time", message);
            return None;
        };
        if moment < OffsetDateTime::UNIX_EPOCH {
            self.refuse(field, "too_early", "times begin with the year 1970 here");
            return None;
        }
        // A late evening far west of UTC falls into its next year.
        let Some(moment) = moment.checked_to_offset(UtcOffset::UTC) else {
            let message = "this time is too far away; leave it out if it is to be never";
            self.refuse(field, "too_late", message);
            return None;
        };
        Some(moment.truncate_to_microsecond())
    }

    /// A number within a range.
    pub fn number<T: TryFrom<i64>>(
        &mut self,
        field: &str,
        number: i64,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<T> {
        if !range.contains(&number) {
            let message = format!("choose a number from {} to {}", range.start(), range.end());
            self.refuse(field, "out_of_range", message);
            return None;
        }
        T::try_from(number).ok()
    }

    /// Whether a list is neither too short nor too long.
    pub fn length(
        &mut self,
        field: &str,
        length: usize,
        range: std::ops::RangeInclusive<usize>,
    ) -> bool {
        let is_good = range.contains(&length);
        if !is_good {
            let message = format!("{} to {} are possible here", range.start(), range.end());
            self.refuse(field, "wrong_length", message);
        }
        is_good
    }
}

/// A moment as RFC 3339 writes it. The `time` crate takes any sign between day and hour; other readers of
/// what people send here do not.
pub(crate) fn rfc3339(text: &str) -> Option<OffsetDateTime> {
    let separator = text.as_bytes().get("2027-01-31".len())?;
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    matches!(separator, b'T' | b't').then_some(moment)
}

/// Which field of a body an error is in.
fn outermost(error: &FieldError) -> &str {
    error.field.split(['.', '[']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_t_divides_day_and_hour() {
        for text in [
            "2027-01-31T12:00:00Z",
            "2027-01-31t12:00:00z",
            "2027-01-31T13:00:00.000+01:00",
        ] {
            let noon = OffsetDateTime::from_unix_timestamp(1_801_396_800).unwrap();
            assert_eq!(rfc3339(text), Some(noon), "{text}");
        }
        for separator in ["_", " ", "-", "x", "\u{a0}", "", "TT"] {
            let text = format!("2027-01-31{separator}12:00:00Z");
            assert_eq!(rfc3339(&text), None, "{text}");
        }
    }
}
