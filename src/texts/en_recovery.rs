//! What faults did, in English.

use crate::texts::RecoveryTexts;

pub(super) const RECOVERY: RecoveryTexts = RecoveryTexts {
    title: "Recovery",
    times: [
        (
            "noticed",
            "The client knows that its connection is gone. A server that stands still closes none, \
             so its clients notice nothing.",
        ),
        ("reconnected", "The client is ready to receive again."),
        (
            "caught up",
            "The client has all messages which were due until the fault was over and it was \
             connected again.",
        ),
    ],
    note: "Times count from the fault’s beginning: those of half of the clients, below them p99 and \
           the last client. Behind: clients that had not caught up when the next fault \
           began, or at the end. Peak: the busiest second at the \
           server. As before: the first second from which on latency is as before the fault. Of \
           several trials a time is the median; of what went wrong stand the least and the most. \
           –: it did not happen, or does not exist.",
    after: |fault| format!("After {fault}"),
    p50_to_last: "half of the clients to the last",
    first: |fault, names, times| {
        format!("After {fault}, the last client of {names} had caught up after {times}.")
    },
    first_and_last: |fault, [first, last], [times, time]| {
        format!(
            "After {fault}, the last client had caught up first with {first} ({times}), and last \
             with {last} ({time})."
        )
    },
    together: |fault, times| {
        format!(
            "After {fault}, the last client had caught up at about the same time with all \
             transports ({times})."
        )
    },
    none: |fault| format!("After {fault}, no transport has a time that counts."),
    behind: |cells| format!("Clients that did not catch up: {cells}."),
    nothing_lost: "Nothing was missed, duplicate or out of order.",
    lost: |cells| format!("Lost or disordered: {cells}."),
    told: |cells| format!("Clients were told of lost messages: {cells}."),
    one_trial: "This is one trial of each: times that differ by less than 1.5 times may be chance.",
    left_out: |cells| format!("INVALID, so that its times do not count: {cells}."),
    suspect: |cells| format!("SUSPECT: {cells}."),
    numbered: |number, fault| format!("fault {number}: {fault}"),
};
