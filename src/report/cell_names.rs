//! What tells the cells of a report apart: their settings and variants.

use crate::results::TrialRow;
use crate::texts::{Locale, Texts};
use crate::transport::Transport;

pub(super) fn name(transport: Transport, variant: &str) -> String {
    [transport.name(), variant].join(" ").trim_end().to_owned()
}

/// The transport and the setting of a cell that has such a row: what distinguishes it from the
/// cells of `all`.
pub fn cell_name(row: &TrialRow, all: &[&TrialRow], locale: Locale) -> String {
    let texts = locale.texts();
    let name = name(row.transport, &variant(row, all, texts));
    format!("{name}, {}", setting(row, all, texts))
}

/// The values of a scenario whose columns are empty.
const USUAL: &str = "usual";
const NO_FAULT: &str = "none";

pub(super) fn setting(row: &TrialRow, all: &[&TrialRow], texts: &Texts) -> String {
    let words = &texts.cell;
    let tls = if row.tls { words.tls } else { words.no_tls };
    let other = texts.condition.other;
    let factors = [
        (vary(all, |t| t.workload.clone()), row.workload.clone()),
        (vary(all, |t| t.feeds), (words.feeds)(row.feeds.into())),
        (vary(all, |t| t.rate_hz), (words.rate)(row.rate_hz)),
        (
            vary(all, |t| t.network.clone()),
            (texts.condition.network)(&row.network.0),
        ),
        (
            vary(all, |t| t.payload_bytes),
            (words.payload)(row.payload_bytes.into()),
        ),
        (vary(all, |t| t.tls), tls.to_owned()),
        (
            vary(all, |t| t.proxy.clone()),
            (words.proxy)(row.proxy.as_deref().unwrap_or_default()),
        ),
        (
            vary(all, |t| t.reconnect.clone()),
            other("reconnect", row.reconnect.as_deref().unwrap_or(USUAL)),
        ),
        (
            vary(all, |t| t.fault.clone()),
            other("fault", row.fault.as_deref().unwrap_or(NO_FAULT)),
        ),
        (
            vary(all, |t| t.headers.clone()),
            (texts.condition.headers)(row.headers.as_deref().unwrap_or_default()),
        ),
        (
            vary(all, |t| t.schedule.clone()),
            (words.schedule)(&row.schedule),
        ),
    ];
    let varying = factors.into_iter().filter(|(varies, _)| *varies);
    let clients = (words.clients)(row.clients.into());
    // Of a trial that is missing no run is known.
    let known: Vec<&TrialRow> = all.iter().copied().filter(|t| !t.run.is_empty()).collect();
    let several = !row.run.is_empty() && vary(&known, |t| t.run.clone());
    let run = several.then(|| (texts.runs.of_cell)(&row.run));
    let parts = [Some(clients), run].into_iter().flatten();
    let parts = parts.chain(varying.map(|(_, text)| text));
    parts.collect::<Vec<_>>().join(", ")
}

pub(super) fn variant(row: &TrialRow, all: &[&TrialRow], texts: &Texts) -> String {
    let words = &texts.cell;
    let same: Vec<&TrialRow> = all
        .iter()
        .copied()
        .filter(|t| t.transport == row.transport)
        .collect();
    let time = |ms: Option<f64>| ms.map(|ms| texts.numbers.round_duration_us(ms * 1000.0));
    let interval = time(row.poll_interval_ms).map(|time| (words.poll_interval)(&time));
    let hold = time(row.hold_ms).map(|time| (words.hold)(&time));
    let keep_alive = row.keep_alive.as_deref().map(words.keep_alive);
    let again = row.aa_of.map(|_| words.again.to_owned());
    let factors = [
        (again.is_some(), again),
        (vary(&same, |t| t.poll_interval_ms), interval),
        (vary(&same, |t| t.hold_ms), hold),
        (vary(&same, |t| t.keep_alive.clone()), keep_alive),
    ];
    let varying = factors.into_iter().filter(|(varies, _)| *varies);
    varying
        .filter_map(|(_, text)| text)
        .collect::<Vec<_>>()
        .join(", ")
}

fn vary<T: PartialEq>(rows: &[&TrialRow], factor: impl Fn(&TrialRow) -> T) -> bool {
    let mut values = rows.iter().map(|row| factor(row));
    let first = values.next();
    values.any(|value| Some(&value) != first.as_ref())
}
