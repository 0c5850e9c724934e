//! What a run says for a need: statements on each transport, and the answer.

use serde::Serialize;

use crate::report::advice::command;
use crate::report::advice::facts::{Told, facts};
use crate::report::advice::measured::{self, Met};
use crate::report::advice::need::Need;
use crate::report::advice::statement::{Ground, Side, Statement};
use crate::report::answer::conclusion;
use crate::report::cells::{ReportCell, cells, settings};
use crate::report::clauses::{self, Found, prose_name};
use crate::report::columns::only_waits;
use crate::report::conditions::conditions;
use crate::results::{TrialRow, Verdict};
use crate::stats::statistics::FEWEST;
use crate::texts::{Locale, Texts};
use crate::transport::Transport;
use crate::transport::theory::Prediction;

/// What a run says for a need.
#[derive(Clone, Debug, Serialize)]
pub struct Advice {
    pub need: Need,
    /// The cells that are nearest to the need, with their conditions.
    pub nearest: String,
    pub cells: Vec<u32>,
    /// How far they are from the need, a sentence a factor; empty where they are as needed.
    pub distances: Vec<String>,
    /// By transport; those that concern all are the last.
    pub statements: Vec<Statement>,
    /// Transports that are ruled out, by the names that statements have.
    pub out: Vec<String>,
    /// Whether a transport has a figure that is not INVALID.
    pub is_measured: bool,
    /// Which transports remain, and which are out and why.
    pub answer: String,
}

/// What is known beside the trials.
#[derive(Clone, Copy, Debug, Default)]
pub struct Theory<'t> {
    /// What theory predicts for the need.
    pub predictions: &'t [(Transport, Prediction)],
    /// Whether this machine is calibrated.
    pub calibrated: bool,
}

/// What the trials of a run say for a need; `None` without any.
pub fn advise(trials: &[TrialRow], need: &Need, theory: Theory, locale: Locale) -> Option<Advice> {
    advised(trials, need, Told::For(need), theory, locale)
}

/// The same without a need, with all that follows from protocols.
pub(super) fn for_any_need(trials: &[TrialRow], locale: Locale) -> Option<Advice> {
    let (need, theory) = (Need::default(), Theory::default());
    advised(trials, &need, Told::All, theory, locale)
}

fn advised(
    trials: &[TrialRow],
    need: &Need,
    told: Told,
    theory: Theory,
    locale: Locale,
) -> Option<Advice> {
    let texts = locale.texts();
    let all = cells(trials, locale);
    let waiting = only_waits(&all);
    let settings = settings(&all);
    let nearest = need.nearest(&settings)?;
    // The second half of an A/A pair shows the noise.
    let is_once = |cell: &&&ReportCell| cell.trials[0].aa_of.is_none();
    let group: Vec<&ReportCell> = nearest.iter().filter(is_once).copied().collect();
    let distances = need.distances(group.first()?.trials[0], texts);
    let case = Case {
        need,
        told,
        texts,
        waiting,
        theory,
        instead: (texts.advice.instead)(&distances),
        usable: group.iter().copied().filter(is_usable).collect(),
        group,
    };
    let each = case.each();
    let rows = case.group.iter().flat_map(|cell| cell.trials.iter());
    let rows: Vec<TrialRow> = rows.copied().cloned().collect();
    let numbers: Vec<u32> = case.group.iter().map(|cell| cell.number).collect();
    let sentences = distances.iter();
    let sentences = sentences.map(|it| (texts.advice.distance)(&it.measured, &it.needed));
    let out = each.iter().filter(|of| of.out.is_some());
    Some(Advice {
        need: need.clone(),
        nearest: (texts.advice.nearest)(&numbers, &conditions(&rows, locale)),
        cells: numbers,
        distances: sentences.collect(),
        out: out.map(|of| of.name.clone()).collect(),
        is_measured: !case.usable.is_empty(),
        answer: case.answer(&each),
        statements: case.statements(&each),
    })
}

