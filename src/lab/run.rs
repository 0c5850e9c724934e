//! A run: the trials of a scenario, one after the other.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use crate::client::discover;
use crate::client::target::Target;
use crate::client::tls::Trust;
use crate::client::token::Token;
use crate::error::{Interrupted, UsageError};
use crate::lab::calibration::Calibration;
use crate::lab::capacity::search::Search;
use crate::lab::environment::{Environment, NetworkInForce};
use crate::lab::factors::{List, Switch};
use crate::lab::preflight::{self, Checked};
use crate::lab::processes::{ChildProcesses, TrialProcesses};
use crate::lab::progress::{ProgressDisplay, RunLength};
use crate::lab::proxy;
use crate::lab::rounds::RoundsDone;
use crate::lab::run_folder::RunFolder;
use crate::lab::scenario::Scenario;
use crate::lab::trial::{Trial, TrialHost};
use crate::results::{TrialRow, Verdict, touched};
use crate::stats::until::{self, Known, Look};
use crate::system::doctor;
use crate::system::pinning::Pinning;
use crate::texts::{Locale, Numbers};

/// How a scenario is run, beside its factors.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// URL of a server that already runs. Without it, each trial starts its own server.
    pub target: Option<String>,
    /// The certificates that are accepted from an https target.
    pub trust: Option<Trust>,
    /// The token that the target asks for.
    pub token: Option<Token>,
    /// The target's process on this host. Without it, the one that listens at its address.
    pub server_pid: Option<u32>,
    /// A program that serves instead of this one, with the same flags.
    pub server: Option<PathBuf>,
    /// Folder of all results.
    pub results: PathBuf,
    /// Folder below which that of the run is made, if that is not `results`.
    pub below: Option<PathBuf>,
    pub quiet: bool,
    /// The CPUs of server and load. Without it, the kernel chooses.
    pub pinning: Option<Pinning>,
    /// A network interface whose counters are recorded beside the byte ledger.
    pub interface: Option<String>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every trial was measured.
    Complete,
    /// It stopped early, for this reason. The finished trials are on disk.
    CutShort(String),
    /// A signal stopped it. The finished trials are on disk.
    Interrupted(Interrupted),
}

/// A run and what it has measured so far.
#[derive(Debug)]
pub struct Run {
    pub folder: RunFolder,
    pub scenario: Scenario,
    pub environment: Environment,
    options: RunOptions,
    target: Option<Target>,
    began: Instant,
}

/// Runs a scenario until all trials are measured, or until `interrupted` returns a signal.
/// Fails where the scenario cannot run; later errors are in the [`Ending`].
pub async fn run(
    scenario: &Scenario,
    options: &RunOptions,
    interrupted: impl Future<Output = Interrupted>,
) -> anyhow::Result<(Run, Ending)> {
    let target = match &options.target {
        Some(url) => {
            preflight::check_target(scenario)?;
            let (trust, token) = (options.trust.as_ref(), options.token.as_ref());
            let found = discover::find(url, trust, token).await?;
            Some(found.located(options.server_pid)?)
        }
        None => None,
    };
    let address = target.as_ref().map(|target| target.address);
    let mut scenario = preflight::bounded(scenario, address);
    if let Some(target) = &target {
        scenario.tls = tls_of(target, &scenario.tls)?;
    }
    scenario.check().map_err(UsageError::from)?;
    proxy::check_installed(&scenario)?;
    preflight::check_network(&scenario, options.interface.is_some()).await?;
    let scenario = scenario.filled();
    let largest = scenario.at_its_largest();
    let Checked { doubts, takes } = preflight::check(&largest, address)?;
    let (target_url, pinning) = (options.target.as_deref(), options.pinning.as_ref());
    let hint = doctor::hint(&doubts);
    let environment = Environment {
        doubts: Some(doubts),
        calibration: Calibration::read(&options.results),
        networks: NetworkInForce::all(&scenario.network),
        ..Environment::read(scenario.seed, target_url, pinning)
    };
    let mut run = Run {
        folder: RunFolder::create(
            options.below.as_ref().unwrap_or(&options.results),
            &scenario,
            &environment,
        )?,
        scenario,
        environment,
        options: options.clone(),
        target,
        began: Instant::now(),
    };
    let mut display = ProgressDisplay::new(options.quiet);
    for note in takes.iter().chain(&hint) {
        display.write(note);
    }
    let mut processes = ChildProcesses::default();
    let ending = tokio::select! {
        ending = run.measure(&mut display, &mut processes) => ending,
        signal = interrupted => Ok(Ending::Interrupted(signal)),
    };
    display.finish();
    // An error does not lose the trials before it.
    let ending = ending.unwrap_or_else(|error| Ending::CutShort(format!("{error:#}")));
    Ok((run, ending))
}

