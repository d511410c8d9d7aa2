//! Checks of a link's fields, shared by creating and editing. Each adds to the list of errors, so
//! that a form learns everything at once.

use contract::{Code, Domain};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::error::FieldError;
use crate::target;

const MAX_TITLE: usize = 512;

pub(super) fn original_url(
    text: &str,
    own: &Domain,
    errors: &mut Vec<FieldError>,
) -> Option<String> {
    target::check(text, own)
        .map_err(|refused| errors.push(refused.into()))
        .ok()
}

pub(super) fn code(text: &str, errors: &mut Vec<FieldError>) -> Option<Code> {
    let code: Code = match text.parse() {
        Ok(code) => code,
        Err(invalid) => {
            errors.push(FieldError::new("code", "invalid_code", invalid));
            return None;
        }
    };
    if code.is_reserved() {
        errors.push(FieldError::new("code", "reserved", "this word is reserved"));
        return None;
    }
    Some(code)
}

/// Blank means none.
pub(super) fn title(text: String, errors: &mut Vec<FieldError>) -> Option<String> {
    if text.chars().any(char::is_control) {
        errors.push(FieldError::new(
            "title",
            "forbidden_character",
            "a title has no control characters",
        ));
    }
    if text.chars().count() > MAX_TITLE {
        errors.push(FieldError::new(
            "title",
            "too_long",
            "a title has at most 512 characters",
        ));
    }
    Some(text.trim().to_owned()).filter(|title| !title.is_empty())
}

pub(super) fn expires_at(
    text: &str,
    now: OffsetDateTime,
    errors: &mut Vec<FieldError>,
) -> Option<OffsetDateTime> {
    let mut refuse = |code, message| errors.push(FieldError::new("expires_at", code, message));
    let Ok(moment) = OffsetDateTime::parse(text, &Rfc3339) else {
        refuse("invalid_time", "a time is written as 2027-01-31T12:00:00Z");
        return None;
    };
    if moment <= now {
        refuse(
            "in_the_past",
            "a link cannot expire in the past; disable it instead",
        );
        return None;
    }
    // In UTC, a late evening far west of it falls into the next year.
    let Some(moment) = moment.checked_to_offset(UtcOffset::UTC) else {
        refuse(
            "too_late",
            "this time is too far away; leave it out for a link that never expires",
        );
        return None;
    };
    // What Postgres keeps.
    Some(moment.truncate_to_microsecond())
}
