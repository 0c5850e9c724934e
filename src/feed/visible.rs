//! Which characters can be seen: names and texts need some, and names hold none that only hides or
//! turns others. Two names can look the same all the same: letters of two alphabets, an accent that
//! is one character with its letter or two, and the style of an emoji are not compared.

use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, ExtendedPictographic, GeneralCategory,
    JoiningType,
};
use icu_properties::{CodePointMapData, CodePointSetData};

const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';
/// A variation selector: shows the character before it as an emoji.
const EMOJI_STYLE: char = '\u{fe0f}';
/// The flags of England, Scotland and Wales: invisible tags after a black flag (Unicode Technical
/// Standard 51, annex C). After other tags, a black flag is seen.
const FLAGS: [&str; 3] = [
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
];
/// Draws a key around the digit before it, with [`EMOJI_STYLE`] between the two.
const KEYCAP: char = '\u{20e3}';
/// A cell of Braille without dots: a symbol by its category, and blank.
const BRAILLE_BLANK: char = '\u{2800}';

/// Whether a character leaves no mark of its own where it stands: white space, a control or format
/// character, a filler, a variation selector.
fn is_invisible(char: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator, SpaceSeparator};
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let category = CodePointMapData::<GeneralCategory>::new().get(char);
    !char.is_ascii_graphic()
        && (ignorable.contains(char)
            || char == BRAILLE_BLANK
            || matches!(
                category,
                Control | Format | LineSeparator | ParagraphSeparator | SpaceSeparator
            ))
}

/// Whether anything of a text can be seen. A mark alone, such as an accent, is nothing.
pub fn is_seen(text: &str) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark};
    let category = CodePointMapData::<GeneralCategory>::new();
    let is_mark = |char| matches!(category.get(char), NonspacingMark | EnclosingMark);
    text.chars()
        .any(|char| !is_invisible(char) && !is_mark(char))
}

/// The first character of a name that can't be seen and does not change how its neighbours look, so
/// that the name looks like the one without it, or that turns the line around. A single space
/// between words, joiners in Persian or in an emoji, and the like are none.
pub fn disguise(name: &str) -> Option<char> {
    let without_tags = |name: String, flag: &&str| name.replace(flag, "\u{1f3f4}");
    let plain;
    let name = match FLAGS.iter().any(|flag| name.contains(flag)) {
        true => {
            plain = FLAGS.iter().fold(name.to_owned(), without_tags);
            &plain
        }
        false => name,
    };
    let mut before = "".chars();
    let mut rest = name.chars();
    while let Some(char) = rest.next() {
        let (last, next) = (before.clone().next_back(), rest.clone().next());
        let is_fine = match char {
            ' ' => last.is_some_and(|last| last != ' '),
            ZERO_WIDTH_NON_JOINER => follows_virama(last) || joins(before.clone(), rest.clone()),
            ZERO_WIDTH_JOINER => follows_virama(last) || joins_emoji(before.clone(), next),
            EMOJI_STYLE => last.is_some_and(is_pictographic) || next == Some(KEYCAP),
            _ => !is_invisible(char),
        };
        if !is_fine {
            return Some(char);
        }
        before = name[..name.len() - rest.as_str().len()].chars();
    }
    None
}

/// Whether a joiner may follow a virama, which it shapes (RFC 5892, appendix A).
fn follows_virama(last: Option<char>) -> bool {
    let class = CodePointMapData::<CanonicalCombiningClass>::new();
    last.is_some_and(|last| class.get(last) == CanonicalCombiningClass::Virama)
}

/// Whether the letters around a non-joiner would join without it (RFC 5892, appendix A.1).
fn joins(before: std::str::Chars<'_>, after: std::str::Chars<'_>) -> bool {
    let joining = |char: char| CodePointMapData::<JoiningType>::new().get(char);
    let letter = |joining: &JoiningType| *joining != JoiningType::Transparent;
    let last = before.rev().map(joining).find(letter);
    let next = after.map(joining).find(letter);
    matches!(
        last,
        Some(JoiningType::DualJoining | JoiningType::LeftJoining)
    ) && matches!(
        next,
        Some(JoiningType::DualJoining | JoiningType::RightJoining)
    )
}

/// Whether a joiner stands between two emoji; the first may have a style or a tone of skin.
fn joins_emoji(before: std::str::Chars<'_>, next: Option<char>) -> bool {
    let is_tone = |char: char| ('\u{1f3fb}'..='\u{1f3ff}').contains(&char);
    let last = before
        .rev()
        .find(|&char| char != EMOJI_STYLE && !is_tone(char));
    last.is_some_and(is_pictographic) && next.is_some_and(is_pictographic)
}

fn is_pictographic(char: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_no_text() {
        for blank in [
            "",
            " \n",
            "\u{a0}",
            "\u{200b}",
            "\u{2060}",
            "\u{200e}",
            "\u{feff}",
            "\u{ad}",
            "\u{3164}",
            "\u{2800}",
            "\u{202e}",
            "\u{301}",
            "\u{fe0f}",
            "\u{e0041}",
            "\u{180e}",
        ] {
            assert!(!is_seen(blank), "{blank:?}");
        }
        for seen in [
            "a",
            ".",
            "\u{200b}a",
            "é",
            "e\u{301}",
            "👨\u{200d}👩",
            "می\u{200c}خواهم",
        ] {
            assert!(is_seen(seen), "{seen:?}");
        }
    }

    #[test]
    fn names_that_look_alike_are_disguised_and_joined_ones_are_not() {
        for disguised in [
            "teacher\u{200b}",
            "tea\u{200c}cher",
            "tea\u{200d}cher",
            "\u{202e}rehcaet",
            "\u{2066}a",
            "a\u{ad}b",
            "a\u{a0}b",
            "a  b",
            "a\u{2003}b",
            "teacher\u{fe0f}",
            "🏴\u{e0067}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}\u{e007f}",
            "1\u{fe0f}",
            "\u{feff}a",
            "a\u{3164}",
            "a\u{2800}",
            "a\u{2028}b",
            "a\u{e0061}",
            "👨\u{200d}",
            "می\u{200c}",
            "a\u{7}b",
        ] {
            assert!(disguise(disguised).is_some(), "{disguised:?}");
        }
        for fine in [
            "alice",
            "Ana Maria",
            "José",
            "Jose\u{301}",
            "👨\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}\u{200d}🔥",
            "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
            "👩🏽\u{200d}🚀",
            "1\u{fe0f}\u{20e3}",
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष",
            "張偉",
            "שלום",
        ] {
            assert_eq!(disguise(fine), None, "{fine:?}");
        }
    }
}
