//! The rows of `recovery.csv`, and what each of their columns is, as in `trial_row`.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::results::absent::*;
use crate::results::column_type::ColumnType;
use crate::results::columns::columns;
use crate::results::entries::{bytes, count, label, number, us};
use crate::results::metric::MetricOf;
use crate::results::metric::Table::{PrintedRecovery, Recovery};
use crate::transport::Transport;

/// All columns, in the order of the file.
pub static RECOVERY_METRICS: LazyLock<Vec<MetricOf<RecoveryRow>>> = LazyLock::new(columns);

columns! {
    /// One row of `recovery.csv`: what one fault did to one trial. Times in µs count from the
    /// fault's beginning. A figure that does not exist is an empty cell, never 0.
    RecoveryRow;
    /// Name of the scenario.
    scenario: String = label();
    /// Identity of the run: the name of its folder.
    run: String = label();
    /// Number of the combination of factors, from 1.
    cell: u32 = label();
    /// Number of the repetition of that cell, from 1.
    trial: u32 = label();
    /// How messages reach the subscribers.
    transport: Transport = label();
    /// Subscribers over all feeds.
    clients: u32 = label();
    /// Number of the fault in its trial, from 1.
    number: u32 = label();
    /// The fault as in the scenario: `restart-server@10s:2s`.
    fault: String = label();
    /// When the fault began, since the trial began.
    begins_at_s: f64 = label();
    /// When it ended, since the trial began.
    ends_at_s: Option<f64> = label().absent(TO_THE_END);
    /// By how much the fault was done late.
    late_ms: Option<f64> = label().absent("it was not done");
    /// Clients that the fault was meant for.
    affected: u64 = count("Clients", "met").on([(Recovery, 40)]);
    /// Clients that lost their connection.
    noticed: u64 = count("Clients", "noticed");
    /// From the fault's beginning until half of these clients knew that their connection was gone.
    noticed_p50_us: Option<f64> = us("Since the fault", "noticed").short("noticed").lower()
        .beneath(&[("p99", "noticed_p99_us"), ("last", "noticed_last_us")])
        .on([(Recovery, 10), (PrintedRecovery, 10)]).absent(NONE_LOST);
    /// The same of 99 of 100 clients.
    noticed_p99_us: Option<f64> = us("Since the fault", "noticed p99").lower().absent(NONE_LOST);
    /// The same of the last client.
    noticed_last_us: Option<f64> = us("Since the fault", "noticed, last").lower()
        .absent(NONE_LOST);
    /// Clients that were connected again.
    reconnected: u64 = count("Clients", "reconnected");
    /// From the fault's beginning until half of these clients were connected again.
    reconnected_p50_us: Option<f64> = us("Since the fault", "reconnected").short("reconnected")
        .lower().beneath(&[("p99", "reconnected_p99_us"), ("last", "reconnected_last_us")])
        .on([(Recovery, 20), (PrintedRecovery, 20)]).absent(NONE_RECONNECTED);
    /// The same of 99 of 100 clients.
    reconnected_p99_us: Option<f64> = us("Since the fault", "reconnected p99").lower()
        .absent(NONE_RECONNECTED);
    /// The same of the last client.
    reconnected_last_us: Option<f64> = us("Since the fault", "reconnected, last").lower()
        .absent(NONE_RECONNECTED);
    /// Clients that had all messages which were due until the fault was over and they were
    /// connected again.
    caught_up: u64 = count("Clients", "caught up");
    /// From the fault's beginning until half of these clients had the last of these messages.
    caught_up_p50_us: Option<f64> = us("Since the fault", "caught up").short("caught up").lower()
        .beneath(&[("p99", "caught_up_p99_us"), ("last", "caught_up_last_us")])
        .on([(Recovery, 30), (PrintedRecovery, 30)]).absent(NONE_CAUGHT_UP);
    /// The same of 99 of 100 clients.
    caught_up_p99_us: Option<f64> = us("Since the fault", "caught up p99").lower()
        .absent(NONE_CAUGHT_UP);
    /// The same of the last client.
    caught_up_last_us: Option<f64> = us("Since the fault", "caught up, last").lower()
        .absent(NONE_CAUGHT_UP);
    /// Clients that lacked messages at the end, or did not come back.
    behind: u64 = count("Clients", "behind").short("behind").breakage()
        .on([(Recovery, 50), (PrintedRecovery, 40)]);
    /// Deliveries that never came, from this fault's beginning to the next one's. The first fault
    /// counts from the window's opening; so do the next two columns.
    missed: u64 = count("Messages", "missed").short("missed").breakage()
        .on([(Recovery, 80), (PrintedRecovery, 50)]);
    /// Deliveries that came twice.
    duplicate: u64 = count("Messages", "duplicate").breakage().on([(Recovery, 90)]);
    /// Deliveries that came after a later one.
    reordered: u64 = count("Messages", "reordered").breakage().on([(Recovery, 100)]);
    /// Clients that came back without being told of lost messages.
    resumed: u64 = count("Clients", "resumed").higher().on([(Recovery, 60)]);
    /// Times that the server told a client that its cursor does not fit.
    resets: u64 = count("Clients", "resets").short("resets").lower()
        .beneath(&[("messages", "told_missed")]).on([(Recovery, 70), (PrintedRecovery, 60)]);
    /// Messages that the server told clients they had lost.
    told_missed: u64 = count("Messages", "told").only_if(|row: &RecoveryRow| row.resets > 0);
    /// Most connections that were dialled in a second.
    peak_connects_per_s: u64 = count("Peak in a second", "connects").lower()
        .on([(Recovery, 110)]);
    /// Most exchanges that ended in a second.
    peak_exchanges_per_s: u64 = count("Peak in a second", "exchanges").lower()
        .only_if(|row: &RecoveryRow| row.transport.polls()).on([(Recovery, 120)]);
    /// Bytes that it took to set up connections again.
    extra_bytes: u64 = bytes("Set up again", "wire bytes").lower().on([(Recovery, 130)]);
    /// Delivery latency from the fault's beginning on, of the clients that it was meant for: that
    /// of half of the deliveries.
    affected_latency_p50_us: Option<f64> = us("Latency after it", "met p50").lower()
        .absent(NO_DELIVERY);
    /// The same of 99 of 100 deliveries.
    affected_latency_p99_us: Option<f64> = us("Latency after it", "met, p99").lower()
        .absent(NO_DELIVERY);
    /// Delivery latency from the fault's beginning on, of all other clients: that of half of the
    /// deliveries.
    others_latency_p50_us: Option<f64> = us("Latency after it", "others p50").lower()
        .absent(NO_OTHERS);
    /// The same of 99 of 100 deliveries.
    others_latency_p99_us: Option<f64> = us("Latency after it", "others, p99").lower()
        .on([(Recovery, 150)]).absent(NO_OTHERS);
    /// From the fault's beginning until the seconds of the timeline are as those before it.
    steady_after_s: Option<f64> = number("Timeline", "as before (s)").lower()
        .on([(Recovery, 160)]).absent(NEVER_STEADY);
}

/// The column of this name.
pub fn recovery_metric(name: &str) -> Option<&'static MetricOf<RecoveryRow>> {
    RECOVERY_METRICS.iter().find(|metric| metric.name == name)
}
