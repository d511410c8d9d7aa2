//! Rows of a file, as they are stored until their turn comes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, FieldError, Result};

/// A row.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    /// Line of the file in which it begins, from 1 on. `None` if an older version stored it.
    pub(crate) line: Option<i64>,
    /// As it would be sent to make one link.
    pub(crate) link: Value,
    /// Why it cannot be what was meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<FieldError>,
}

impl Row {
    /// One that was stored. Older versions stored only the link, which has no field of that name.
    pub(super) fn stored(row: Value) -> Result<Self> {
        match row.get("link") {
            Some(_) => serde_json::from_value(row).map_err(Error::internal),
            None => Ok(Self {
                line: None,
                link: row,
                fault: None,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_of_older_versions_can_be_read() {
        let link = json!({ "original_url": "https://example.com/", "code": "a" });
        let row = Row::stored(link.clone()).unwrap();
        assert_eq!((row.line, &row.link), (None, &link));
        let row = Row {
            line: Some(7),
            ..row
        };
        let row = Row::stored(json!(row)).unwrap();
        assert_eq!((row.line, row.link), (Some(7), link));
    }
}
