//! `wslab load`: a load process. Its job is the first line of standard input; its events or replies
//! go to standard output, a line of JSON each.

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::Context;
use clap::Args;

use crate::cli::process::{confine, wait_for_parent};
use crate::load::protocol::{Job, LoadEvent};
use crate::load::{agent, controller};
use crate::system::cpus::Cpus;
use crate::system::process;

#[derive(Debug, Args)]
pub(super) struct LoadArgs {
    /// Run on these CPUs only
    #[arg(long, hide = true)]
    cpus: Option<Cpus>,
}

impl LoadArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        confine(self.cpus.as_ref())?;
        process::raise_descriptor_limit();
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        let job: Job = serde_json::from_str(&line)
            .context("wslab load is for wslab run, which gives it its job")?;
        match job {
            Job::Lead(plan) => {
                let stop = Arc::new(AtomicBool::new(false));
                let ordered = stop.clone();
                std::thread::spawn(move || {
                    wait_for_parent(|line| {
                        ordered.fetch_or(line == "stop", Relaxed);
                    });
                    std::process::exit(1);
                });
                controller::run(plan, stop, |event: LoadEvent| write_line(&event))?;
            }
            Job::Follow(job) => {
                agent::run_agent(job, std::io::stdin().lock(), |reply| write_line(&reply))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes a line of JSON. An error means that the parent has ended, and this process ends then too.
fn write_line(value: &impl serde::Serialize) {
    let mut line = serde_json::to_vec(value).expect("plain data");
    line.push(b'\n');
    let mut output = std::io::stdout().lock();
    let _ = output.write_all(&line).and_then(|()| output.flush());
}
