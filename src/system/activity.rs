//! What ran on this machine during a sample.

use std::collections::HashMap;

use crate::system::files::SystemFiles;
use crate::system::process::busy_ticks;

/// CPU use during a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Time that all CPUs worked, percent of all CPUs.
    pub busy_percent: f64,
    /// Time that the hypervisor took, percent of all CPUs; `None` if the kernel does not show it.
    pub steal_percent: Option<f64>,
    /// The process that used most CPU time, if any used some: name, id, percent of one CPU.
    pub top: Option<(String, i32, f64)>,
}

/// CPU time since boot, in ticks.
pub struct Sample {
    cpus: usize,
    all: u64,
    busy: u64,
    steal: Option<u64>,
    /// By id: name and time.
    processes: HashMap<i32, (String, u64)>,
}

impl Sample {
    pub fn take(files: &SystemFiles) -> Option<Self> {
        let stat = files.kernel_stats()?;
        let (total, busy) = (&stat.total, busy_ticks(&stat.total));
        let processes = files.process_stats()?.into_iter();
        Some(Sample {
            cpus: stat.cpu_time.len(),
            all: busy + total.steal.unwrap_or(0) + total.idle + total.iowait.unwrap_or(0),
            busy,
            steal: total.steal,
            processes: processes
                .map(|stat| (stat.pid, (stat.comm, stat.utime + stat.stime)))
                .collect(),
        })
    }

    /// The activity between `earlier` and this sample. Processes that began in between are left
    /// out, as their time before is not known.
    pub fn since(&self, earlier: &Sample) -> Activity {
        // The kernel's counters may step back by a tick.
        let all = self.all.saturating_sub(earlier.all).max(1) as f64;
        let percent = |now: u64, before: u64| now.saturating_sub(before) as f64 / all * 100.0;
        let used = self.processes.iter().filter_map(|(pid, (name, now))| {
            let (_, before) = earlier.processes.get(pid)?;
            Some((percent(*now, *before) * self.cpus as f64, *pid, name))
        });
        let top = used
            .filter(|(percent, ..)| *percent > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        Activity {
            busy_percent: percent(self.busy, earlier.busy),
            steal_percent: self
                .steal
                .zip(earlier.steal)
                .map(|(now, before)| percent(now, before)),
            top: top.map(|(percent, pid, name)| (name.clone(), pid, percent)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_says_how_busy_the_machine_was_and_by_what() {
        let sample = |all, busy, steal, processes: &[(i32, u64)]| Sample {
            cpus: 2,
            all,
            busy,
            steal: Some(steal),
            processes: processes
                .iter()
                .map(|&(pid, ticks)| (pid, (format!("p{pid}"), ticks)))
                .collect(),
        };
        let before = sample(1_000, 100, 10, &[(1, 50), (2, 7)]);
        let after = sample(1_200, 200, 14, &[(1, 60), (2, 87), (3, 900)]);
        let activity = after.since(&before);
        let percents = (activity.busy_percent, activity.steal_percent);
        assert_eq!(percents, (50.0, Some(2.0)));
        // 80 of the 100 ticks of one CPU. Process 3 is new.
        assert_eq!(activity.top, Some(("p2".to_owned(), 2, 80.0)));
        assert_eq!(after.since(&after).top, None);
    }
}
