//! What the lab does to a trial's processes for its faults, and when. Pure.

use std::time::Duration;

use crate::record::fault::{Fault, FaultKind};

/// Something that is done to a process of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessDeed {
    /// The server ends: with SIGTERM and its history on disk or without, or with SIGKILL.
    EndServer(ServerEnd),
    /// It starts again at the same address.
    StartServer,
    StopServer,
    ContinueServer,
    StopLoad,
    ContinueLoad,
}

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerEnd {
    /// As a service is restarted (SIGTERM); it keeps its history for the next one.
    KeepsHistory,
    /// As a service is restarted, without a history.
    LosesHistory,
    /// SIGKILL.
    Killed,
}

/// A deed, and when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedDeed {
    /// The fault's index in its trial.
    pub fault: usize,
    /// Since the window opened.
    pub after: Duration,
    pub deed: ProcessDeed,
}

/// The deeds of some faults, in the order of their times.
pub fn deeds(faults: &[Fault]) -> Vec<PlannedDeed> {
    use ProcessDeed::*;
    let of_fault = |(number, fault): (usize, &Fault)| {
        let end = match (fault.kind, fault.keeps_history) {
            (FaultKind::KillServer, _) => ServerEnd::Killed,
            (_, true) => ServerEnd::KeepsHistory,
            (_, false) => ServerEnd::LosesHistory,
        };
        let pair = match fault.kind {
            FaultKind::RestartServer | FaultKind::KillServer => Some([EndServer(end), StartServer]),
            FaultKind::StopServer => Some([StopServer, ContinueServer]),
            FaultKind::DeafLoad => Some([StopLoad, ContinueLoad]),
            _ => None,
        };
        let times = [fault.at, fault.at + fault.lasts.unwrap_or_default()];
        pair.into_iter().flat_map(move |pair| {
            let planned = move |(deed, after)| PlannedDeed {
                fault: number,
                after,
                deed,
            };
            pair.into_iter().zip(times).map(planned)
        })
    };
    faults.iter().enumerate().flat_map(of_fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::Faults;

    #[test]
    fn processes_are_ended_and_started_stopped_and_continued() {
        let faults = "restart-server@1s:2s kill-server@5s cut@7s stop-server@8s:1s";
        let faults: Faults = faults.parse().unwrap();
        let faults: Vec<_> = faults.iter().map(|fault| fault.planned(10, 1)).collect();
        let deeds = deeds(&faults);
        let seen: Vec<_> = deeds
            .iter()
            .map(|planned| (planned.fault, planned.after.as_secs(), planned.deed))
            .collect();
        assert_eq!(
            seen,
            [
                (0, 1, ProcessDeed::EndServer(ServerEnd::KeepsHistory)),
                (0, 3, ProcessDeed::StartServer),
                (1, 5, ProcessDeed::EndServer(ServerEnd::Killed)),
                (1, 6, ProcessDeed::StartServer),
                (3, 8, ProcessDeed::StopServer),
                (3, 9, ProcessDeed::ContinueServer),
            ]
        );
    }
}
