//! Characters that hide where a URL leads.

use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Characters that make a URL look like another one, or that the parser would quietly remove.
pub fn is_disguising(character: char) -> bool {
    character == '\\'
        || character.is_control()
        || character.is_whitespace()
        || (!character.is_ascii() && is_invisible(character))
}

/// Characters that leave no mark, change the direction of others, or steer how they are drawn.
fn is_invisible(character: char) -> bool {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    // Signs that enclose numbers: format characters, but seen.
    let is_seen = CodePointSetData::new::<PrependedConcatenationMark>().contains(character);
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    ignorable.contains(character)
        || (category == GeneralCategory::Format && !is_seen)
        // Blanks that count as signs: of Braille, and of music.
        || matches!(character, '\u{2800}' | '\u{1d159}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_classes_of_characters_disguise() {
        for range in [
            '\0'..='\u{20}',
            '\u{7f}'..='\u{a0}',
            '\u{ad}'..='\u{ad}',
            '\u{180b}'..='\u{180f}',
            '\u{200b}'..='\u{200f}',
            '\u{2028}'..='\u{202f}',
            '\u{205f}'..='\u{206f}',
            '\u{fe00}'..='\u{fe0f}',
            '\u{fff0}'..='\u{fffb}',
            '\u{13430}'..='\u{1343f}',
            '\u{1bca0}'..='\u{1bca3}',
            '\u{1d173}'..='\u{1d17a}',
            '\u{e0000}'..='\u{e0fff}',
        ] {
            for character in range {
                assert!(is_disguising(character), "{character:?}");
            }
        }
        for character in "\\\u{34f}\u{61c}\u{115f}\u{17b4}\u{2800}\u{3164}\u{feff}\u{ffa0}".chars()
        {
            assert!(is_disguising(character), "{character:?}");
        }
        // Arabic's sign of a year is seen; emoji are what they look like.
        for character in "az-ü日\u{601}\u{1f600}".chars() {
            assert!(!is_disguising(character), "{character:?}");
        }
    }
}
