//! Measures a calibration.
//!
//! The kernel's part is measured without any program around it, see [`KernelCosts`]. What server
//! and load add is the rest of two trials: one of a feed that is published to, and one of a feed
//! that waits.

use std::time::Duration;

use anyhow::{Context, bail};

use crate::error::Interrupted;
use crate::lab::calibration::{Calibration, CalibrationFacts};
use crate::lab::factors::Span;
use crate::lab::run::{self, Ending, RunOptions};
use crate::lab::scenario::Scenario;
use crate::results::{TrialRow, Verdict, warning_counts};
use crate::system::kernel_costs::KernelCosts;
use crate::transport::Transport;
use crate::transport::theory::{Costs, ProgramCosts};

/// The trials: of one cell that publishes, and of one that waits.
const CLIENTS: u32 = 1_000;
// As in most feeds, a message finds cold caches. At 10 Hz a delivery costs a tenth less.
const RATE_HZ: f64 = 2.0;

/// Measures for about twenty seconds, unless `interrupted` returns a signal.
pub async fn calibrate(
    quiet: bool,
    interrupted: impl Future<Output = Interrupted>,
) -> anyhow::Result<Calibration> {
    let kernel = KernelCosts::measure().context("the loopback interface")?;
    let folder = tempfile::tempdir()?;
    let options = RunOptions {
        results: folder.path().to_owned(),
        quiet,
        ..RunOptions::default()
    };
    let (run, ending) = run::run(&scenario(), &options, interrupted).await?;
    match ending {
        Ending::Complete => {}
        Ending::CutShort(reason) => bail!(reason),
        Ending::Interrupted(signal) => return Err(signal.into()),
    }
    let trials = &run.folder.trials;
    if let Some(trial) = trials.iter().find(|it| it.verdict == Verdict::Invalid) {
        bail!("a trial of the calibration is INVALID: {}", trial.warnings);
    }
    let program = program_costs(trials, &kernel).context("a trial has too few figures")?;
    let warnings = warning_counts(trials).into_iter().map(|(name, _)| name);
    Ok(Calibration {
        measured_at: run.environment.started_at,
        facts: CalibrationFacts::read(),
        costs: Costs { kernel, program },
        warnings: warnings.collect::<Vec<_>>().join(" "),
    })
}

/// Both trials push to the same clients.
fn scenario() -> Scenario {
    let seconds = |seconds| Span(Duration::from_secs(seconds));
    Scenario {
        name: "calibration".to_owned(),
        transports: [Transport::Sse].into(),
        clients: [CLIENTS].into(),
        rate_hz: [0.0, RATE_HZ].into(),
        warm_up: seconds(1),
        window: seconds(5),
        ..Scenario::default()
    }
}

/// What is left of the trials' figures without the kernel's costs.
fn program_costs(trials: &[TrialRow], kernel: &KernelCosts) -> Option<ProgramCosts> {
    let waits = trials.iter().find(|trial| trial.rate_hz == 0.0)?;
    let pushes = trials.iter().find(|trial| trial.rate_hz > 0.0)?;
    let idle_us = |percent: f64| percent * 1e4;
    let server_idle_us_per_s = idle_us(waits.server_cpu_percent?);
    let load_idle_us_per_s = idle_us(waits.load_cpu_percent?);
    let deliveries_hz = pushes.delivered as f64 / pushes.window_s;
    let server_us =
        pushes.server_cpu_user_us_per_delivery? + pushes.server_cpu_sys_us_per_delivery?;
    let load_us = pushes.load_cpu_user_us_per_delivery? + pushes.load_cpu_sys_us_per_delivery?;
    Some(ProgramCosts {
        server_us: server_us - server_idle_us_per_s / deliveries_hz - kernel.write_us,
        load_us: load_us - load_idle_us_per_s / deliveries_hz - kernel.read_us,
        publish_us: pushes.first_recipient_p50_us? - 2.0 * kernel.hop_us,
        server_idle_us_per_s,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_costs_are_what_the_kernel_and_waiting_leave_over() {
        let waits = TrialRow {
            rate_hz: 0.0,
            server_cpu_percent: Some(0.5),
            load_cpu_percent: Some(1.0),
            ..TrialRow::default()
        };
        let pushes = TrialRow {
            rate_hz: 10.0,
            delivered: 20_000,
            window_s: 2.0,
            server_cpu_user_us_per_delivery: Some(2.0),
            server_cpu_sys_us_per_delivery: Some(8.0),
            load_cpu_user_us_per_delivery: Some(3.0),
            load_cpu_sys_us_per_delivery: Some(6.0),
            first_recipient_p50_us: Some(300.0),
            ..TrialRow::default()
        };
        let kernel = KernelCosts {
            write_us: 7.0,
            read_us: 4.0,
            hop_us: 20.0,
        };
        let program = program_costs(&[pushes, waits.clone()], &kernel).unwrap();
        assert_eq!(
            program,
            ProgramCosts {
                server_us: 10.0 - 0.5 - 7.0,
                load_us: 9.0 - 1.0 - 4.0,
                publish_us: 260.0,
                server_idle_us_per_s: 5_000.0,
            }
        );
        assert_eq!(program_costs(&[waits], &kernel), None);
    }

    #[test]
    fn the_trials_of_a_calibration_can_run() {
        let scenario = scenario();
        scenario.check().unwrap();
        assert_eq!(scenario.trials().len(), 2);
    }
}
