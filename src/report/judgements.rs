//! What came of the demands of a user, as text.

use crate::report::lines::{folded_to, joined};
use crate::stats::judgement::{Conclusion, Judgement};
use crate::texts::Locale;

/// A line a judgement; nothing without any.
pub fn judgements(judged: &[Judgement], width: usize, locale: Locale) -> String {
    let line = |one: &Judgement| folded_to(width, &judgement(one, locale), "");
    joined(&judged.iter().flat_map(line).collect::<Vec<_>>())
}

/// One line, such as `FAILED: p99<50ms: sse, 100 clients: …`.
pub fn judgement(judgement: &Judgement, locale: Locale) -> String {
    let [passed, failed, unjudged] = locale.texts().compare.conclusions;
    let conclusion = match judgement.conclusion {
        Conclusion::Passed => passed,
        Conclusion::Failed => failed,
        Conclusion::Unjudged => unjudged,
    };
    format!("{conclusion}: {judgement}")
}
