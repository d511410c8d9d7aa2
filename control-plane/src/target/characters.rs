//! Characters that hide where a URL leads.

use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, PrependedConcatenationMark,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_script::{Script, UnicodeScript};
use unicode_security::skeleton;

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
    ignorable.contains(character)
        || (category(character) == GeneralCategory::Format && !is_seen)
        // Blanks that count as signs or letters: of Braille, of music, of the Khitan script, and of
        // hieroglyphs.
        || matches!(
            character,
            '\u{2800}' | '\u{1d159}' | '\u{16fe4}' | '\u{13441}' | '\u{13442}'
        )
}

/// Whether a host, as people read it, seems to be another one, or to end earlier than it does.
pub(super) fn is_disguised(host: &str) -> bool {
    if host.is_ascii() {
        return host.chars().any(is_disguising);
    }
    // Signs that imitate syntax never belong in a host. Letters that do, such as the Japanese "no", which
    // could be a slash, belong beside others that are not Latin. Browsers draw the line there, too:
    // https://chromium.googlesource.com/chromium/src/+/main/docs/idn.md
    let is_ordinary = |character: char| {
        !imitates_syntax(character) && (character.is_ascii() || character.script() == Script::Latin)
    };
    let mut foreign_words = host.split(is_ordinary).filter(|word| !word.is_empty());
    host.chars().any(|character| {
        is_disguising(character) || (imitates_syntax(character) && is_sign(character))
    }) || foreign_words.any(|word| word.chars().all(imitates_syntax))
}

/// Whether a character looks like one that divides a URL, or becomes one when the host is read.
fn imitates_syntax(character: char) -> bool {
    let mut buffer = [0; 4];
    !character.is_ascii()
        // The full stops of Chinese and Japanese: RFC 3490, 3.1.
        && (matches!(character, '\u{3002}' | '\u{ff61}')
            // "Confusables" of UTS 39, and with them the full-width forms.
            || skeleton(character.encode_utf8(&mut buffer)).any(|like| "/.?#:@\\".contains(like)))
}

fn is_sign(character: char) -> bool {
    let signs = GeneralCategoryGroup::Punctuation.union(GeneralCategoryGroup::Symbol);
    signs.contains(category(character))
}

fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
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
