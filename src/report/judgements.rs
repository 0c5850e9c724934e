//! What came of the demands of a user, as text.

use crate::report::lines::{TextStyle, joined};
use crate::stats::judgement::{Conclusion, Judgement};
use crate::texts::{Locale, Texts};

/// A line a judgement; nothing without any. More than two of one demand that
/// could not be judged share a line, unless all details are shown.
pub fn judgements(judged: &[Judgement], style: TextStyle, locale: Locale) -> String {
    let words = &locale.texts().compare;
    let mut lines = Vec::new();
    let group =
        |a: &Judgement, b: &Judgement| (&a.demand, a.conclusion) == (&b.demand, b.conclusion);
    for group in judged.chunk_by(group) {
        let (first, is_unjudged) = (&group[0], group[0].conclusion == Conclusion::Unjudged);
        let texts = match is_unjudged && group.len() > 2 && !style.details {
            true => {
                let of: Vec<String> = group.iter().map(|one| one.of.clone()).collect();
                let Judgement { demand, why, .. } = first;
                let word = conclusion(first.conclusion, locale.texts());
                vec![format!(
                    "{word}: {demand}: {}",
                    (words.many_unjudged)(&of, why)
                )]
            }
            false => group.iter().map(|one| judgement(one, locale)).collect(),
        };
        lines.extend(
            texts
                .iter()
                .flat_map(|text| coloured(text, first.conclusion, style)),
        );
    }
    joined(&lines)
}

/// The lines of a judgement, its conclusion in its colour.
fn coloured(text: &str, conclusion: Conclusion, style: TextStyle) -> Vec<String> {
    let mut lines = style.folded(text, "");
    let (word, rest) = lines[0].split_once(':').unwrap_or((&lines[0], ""));
    let word = match conclusion {
        Conclusion::Passed => style.good(word),
        Conclusion::Failed => style.bad(word),
        Conclusion::Unjudged => style.warn(word),
    };
    lines[0] = format!("{word}:{rest}");
    lines
}

/// One line, such as `FAILED: p99<50ms: sse, 100 clients: …`.
pub fn judgement(judgement: &Judgement, locale: Locale) -> String {
    let conclusion = conclusion(judgement.conclusion, locale.texts());
    format!("{conclusion}: {judgement}")
}

pub(super) fn conclusion(conclusion: Conclusion, texts: &Texts) -> &'static str {
    let [passed, failed, unjudged] = texts.compare.conclusions;
    match conclusion {
        Conclusion::Passed => passed,
        Conclusion::Failed => failed,
        Conclusion::Unjudged => unjudged,
    }
}
