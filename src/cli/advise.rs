//! `wslab advise`: what a run says for and against each transport, for a need.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use crate::cli::args::{ResultsArgs, within};
use crate::cli::display::{ColorArgs, LangArgs};
use crate::cli::help::{self, headings};
use crate::cli::list::newest_run;
use crate::cli::result::Format;
use crate::cli::run_files::RunFiles;
use crate::client::config::ClientConfig;
use crate::client::target::Target;
use crate::lab::calibration::Calibration;
use crate::lab::factors::{Bytes, MAX_CLIENTS, MAX_RATE_HZ, Span};
use crate::report::{self, Advice, Need, Theory, export};
use crate::results::TrialRow;
use crate::runtime::clock;
use crate::stats::objective::TransportObjective;
use crate::system::output;
use crate::transport::Transport;
use crate::transport::theory::{Conditions, Costs, Prediction};

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::ADVISE))]
#[command(after_long_help = help::full(help::ADVISE, help::ADVISE_CODES))]
pub(super) struct AdviseArgs {
    /// Folder of a run; the newest run if none is named
    ///
    /// Its cells that are nearest to the need are used. Nothing is extrapolated.
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// The page of a browser reads
    #[arg(long, help_heading = headings::NEED)]
    browser: bool,
    /// Clients publish, too
    ///
    /// A run with --workload chat has measured that.
    #[arg(long, help_heading = headings::NEED)]
    two_way: bool,
    /// Proxies are between client and server
    ///
    /// What they break is known from standards and documents. It is not measured.
    #[arg(long, help_heading = headings::NEED)]
    proxies: bool,
    /// Connections are encrypted
    #[arg(long, help_heading = headings::NEED)]
    tls: bool,
    /// Clients that read at once
    #[arg(long, value_name = "N", help_heading = headings::NEED)]
    #[arg(value_parser = within::<u32>(1..=MAX_CLIENTS, "clients"))]
    clients: Option<u32>,
    /// Messages a second to each feed
    #[arg(long, value_name = "HZ", allow_negative_numbers = true, help_heading = headings::NEED)]
    #[arg(value_parser = within::<f64>(0.0..=MAX_RATE_HZ, "messages a second"))]
    rate: Option<f64>,
    /// Bytes of text in a message
    #[arg(long, value_name = "BYTES", help_heading = headings::NEED)]
    #[arg(value_parser = within::<Bytes>(Bytes(1)..=Bytes(60_000), "bytes of text"))]
    payload: Option<Bytes>,
    /// How late 99 of 100 messages may be
    ///
    /// As --slo 'p99<TIME'. Example: --latency 200ms
    #[arg(long, value_name = "TIME", help_heading = headings::NEED)]
    latency: Option<Span>,
    /// What must hold; may be repeated
    ///
    /// As with wslab run: 'p99<200ms', 'bytes<300', 'sse: cpu<20us'. A transport that does not meet
    /// it is out.
    #[arg(long, value_name = "OBJECTIVE", help_heading = headings::NEED)]
    slo: Vec<TransportObjective>,
    #[command(flatten)]
    results: ResultsArgs,
    /// How the result is printed
    ///
    /// table: for a terminal. json: one document. csv: a row a statement, with a header. md: a
    /// table for a pull request on GitHub.
    #[arg(long, value_name = "table|json|csv|md", value_enum, default_value_t)]
    #[arg(hide_possible_values = true, help_heading = headings::OUTPUT)]
    format: Format,
    #[command(flatten)]
    color: ColorArgs,
    #[command(flatten)]
    lang: LangArgs,
}

/// Advice as JSON.
#[derive(Serialize)]
struct AdviceDocument<'a> {
    folder: String,
    #[serde(flatten)]
    advice: &'a Advice,
}

