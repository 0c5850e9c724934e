//! Cells whose figures rest on batching: several messages share an answer or a write, and with it
//! its bytes and its CPU time.

use crate::report::cells::ReportCell;
use crate::transport::Transport;

/// Follows a figure that rests on batching.
pub(super) const BATCHED: &str = "*";
/// From so many messages an answer or a write on, figures rest on batching.
const SEVERAL: f64 = 1.2;

/// The figures that batching makes cheap.
const CHEAPER: [&str; 3] = [
    "all_layers_bytes_per_delivery",
    "wire_bytes_per_delivery",
    "server_cpu_us_per_delivery",
];

/// What several messages share.
enum Shared {
    Exchange(f64),
    Write(f64),
}

fn shared(cell: &ReportCell) -> Option<Shared> {
    let exchange = cell.median(|trial| trial.messages_per_exchange);
    let write = cell.median(|trial| trial.messages_per_write);
    let shared = match exchange {
        Some(messages) => Shared::Exchange(messages),
        None => Shared::Write(write?),
    };
    let (Shared::Exchange(messages) | Shared::Write(messages)) = shared;
    (messages > SEVERAL).then_some(shared)
}

/// Whether a figure of this cell rests on batching.
pub(super) fn is_cheaper(metric: &str, cell: &ReportCell) -> bool {
    CHEAPER.contains(&metric) && shared(cell).is_some()
}

/// What batching does to a cell, in a sentence.
pub(super) fn meaning(cell: &ReportCell) -> Option<String> {
    let (words, name) = (&cell.texts.answer, cell.name());
    let trial = cell.trials[0];
    let one_each = || {
        let polls = cell.transport == Transport::ShortPolling && trial.rate_hz > 0.0;
        polls.then(|| cell.texts.numbers.round_duration_us(1e6 / trial.rate_hz))
    };
    Some(match shared(cell)? {
        Shared::Exchange(messages) => {
            let messages = written(messages, cell);
            (words.per_exchange)(BATCHED, &name, &messages, one_each().as_deref())
        }
        Shared::Write(messages) => (words.per_write)(BATCHED, &name, &written(messages, cell)),
    })
}

fn written(messages: f64, cell: &ReportCell) -> String {
    cell.texts.numbers.fixed(messages, 1)
}
