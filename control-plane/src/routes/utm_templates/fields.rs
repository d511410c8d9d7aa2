use crate::field_check::{FieldCheck, MAX_TEXT};

pub(super) fn name(text: &str, check: &mut FieldCheck<'_>) -> Option<String> {
    let name = check.text("name", text, MAX_TEXT);
    if name.is_none() {
        check.refuse("name", "required", "a template has a name");
    }
    name
}

/// Blank means none.
pub(super) fn value(
    field: &str,
    text: Option<String>,
    check: &mut FieldCheck<'_>,
) -> Option<String> {
    check.text(field, &text?, MAX_TEXT)
}