fn is_usable(cell: &&ReportCell) -> bool {
    cell.trials
        .iter()
        .any(|trial| trial.verdict != Verdict::Invalid)
}

/// A need beside the cells that are nearest to it.
struct Case<'a, 'r> {
    need: &'a Need,
    told: Told<'a>,
    texts: &'static Texts,
    /// Nothing was published.
    waiting: bool,
    theory: Theory<'a>,
    /// What was measured instead of what is needed; empty for nothing.
    instead: String,
    group: Vec<&'a ReportCell<'r>>,
    /// Those with trials that are not INVALID.
    usable: Vec<&'a ReportCell<'r>>,
}

/// What is said of a transport.
struct OfTransport<'a, 'r> {
    transport: Transport,
    /// As in tables.
    name: String,
    /// `None` where it was not measured.
    cell: Option<&'a ReportCell<'r>>,
    statements: Vec<Statement>,
    /// Why it is ruled out.
    out: Option<String>,
    /// Objectives of which it is not known whether they are met.
    open: Vec<String>,
}

impl<'a, 'r> Case<'a, 'r> {
    /// All statements. Of a transport, what was measured stands first, and what is not known last.
    fn statements(&self, each: &[OfTransport]) -> Vec<Statement> {
        let mut statements = Vec::new();
        for of in each {
            let mut said = of.statements.clone();
            let predicted = self.theory.predictions.iter();
            let mut predicted = predicted.filter(|_| of.is_choice() && self.is_apart());
            let predicted = predicted.find(|(one, _)| *one == of.transport);
            said.extend(predicted.map(|(_, it)| self.predicted(of, it)));
            said.sort_by_key(|statement| statement.ground);
            statements.extend(said);
        }
        statements.extend(self.unknown(each));
        statements
    }

    /// Whether what was measured is not what is needed.
    fn is_apart(&self) -> bool {
        !self.instead.is_empty()
    }

    /// Each transport that was measured or may be chosen.
    fn each(&self) -> Vec<OfTransport<'a, 'r>> {
        let compared = self.usable.iter().copied();
        let compared = compared.filter(|cell| cell.transport != Transport::BASELINE);
        let compared: Vec<&ReportCell> = compared.collect();
        let found = clauses::found_with_tail(&compared, self.waiting, self.texts);
        let mut each = Vec::new();
        for transport in Transport::ALL {
            let cells = self.group.iter().filter(|cell| cell.transport == transport);
            let cells: Vec<&'a ReportCell<'r>> = cells.copied().collect();
            for cell in &cells {
                each.push(self.of_cell(cell, &compared, &found));
            }
            if cells.is_empty() && transport != Transport::BASELINE {
                let name = transport.name();
                let mut of = self.of_protocol((transport, name), None);
                of.statements.push(Statement::on(
                    (transport, name),
                    Ground::NotKnown,
                    Side::Neither,
                    self.texts.advice.not_measured.to_owned(),
                ));
                each.push(of);
            }
        }
        each
    }

    /// What follows from protocols. The baseline is no choice, whatever is needed.
    fn of_protocol(
        &self,
        (transport, name): (Transport, &str),
        cell: Option<&'a ReportCell<'r>>,
    ) -> OfTransport<'a, 'r> {
        let statements = facts((transport, name), self.told, self.texts);
        let out = statements.iter().find(|it| it.side == Side::Out);
        OfTransport {
            transport,
            name: name.to_owned(),
            cell,
            out: out.map(|it| it.text.clone()),
            statements,
            open: Vec::new(),
        }
    }

