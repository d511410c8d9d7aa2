//! Checks of a link's own fields, shared by creating and editing.

use contract::{Code, LinkOptions, RedirectStatus};
use time::OffsetDateTime;

use crate::field_check::FieldCheck;

const MAX_TITLE: usize = 512;
/// Characters.
const MAX_NOTES: usize = 10_000;
pub(super) const MAX_TAGS: usize = 50;
/// Characters.
const MAX_EXTERNAL_ID: usize = 255;

/// A password for visitors may be short: attempts are limited, and it is told from mouth to mouth.
/// Characters.
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 4..=200;

/// Longest time for which a permanent redirect may be remembered. Seconds. Programs that believe in
/// "permanent" ask again only then, so an edit must not take longer.
const MAX_PERMANENT_AGE: u32 = 60 * 60;

pub(super) fn code(text: &str, check: &mut FieldCheck<'_>) -> Option<Code> {
    let code: Code = match text.parse() {
        Ok(code) => code,
        Err(invalid) => {
            check.refuse("code", "invalid_code", invalid);
            return None;
        }
    };
    if code.is_reserved() {
        check.refuse("code", "reserved", "this word is reserved");
        return None;
    }
    Some(code)
}

/// Blank means none.
pub(super) fn title(text: &str, check: &mut FieldCheck<'_>) -> Option<String> {
    check.text("title", text, MAX_TITLE)
}

/// Text in lines. Blank means none.
pub(super) fn notes(text: &str, check: &mut FieldCheck<'_>) -> Option<String> {
    let text = text.replace("\r\n", "\n");
    let is_forbidden =
        |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if text.chars().any(is_forbidden) {
        let message = "of control characters, only line ends and tabs are allowed here";
        check.refuse("notes", "forbidden_character", message);
    }
    if text.chars().count() > MAX_NOTES {
        let message = format!("at most {MAX_NOTES} characters are allowed here");
        check.refuse("notes", "too_long", message);
    }
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// In lower case, ascending, each once: so that two links have the same tags if they look the same.
pub(super) fn tags(tags: &[String], check: &mut FieldCheck<'_>) -> Vec<String> {
    named_tags("tags", tags, check)
}

/// The same in a field of another name.
pub(super) fn named_tags(name: &str, tags: &[String], check: &mut FieldCheck<'_>) -> Vec<String> {
    if tags.len() > MAX_TAGS {
        let message = format!("a link has at most {MAX_TAGS} tags");
        check.refuse(name, "too_many", message);
        return Vec::new();
    }
    let mut checked = Vec::with_capacity(tags.len());
    for (place, tag) in tags.iter().enumerate() {
        checked.extend(check.tag(&format!("{name}[{place}]"), tag));
    }
    checked.sort_unstable();
    checked.dedup();
    checked
}

/// Gives a link the tag that its maker's or editor's key is restricted to, if there is room for it.
pub(super) fn add_tag(tags: &mut Vec<String>, tag: &str, check: &mut FieldCheck<'_>) {
    if tags.iter().any(|other| other == tag) {
        return;
    }
    if tags.len() >= MAX_TAGS {
        let message = format!("a link has at most {MAX_TAGS} tags, and your key adds one");
        check.refuse("tags", "too_many", message);
        return;
    }
    tags.push(tag.to_owned());
    tags.sort_unstable();
}

/// Blank means none.
pub(super) fn external_id(text: &str, check: &mut FieldCheck<'_>) -> Option<String> {
    check.text("external_id", text, MAX_EXTERNAL_ID)
}

pub(super) fn expires_at(text: &str, check: &mut FieldCheck<'_>) -> Option<OffsetDateTime> {
    let moment = check.moment("expires_at", text)?;
    if moment <= check.now() && !check.allows_past() {
        let message = "a link cannot expire in the past; disable it instead";
        check.refuse("expires_at", "in_the_past", message);
        return None;
    }
    Some(moment)
}

pub(super) fn redirect_status(number: u16, check: &mut FieldCheck<'_>) -> Option<RedirectStatus> {
    RedirectStatus::try_from(number)
        .map_err(|reason| check.refuse("redirect_status", "unknown_status", reason))
        .ok()
}

pub(super) fn password(text: String, check: &mut FieldCheck<'_>) -> Option<String> {
    if text.chars().any(char::is_control) {
        let message = "a password that people type has no control characters";
        check.refuse("password", "forbidden_character", message);
    }
    check.length("password", text.chars().count(), PASSWORD_LENGTH);
    Some(text)
}

/// Longest options of a link, as they are stored. Bytes. A request about one link cannot have longer ones;
/// one about many, and a file, could: and each visit, each copy at the edge and each entry of the audit
/// log would have to carry them.
const MAX_OPTIONS: usize = 64 * 1024;

/// What one field alone does not tell.
pub(super) fn together(
    status: RedirectStatus,
    options: &LinkOptions,
    expires_at: Option<OffsetDateTime>,
    check: &mut FieldCheck<'_>,
) {
    if !check.is_whole() {
        return;
    }
    if let (Some(starts_at), Some(expires_at)) = (options.starts_at, expires_at)
        && starts_at >= expires_at.into()
    {
        let message = "a link must begin before it expires";
        check.refuse("starts_at", "after_expiry", message);
    }
    let is_permanent = matches!(
        status,
        RedirectStatus::MovedPermanently | RedirectStatus::Permanent
    );
    if is_permanent && options.max_age > MAX_PERMANENT_AGE {
        let message =
            format!("a permanent redirect is remembered for at most {MAX_PERMANENT_AGE} seconds");
        check.refuse("max_age", "too_long_for_permanent", message);
    }
    if serde_json::to_vec(options).is_ok_and(|stored| stored.len() > MAX_OPTIONS) {
        let message = format!(
            "rules, split and the other options of a link have at most {MAX_OPTIONS} bytes together"
        );
        check.refuse("rules", "too_large", message);
    }
}
