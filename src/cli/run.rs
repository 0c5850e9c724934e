//! `wslab run`: a scenario, or what the flags say.

use std::io::{stderr, stdin};
use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use crate::cli::claims;
use crate::cli::compare::judge_gates;
use crate::cli::help::{self, headings};
use crate::cli::predict;
use crate::cli::result::{Format, show_run};
use crate::cli::run_args::RunArgs;
use crate::cli::scenarios::{self, QUICK};
use crate::error::UsageError;
use crate::lab::scenario::Scenario;
use crate::results::{TrialRow, Verdict};
use crate::stats::compare::{self, Gate};
use crate::stats::judgement::Judgement;
use crate::stats::objective::TransportObjective;
use crate::system::output;
use crate::texts::Locale;

#[derive(Debug, Args)]
#[command(after_help = format!("{}\n\n{}", scenarios::brief(), help::brief(help::RUN)))]
#[command(after_long_help = scenarios::full() + "\n" + &help::full(help::RUN, help::RUN_CODES))]
pub(super) struct RunCommand {
    #[command(flatten)]
    run: RunArgs,
    /// What must hold for each transport; may be repeated
    ///
    /// The exit code is 1 unless it holds. Example: --slo 'p99<100ms'. Write p50, p90, p99, p99.9,
    /// max, mean, bytes, cpu, memory or a column of trials.csv; < or >; and a bound: 'cpu<20us',
    /// 'bytes<300', 'missed<1'. A transport before it is for that one: 'sse: p99<50ms'. What is
    /// judged is the median of the trials; of a count of what went wrong, such as messages missed,
    /// the worst of them. An objective that cannot be judged does not hold: no figure, INVALID
    /// trials, a figure that warnings touch in half of the trials or more. Where a trial is INVALID,
    /// the exit code is 3.
    #[arg(long, value_name = "OBJECTIVE", help_heading = headings::STATISTICS)]
    #[arg(hide_short_help = true)]
    slo: Vec<TransportObjective>,
    /// By how much transports may differ; may be repeated
    ///
    /// The exit code is 1 where one differs from another by more. Example: --repeats 5 --fail-if
    /// 'sse/websocket: p99 > +10%' fails where SSE is more than 10 % above WebSocket.
    /// wslab compare --help says how gates are written and judged.
    #[arg(long, value_name = "GATE", help_heading = headings::STATISTICS)]
    #[arg(hide_short_help = true)]
    fail_if: Vec<Gate>,
    /// Ask for guesses before the run
    ///
    /// The mean latency of each transport is asked for on the terminal. After the run, guess,
    /// theory and truth stand side by side. Theory knows what a message costs here after wslab
    /// doctor --calibrate.
    #[arg(long, help_heading = headings::WHAT, hide_short_help = true)]
    predict: bool,
}

impl RunCommand {
    pub(super) fn execute(mut self) -> anyhow::Result<ExitCode> {
        let config = self.run.config()?;
        if self.run.scenario.as_deref() == Some(Path::new(claims::ALL)) {
            self.check_claims_alone()?;
            return claims::run_all(&self.run, &config);
        }
        if self.run.factors.is_empty() && !config.has_factors() {
            self.run.scenario.get_or_insert_with(|| QUICK.into());
        }
        let recorded = self.run.recorded()?;
        let rates = &self.run.factors.rate_hz;
        if rates.iter().any(|rates| rates.contains(&0.0)) {
            let why = "--rate: nothing would be published; to see what waiting costs: wslab run \
                       idle";
            return Err(UsageError(why.to_owned()).into());
        }
        let scenario = self.run.scenario(recorded.as_ref(), &config)?;
        if scenario.capacity.is_some() {
            let why = "this is a search for capacity; write wslab capacity instead of wslab run";
            return Err(UsageError(why.to_owned()).into());
        }
        self.check_demands(&scenario)?;
        let locale = self.run.lang.locale(&config);
        let guesses = match self.predict {
            true if self.run.format != Format::Table => {
                let why = "--predict prints a table: it does not go with --format";
                return Err(UsageError(why.to_owned()).into());
            }
            true => predict::ask(&scenario, (stdin().lock(), stderr()), locale)
                .map_err(|error| UsageError(format!("--predict: no guess can be read: {error}")))?,
            false => Vec::new(),
        };
        let (run, ending) = self.run.measure(&scenario, recorded.as_ref(), &config)?;
        let judged = self.judge(&run.folder.trials, self.run.format.locale(locale))?;
        self.run.finish(&run, ending, locale, |shown| {
            let style = (self.run.table.style(), locale);
            show_run(shown, &judged, self.run.format, style)
        })?;
        if !guesses.is_empty() {
            output::write(predict::table(&guesses, &run.folder.trials, locale))?;
        }
        if run.verdict() == Verdict::Invalid {
            return Ok(ExitCode::from(3));
        }
        let not_passed = judged.iter().filter(|judgement| !judgement.passed());
        match not_passed.count() {
            0 => Ok(ExitCode::SUCCESS),
            some => bail!(
                "{some} of {} demands did not pass (--slo, --fail-if)",
                judged.len()
            ),
        }
    }

    /// Checks that nothing is asked for that all claims together do not have.
    fn check_claims_alone(&self) -> Result<(), UsageError> {
        let asks = !self.slo.is_empty() || !self.fail_if.is_empty() || self.predict;
        match asks {
            true => Err(UsageError(
                "--slo, --fail-if and --predict do not go with claims, which have verdicts of \
                 their own; name one: wslab run claims/push-cpu"
                    .to_owned(),
            )),
            false => Ok(()),
        }
    }

    /// Checks that what is demanded is of transports that are measured.
    fn check_demands(&self, scenario: &Scenario) -> Result<(), UsageError> {
        let of_gates = self.fail_if.iter().flat_map(Gate::transports);
        let of_slo = self.slo.iter().filter_map(|objective| objective.transport);
        let measured = &scenario.transports;
        match of_slo
            .chain(of_gates)
            .find(|named| !measured.contains(named))
        {
            Some(named) => {
                let names: Vec<&str> = measured.iter().map(|one| one.name()).collect();
                let names = names.join(", ");
                let why = format!("{named} is not measured: the transports are {names}");
                Err(UsageError(why))
            }
            None => Ok(()),
        }
    }

    fn judge(&self, trials: &[TrialRow], locale: Locale) -> Result<Vec<Judgement>, UsageError> {
        let texts = locale.texts();
        let slo = self.slo.iter();
        let mut judged: Vec<_> = slo.flat_map(|slo| slo.judge(trials, texts)).collect();
        if !trials.is_empty() {
            let compared = compare::transports(trials, None, texts);
            judged.extend(judge_gates(&self.fail_if, &compared, texts)?);
        }
        Ok(judged)
    }
}
