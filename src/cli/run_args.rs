//! What `wslab run` and `wslab capacity` have in common: what is measured and how, and where the
//! result goes.

use std::io::Write;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;

use crate::cli::args::{ResultsArgs, TokenArgs, TrustArgs, check_token, write_defaults};
use crate::cli::browser;
use crate::cli::display::{LangArgs, TableArgs};
use crate::cli::factor_args::{FactorArgs, flag_of};
use crate::cli::help::headings;
use crate::cli::process::{end_when_interrupted, interrupted, runtime};
use crate::cli::refusal;
use crate::cli::result::{Format, Shown, ShownRun};
use crate::cli::run_files::RunFiles;
use crate::client::token::{self, Token};
use crate::error::UsageError;
use crate::lab::config::Config;
use crate::lab::factors::{List, Switch, Until};
use crate::lab::recorded_run::RecordedRun;
use crate::lab::run::{self, Ending, Run, RunOptions};
use crate::lab::scenario::{BadValues, Scenario, place_of};
use crate::system::interface::InterfaceCounters;
use crate::system::output;
use crate::system::pinning::Pinning;
use crate::texts::Locale;
use crate::transport::Transport;

/// The keys of a scenario that no flag sets.
const WITHOUT_FLAG: [&str; 4] = ["only", "skip", "claim", "lesson"];

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// A scenario, or the folder of a run to repeat
    ///
    /// The name of one that is built in (wslab run -h lists them), or a scenario's file. The
    /// folder of a run repeats it with its seed, target and pinning. Flags change what it says.
    /// Without it, what the flags and wslab.toml say is run, with the defaults below: one trial of
    /// each transport, until --repeats or --until asks for more. Without both, quick is run.
    /// wslab.toml is looked for here and in ~/.config/wslab. Its keys are a scenario's, as
    /// clients = [50].
    pub(super) scenario: Option<PathBuf>,
    #[command(flatten)]
    pub(super) factors: FactorArgs,
    /// Also measure a bare TCP connection
    ///
    /// raw-tcp has the same messages on a bare TCP connection of the same server: what the others
    /// cost beyond it is their protocol.
    #[arg(long, help_heading = headings::WHAT)]
    #[arg(hide_short_help = true)]
    baseline: bool,
    /// A server that already runs
    ///
    /// Its address, as localhost:8080, http://HOST:PORT or https://HOST. Without it, each trial
    /// starts a server of its own.
    #[arg(long, value_name = "URL", help_heading = headings::WHAT)]
    target: Option<String>,
    /// Process of the target's server
    ///
    /// If it runs on this host, its CPU time and memory are measured. Default: the process that
    /// listens at the target's port, if it is one alone.
    #[arg(long, value_name = "PID", value_parser = parse_pid, help_heading = headings::WHAT)]
    #[arg(hide_short_help = true)]
    server_pid: Option<u32>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    access: TokenArgs,
    /// A program that serves instead of this one, to be compared with it
    #[arg(long, value_name = "PROGRAM", hide = true, conflicts_with = "target")]
    server: Option<PathBuf>,
    /// Server and load on cores of their own
    ///
    /// off, where a run is repeated: as the kernel chooses. --pin alone means on. Without it the
    /// kernel chooses, or a repeated run is pinned as it was.
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true)]
    #[arg(help_heading = headings::STATISTICS)]
    #[arg(default_missing_value = "on")]
    #[arg(hide_short_help = true)]
    pin: Option<Switch>,
    /// Interface whose counters are recorded
    ///
    /// A network interface; its counters are recorded beside the byte ledger. "ip link" lists
    /// those that there are. Example: --interface lo
    #[arg(long, value_name = "NAME", value_parser = parse_interface)]
    #[arg(help_heading = headings::NETWORK)]
    #[arg(hide_short_help = true)]
    interface: Option<String>,
    #[command(flatten)]
    pub(super) results: ResultsArgs,
    /// No progress, only the result
    #[arg(long, short, help_heading = headings::OUTPUT)]
    #[arg(hide_short_help = true)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) table: TableArgs,
    #[command(flatten)]
    pub(super) lang: LangArgs,
    /// How the result is printed
    ///
    /// It is alone on standard output; progress and errors are on standard error.
    ///
    /// table: for a terminal. json: one document, also where the command fails. csv: rows with a
    /// header. md: tables for a pull request on GitHub.
    #[arg(long, value_name = "table|json|csv|md", value_enum, default_value_t)]
    #[arg(hide_possible_values = true, help_heading = headings::OUTPUT)]
    pub(super) format: Format,
    /// Open the report in the browser
    ///
    /// In the browser that the variable BROWSER names, or else in the desktop's.
    #[arg(long, help_heading = headings::OUTPUT)]
    #[arg(hide_short_help = true)]
    pub(super) open: bool,
}

