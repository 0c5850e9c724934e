//! What came of the demands of a user, as text.

use crate::report::lines::{folded_to, joined};
use crate::stats::judgement::{Conclusion, Judgement};
use crate::texts::{Locale, Texts};

/// A line a judgement; nothing without any.
pub fn judgements(judged: &[Judgement], width: usize, locale: Locale) -> String {
    let line = |one: &Judgement| folded_to(width, &judgement(one, locale), "");
    joined(&judged.iter().flat_map(line).collect::<Vec<_>>())
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
