//! Where two words of a searched text meet, as `links_word_pairs` has it in the database.

/// So much of each word, in characters.
const PIECE: usize = 3;

/// So many pairs of a text at most: each is counted in the sample, and further ones hardly tell more.
const MOST: usize = 8;

/// Where two words meet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WordPair {
    /// What the index has: how one word ends, and how the next begins. In the case it was typed in.
    pub(super) entry: String,
    /// The same with what is between them, to count some links by: those with something else between are
    /// left out, so it is an estimate.
    pub(super) text: String,
}

/// Pairs that every text has in which this one is found. None of words with other than ASCII
/// characters where they meet: what these are in lower case is for the database to say.
pub(super) fn word_pairs(text: &str) -> Vec<WordPair> {
    text.split('\n')
        .flat_map(pairs_of_line)
        .take(MOST)
        .collect()
}

fn pairs_of_line(line: &str) -> impl Iterator<Item = WordPair> {
    let starts = line.char_indices().filter(|(at, character)| {
        let before = line[..*at].chars().next_back();
        is_sign(*character) && before.is_some_and(|before| !is_sign(before))
    });
    starts.filter_map(|(start, _)| {
        let (before, rest) = line.split_at(start);
        let after = rest.trim_start_matches(is_sign);
        let between = &rest[..rest.len() - after.len()];
        let word = before.rsplit(is_sign).next()?;
        let next = after.split(is_sign).next()?;
        let ends = ending(word, word.len() < before.len())?;
        let begins = beginning(next, next.len() < after.len())?;
        Some(WordPair {
            entry: format!("{ends}{begins}"),
            text: format!("{ends}{between}{begins}"),
        })
    })
}

/// How a word ends; `None` if that is not known, since it may be the end of a longer one.
fn ending(word: &str, is_whole: bool) -> Option<&str> {
    let start = word.char_indices().rev().nth(PIECE - 1);
    let piece = match start {
        Some((start, _)) => &word[start..],
        None if is_whole => word,
        None => return None,
    };
    is_plain(piece).then_some(piece)
}

/// How a word begins; `None` if that is not known, since it may be the beginning of a longer one.
fn beginning(word: &str, is_whole: bool) -> Option<&str> {
    let end = word.char_indices().nth(PIECE);
    let piece = match end {
        // What follows may be a part of the last letter.
        Some((_, next)) if !next.is_ascii() => return None,
        Some((end, _)) => &word[..end],
        None if is_whole || word.chars().count() == PIECE => word,
        None => return None,
    };
    is_plain(piece).then_some(piece)
}

fn is_plain(piece: &str) -> bool {
    piece.is_ascii() && !piece.is_empty()
}

/// What is between words.
fn is_sign(character: char) -> bool {
    character.is_ascii() && !character.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<String> {
        let pairs = word_pairs(text).into_iter();
        pairs.map(|pair| pair.entry).collect()
    }

    #[test]
    fn a_pair_is_how_a_word_ends_and_how_the_next_begins() {
        let url = "summer.example.com/newsletter";
        assert_eq!(entries(url), ["merexa", "plecom", "comnew"]);
        let pairs = word_pairs("Winter -- shop");
        assert_eq!(pairs[0].entry, "tersho");
        assert_eq!(pairs[0].text, "ter -- sho");
        assert_eq!(entries("winter"), [""; 0]);
        assert_eq!(entries("-winter-"), [""; 0]);
    }

    #[test]
    fn words_that_may_go_on_are_known_by_three_characters_or_not_at_all() {
        assert_eq!(entries("r shop"), [""; 0]);
        assert_eq!(entries("ter sh"), [""; 0]);
        assert_eq!(entries("ter sho"), ["tersho"]);
        // Whole: there is a sign on the other side.
        assert_eq!(entries("/a/b/"), ["ab"]);
        assert_eq!(entries("an a-b-c or"), ["ab", "bc"]);
    }

    #[test]
    fn a_long_text_has_no_more_than_are_worth_counting() {
        assert_eq!(word_pairs(&"-a".repeat(100)).len(), MOST);
    }

    #[test]
    fn lines_have_pairs_of_their_own_and_other_letters_none() {
        assert_eq!(entries("summer\nwinter shop"), ["tersho"]);
        assert_eq!(entries("caf\u{e9} shop bar"), ["hopbar"]);
        assert_eq!(entries("shop \u{fc}ber"), [""; 0]);
        assert_eq!(entries("shop abI\u{307}x"), [""; 0]);
        assert_eq!(entries("\u{fc}ber shop"), ["bersho"]);
    }
}