impl RunArgs {
    /// The run that is to be repeated, if one is named.
    pub(super) fn recorded(&self) -> Result<Option<RecordedRun>, UsageError> {
        match &self.scenario {
            Some(named) => {
                let transports = List::join(&self.factors.transports);
                let given = transports.as_deref().unwrap_or_default();
                match refusal::no_scenario(named, given) {
                    Some(advice) => Err(UsageError(advice)),
                    None => RecordedRun::find(named),
                }
            }
            None => Ok(None),
        }
    }

    /// The defaults of the user. A scenario that is named has its own.
    pub(super) fn config(&self) -> Result<Config, UsageError> {
        let config = Config::find()?;
        Ok(match &self.scenario {
            Some(_) => config.without_factors(),
            None => config,
        })
    }

    /// Runs a scenario until it is done or a signal ends it. Says which of the user's defaults are
    /// in it.
    pub(super) fn measure(
        &self,
        scenario: &Scenario,
        recorded: Option<&RecordedRun>,
        config: &Config,
    ) -> anyhow::Result<(Run, Ending)> {
        let (_, is_configured) = self.results.folder(config);
        let mut defaults = config.keys_in(scenario);
        defaults.extend(is_configured.then_some("results"));
        write_defaults(config, &defaults);
        let then = recorded.map(|recorded| &recorded.environment);
        let options = self.options(recorded, config)?;
        let runtime = runtime()?;
        let (run, ending) =
            runtime.block_on(async { run::run(scenario, &options, interrupted()).await })?;
        // Writing the report takes a while.
        end_when_interrupted();
        if let Some(then) = then
            && !self.quiet
        {
            write_changes(&then.changes(&run.environment));
        }
        Ok((run, ending))
    }

    /// How a run is made, beside its scenario: as the flags say, or as a run was made before.
    pub(super) fn options(
        &self,
        recorded: Option<&RecordedRun>,
        config: &Config,
    ) -> anyhow::Result<RunOptions> {
        let then = recorded.map(|recorded| &recorded.environment);
        let target = self.target.clone();
        let target = target.or(then.and_then(|then| then.target.clone()));
        let pinning = then.and_then(|then| then.pinning.as_ref());
        Ok(RunOptions {
            pinning: Pinning::choose(self.pin.map(Switch::is_on), pinning, target.is_none())?,
            token: self.token(target.is_some())?,
            server_pid: self.server_pid(target.is_some())?,
            target,
            trust: self.trust.trust(),
            server: self.server.clone(),
            results: self.results.checked_folder(config)?.0,
            below: None,
            quiet: self.quiet,
            interface: self.interface.clone(),
        })
    }

    /// The token that the target asks for. Our own servers ask for none, so a flag without target
    /// is a mistake. The environment variable may be set for other commands.
    fn token(&self, has_target: bool) -> Result<Option<Token>, UsageError> {
        let given = self.access.token.as_ref();
        match given {
            given if has_target => check_token(given),
            Some(_) if std::env::var_os(token::VARIABLE).is_none() => {
                let why = "--token goes with --target: the servers that trials start ask for none";
                Err(UsageError(why.to_owned()))
            }
            _ => Ok(None),
        }
    }

    /// Our own servers' processes are known.
    fn server_pid(&self, has_target: bool) -> Result<Option<u32>, UsageError> {
        match self.server_pid {
            Some(_) if !has_target => {
                let why = "--server-pid goes with --target: the processes of the servers that \
                           trials start are known";
                Err(UsageError(why.to_owned()))
            }
            pid => Ok(pid),
        }
    }

    /// The scenario that was recorded or is named, or the default one with the user's defaults;
    /// and the changes that the flags ask for.
    pub(super) fn scenario(
        &self,
        recorded: Option<&RecordedRun>,
        config: &Config,
    ) -> Result<Scenario, UsageError> {
        let scenario = match (recorded, &self.scenario) {
            (Some(recorded), _) => recorded.scenario.clone(),
            (None, Some(named)) => Scenario::find(named)?,
            (None, None) => Scenario {
                name: "custom".to_owned(),
                ..Scenario::default()
            },
        };
        self.changed(scenario, config)
    }

