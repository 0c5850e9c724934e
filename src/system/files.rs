//! The one reader of /proc, /sys and /etc.
//!
//! What a kernel, a container or a virtual machine does not show is absent, never an error.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::PathBuf;

use procfs::net::{DeviceStatus, InterfaceDeviceStatus, TcpNetEntries, TcpNetEntry};
use procfs::prelude::*;
use procfs::process::{Process, Stat, all_processes_with_root};
use procfs::{KernelStats, current_system_info};

use crate::system::cpus::Cpus;

/// The settings that switch a CPU's boost: file, value that means on, command that switches it off.
const BOOST: [(&str, &str, &str); 2] = [
    (
        "sys/devices/system/cpu/cpufreq/boost",
        "1",
        "echo 0 > /sys/devices/system/cpu/cpufreq/boost",
    ),
    (
        "sys/devices/system/cpu/intel_pstate/no_turbo",
        "0",
        "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo",
    ),
];

/// Whether the CPU may run above its nominal frequency, and the command that prevents it.
#[derive(Clone, Debug, PartialEq)]
pub struct Boost {
    pub on: bool,
    pub off_by: &'static str,
}

/// The files of one machine.
#[derive(Debug)]
pub struct SystemFiles {
    root: PathBuf,
}

impl SystemFiles {
    /// The files of this machine.
    pub fn host() -> Self {
        SystemFiles::below("/")
    }

    /// The files below `root`, as a test writes them.
    pub fn below(root: impl Into<PathBuf>) -> Self {
        SystemFiles { root: root.into() }
    }

    fn text(&self, path: &str) -> Option<String> {
        let bytes = fs::read(self.root.join(path)).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The first line of a file, with spaces for tabs.
    fn line(&self, path: &str) -> Option<String> {
        let text = self.text(path)?;
        Some(text.lines().next()?.trim().replace('\t', " "))
    }

    /// The value of the first line `key<separator>value`, without quotes.
    fn field(&self, path: &str, key: &str, separator: char) -> Option<String> {
        self.text(path)?.lines().find_map(|line| {
            let (name, value) = line.split_once(separator)?;
            (name.trim() == key).then(|| value.trim().trim_matches('"').to_owned())
        })
    }

    /// A kernel parameter (sysctl(8)) by its name, such as `net.core.somaxconn`.
    pub fn sysctl(&self, name: &str) -> Option<String> {
        self.line(&format!("proc/sys/{}", name.replace('.', "/")))
    }

    /// A kernel parameter that is one number.
    pub fn sysctl_number(&self, name: &str) -> Option<u64> {
        self.sysctl(name)?.parse().ok()
    }

    /// First and last port of outgoing connections (ip(7), ip_local_port_range).
    pub fn local_ports(&self) -> Option<(u64, u64)> {
        let line = self.sysctl("net.ipv4.ip_local_port_range")?;
        let (first, last) = line.split_once(' ')?;
        Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
    }

    /// The name of the distribution (os-release(5)).
    pub fn os_name(&self) -> Option<String> {
        self.field("etc/os-release", "PRETTY_NAME", '=')
    }

    pub fn cpu_model(&self) -> Option<String> {
        self.field("proc/cpuinfo", "model name", ':')
    }

    /// Whether a hypervisor is below, by the CPU's flags. Only x86 has them.
    pub fn virtual_machine(&self) -> Option<bool> {
        let flags = self.field("proc/cpuinfo", "flags", ':')?;
        Some(flags.split(' ').any(|flag| flag == "hypervisor"))
    }

    /// A line of /proc/meminfo, such as `MemAvailable`, in bytes.
    pub fn memory_bytes(&self, key: &str) -> Option<u64> {
        let kib = self.field("proc/meminfo", key, ':')?;
        let kib: u64 = kib.trim_end_matches("kB").trim().parse().ok()?;
        Some(kib << 10)
    }

    /// Over 1, 5 and 15 minutes (proc(5), /proc/loadavg).
    pub fn load_average(&self) -> Option<[f64; 3]> {
        let line = self.line("proc/loadavg")?;
        let mut averages = line.split(' ').map_while(|word| word.parse().ok());
        Some([averages.next()?, averages.next()?, averages.next()?])
    }

    /// Closed connections that hold their ports (/proc/net/sockstat: `TCP: … tw 12 …`).
    pub fn time_wait(&self) -> Option<u64> {
        let tcp = self.field("proc/net/sockstat", "TCP", ':')?;
        let mut words = tcp.split(' ').skip_while(|word| *word != "tw");
        words.nth(1)?.parse().ok()
    }

    /// How late this process's timers may be, ns.
    pub fn timer_slack_ns(&self) -> Option<u64> {
        self.line("proc/self/timerslack_ns")?.parse().ok()
    }

    pub fn clock_source(&self) -> Option<String> {
        self.line("sys/devices/system/clocksource/clocksource0/current_clocksource")
    }

    pub fn transparent_hugepages(&self) -> Option<String> {
        self.line("sys/kernel/mm/transparent_hugepage/enabled")
    }

    /// The frequency governor of a CPU.
    pub fn governor(&self, cpu: &str) -> Option<String> {
        self.line(&format!(
            "sys/devices/system/cpu/{cpu}/cpufreq/scaling_governor"
        ))
    }

    /// The frequency governors of all CPUs.
    pub fn governors(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root.join("sys/devices/system/cpu"));
        let entries = entries.into_iter().flatten().flatten();
        entries
            .filter_map(|entry| self.governor(entry.file_name().to_str()?))
            .collect()
    }

