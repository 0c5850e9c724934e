//! Claims, in English.

use crate::texts::ClaimTexts;

/// ` 2 hold`; nothing for none.
fn part(count: usize, one: &str, other: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {other}")),
    }
}

pub(super) const CLAIM: ClaimTexts = ClaimTexts {
    title: "Claims about transports, measured here",
    about: "Numbers that are repeated in articles and talks, each measured on this machine.",
    columns: ["claim", "says", "measured", "verdict"],
    figure: "figure",
    holds: "holds",
    does_not_hold: "does not hold",
    not_shown: "not shown",
    depends: "depends",
    no_figure: "no figure",
    invalid: "INVALID trials",
    few_trials: "too few trials",
    wide_interval: "wide interval",
    range: |says, range| format!("It says {says}, and holds within {range}."),
    source: "Source",
    note: "What is measured",
    trials: "trials",
    run: "the run",
    summary: |[all, holds, does_not_hold, depends, not_shown]| {
        let parts = [
            part(holds, "holds", "hold"),
            part(does_not_hold, "does not hold", "do not hold"),
            part(depends, "depends", "depend"),
            part(not_shown, "is not shown", "are not shown"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let claims = if all == 1 { "claim" } else { "claims" };
        format!("Of {all} {claims}: {}.", parts.join(", "))
    },
    doubted: |mark| format!("{mark} a warning touches this figure."),
    intervals: "In brackets: the 95 % interval. A claim holds where the whole interval is in the \
                range that it allows, and does not hold where the whole interval is outside.",
    not_measured: |claim| format!("{claim}: there is no finished trial"),
};