    fn of_cell(
        &self,
        cell: &'a ReportCell<'r>,
        compared: &[&ReportCell],
        found: &[Found],
    ) -> OfTransport<'a, 'r> {
        let (texts, name) = (self.texts, cell.name());
        let mut of = self.of_protocol((cell.transport, &name), Some(cell));
        let is_out = of.out.is_some();
        let mut said = Vec::new();
        for objective in self.need.slo.iter().filter(|_| !is_out && is_usable(&cell)) {
            let judged = measured::objective(objective, cell, self.need, &self.instead, texts);
            let Some(judged) = judged else { continue };
            match judged.met {
                Met::Yes => {}
                Met::No => of.out = of.out.take().or(Some(judged.why)),
                Met::NotKnown => of.open.push(objective.to_string()),
            }
            said.push(judged.statement);
        }
        if !is_usable(&cell) {
            let warnings = cell.warnings().into_iter().map(|(name, _)| name);
            let warnings = warnings.collect::<Vec<_>>().join(", ");
            let text = (texts.advice.all_invalid)(&warnings);
            let on = (cell.transport, name.as_str());
            said.push(Statement::on(on, Ground::NotKnown, Side::Neither, text));
        } else if let Some(at) = compared.iter().position(|it| it.number == cell.number) {
            let figures = found.iter();
            said.extend(figures.filter_map(|it| measured::figure(it, at, compared, texts)));
            said.extend(measured::publishing(cell, texts).filter(|_| self.need.two_way));
        }
        said.append(&mut of.statements);
        of.statements = said;
        of
    }

    fn predicted(&self, of: &OfTransport, prediction: &Prediction) -> Statement {
        let numbers = self.texts.numbers;
        let time = |us: Option<f64>| us.map(|us| numbers.duration_us(us));
        let latency = time(prediction.latency_mean_us);
        let cpu = time(prediction.server_cpu_us_per_delivery);
        let bytes = numbers.bytes(prediction.wire_bytes_per_delivery);
        let text = (self.texts.advice.predicted)(latency.as_deref(), &bytes, cpu.as_deref());
        let on = (of.transport, of.name.as_str());
        Statement::on(on, Ground::Theory, Side::Neither, text)
    }

    /// What is not known of all transports, with what to run.
    fn unknown(&self, each: &[OfTransport]) -> Vec<Statement> {
        let words = &self.texts.advice;
        let mut unknown = Vec::new();
        let mut add = |text: String, command: String| {
            unknown.push(Statement {
                command: Some(command),
                ..Statement::general(Ground::NotKnown, Side::Neither, text)
            });
        };
        let choices = || each.iter().filter(|of| of.is_choice());
        let mut transports: Vec<Transport> = choices().map(|of| of.transport).collect();
        transports.dedup();
        let least = choices()
            .filter_map(|of| Some(of.cell?.counted().len()))
            .min();
        let lacks: Vec<String> = choices()
            .filter(|of| !of.is_measured())
            .map(|of| of.name.clone())
            .collect();
        let mut why = Vec::new();
        if self.is_apart() {
            why.push((words.elsewhere_measured)(&self.instead));
        }
        if !lacks.is_empty() {
            why.push((words.lacks)(&(self.texts.answer.list)(&lacks)));
        }
        why.extend(
            least
                .filter(|least| *least < FEWEST)
                .map(|least| (words.few)(least, FEWEST)),
        );
        let open = choices().any(|of| !of.open.is_empty());
        if !transports.is_empty() && (!why.is_empty() || open) {
            let command = command::measure(self.need, &self.group, &transports);
            if why.is_empty() {
                why.push(words.not_judged.to_owned());
            }
            add(why.join("; "), command);
        }
        if self.need.proxies {
            add(
                words.no_proxy.to_owned(),
                command::behind_a_proxy(&transports),
            );
        }
        if self.is_apart() && !self.theory.calibrated && !transports.is_empty() {
            let command = "wslab doctor --calibrate".to_owned();
            add(words.not_calibrated.to_owned(), command);
        }
        unknown
    }

