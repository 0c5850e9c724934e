//! What a run with `--until` knows, in English.

use crate::texts::{Numbers, UntilTexts};

const N: Numbers = Numbers::ENGLISH;

fn after(rounds: u32) -> String {
    let noun = if rounds == 1 { "round" } else { "rounds" };
    format!("After {} {noun}", N.count(rounds.into()))
}

pub(super) const UNTIL: UntilTexts = UntilTexts {
    figures: [
        ("latency_p50_us", "p50"),
        ("latency_p99_us", "p99"),
        ("all_layers_bytes_per_delivery", "bytes"),
        ("server_cpu_us_per_delivery", "server CPU"),
        ("wire_bytes_per_client_s", "bytes"),
        ("server_cpu_percent", "server CPU"),
    ],
    known: |rounds, [resolved, below], all, bound| {
        let after = after(rounds);
        match resolved + below {
            0 => format!("{after}, none of {all} differences is known."),
            some if below == 0 && some == all => {
                format!("{after}, all {all} differences are resolved.")
            }
            some if below == 0 => format!("{after}, {some} of {all} differences are resolved."),
            some => {
                let each = match resolved {
                    0 => format!("{below} below {bound} %"),
                    some => format!("{some} resolved, {below} below {bound} %"),
                };
                format!("{after}, {some} of {all} differences are known: {each}.")
            }
        }
    },
    below: |bound, pairs| format!("Below {bound} %: {pairs}."),
    open: |pairs| format!("Open: {pairs}."),
    lacking: |figures| format!("Not compared, for a transport has no such figure: {figures}."),
    lacking_in: |figure, pairs, of| match pairs {
        all if all == of => figure.to_owned(),
        some => format!("{figure} in {some} of {of} pairs"),
    },
    pair: |pair, figures| format!("{pair} ({figures})"),
    at: |pair, setting| format!("{pair} at {setting}"),
    too_few: |rounds, least| {
        let after = after(rounds);
        format!("{after}, no difference can be told from noise: the first look is after {least}.")
    },
    nothing: "No trial has figures of two transports to compare.",
    budget: |budget| {
        format!("The budget of {budget} is spent; a longer one (--budget) may show more.")
    },
    most_trials: "The run has as many trials as a run may have.",
    cut: "The run was stopped early.",
};
