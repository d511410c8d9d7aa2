//! Texts of visitors, as PostgreSQL can have them.

use std::borrow::Cow;

/// PostgreSQL has no text with a zero byte. One in a visitor's header must not stop the others.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}
