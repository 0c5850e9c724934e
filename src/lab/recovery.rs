//! What the faults of a trial did, as rows of `recovery.csv` and as columns of its own row.

use hdrhistogram::Histogram;

use crate::lab::fault_schedule::FaultTimes;
use crate::lab::row::{Microseconds, round};
use crate::lab::trial::Trial;
use crate::load::outcome::TrialOutcome;
use crate::load::protocol::Plan;
use crate::record::fault::Fault;
use crate::record::recovery::{Recovery, peak_per_s};
use crate::results::{RecoveryRow, TimelineRow, TrialRow};

/// A second is as those before the fault if its p99 is at most this many times the highest of
/// them …
const AS_BEFORE: f64 = 2.0;
/// … or at most this, in µs: less is within the noise of a second.
const NOISE_US: f64 = 5_000.0;

impl Trial {
    /// A row for each fault of the trial.
    pub(super) fn recovery_rows(
        &self,
        plan: &Plan,
        outcome: &TrialOutcome,
        times: &FaultTimes,
        timeline: &[TimelineRow],
    ) -> Vec<RecoveryRow> {
        let texts = self.cell.factors.fault.iter().map(ToString::to_string);
        let recoveries = outcome.recording.recoveries.iter();
        let each = plan.faults.iter().zip(texts).zip(recoveries).enumerate();
        let row = |(number, ((fault, text), recovery)): (usize, ((&Fault, String), &Recovery))| {
            let begins_at_s = times.opens_s + fault.at.as_secs_f64();
            let ends_at_s = fault.lasts.map(|lasts| begins_at_s + lasts.as_secs_f64());
            let next = plan.faults.get(number + 1);
            let until_s = next.map_or(f64::INFINITY, |next| times.opens_s + next.at.as_secs_f64());
            RecoveryRow {
                number: number as u32 + 1,
                fault: text,
                begins_at_s: round(begins_at_s),
                ends_at_s: ends_at_s.map(round),
                late_ms: times.late_ms(number, fault, recovery).map(round),
                steady_after_s: steady_after_s(timeline, begins_at_s, until_s).map(round),
                ..self.recovered(recovery)
            }
        };
        each.map(row).collect()
    }

    fn recovered(&self, recovery: &Recovery) -> RecoveryRow {
        let at = |histogram: &Histogram<u64>, quantile| Microseconds(histogram).at(quantile);
        let [noticed, reconnected, caught_up] = [
            &recovery.noticed,
            &recovery.reconnected,
            &recovery.caught_up,
        ];
        RecoveryRow {
            scenario: self.scenario.name.clone(),
            run: self.run.clone(),
            cell: self.cell.number,
            trial: self.trial,
            transport: self.cell.factors.transport(),
            clients: self.cell.factors.clients,
            affected: recovery.affected,
            noticed: noticed.len(),
            noticed_p50_us: at(noticed, 0.5),
            noticed_p99_us: at(noticed, 0.99),
            noticed_last_us: at(noticed, 1.0),
            reconnected: reconnected.len(),
            reconnected_p50_us: at(reconnected, 0.5),
            reconnected_p99_us: at(reconnected, 0.99),
            reconnected_last_us: at(reconnected, 1.0),
            caught_up: caught_up.len(),
            caught_up_p50_us: at(caught_up, 0.5),
            caught_up_p99_us: at(caught_up, 0.99),
            caught_up_last_us: at(caught_up, 1.0),
            behind: recovery.behind,
            missed: recovery.missed,
            duplicate: recovery.duplicate,
            reordered: recovery.reordered,
            resumed: recovery.resumed(),
            resets: recovery.resets,
            told_missed: recovery.told_missed,
            peak_connects_per_s: peak_per_s(&recovery.dials),
            peak_exchanges_per_s: peak_per_s(&recovery.exchanges),
            extra_bytes: recovery.set_up_bytes,
            affected_latency_p50_us: at(&recovery.latency_affected, 0.5),
            affected_latency_p99_us: at(&recovery.latency_affected, 0.99),
            others_latency_p50_us: at(&recovery.latency_others, 0.5),
            others_latency_p99_us: at(&recovery.latency_others, 0.99),
            ..RecoveryRow::default()
        }
    }
}