impl AdviseArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let locale = self.format.locale(self.lang.find()?);
        let results = self.results.find()?;
        let folder = match &self.run {
            Some(named) => named.clone(),
            None => {
                let newest = newest_run(&results)?;
                let _ = writeln!(std::io::stderr(), "newest run: {}", newest.display());
                newest
            }
        };
        let files = RunFiles::read(&folder)?;
        let need = self.need();
        let calibration = Calibration::read(&results);
        let costs = calibration.map(|calibration| calibration.costs);
        let predictions = predictions(&need, &files.trials, costs);
        let theory = Theory {
            predictions: &predictions,
            calibrated: costs.is_some(),
        };
        let advice = report::advise(&files.trials, &need, theory, locale);
        let Some(advice) = advice.filter(|advice| advice.is_measured) else {
            files.check()?;
            bail!(
                "there is nothing to advise from: {} has no trial that is not INVALID; measure \
                 with {}",
                folder.display(),
                self.measuring()
            );
        };
        output::write(match self.format {
            Format::Table => report::advice_text(&advice, self.color.style(), locale),
            Format::Md => report::advice_markdown(&advice, locale),
            Format::Csv => export::csv(&advice.statements)?,
            Format::Json => export::json(&AdviceDocument {
                folder: folder.display().to_string(),
                advice: &advice,
            })?,
        })?;
        files.check()?;
        Ok(ExitCode::SUCCESS)
    }

    fn need(&self) -> Need {
        let latency = self.latency.map(|Span(time)| {
            let text = format!("p99<{}us", time.as_micros());
            text.parse().expect("an objective of latency")
        });
        Need {
            browser: self.browser,
            two_way: self.two_way,
            proxies: self.proxies,
            tls: self.tls,
            clients: self.clients,
            rate_hz: self.rate,
            payload_bytes: self.payload.map(|Bytes(bytes)| bytes as u32),
            slo: latency.into_iter().chain(self.slo.clone()).collect(),
        }
    }

    /// What to run where there is nothing to advise from.
    fn measuring(&self) -> String {
        match self.clients {
            Some(clients) => format!("wslab run --clients {clients}"),
            None => "wslab run".to_owned(),
        }
    }
}

/// What theory predicts for a need; where it says nothing, as the trials are.
fn predictions(
    need: &Need,
    trials: &[TrialRow],
    costs: Option<Costs>,
) -> Vec<(Transport, Prediction)> {
    let Some(trial) = trials.first() else {
        return Vec::new();
    };
    let interval_ms = trials.iter().find_map(|trial| trial.poll_interval_ms);
    let interval = interval_ms.map(|ms| Duration::from_secs_f64(ms / 1e3));
    let tls = if need.tls || trial.tls {
        "https"
    } else {
        "http"
    };
    let address = ([127, 0, 0, 1], 40_000).into();
    let clients = f64::from(need.clients.unwrap_or(trial.clients));
    let rate_hz = need.rate_hz.unwrap_or(trial.rate_hz);
    let payload_bytes = need.payload_bytes.unwrap_or(trial.payload_bytes);
    let conditions = Conditions {
        client: ClientConfig {
            poll_interval: interval.unwrap_or(ClientConfig::DEFAULT.poll_interval),
            ..ClientConfig::DEFAULT
        },
        target: Target {
            origin: format!("{tls}://{address}"),
            ..Target::at(address)
        },
        feed_path: "/feeds/0123456789abcdef-1".to_owned(),
        now_ns: clock::now_ns(),
        rate_hz,
        text_bytes: payload_bytes as usize,
        readers: clients / f64::from(trial.feeds.max(1)),
        chat: need.two_way || trial.workload == "chat",
        deliveries_hz: rate_hz * clients,
        cores: std::thread::available_parallelism().map_or(1, usize::from) as f64,
        costs,
    };
    // Where nothing is published there is no delivery.
    let choices = Transport::CHOICES.into_iter().filter(|_| rate_hz > 0.0);
    choices.map(|one| (one, one.predict(&conditions))).collect()
}
