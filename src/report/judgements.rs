//! What came of the demands of a user, as text.

use crate::report::lines::{folded_to, joined};
use crate::stats::judgement::{Conclusion, Judgement};
use crate::texts::{Locale, Texts};

/// A line a judgement; nothing without any.
pub fn judgements(judged: &[Judgement], width: usize, locale: Locale) -> String {
    let texts = locale.texts();
    let line = |judgement: &Judgement| {
        let text = format!("{}: {judgement}", conclusion(judgement, texts));
        folded_to(width, &text, "")
    };
    joined(&judged.iter().flat_map(line).collect::<Vec<_>>())
}

pub(super) fn conclusion(judgement: &Judgement, texts: &Texts) -> &'static str {
    let [passed, failed, unjudged] = texts.compare.conclusions;
    match judgement.conclusion {
        Conclusion::Passed => passed,
        Conclusion::Failed => failed,
        Conclusion::Unjudged => unjudged,
    }
}
