//! When the faults of a trial are due and were done, as its time goes on.

use std::collections::VecDeque;
use std::time::Duration;

use crate::lab::fault_plan::{PlannedDeed, ProcessDeed, deeds};
use crate::load::outcome::TrialOutcome;
use crate::load::protocol::Plan;
use crate::record::fault::Fault;
use crate::record::recovery::Recovery;
use crate::runtime::clock;

/// What is still to be done to the processes of a trial.
#[derive(Debug)]
pub struct FaultSchedule {
    deeds: VecDeque<PlannedDeed>,
    times: FaultTimes,
}

impl FaultSchedule {
    pub fn new(faults: &[Fault]) -> Self {
        FaultSchedule {
            deeds: deeds(faults).into(),
            times: FaultTimes::default(),
        }
    }

    /// The window opens at a time of the monotonic clock, so many seconds after the trial began.
    pub fn window_opens(&mut self, at_ns: u64, at_s: f64) {
        (self.times.opens_ns, self.times.opens_s) = (at_ns, at_s);
    }

    /// Waits until the next deed is due, and takes it; for ever without one, or before the window
    /// is known. May be cancelled without loss.
    pub async fn next(&mut self) -> ProcessDeed {
        let next = self.deeds.front().filter(|_| self.times.opens_ns != 0);
        let Some(&PlannedDeed { fault, after, deed }) = next else {
            return std::future::pending().await;
        };
        let due_ns = self.times.opens_ns + after.as_nanos() as u64;
        let left_ns = due_ns.saturating_sub(clock::now_ns());
        tokio::time::sleep(Duration::from_nanos(left_ns)).await;
        self.deeds.pop_front();
        // A server may take longer to end than it was to be away.
        if deed != ProcessDeed::StartServer {
            let late_ns = clock::now_ns().saturating_sub(due_ns);
            self.times.late.push((fault, Duration::from_nanos(late_ns)));
        }
        deed
    }

    pub fn times(&self) -> &FaultTimes {
        &self.times
    }
}

/// When the faults of a trial were.
#[derive(Clone, Debug, Default)]
pub struct FaultTimes {
    /// When the window opened, on the monotonic clock; 0 if it never did.
    pub opens_ns: u64,
    /// The same in seconds since the trial began.
    pub opens_s: f64,
    /// By how much each deed of the lab was late, with the index of its fault.
    pub late: Vec<(usize, Duration)>,
}

impl FaultTimes {
    /// By how much a fault was done late; `None` if it never was.
    pub(super) fn late_ms(&self, number: usize, fault: &Fault, recovery: &Recovery) -> Option<f64> {
        let ms = |late: Duration| late.as_secs_f64() * 1e3;
        if fault.kind.is_of_clients() {
            let late_ns = recovery
                .began_at_ns
                .checked_sub(fault.begins_ns(self.opens_ns))?;
            return Some(ms(Duration::from_nanos(late_ns)));
        }
        let own = self.late.iter().filter(|(of, _)| *of == number);
        own.map(|(_, late)| ms(*late)).max_by(f64::total_cmp)
    }

    /// The same of all faults; infinite if one was not done, or not to its clients.
    pub fn worst_ms(&self, plan: &Plan, outcome: &TrialOutcome) -> f64 {
        let faults = plan.faults.iter().enumerate();
        let late_ms = faults.map(|(number, fault)| {
            let recovery = outcome.recording.recoveries.get(number)?;
            let met_others = fault.kind.is_of_clients() && recovery.done != recovery.affected;
            let late_ms = self.late_ms(number, fault, recovery);
            late_ms.filter(|_| !met_others)
        });
        let late_ms = late_ms.map(|late_ms| late_ms.unwrap_or(f64::INFINITY));
        late_ms.fold(0.0, f64::max)
    }
}