/// Whether trials against a target use TLS: its URL decides.
fn tls_of(target: &Target, asked: &[Switch]) -> Result<List<Switch>, UsageError> {
    match &target.tls {
        None if asked.contains(&Switch::On) => {
            let why = "tls: the target's URL says whether it speaks TLS; write https://…";
            Err(UsageError(why.to_owned()))
        }
        None => Ok([Switch::Off].into()),
        Some(_) => Ok([Switch::On].into()),
    }
}

impl Run {
    /// Measures every trial, with a pause before each but the first.
    async fn measure(
        &mut self,
        display: &mut ProgressDisplay,
        processes: &mut impl TrialProcesses,
    ) -> anyhow::Result<Ending> {
        let scenario = self.scenario.clone();
        let (mut rounds, mut round) = (scenario.rounds(), VecDeque::new());
        display.announce(match Search::of(&scenario) {
            Some(search) => search.length(),
            None => RunLength::of(&scenario),
        });
        loop {
            if Search::of(&scenario).is_none() && round.is_empty() && self.goes_on(display)? {
                round.extend(rounds.next().into_iter().flatten());
            }
            let next = match Search::of(&scenario) {
                Some(search) => search.next(&self.folder.trials),
                None => round.pop_front(),
            };
            let Some((repetition, cell)) = next else {
                return Ok(Ending::Complete);
            };
            if !self.folder.trials.is_empty() {
                tokio::time::sleep(scenario.cool_down.0).await;
            }
            if let Some(search) = Search::of(&scenario) {
                let rest = search.rest(&cell, &self.folder.trials);
                wait_for_quiet(rest, display).await;
            }
            let trial = Trial {
                scenario: scenario.clone(),
                run: self.folder.id(),
                cell,
                trial: repetition,
                pinning: self.options.pinning.clone(),
                server: self.options.server.clone(),
                interface: self.options.interface.clone(),
                host: TrialHost::read(self.environment.calibration.as_ref()),
            };
            display.begin_trial(self.folder.trials.len());
            let fatal = self.measure_trial(trial, display, processes).await?;
            // In a search it is a failed step, and the next trial starts its own server.
            let goes_on = scenario.capacity.is_some() && self.target.is_none();
            if let Some(reason) = fatal.filter(|_| !goes_on) {
                return Ok(Ending::CutShort(reason));
            }
        }
    }

    /// Whether another round is measured. With `--until`, writes what is known after a look, and
    /// keeps why the run stops.
    fn goes_on(&mut self, display: &mut ProgressDisplay) -> anyhow::Result<bool> {
        let trials = &self.folder.trials;
        let rounds = trials.last().map_or(0, |last| last.trial);
        let (least, until) = (self.scenario.least_rounds(), self.scenario.until);
        let Some(bound) = until.bound().filter(|_| rounds > 0) else {
            return Ok(rounds < least);
        };
        let look = until::is_look(rounds, least)
            .then(|| Look::at(trials, bound, least, Locale::En.texts()));
        if let Some(look) = &look {
            display.look(look, until, look.foreseen_rounds(least));
        }
        let done = RoundsDone {
            rounds,
            cells: trials.len() / rounds as usize,
            took: self.began.elapsed(),
            budget: self.scenario.budget.0,
            open: look.map(|look| look.count(Known::Open)),
        };
        self.environment.stopped = done.stopped();
        if self.environment.stopped.is_some() {
            self.folder.write_environment(&self.environment)?;
        }
        Ok(self.environment.stopped.is_none())
    }