    /// Which transports remain, in groups, and which are out and why.
    fn answer(&self, each: &[OfTransport]) -> String {
        let (texts, words) = (self.texts, &self.texts.advice);
        let remaining = each.iter().filter(|of| of.is_choice());
        let cells = remaining.clone().filter_map(|of| of.cell);
        let cells: Vec<&ReportCell> = cells.filter(is_usable).collect();
        let found = clauses::found(&cells, self.waiting, texts);
        let names: Vec<String> = cells.iter().map(|cell| prose_name(cell)).collect();
        let mut remain = match &names[..] {
            _ if found.is_empty() => words.none_remains.to_owned(),
            [one] => (words.one_remains)(one),
            names => {
                let conclusion = conclusion(&found, &cells, texts);
                (words.remain)(&(texts.answer.list)(names), &conclusion)
            }
        };
        let mut open: Vec<String> = Vec::new();
        for objective in remaining.flat_map(|of| &of.open) {
            if !open.contains(objective) {
                open.push(objective.clone());
            }
        }
        let lacks = each.iter().filter(|of| of.is_choice() && !of.is_measured());
        open.extend(lacks.map(|of| of.prose_name(texts)));
        if !open.is_empty() {
            remain = (words.open)(&remain, &open);
        }
        if self.is_apart() && !found.is_empty() {
            remain = (words.as_measured)(&self.instead, &remain);
        }
        let mut sentences = vec![(texts.answer.sentence)(&remain)];
        let out: Vec<(String, String)> = each
            .iter()
            .filter_map(|of| Some((of.prose_name(texts), of.out.clone()?)))
            .collect();
        if !out.is_empty() {
            sentences.push((words.out)(&out));
        }
        sentences.join(" ")
    }
}

impl OfTransport<'_, '_> {
    fn is_choice(&self) -> bool {
        self.out.is_none() && self.transport != Transport::BASELINE
    }

    fn is_measured(&self) -> bool {
        self.cell.as_ref().is_some_and(is_usable)
    }

    fn prose_name(&self, texts: &Texts) -> String {
        match self.cell {
            Some(cell) => prose_name(cell),
            None => (texts.translate)(self.transport.title()).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Transport::{LongPolling, RawTcp, ShortPolling, Sse, WebSocket};

    /// Trials with such medians of p50 in ms, whose other figures are alike.
    fn rows(cell: u32, transport: Transport, clients: u32, p50_ms: &[f64]) -> Vec<TrialRow> {
        let row = |(ms, trial): (&f64, u32)| TrialRow {
            cell,
            trial,
            transport,
            clients,
            workload: "monitoring".to_owned(),
            schedule: "constant".to_owned(),
            feeds: 1,
            rate_hz: 1.0,
            payload_bytes: 64,
            window_s: 10.0,
            published: 10,
            delivered: 1_000,
            expected: 1_000,
            latency_p50_us: Some(ms * 1e3),
            latency_p99_us: Some(ms * 2e3),
            ..TrialRow::default()
        };
        p50_ms.iter().zip(1..).map(row).collect()
    }

    const AROUND: [f64; 5] = [6.0, 6.1, 5.9, 6.2, 5.8];

    fn polled() -> Vec<TrialRow> {
        let polled = [500.0, 490.0, 510.0, 495.0, 505.0];
        [
            rows(1, ShortPolling, 1_000, &polled),
            rows(2, Sse, 1_000, &AROUND),
            rows(3, WebSocket, 1_000, &AROUND),
            rows(4, RawTcp, 1_000, &AROUND),
        ]
        .concat()
    }

    fn said(trials: &[TrialRow], need: &Need) -> Advice {
        advise(trials, need, Theory::default(), Locale::En).unwrap()
    }

    fn slo(text: &str) -> Need {
        Need {
            slo: vec![text.parse().unwrap()],
            ..Need::default()
        }
    }

    /// What is said of a cell's figure.
    fn of<'a>(advice: &'a Advice, cell: u32, metric: &str) -> &'a Statement {
        let mut all = advice.statements.iter();
        let is_it = |it: &&Statement| it.cell == Some(cell) && it.metric == Some(metric);
        all.find(is_it)
            .unwrap_or_else(|| panic!("{cell} {metric}: {advice:?}"))
    }

