//! `wslab run --predict`: guesses before the run, and beside them theory and the truth after it.

use std::fmt::Write;
use std::io::{self, BufRead};
use std::time::Duration;

use crate::lab::cells::Cell;
use crate::lab::scenario::Scenario;
use crate::results::TrialRow;
use crate::stats::statistics::median;
use crate::texts::Locale;
use crate::transport::Transport;

/// What is guessed of one cell.
pub(super) struct Guess {
    cell: u32,
    transport: Transport,
    /// `None` where there was no guess.
    latency: Option<Duration>,
}

/// Asks for the mean latency of each transport, in its first cell. Answers are lines of `input`;
/// an empty one, or the end after the first, is no guess. What is no time is asked for again.
///
/// # Errors
/// `UnexpectedEof` if there is no answer at all.
pub(super) fn ask(
    scenario: &Scenario,
    (mut input, mut output): (impl BufRead, impl io::Write),
    locale: Locale,
) -> io::Result<Vec<Guess>> {
    let cells = scenario.cells();
    let asked = scenario.transports.iter().filter_map(|transport| {
        let mut of_transport = cells.iter();
        of_transport.find(|cell| cell.factors.transport() == *transport)
    });
    writeln!(output, "{}", locale.texts().predict.ask)?;
    let guess = |(at, cell): (usize, &Cell)| {
        let latency = match ask_once(cell, &mut input, &mut output, locale) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && at > 0 => None,
            answered => answered?,
        };
        Ok(Guess {
            cell: cell.number,
            transport: cell.factors.transport(),
            latency,
        })
    };
    asked.enumerate().map(guess).collect()
}

fn ask_once(
    cell: &Cell,
    input: &mut impl BufRead,
    output: &mut impl io::Write,
    locale: Locale,
) -> io::Result<Option<Duration>> {
    let (transport, clients) = (cell.factors.transport(), cell.factors.clients);
    loop {
        let clients = (locale.texts().cell.clients)(clients.into());
        write!(output, "{transport}, {clients}: ")?;
        output.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim().is_empty() {
            return Ok(None);
        }
        match humantime::parse_duration(line.trim()) {
            Ok(latency) => return Ok(Some(latency)),
            Err(why) => writeln!(output, "{why}: write a time such as 500us, 2ms or 1s")?,
        }
    }
}

/// Guess, theory and truth of each transport in one table.
pub(super) fn table(guesses: &[Guess], trials: &[TrialRow], locale: Locale) -> String {
    let (texts, numbers) = (&locale.texts().predict, locale.texts().numbers);
    let [what, guess, theory, measured] = texts.columns;
    let mut table = format!("{what:<16}{guess:>12}{theory:>12}{measured:>12}\n");
    for guess in guesses {
        let of_cell = |figure: fn(&TrialRow) -> Option<f64>| {
            let rows = trials.iter().filter(|trial| trial.cell == guess.cell);
            median(&rows.filter_map(figure).collect::<Vec<_>>())
        };
        let time =
            |us: Option<f64>| us.map_or_else(|| "–".to_owned(), |us| numbers.duration_us(us));
        let guessed = guess.latency.map(|guess| guess.as_secs_f64() * 1e6);
        let theory = of_cell(|trial| trial.predicted_latency_mean_us);
        let [guessed, theory, measured] =
            [guessed, theory, of_cell(|trial| trial.latency_mean_us)].map(time);
        let name = guess.transport.to_string();
        writeln!(table, "{name:<16}{guessed:>12}{theory:>12}{measured:>12}")
            .expect("memory takes it");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_stands_beside_theory_and_truth() {
        let scenario = Scenario {
            transports: [Transport::ShortPolling, Transport::Sse].into(),
            clients: [1_000, 2_000].into(),
            ..Scenario::default()
        };
        let mut asked = Vec::new();
        let guesses = ask(&scenario, (&b"soon\n200ms\n\n"[..], &mut asked), Locale::En).unwrap();
        let asked = String::from_utf8(asked).unwrap();
        assert!(asked.contains("sse, 1,000 clients: "), "{asked}");
        assert!(asked.contains("write a time such as"), "{asked}");
        let none = ask(&scenario, (&b""[..], io::sink()), Locale::En).err();
        let kind = none.map(|error| error.kind());
        assert_eq!(kind, Some(io::ErrorKind::UnexpectedEof));
        let trials = scenario.cells().into_iter().map(|cell| TrialRow {
            latency_mean_us: Some(512_000.0),
            predicted_latency_mean_us: (cell.number == 1).then_some(500_000.0),
            ..cell.row()
        });
        assert_eq!(
            table(&guesses, &trials.collect::<Vec<_>>(), Locale::En),
            "mean latency           guess      theory    measured\n\
             short-polling         200 ms      500 ms      512 ms\n\
             sse                        –           –      512 ms\n"
        );
    }
}