    /// A scenario with the user's defaults and the changes that the flags ask for.
    pub(super) fn changed(
        &self,
        mut scenario: Scenario,
        config: &Config,
    ) -> Result<Scenario, UsageError> {
        config.apply(&mut scenario);
        self.factors.apply(&mut scenario);
        if self.baseline {
            scenario.transports.push(Transport::BASELINE);
        }
        if self.factors.budget.is_some() && scenario.until == Until::Off {
            let why = "--budget goes with --until; without it, --repeats says how much is measured";
            return Err(UsageError(why.to_owned()));
        }
        self.check(&scenario, config)?;
        Ok(scenario)
    }

    /// Checks a scenario. An error names each value where the user wrote it: a flag, or file, line
    /// and key.
    pub(super) fn check(&self, scenario: &Scenario, config: &Config) -> Result<(), UsageError> {
        let file = self.scenario.as_ref().unwrap_or(&config.file);
        let name = |key: &str| match self.factors.is_given(key) {
            true => flag_of(key),
            false => place_of(key, file).unwrap_or_else(|| match WITHOUT_FLAG.contains(&key) {
                true => key.to_owned(),
                false => flag_of(key),
            }),
        };
        scenario.check().map_err(|BadValues { keys, why }| {
            let names: Vec<String> = keys.split(", ").map(name).collect();
            UsageError(format!("{}: {why}", names.join(", ")))
        })
    }

    /// Shows what was measured, then writes the report. Returns the first error: of the run, if it
    /// was cut short, of standard output, of the report.
    pub(super) fn finish(
        &self,
        run: &Run,
        ending: Ending,
        locale: Locale,
        result: impl FnOnce(&ShownRun) -> anyhow::Result<Shown>,
    ) -> anyhow::Result<()> {
        let is_empty = run.folder.trials.is_empty();
        if is_empty && self.format == Format::Table {
            return complete(run, ending);
        }
        let shown = result(&ShownRun {
            id: &run.folder.id(),
            folder: &run.folder.path,
            scenario: &run.scenario,
            environment: &run.environment,
            trials: &run.folder.trials,
            recoveries: &run.folder.recoveries,
        });
        let (shown, answer) = match shown {
            Ok(Shown { text, answer }) => (output::write(text), answer),
            Err(error) => (Err(error), String::new()),
        };
        if is_empty {
            return complete(run, ending);
        }
        // The arguments were right, whatever the folder lacks now.
        let page = RunFiles::read(&run.folder.path).and_then(|files| files.write_report(locale));
        let page = page.map_err(|error| anyhow!("{error:#}"));
        let told = page.and_then(|page| {
            if self.format == Format::Table {
                output::write_link(locale.texts().table.report, &page)?;
            }
            if self.open {
                browser::open(&page);
            }
            Ok(())
        });
        let answered = output::write(answer);
        complete(run, ending)?;
        shown.and(told).and(answered.map(|_| ()))
    }
}

/// Fails where a run was cut short, and names what it left.
pub(super) fn complete(run: &Run, ending: Ending) -> anyhow::Result<()> {
    let reason = match ending {
        Ending::Complete => return Ok(()),
        Ending::CutShort(reason) => anyhow!(reason),
        Ending::Interrupted(signal) => signal.into(),
    };
    let (kept, folder) = (run.folder.kept, run.folder.path.display());
    Err(reason.context(format!(
        "not complete: {kept} finished trials are in {folder}"
    )))
}

/// Warns what in the environment may change the figures of a repeated run.
fn write_changes(changes: &[String]) {
    let changes = match changes {
        [] => "nothing that matters has changed since".to_owned(),
        changes => format!("changed since: {}", changes.join("; ")),
    };
    let _ = writeln!(std::io::stderr(), "repeated: {changes}");
}

fn parse_pid(text: &str) -> Result<u32, String> {
    let why = || format!("\"{text}\": write the number of a process, as pgrep prints it");
    text.parse().map_err(|_| why())
}

fn parse_interface(name: &str) -> Result<String, String> {
    InterfaceCounters::of(name)
        .map(|_| name.to_owned())
        .map_err(|error| format!("{error}: \"ip link\" lists those that there are"))
}
