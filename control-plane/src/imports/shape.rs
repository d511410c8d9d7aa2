//! Rows that cannot be what was meant.

use std::ops::Range;

use super::lines::Lines;
use super::quotes;
use crate::error::{Error, FieldError, Result};

/// A row, and how many cells it should have.
pub(super) struct Shape<'a> {
    /// The whole file.
    pub(super) file: &'a [u8],
    /// Where the row is in it.
    pub(super) place: Range<usize>,
    /// What was read there.
    pub(super) cells: &'a csv::StringRecord,
    /// Cells of the header.
    pub(super) columns: usize,
}

impl Shape<'_> {
    /// What is wrong with the row, if anything: then it is refused, and what follows can still be read.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a quote that is missing hides other rows.
    pub(super) fn fault(&self, lines: &mut Lines<'_>) -> Result<Option<FieldError>> {
        let fault = |code: &str, message: String| Some(FieldError::new("row", code, message));
        let hidden = |message: String| Err(Error::invalid("file", "unclosed_quote", message));
        let (mut with_lines, mut misplaced) = (None, None);
        for quoted in quotes::find(&self.file[self.place.clone()]) {
            let opened = lines.at(self.place.start + quoted.opened);
            let Some(closed) = quoted.closed else {
                return hidden(format!(
                    "the quote that opens in line {opened} is never closed, so that all after it is one cell: \
                     close it where the text ends"
                ));
            };
            let closed = lines.at(self.place.start + closed);
            if opened != closed && quoted.is_followed {
                return hidden(format!(
                    "the quote that opens in line {opened} is closed in line {closed}, where more text \
                     follows: close it where the text ends, and write a quote within the text twice"
                ));
            }
            if opened != closed {
                with_lines = Some((opened, closed));
            } else if quoted.is_followed {
                misplaced = Some(closed);
            }
        }
        if let Some(line) = misplaced {
            let message = format!(
                "in line {line}, text follows the quote that closes a cell: write a quote within the text twice"
            );
            return Ok(fault("misplaced_quote", message));
        }
        let columns = self.columns;
        // Spreadsheets write empty cells after the last one.
        let cells = (1..).zip(self.cells);
        let filled = cells.filter(|(_, cell)| !cell.trim().is_empty());
        let filled = filled.last().map_or(0, |(number, _)| number);
        if filled > columns {
            let message = format!(
                "the row has {filled} cells, the header has {columns}: text with a comma in it goes between quotes"
            );
            return Ok(fault("too_many_cells", message));
        }
        // Some leave out empty cells at the end. But where a quote is missing, a cell ends with the next
        // row that has one, and cells of both rows are in it.
        let cells = self.cells.len();
        match with_lines {
            Some((opened, closed)) if cells < columns => {
                let message = format!(
                    "the row has {cells} cells, the header has {columns}: should the quote that opens in \
                     line {opened} close before line {closed}?"
                );
                Ok(fault("unclosed_quote", message))
            }
            _ => Ok(None),
        }
    }
}