/// The recovery of all clients from all faults, in the columns of the trial's own row.
pub(super) fn recoveries(plan: &Plan, outcome: &TrialOutcome, row: &mut TrialRow) {
    if plan.faults.is_empty() {
        return;
    }
    let mut all = Recovery::default();
    let recoveries = &outcome.recording.recoveries;
    recoveries.iter().for_each(|recovery| all.merge(recovery));
    let at = |histogram: &Histogram<u64>, quantile| Microseconds(histogram).at(quantile);
    row.resumed = Some(all.resumed());
    row.resets = Some(all.resets);
    row.noticed_p50_us = at(&all.noticed, 0.5);
    row.noticed_p99_us = at(&all.noticed, 0.99);
    row.reconnected_p50_us = at(&all.reconnected, 0.5);
    row.reconnected_p99_us = at(&all.reconnected, 0.99);
    row.caught_up_p50_us = at(&all.caught_up, 0.5);
    row.caught_up_p99_us = at(&all.caught_up, 0.99);
    row.caught_up_last_us = at(&all.caught_up, 1.0);
    let peak = |bins: fn(&Recovery) -> &Vec<u32>| {
        recoveries
            .iter()
            .map(|recovery| peak_per_s(bins(recovery)) as f64)
            .reduce(f64::max)
    };
    row.peak_connects_per_s = peak(|recovery| &recovery.dials);
    let polls = plan.transport.polls();
    row.peak_exchanges_per_s = peak(|recovery| &recovery.exchanges).filter(|_| polls);
}

/// From a fault's beginning, how long until all later seconds before `until_s` are as those of the
/// window before it; `None` if there is none of the one or of the other.
fn steady_after_s(timeline: &[TimelineRow], begins_at_s: f64, until_s: f64) -> Option<f64> {
    let of_window = |row: &&TimelineRow| row.phase == "window";
    let window: Vec<&TimelineRow> = timeline.iter().filter(of_window).collect();
    let p99_us = |row: &&&TimelineRow| row.latency_p99_us;
    let before = window.iter().filter(|row| row.at_s <= begins_at_s);
    let highest_us = before
        .clone()
        .filter_map(|row| p99_us(&row))
        .reduce(f64::max)?;
    let connected = before.map(|row| row.connected).max()?;
    let bound_us = (highest_us * AS_BEFORE).max(NOISE_US);
    let is_as_before = |row: &&&TimelineRow| {
        row.connected >= connected && row.latency_p99_us.is_some_and(|us| us <= bound_us)
    };
    let after: Vec<_> = window
        .iter()
        .filter(|row| row.at_s > begins_at_s && row.at_s <= until_s)
        .collect();
    let steady = after
        .iter()
        .rev()
        .take_while(|row| is_as_before(row))
        .count();
    // The second before the first steady one was the last that was not.
    let last_other = after.len().checked_sub(steady + 1);
    match (steady, last_other) {
        (0, _) => None,
        (_, None) => Some(0.0),
        (_, Some(last)) => Some(after[last].at_s - begins_at_s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Transport;

    fn second(at_s: f64, connected: u64, p99_ms: f64) -> TimelineRow {
        TimelineRow {
            scenario: String::new(),
            run: String::new(),
            cell: 1,
            trial: 1,
            transport: Transport::Sse,
            clients: 10,
            at_s,
            phase: "window".to_owned(),
            connected,
            published: 1,
            delivered: 10,
            latency_p50_us: None,
            latency_p99_us: (p99_ms > 0.0).then_some(p99_ms * 1e3),
            latency_max_us: None,
            wire_bytes_down: 0,
            wire_bytes_up: 0,
            server_cpu_percent: None,
            load_cpu_percent: None,
            server_rss_bytes: None,
            load_rss_bytes: None,
            server_connections: None,
        }
    }

    #[test]
    fn the_timeline_is_as_before_once_latency_and_connections_are() {
        let before = [second(1.0, 10, 8.0), second(2.0, 10, 10.0)];
        for (after, expected) in [
            (vec![(10, 9.0), (10, 20.0)], Some(0.0)),
            (vec![(0, 0.0), (10, 900.0), (10, 15.0)], Some(2.0)),
            (vec![(10, 900.0), (10, 9.0), (9, 9.0)], None),
            (vec![(0, 0.0)], None),
            (vec![], None),
        ] {
            let after = (3..).zip(after);
            let after = after.map(|(at, (connected, ms))| second(f64::from(at), connected, ms));
            let timeline: Vec<_> = before.iter().cloned().chain(after).collect();
            assert_eq!(steady_after_s(&timeline, 2.0, 1e9), expected);
        }
        assert_eq!(steady_after_s(&[], 2.0, 1e9), None);
    }
}