    #[test]
    fn a_figure_has_its_cell_column_interval_and_group() {
        let advice = said(&polled(), &Need::default());
        assert_eq!(advice.cells, [1, 2, 3, 4]);
        let late = of(&advice, 1, "latency_p50_us");
        assert_eq!((late.side, late.ground), (Side::Against, Ground::Measured));
        assert_eq!((late.value, late.trials), (Some(500_000.0), Some(5)));
        assert_eq!((late.low, late.high), (Some(490_000.0), Some(510_000.0)));
        assert!(
            late.text.starts_with(
                "Delivery latency p50 500 ms (490–510 ms), not in the lowest group: 494 ms later"
            ),
            "{}",
            late.text
        );
        let soon = of(&advice, 2, "latency_p50_us");
        assert_eq!(soon.side, Side::For);
        assert!(
            soon.text.ends_with("in the lowest group with WebSocket"),
            "{}",
            soon.text
        );
        // The baseline is no choice.
        assert!(advice.statements.iter().all(|it| it.cell != Some(4)));
        let answer = &advice.answer;
        assert!(
            answer.starts_with("Short polling, SSE and WebSocket remain; take SSE or WebSocket: "),
            "{answer}"
        );
    }

    #[test]
    fn what_misses_an_objective_is_out_with_its_figure_and_nothing_ranks_the_rest() {
        let advice = said(&polled(), &slo("p99<200ms"));
        assert_eq!(advice.out, ["short-polling"]);
        assert_eq!(
            advice.answer,
            "SSE and WebSocket remain; nothing that was measured decides between SSE and \
             WebSocket; not shown for what you need: long polling, NDJSON. Out: short polling \
             (p99 1.00 s, 800 ms over 200 ms)."
        );
        let missed = of(&advice, 1, "latency_p99_us");
        assert_eq!((missed.side, missed.value), (Side::Out, Some(1e6)));
        let met = of(&advice, 2, "latency_p99_us");
        assert_eq!(
            met.text,
            "p99<200ms is met: p99 12.0 ms, 188 ms under 200 ms"
        );
        // One transport alone, and none.
        let trials = [
            rows(1, Sse, 10, &AROUND),
            rows(2, LongPolling, 10, &[900.0; 5]),
        ]
        .concat();
        let advice = said(&trials, &slo("p99<200ms"));
        assert!(
            advice.answer.starts_with("SSE alone remains;"),
            "{}",
            advice.answer
        );
        let advice = said(&trials, &slo("p99<1ms"));
        assert!(
            advice
                .answer
                .starts_with("No transport that was measured remains;"),
            "{}",
            advice.answer
        );
    }

    #[test]
    fn the_nearest_cells_are_used_and_nothing_is_extrapolated() {
        let trials = [
            rows(1, Sse, 100, &AROUND),
            rows(2, Sse, 1_000, &AROUND),
            rows(3, WebSocket, 100, &AROUND),
            rows(4, WebSocket, 1_000, &[300.0; 5]),
        ]
        .concat();
        let need = |clients| Need {
            clients: Some(clients),
            ..slo("p99<200ms")
        };
        for (clients, cells) in [(50, [1, 3]), (300, [1, 3]), (400, [2, 4]), (9_000, [2, 4])] {
            assert_eq!(said(&trials, &need(clients)).cells, cells, "{clients}");
        }
        // It is met with fewer clients, and missed with fewer: only the second is an answer.
        let advice = said(&trials, &need(5_000));
        assert_eq!(advice.out, ["websocket"]);
        let distance =
            "Measured with 1,000 clients; you need 5,000 clients: nothing is extrapolated.";
        assert_eq!(advice.distances, [distance]);
        let met = of(&advice, 2, "latency_p99_us");
        assert_eq!(met.side, Side::Neither);
        let elsewhere = "measured with 1,000 clients instead of 5,000 clients, so not shown";
        assert!(met.text.ends_with(elsewhere), "{}", met.text);
        // It is missed with more clients than needed, so that it is not known.
        let advice = said(&trials, &need(600));
        assert!(advice.out.is_empty(), "{:?}", advice.out);
        let command = advice
            .statements
            .iter()
            .find_map(|it| it.command.as_deref());
        let expected =
            "wslab run --clients 600 --rate 1 --payload 64 --repeats 5 --slo 'p99<200ms'";
        assert_eq!(command, Some(expected));
    }

