//! Reading a file, as far as that can be done without looking at anything else.

use serde_json::Value;

use super::line::{FORMAT, Line};
use crate::error::{Error, FieldError, Result};

/// Lines of a file.
const MAX_LINES: usize = 200_000;

/// Errors that are told. More would help nobody.
const MAX_ERRORS: usize = 100;

/// The lines, each as it is stored until its turn comes.
///
/// # Errors
/// [`Error::Invalid`] with the numbers of lines that are none, or when the file is not whole.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Value>> {
    let refuse = |code: &str, message: &str| Error::invalid("file", code, message);
    let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').collect();
    if lines.len() > MAX_LINES {
        let message = format!("a file has at most {MAX_LINES} lines");
        return Err(refuse("too_many_lines", &message));
    }
    let mut errors = Vec::new();
    let mut values = Vec::with_capacity(lines.len());
    let last = lines.len();
    for (number, line) in (1..).zip(lines) {
        match read_line(line, number, last) {
            Ok(value) => values.push(value),
            Err(message) => errors.push(FieldError::new(
                &format!("line {number}"),
                "invalid_line",
                message,
            )),
        }
        if errors.len() == MAX_ERRORS {
            break;
        }
    }
    match errors.is_empty() {
        true => Ok(values),
        false => Err(Error::Invalid(errors)),
    }
}

fn read_line(line: &[u8], number: usize, last: usize) -> Result<Value, String> {
    let parsed: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    match (&parsed, number) {
        (Line::Workspace(begin), 1) if begin.format == FORMAT => {}
        (Line::Workspace(_), 1) => {
            return Err(format!("this is not version {FORMAT} of the format"));
        }
        (_, 1) => return Err("the first line must be that of the workspace".to_owned()),
        (Line::Workspace(_), _) => return Err("a second beginning".to_owned()),
        (Line::End(end), _) if number == last && end.lines != number - 1 => {
            return Err(format!("{} lines should be before this", end.lines));
        }
        (Line::End(_), _) if number == last => {}
        (Line::End(_), _) => return Err("lines follow after the end".to_owned()),
        (_, _) if number == last => {
            return Err("the last line must be the end: the file is not whole".to_owned());
        }
        _ => {}
    }
    let value = serde_json::to_value(&parsed).map_err(|error| error.to_string())?;
    match has_nul(&value) {
        true => Err("there is a NUL character in it".to_owned()),
        false => Ok(value),
    }
}

/// PostgreSQL keeps no NUL.
pub(crate) fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = r#"{"kind":"workspace","format":1}"#;
    const LOGO: &str = r#"{"kind":"logo","png":""}"#;

    fn faults(lines: &[&str]) -> Vec<String> {
        match read(lines.join("\n").as_bytes()) {
            Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
            other => {
                assert!(other.is_ok(), "{other:?}");
                Vec::new()
            }
        }
    }

    #[test]
    fn a_file_is_read_if_it_is_whole() {
        let end = |lines: usize| format!(r#"{{"kind":"end","lines":{lines}}}"#);
        assert_eq!(faults(&[BEGIN, LOGO, &end(2)]), [""; 0]);
        assert_eq!(faults(&[BEGIN, LOGO, &end(2), ""]), [""; 0]);
        for (lines, expected) in [
            (vec![BEGIN, LOGO], vec!["line 2"]),
            (vec![BEGIN, LOGO, &end(3)], vec!["line 3"]),
            (vec![LOGO, LOGO, &end(2)], vec!["line 1"]),
            (vec![BEGIN, BEGIN, &end(2)], vec!["line 2"]),
            (vec![BEGIN, &end(1), LOGO], vec!["line 2", "line 3"]),
            (vec![BEGIN, "", &end(2)], vec!["line 2"]),
            (vec![BEGIN, "{", "[]", &end(3)], vec!["line 2", "line 3"]),
            (vec![""], vec!["line 1"]),
            (
                vec![r#"{"kind":"workspace","format":2}"#, &end(1)],
                vec!["line 1"],
            ),
            (
                vec![BEGIN, r#"{"kind":"logo","png":"","x":1}"#, &end(2)],
                vec!["line 2"],
            ),
            (
                vec![BEGIN, r#"{"kind":"logo","png":"a\u0000"}"#, &end(2)],
                vec!["line 2"],
            ),
        ] {
            assert_eq!(faults(&lines), expected, "{lines:?}");
        }
    }
}
