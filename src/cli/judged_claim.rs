//! What a run says of the claim that it was made for.

use crate::lab::scenario::Scenario;
use crate::report::{JudgedClaim, StatedClaim};
use crate::results::TrialRow;
use crate::texts::Locale;

/// The claim of a scenario, judged by trials; `None` where the scenario has none.
pub(super) fn judged_claim(
    scenario: &Scenario,
    trials: &[TrialRow],
    locale: Locale,
) -> Option<JudgedClaim> {
    let claim = scenario.claim.as_ref()?;
    let stated = StatedClaim {
        name: &scenario.name,
        text: claim.text(locale),
        source: &claim.source,
        says: claim.says,
        range: &claim.range(),
        depends_on: claim.depends_on(locale),
        note: claim.note(locale),
    };
    let figures = claim.figures().measured(scenario, trials);
    Some(JudgedClaim::new(stated, &figures, locale))
}
