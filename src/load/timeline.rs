//! When each phase of a trial begins and ends, on one absolute clock: CLOCK_MONOTONIC, in ns. Pure.
//!
//! ```text
//! ramp-up      warm-up            window              drain
//! ├───────────┼──┬───────────────┼──┬───────────────┼──────────┤
//!                └ lead           └ lead: the first message is due after it
//! ```
//!
//! A timeline begins as the plan has it. A phase ends when its work is done, so the controller
//! moves the later phases whenever the next one begins.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::client::subscription::REST;

/// From the start of a phase that publishes to its first message: longer than pollers rest, so that
/// all of them ask by then.
pub const LEAD: Duration = REST.saturating_add(Duration::from_millis(50));
const LEAD_NS: u64 = LEAD.as_nanos() as u64;

/// A part of a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Phase {
    /// All subscribers connect, paced.
    #[default]
    RampUp,
    /// Messages are published and not recorded.
    WarmUp,
    /// Messages are published and recorded.
    Window,
    /// The last messages arrive.
    Drain,
}

/// How long the phases of a trial take as planned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseLengths {
    pub ramp_up: Duration,
    /// Of the schedule, lead left out; so is the window.
    pub warm_up: Duration,
    pub window: Duration,
    /// The longest wait for the last messages.
    pub drain: Duration,
}

/// The times of a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// When each phase starts; the one before ends there.
    starts_ns: [u64; 4],
    end_ns: u64,
}

impl Timeline {
    /// A trial whose first subscriber dials at `start_ns`.
    pub fn planned(start_ns: u64, lengths: PhaseLengths) -> Self {
        let ns = |length: Duration| length.as_nanos() as u64;
        let warm_up_ns = start_ns + ns(lengths.ramp_up);
        let window_ns = warm_up_ns + LEAD_NS + ns(lengths.warm_up);
        let drain_ns = window_ns + LEAD_NS + ns(lengths.window);
        Timeline {
            starts_ns: [start_ns, warm_up_ns, window_ns, drain_ns],
            end_ns: drain_ns + ns(lengths.drain),
        }
    }

    pub fn start_ns(&self, phase: Phase) -> u64 {
        self.starts_ns[phase as usize]
    }

    pub fn end_ns(&self, phase: Phase) -> u64 {
        let next = self.starts_ns.get(phase as usize + 1);
        *next.unwrap_or(&self.end_ns)
    }

    /// The times between which messages of a phase are due: its start, after the lead, and its end.
    pub fn schedule_ns(&self, phase: Phase) -> (u64, u64) {
        let end_ns = self.end_ns(phase);
        ((self.start_ns(phase) + LEAD_NS).min(end_ns), end_ns)
    }

    /// A phase starts at `at_ns`, earlier or later than planned: it and all later phases move.
    pub fn begin(&mut self, phase: Phase, at_ns: u64) {
        let by_ns = at_ns.wrapping_sub(self.start_ns(phase));
        let moved = &mut self.starts_ns[phase as usize..];
        let moved = moved.iter_mut().chain([&mut self.end_ns]);
        moved.for_each(|at_ns| *at_ns = at_ns.wrapping_add(by_ns));
    }

    /// Seconds since the trial began.
    pub fn elapsed_s(&self, now_ns: u64) -> f64 {
        seconds(self.starts_ns[0], now_ns)
    }

    /// Seconds that the trial takes from its start to the end of its window.
    pub fn whole_s(&self) -> f64 {
        seconds(self.starts_ns[0], self.end_ns(Phase::Window))
    }

    /// Seconds until the end of the window; 0 after it.
    pub fn left_s(&self, now_ns: u64) -> f64 {
        seconds(now_ns, self.end_ns(Phase::Window))
    }
}

fn seconds(from_ns: u64, to_ns: u64) -> f64 {
    to_ns.saturating_sub(from_ns) as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    use Phase::{Drain, RampUp, WarmUp, Window};

    const S: u64 = 1_000_000_000;
    const PHASES: [Phase; 4] = [RampUp, WarmUp, Window, Drain];

    fn planned(seconds: [u64; 4]) -> Timeline {
        let [ramp_up, warm_up, window, drain] = seconds.map(Duration::from_secs);
        let lengths = PhaseLengths {
            ramp_up,
            warm_up,
            window,
            drain,
        };
        Timeline::planned(100 * S, lengths)
    }

    #[test]
    fn phases_follow_each_other_as_planned() {
        for (lengths, starts, end) in [
            ([0, 0, 0, 0], [0, 0, LEAD_NS, 2 * LEAD_NS], 2 * LEAD_NS),
            (
                [2, 5, 30, 10],
                [0, 2 * S, 7 * S + LEAD_NS, 37 * S + 2 * LEAD_NS],
                47 * S + 2 * LEAD_NS,
            ),
        ] {
            let timeline = planned(lengths);
            let seen = PHASES.map(|phase| timeline.start_ns(phase) - 100 * S);
            assert_eq!((seen, timeline.end_ns(Drain) - 100 * S), (starts, end));
            let ends = [1, 2, 3].map(|next| timeline.starts_ns[next]);
            assert_eq!([RampUp, WarmUp, Window].map(|p| timeline.end_ns(p)), ends);
        }
    }

    #[test]
    fn a_window_is_as_long_as_planned_after_its_lead() {
        for window in [0, 30] {
            let timeline = planned([2, 5, window, 10]);
            let (from_ns, to_ns) = timeline.schedule_ns(Window);
            assert_eq!(from_ns, timeline.start_ns(Window) + LEAD_NS);
            assert_eq!(to_ns - from_ns, window * S);
        }
    }

    #[test]
    fn what_is_early_or_late_moves_the_rest_and_keeps_its_lengths() {
        let plan = planned([2, 5, 30, 10]);
        for at_s in [101, 102, 3_000] {
            let mut timeline = plan;
            timeline.begin(WarmUp, at_s * S);
            assert_eq!(timeline.start_ns(RampUp), plan.start_ns(RampUp));
            assert_eq!(timeline.end_ns(RampUp), at_s * S);
            for phase in [WarmUp, Window, Drain] {
                let length = |of: &Timeline| of.end_ns(phase) - of.start_ns(phase);
                assert_eq!(length(&timeline), length(&plan), "{phase}");
            }
        }
        let mut late = plan;
        late.begin(Drain, 1_000 * S);
        assert_eq!(late.end_ns(Window), 1_000 * S, "an overloaded publisher");
        assert_eq!(late.start_ns(Window), plan.start_ns(Window));
    }

    #[test]
    fn what_is_left_ends_with_the_window() {
        let timeline = planned([2, 5, 30, 10]);
        assert_eq!(timeline.whole_s(), 37.3);
        assert_eq!(timeline.elapsed_s(110 * S), 10.0);
        assert_eq!(timeline.left_s(110 * S), 27.3);
        assert_eq!(timeline.left_s(140 * S), 0.0);
    }

    #[test]
    fn phases_have_one_name_everywhere() {
        for phase in PHASES {
            let json = serde_json::to_string(&phase).unwrap();
            assert_eq!(json, format!("\"{phase}\""));
        }
    }
}