    pub fn boost(&self) -> Option<Boost> {
        BOOST.iter().find_map(|&(path, on, off_by)| {
            let on = self.line(path)? == on;
            Some(Boost { on, off_by })
        })
    }

    /// The CPUs that share a core with `cpu`, including itself.
    pub fn core_siblings(&self, cpu: usize) -> Option<Cpus> {
        let path = format!("sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
        self.line(&path)?.parse().ok()
    }

    /// The CPUs that the control group may use: quota ÷ period (cgroup v2, cpu.max).
    pub fn cpu_quota(&self) -> Option<f64> {
        let line = self.line("sys/fs/cgroup/cpu.max")?;
        let (quota, period) = line.split_once(' ')?;
        Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
    }

    /// CPU times since boot (/proc/stat).
    pub fn kernel_stats(&self) -> Option<KernelStats> {
        KernelStats::from_file(self.root.join("proc/stat"), current_system_info()).ok()
    }

    /// The state of process `pid` (/proc/PID/stat).
    pub fn process_stat(&self, pid: u32) -> io::Result<Stat> {
        let folder = self.root.join("proc").join(pid.to_string());
        let process = Process::new_with_root(folder);
        process
            .and_then(|process| process.stat())
            .map_err(io::Error::other)
    }

    /// Open descriptors of a process, if it is this user's: those of its first thread's table.
    pub fn descriptors(&self, pid: u32) -> Option<u64> {
        let folder = self.root.join("proc").join(pid.to_string()).join("fd");
        // Since Linux 6.2 the size is their number (proc_pid_fd(5)).
        match fs::metadata(&folder).ok()?.len() {
            0 => Some(fs::read_dir(folder).ok()?.count() as u64),
            count => Some(count),
        }
    }

    /// The states of all processes, kernel threads included, without those that end meanwhile.
    pub fn process_stats(&self) -> Option<Vec<Stat>> {
        let all = all_processes_with_root(self.root.join("proc")).ok()?;
        Some(
            all.filter_map(|process| process.ok()?.stat().ok())
                .collect(),
        )
    }

    /// All TCP sockets of this process's network namespace (/proc/net/tcp and tcp6).
    pub fn tcp_sockets(&self) -> Vec<TcpNetEntry> {
        let table = |path| {
            let path = self.root.join(path);
            let table = TcpNetEntries::from_file(path, current_system_info());
            table.map_or(Vec::new(), |table| table.0)
        };
        [table("proc/net/tcp"), table("proc/net/tcp6")].concat()
    }

    /// The processes that hold some of these sockets, by their inodes, with those that they hold, in
    /// the descriptor tables of all their threads (/proc/PID/task/TID/fd). Processes of other users
    /// are left out, unless this one may look at them.
    pub fn socket_holders(&self, inodes: &BTreeSet<u64>) -> BTreeMap<u32, BTreeSet<u64>> {
        let all = all_processes_with_root(self.root.join("proc"));
        let all = all.into_iter().flatten().flatten();
        let holders = all.map(|process| {
            let pid = process.pid as u32;
            (pid, self.sockets_held(pid, inodes))
        });
        holders.filter(|(_, held)| !held.is_empty()).collect()
    }

    fn sockets_held(&self, pid: u32, inodes: &BTreeSet<u64>) -> BTreeSet<u64> {
        let entries = |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten();
        let threads = entries(self.root.join(format!("proc/{pid}/task")));
        let descriptors = threads.flat_map(|thread| entries(thread.path().join("fd")));
        let targets = descriptors.filter_map(|entry| fs::read_link(entry.path()).ok());
        let sockets = targets.filter_map(|target| {
            let inode = target
                .to_str()?
                .strip_prefix("socket:[")?
                .strip_suffix(']')?;
            inodes.get(&inode.parse().ok()?).copied()
        });
        sockets.collect()
    }

    /// The counters of all network interfaces of this process's namespace (/proc/net/dev).
    pub fn interfaces(&self) -> io::Result<HashMap<String, DeviceStatus>> {
        let status = InterfaceDeviceStatus::from_file(self.root.join("proc/net/dev"));
        Ok(status.map_err(io::Error::other)?.0)
    }
}
