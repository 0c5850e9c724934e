//! Which doubts a fault explains: what it is meant to bring about is a finding, and no doubt.

use crate::record::fault::{Fault, FaultKind};
use crate::results::Warning;

/// Whether a warning is what a fault is meant to bring about.
pub fn explains(fault: &Fault, warning: Warning) -> bool {
    use FaultKind::*;
    use Warning::*;
    match warning {
        // Connections end, and what was under way on them is counted by one end alone.
        ClientsLost | ConnectionsNotKept | EndsDiffer => {
            !matches!(fault.kind, StopServer | DeafLoad)
        }
        // A server that is not there takes no messages, and another one has counted nothing yet.
        PublishFailed | PublisherLate | Unchecked => fault.kind.ends_server(),
        EpochChanged | NumbersJump => fault.kind.ends_server() && !fault.keeps_history,
        // Some clients stay behind, or a history is lost.
        MissedMessages => match fault.kind {
            SlowReaders | HalfOpen => true,
            kind => kind.ends_server() && !fault.keeps_history,
        },
        ProbeIncomplete => fault.kind.ends_server() && !fault.keeps_history,
        // Nothing is done to the probe's clients alone.
        ProbeDiffers => fault.kind.is_of_clients() || fault.kind.ends_server(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::Faults;

    #[test]
    fn a_fault_explains_what_it_brings_about_and_nothing_else() {
        use Warning::*;
        let table = [
            ("restart-server@1s", ClientsLost, true),
            ("restart-server@1s", EpochChanged, false),
            ("restart-server@1s", MissedMessages, false),
            ("restart-server@1s,history=lost", MissedMessages, true),
            ("kill-server@1s", MissedMessages, true),
            ("cut@1s", ClientsLost, true),
            ("cut@1s", MissedMessages, false),
            ("cut@1s", PublishFailed, false),
            ("stop-server@1s", ClientsLost, false),
            ("slow-readers@1s", MissedMessages, true),
            ("deaf-load@1s", LoadStopped, false),
            ("cut@1s", DuplicateMessages, false),
        ];
        for (text, warning, expected) in table {
            let faults: Faults = text.parse().unwrap();
            let fault = faults.iter().next().unwrap().planned(10, 1);
            assert_eq!(explains(&fault, warning), expected, "{text} {warning}");
        }
    }
}
