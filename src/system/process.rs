//! CPU time and memory of processes, and CPU time of the machine.

use std::io;
use std::ops::{Add, AddAssign};

use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};

use crate::system::files::SystemFiles;

/// What a process has used since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessUsage {
    /// CPU time in user mode.
    pub user_s: f64,
    /// CPU time in the kernel.
    pub sys_s: f64,
    /// Resident memory now.
    pub rss_bytes: u64,
}

impl ProcessUsage {
    /// Reads the use of process `pid`.
    ///
    /// The sum of user and system time comes from the process's CPU clock, exact to nanoseconds.
    /// Its division comes from samples of the kernel, in ticks of 10 ms.
    pub fn of(pid: u32) -> io::Result<ProcessUsage> {
        let stat = SystemFiles::host().process_stat(pid)?;
        let cpu_ns = CpuClock::of(pid)?.read_ns();
        let cpu_s = cpu_ns.ok_or(io::ErrorKind::NotFound)? as f64 / 1e9;
        let user_share = match stat.utime + stat.stime {
            0 => 0.5,
            ticks => stat.utime as f64 / ticks as f64,
        };
        Ok(ProcessUsage {
            user_s: cpu_s * user_share,
            sys_s: cpu_s * (1.0 - user_share),
            rss_bytes: stat.rss * rustix::param::page_size() as u64,
        })
    }

    /// User and system seconds between `earlier` and now.
    pub fn cpu_since(&self, earlier: &ProcessUsage) -> (f64, f64) {
        // The sampled division may step back a little. The sum never does.
        let sum = (self.user_s + self.sys_s) - (earlier.user_s + earlier.sys_s);
        let user = (self.user_s - earlier.user_s).clamp(0.0, sum.max(0.0));
        (user, sum.max(0.0) - user)
    }
}

impl Add for ProcessUsage {
    type Output = ProcessUsage;

    fn add(mut self, other: ProcessUsage) -> ProcessUsage {
        self += other;
        self
    }
}

impl AddAssign for ProcessUsage {
    fn add_assign(&mut self, other: ProcessUsage) {
        self.user_s += other.user_s;
        self.sys_s += other.sys_s;
        self.rss_bytes += other.rss_bytes;
    }
}

/// Whether a process has ended. Its parent may not have waited for it yet.
pub fn has_ended(pid: u32) -> bool {
    SystemFiles::host()
        .process_stat(pid)
        .map_or(true, |stat| matches!(stat.state, 'Z' | 'X'))
}

/// CPU time of all cores since boot (proc(5), /proc/stat).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CpuTime {
    /// Spent on processes and interrupts.
    pub busy_s: f64,
    /// Given to other virtual machines by the hypervisor while this one wanted it.
    pub stolen_s: f64,
}

impl CpuTime {
    /// Reads the machine's CPU time; `None` where the kernel does not show it.
    pub fn now() -> Option<Self> {
        let seconds = |ticks: u64| ticks as f64 / procfs::ticks_per_second() as f64;
        let total = SystemFiles::host().kernel_stats()?.total;
        Some(CpuTime {
            busy_s: seconds(busy_ticks(&total)),
            stolen_s: seconds(total.steal?),
        })
    }

    /// CPU time between `earlier` and now.
    pub fn since(&self, earlier: &CpuTime) -> CpuTime {
        CpuTime {
            busy_s: self.busy_s - earlier.busy_s,
            stolen_s: self.stolen_s - earlier.stolen_s,
        }
    }
}

/// Ticks spent on processes and interrupts.
pub fn busy_ticks(total: &procfs::CpuTime) -> u64 {
    let interrupts = total.irq.unwrap_or(0) + total.softirq.unwrap_or(0);
    total.user + total.nice + total.system + interrupts
}

/// The CPU-time clock of a process (clock_getcpuclockid(3)).
#[derive(Clone, Copy, Debug)]
pub struct CpuClock(libc::clockid_t);

impl CpuClock {
    pub fn of_this_thread() -> Self {
        CpuClock(libc::CLOCK_THREAD_CPUTIME_ID)
    }

    /// Fails if there is no such process.
    pub fn of(pid: u32) -> io::Result<Self> {
        let mut clock: libc::clockid_t = 0;
        // SAFETY: the call writes only through the pointer, which is valid and exclusive here.
        match unsafe { libc::clock_getcpuclockid(pid as libc::pid_t, &raw mut clock) } {
            0 => Ok(CpuClock(clock)),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }

    /// User and system time in ns; `None` if the process has ended.
    pub fn read_ns(&self) -> Option<u64> {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: likewise.
        let read = unsafe { libc::clock_gettime(self.0, &raw mut time) };
        (read == 0).then_some(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
    }
}

/// Has the kernel kill a command's process when the thread that starts it ends, also by SIGKILL
/// (prctl(2), PR_SET_PDEATHSIG). What that process starts is not killed.
pub fn end_with_this_thread(command: &mut tokio::process::Command) {
    let parent = rustix::process::getpid();
    // SAFETY: between fork and exec this makes system calls, and allocates nothing.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have ended before.
            match rustix::process::getppid() == Some(parent) {
                true => Ok(()),
                false => Err(io::ErrorKind::BrokenPipe.into()),
            }
        });
    }
}

/// Whether this process ignores a signal (sigaction(2)).
pub fn is_ignored(signal: i32) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action the call only writes the present one, through a pointer that is
    // valid and exclusive here. It is read only if it was written.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Takes a signal's handler away, so that the signal ends this process.
pub fn restore_default(signal: i32) {
    // SAFETY: the default action runs no code of this process.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// Has the calling thread run before all programs that wait for a core, if this process has the
/// privilege (sched(7), SCHED_FIFO).
pub fn go_first() {
    let lowest = libc::sched_param { sched_priority: 1 };
    // SAFETY: the call reads only the structure, which is valid here.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const lowest) };
}

/// Raises the soft limit of open descriptors to the hard one and returns it.
pub fn raise_descriptor_limit() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let _ = setrlimit(Resource::Nofile, raised);
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_process_uses_cpu_and_memory_and_a_missing_one_is_an_error() {
        let before = ProcessUsage::of(std::process::id()).unwrap();
        let mut heap = vec![1_u8; 32 << 20];
        let started = std::time::Instant::now();
        while started.elapsed().as_millis() < 60 {
            heap.iter_mut()
                .step_by(4096)
                .for_each(|byte| *byte = byte.wrapping_add(1));
        }
        let after = ProcessUsage::of(std::process::id()).unwrap();
        let (user_s, sys_s) = after.cpu_since(&before);
        assert!(
            (0.005..10.0).contains(&(user_s + sys_s)),
            "{user_s} + {sys_s}"
        );
        assert!(
            after.rss_bytes > 32 << 20,
            "what was just written is resident: {after:?}"
        );
        assert!(ProcessUsage::of(u32::MAX >> 2).is_err());
    }
}
