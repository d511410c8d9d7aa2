//! Numbers of lines, as editors count them.

/// Counts lines of a text up to places that ascend.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    place: usize,
    line: i64,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        Self {
            text,
            place: 0,
            line: 1,
        }
    }

    /// Number of the line at a place, which is not before the last one that was asked for.
    pub(super) fn at(&mut self, place: usize) -> i64 {
        while self.place < place {
            let (byte, next) = (self.text.get(self.place), self.text.get(self.place + 1));
            let ends = match byte {
                Some(b'\n') => true,
                Some(b'\r') => next != Some(&b'\n'),
                _ => false,
            };
            self.line += i64::from(ends);
            self.place += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_any_of_three_ways() {
        let text = "a\nb\r\n\r\nc\rd";
        let mut lines = Lines::of(text.as_bytes());
        let found = text.char_indices().map(|(place, _)| lines.at(place));
        let found: Vec<_> = found.collect();
        assert_eq!(found, [1, 1, 2, 2, 2, 3, 3, 4, 4, 5]);
    }
}