    /// Measures one trial and adds it to the folder. Returns why the run cannot go on,
    /// if it cannot.
    async fn measure_trial(
        &mut self,
        trial: Trial,
        display: &mut ProgressDisplay,
        processes: &mut impl TrialProcesses,
    ) -> anyhow::Result<Option<String>> {
        let mut label = trial.tag();
        if let Some(search) = Search::of(&self.scenario) {
            let transport = trial.cell.factors.transport();
            label += &search.bracket(&self.folder.trials, transport);
        }
        let start = self.began.elapsed();
        let measured = trial
            .measure(self.target.as_ref(), processes, |progress, per_second| {
                display.update(&label, progress, per_second);
            })
            .await?;
        let label = format!("{} {label}", display.count());
        let search = Search::of(&self.scenario);
        let remark = search.map(|search| format!("{}  ", search.remark(&measured.row)));
        let remark = remark.unwrap_or_default();
        let summary = summary(&measured.row, !display.is_terminal());
        display.write_cut(&format!("{label}  {remark}{summary}"));
        for (error, times) in &measured.errors {
            display.warn(&format!("{label}  {times} × {error}"));
        }
        let length = self.began.elapsed() - start;
        let fatal = measured.fatal.clone();
        self.folder
            .add(&self.scenario, measured, trial.tag(), start, length)?;
        Ok(fatal)
    }

    /// The worst verdict of all trials.
    pub fn verdict(&self) -> Verdict {
        let verdicts = self.folder.trials.iter().map(|trial| trial.verdict);
        verdicts.max().unwrap_or(Verdict::Valid)
    }
}

/// Waits so that the processes that disturbed the trial before may end.
async fn wait_for_quiet(rest: Duration, display: &ProgressDisplay) {
    if !rest.is_zero() {
        let rest = humantime::format_duration(rest);
        display.write(&format!(
            "other processes disturbed the trial: waiting {rest} before it is repeated"
        ));
    }
    tokio::time::sleep(rest).await;
}

/// The warnings of a trial, each with the figures that it touches if these are not all.
fn doubts(row: &TrialRow) -> String {
    let doubt = |warning| match touched(row.doubted_figures.as_deref(), warning) {
        Some(figures) => format!("{warning} ({})", figures.join(", ")),
        None => warning.to_owned(),
    };
    let doubts = row.warnings.split_whitespace().map(doubt);
    doubts.collect::<Vec<_>>().join(" ")
}