    #[test]
    fn invalid_trials_say_nothing_and_suspect_figures_are_marked() {
        let mut trials = polled();
        for trial in trials.iter_mut().filter(|trial| trial.transport == Sse) {
            trial.verdict = Verdict::Invalid;
            trial.warnings = "missed-messages".to_owned();
        }
        for trial in trials
            .iter_mut()
            .filter(|trial| trial.transport == WebSocket)
        {
            trial.verdict = Verdict::Suspect;
            trial.warnings = "load-stalled".to_owned();
            trial.doubted_figures = Some("load-stalled:p99".to_owned());
        }
        let advice = said(&trials, &slo("p99<200ms"));
        assert!(advice.statements.iter().all(|it| it.cell != Some(2)));
        let sse = advice
            .statements
            .iter()
            .filter(|it| it.transport == Some(Sse));
        let texts: Vec<&str> = sse.map(|it| it.text.as_str()).collect();
        assert_eq!(texts, ["every trial is INVALID: missed-messages"]);
        assert_eq!(
            of(&advice, 3, "latency_p50_us").verdict,
            Some(Verdict::Valid)
        );
        let doubted = of(&advice, 3, "latency_p99_us");
        assert_eq!(doubted.verdict, Some(Verdict::Suspect));
        assert_eq!(doubted.warnings.as_deref(), Some("load-stalled"));
        assert!(
            advice
                .answer
                .contains("not shown for what you need: p99<200ms, ")
        );
        trials
            .iter_mut()
            .for_each(|trial| trial.verdict = Verdict::Invalid);
        let advice = said(&trials, &Need::default());
        assert!(!advice.is_measured);
        assert_eq!(
            advise(&[], &Need::default(), Theory::default(), Locale::En).map(|_| ()),
            None
        );
    }

    #[test]
    fn theory_is_told_only_of_what_was_not_measured_and_is_named_as_theory() {
        let prediction = Prediction {
            latency_mean_us: Some(8_200.0),
            wire_bytes_per_delivery: 170.0,
            server_cpu_us_per_delivery: None,
        };
        let theory = Theory {
            predictions: &[(Sse, prediction)],
            calibrated: true,
        };
        for (clients, told) in [(1_000, 0), (5_000, 1)] {
            let need = Need {
                clients: Some(clients),
                ..Need::default()
            };
            let advice = advise(&polled(), &need, theory, Locale::En).unwrap();
            let told_of = advice
                .statements
                .iter()
                .filter(|it| it.ground == Ground::Theory);
            let texts: Vec<&str> = told_of.map(|it| it.text.as_str()).collect();
            assert_eq!(texts.len(), told);
            let expected =
                "mean latency 8.20 ms and 170 B on the wire a delivery, for what you need";
            assert!(texts.iter().all(|text| *text == expected), "{texts:?}");
        }
    }

    #[test]
    fn a_chat_says_what_publishing_sends() {
        let mut trials = polled();
        for trial in &mut trials {
            trial.workload = "chat".to_owned();
            trial.wire_bytes_up = 2_500;
        }
        let need = Need {
            two_way: true,
            ..Need::default()
        };
        let advice = said(&trials, &need);
        assert!(advice.distances.is_empty(), "{:?}", advice.distances);
        for (cell, side) in [(2, Side::Against), (3, Side::For)] {
            let sent = of(&advice, cell, "wire_bytes_up");
            assert_eq!(sent.side, side);
            assert_eq!(
                sent.text,
                "a client sends 250 B for each message that is published"
            );
        }
        let advice = said(&polled(), &need);
        let one_way = "Measured with clients that only read; you need clients that publish: \
                       nothing is extrapolated.";
        assert_eq!(advice.distances, [one_way]);
    }
}
