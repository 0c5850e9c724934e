//! The progress of a run on standard error: a bar on a terminal, plain lines elsewhere, nothing
//! with `--quiet`. Standard output is for results.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::load::protocol::Progress;
use crate::load::timeline::Phase;

/// Time between two plain lines of the same phase.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows the progress of one run.
#[derive(Debug)]
pub struct ProgressDisplay {
    bar: Option<ProgressBar>,
    quiet: bool,
    last_line: Option<(Phase, Instant)>,
}

impl ProgressDisplay {
    pub fn new(quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(1_000), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{prefix} {bar:24} {msg}");
            bar.set_style(style.expect("the template is well-formed"));
            bar
        });
        ProgressDisplay {
            bar,
            quiet,
            last_line: None,
        }
    }

    /// Writes a line above the bar, unless the user wants quiet.
    pub fn write(&self, line: &str) {
        if !self.quiet {
            self.warn(line);
        }
    }

    /// Writes a line above the bar, even if the user wants quiet.
    pub fn warn(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| write_line(line)),
            None => write_line(line),
        }
    }

    /// Shows how far the trial called `label` is, and its deliveries per second.
    pub fn update(&mut self, label: &str, progress: &Progress, per_second: u64) {
        let left_s = progress.timeline.left_s(progress.now_ns);
        let line = format!(
            "{:<7} {}/{} clients, {} deliveries/s, {:.0} s left",
            progress.phase.to_string(),
            HumanCount(progress.connected),
            HumanCount(progress.clients),
            HumanCount(per_second),
            left_s.ceil(),
        );
        if let Some(bar) = &self.bar {
            bar.set_prefix(label.to_owned());
            bar.set_message(line);
            bar.set_position(
                (1_000.0 * (1.0 - left_s / progress.timeline.whole_s()).clamp(0.0, 1.0)) as u64,
            );
        } else if !self.quiet && self.line_is_due(progress.phase) {
            write_line(&format!("{label}  {line}"));
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line_is_due(&mut self, phase: Phase) -> bool {
        let due = self
            .last_line
            .is_none_or(|(last, at)| last != phase || at.elapsed() > LINE_EVERY);
        if due {
            self.last_line = Some((phase, Instant::now()));
        }
        due
    }
}

/// Writes a plain line. An error is ignored: the run goes on without standard error.
fn write_line(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