/// A trial in one line, its warnings with or without the figures that each touches.
fn summary(row: &TrialRow, with_figures: bool) -> String {
    let time = |us: Option<f64>| us.map_or("–".to_owned(), |us| Numbers::ENGLISH.duration_us(us));
    let doubts = match &*row.warnings {
        "" => String::new(),
        _ if with_figures => format!(": {}", doubts(row)),
        names => format!(": {names}"),
    };
    format!(
        "{}  {}/{} delivered, p50 {}, p99 {}{doubts}",
        row.verdict,
        row.delivered,
        row.expected,
        time(row.latency_p50_us),
        time(row.latency_p99_us),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::factors::{Span, Until};
    use crate::lab::fake::FakeProcesses;
    use crate::lab::processes::TrialEvent;
    use crate::lab::recorded_run::RecordedRun;
    use crate::stats::until::Stopped;
    use crate::transport::Transport;

    fn scenario() -> Scenario {
        Scenario {
            transports: [Transport::Sse, Transport::WebSocket].into(),
            clients: [10, 20].into(),
            repeats: 2,
            cool_down: Span(Duration::ZERO),
            ..Scenario::default()
        }
    }

    fn run(results: &std::path::Path, scenario: Scenario) -> Run {
        let options = RunOptions {
            results: results.to_owned(),
            quiet: true,
            ..RunOptions::default()
        };
        let environment = Environment::read(1, None, None);
        Run {
            folder: RunFolder::create(results, &scenario, &environment).unwrap(),
            scenario,
            environment,
            options,
            target: None,
            began: Instant::now(),
        }
    }

    #[tokio::test]
    async fn trials_run_in_the_scenarios_order_and_each_leaves_its_row() {
        let results = tempfile::tempdir().unwrap();
        let (mut run, mut processes) = (run(results.path(), scenario()), FakeProcesses::default());
        let mut display = ProgressDisplay::new(true);
        let ending = run.measure(&mut display, &mut processes).await.unwrap();
        assert_eq!(ending, Ending::Complete);
        let expected = run.scenario.trials();
        let rows = run.folder.trials.iter().map(|row| (row.trial, row.cell));
        let listed = expected.iter().map(|(trial, cell)| (*trial, cell.number));
        assert!(rows.eq(listed), "{expected:?}");
        let plans = processes
            .plans
            .iter()
            .map(|plan| (plan.transport, plan.clients));
        let cells = expected
            .iter()
            .map(|(_, cell)| (cell.factors.transport(), cell.factors.clients));
        assert!(plans.eq(cells));
        assert_eq!(run.verdict(), Verdict::Valid);
        let csv = std::fs::read_to_string(run.folder.path.join("trials.csv")).unwrap();
        assert_eq!(csv.lines().count(), 1 + 8);
    }

    #[tokio::test]
    async fn a_run_ends_with_its_server_and_keeps_what_was_measured() {
        let results = tempfile::tempdir().unwrap();
        let (mut run, mut processes) = (run(results.path(), scenario()), FakeProcesses::default());
        let died = TrialEvent::ServerDied("the server died (exit status: 1)".into());
        processes.events.push_back(died);
        let mut display = ProgressDisplay::new(true);
        let ending = run.measure(&mut display, &mut processes).await.unwrap();
        let reason = "the server died (exit status: 1)".to_owned();
        assert_eq!(ending, Ending::CutShort(reason));
        assert_eq!(run.folder.trials.len(), 1);
        assert_eq!(run.verdict(), Verdict::Invalid);
        assert!(run.folder.path.join("latency.hlog").exists());
    }

    /// A run of two cells and an A/A pair, with a second after each trial. The server takes such
    /// CPU times in turn.
    async fn until(results: &std::path::Path, budget_s: u64, server_user_s: &[f64]) -> Run {
        let scenario = Scenario {
            clients: [10].into(),
            until: Until::Below(10.0),
            budget: Span(Duration::from_secs(budget_s)),
            cool_down: Span(Duration::from_secs(1)),
            ..scenario()
        };
        let (mut run, mut processes) = (run(results, scenario), FakeProcesses::default());
        processes.server_user_s = server_user_s.to_vec();
        let mut display = ProgressDisplay::new(true);
        let ending = run.measure(&mut display, &mut processes).await.unwrap();
        assert_eq!(ending, Ending::Complete);
        run
    }

    #[tokio::test(start_paused = true)]
    async fn rounds_are_repeated_until_every_difference_is_known_or_the_budget_is_spent() {
        let equal = [5.0];
        let scattered = [5.0, 60.0, 8.0, 21.0, 130.0];
        for (server_user_s, budget_s, rounds, stopped) in [
            (&equal[..], 1_000, 8, Stopped::Known),
            // A round takes 3 s, but for the first.
            (&scattered, 100, 33, Stopped::Budget),
            // A run that is slower than planned stops before its first look.
            (&equal, 19, 6, Stopped::Budget),
        ] {
            let results = tempfile::tempdir().unwrap();
            let run = until(results.path(), budget_s, server_user_s).await;
            let trials = &run.folder.trials;
            // The clock is the test's: whatever this machine does meanwhile takes no time of it.
            let took = run.began.elapsed().as_secs_f64();
            let paused = f64::from(3 * rounds - 1);
            assert!((took - paused).abs() < 0.2, "{took} s");
            assert_eq!(trials.last().unwrap().trial, rounds, "{budget_s} s");
            assert_eq!(trials.len() as u32, 3 * rounds, "whole rounds");
            let recorded = RecordedRun::read(&run.folder.path).unwrap();
            assert_eq!(recorded.environment.stopped, Some(stopped));
            assert_eq!(recorded.scenario.until, Until::Below(10.0));
        }
    }
}
