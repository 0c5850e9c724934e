//! What became of the messages of a window, by the publisher's record.

use crate::load::outcome::WindowMessages;
use crate::load::protocol::Plan;
use crate::record::fault;
use crate::record::message_record::{MessageRecord, Scheduled};
use crate::record::recovery::Recovery;
use crate::record::trial_board::TrialBoard;

impl WindowMessages {
    /// What became of each message that was due in the window, for the subscribers of a plan;
    /// `left_out` of them are not on the board.
    pub fn read(board: &TrialBoard, plan: &Plan, left_out: u64) -> Self {
        let mut messages = WindowMessages {
            due: left_out,
            not_sent: left_out,
            ..WindowMessages::default()
        };
        for (message, record) in of_window(board) {
            messages.due += 1;
            if record.published() {
                messages.published += 1;
                messages.expected += plan.subscribers(message.feed as usize);
                messages.missed += missed(plan, &message, record);
            } else {
                messages.failed += u64::from(record.failed());
                messages.not_sent += u64::from(!record.failed());
                messages.unexpected += record.deliveries();
            }
        }
        messages
    }
}

/// Adds the deliveries that never came to the fault at or before which their messages were due; to
/// the first one where there was none before.
pub fn missed_by_fault(board: &TrialBoard, plan: &Plan, recoveries: &mut [Recovery]) {
    let Some(opens_ns) = board.faults_from_ns().filter(|_| !recoveries.is_empty()) else {
        return;
    };
    for (message, record) in of_window(board).filter(|(_, record)| record.published()) {
        let fault = fault::latest(&plan.faults, opens_ns, message.due_ns).unwrap_or(0);
        recoveries[fault].missed += missed(plan, &message, record);
    }
}

fn of_window(board: &TrialBoard) -> impl Iterator<Item = (Scheduled, MessageRecord<'_>)> {
    let messages = board.messages();
    messages.filter(|(message, _)| board.in_window(message.due_ns))
}

/// Deliveries of a published message that never came.
fn missed(plan: &Plan, message: &Scheduled, record: MessageRecord<'_>) -> u64 {
    let readers = plan.subscribers(message.feed as usize);
    readers.saturating_sub(record.deliveries())
}
