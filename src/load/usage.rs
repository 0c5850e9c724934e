//! What the processes of a trial and this host had used at one moment.

use crate::load::outcome::{MachineUse, UsageDelta};
use crate::runtime::clock;
use crate::system::files::SystemFiles;
use crate::system::interface::InterfaceCounters;
use crate::system::process::{CpuTime, ProcessUsage};

/// The processes whose use is measured.
#[derive(Clone, Debug, Default)]
pub struct MeasuredProcesses {
    /// All processes of the load but the probe's.
    pub load: Vec<u32>,
    /// The probe's, and that of the network.
    pub beside: Vec<u32>,
    pub server: Option<u32>,
    /// What earlier processes of the server have used.
    pub server_before: ProcessUsage,
    pub proxy: Option<u32>,
    /// Whether the server runs on this host and takes part in the use of its cores.
    pub server_is_here: bool,
    /// A network interface whose counters are read as well.
    pub interface: Option<String>,
}

/// Use up to one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct UsageSnapshot {
    at_ns: u64,
    pub load: ProcessUsage,
    /// `None` if its use cannot be read, as of the server; without such processes it is 0.
    pub beside: Option<ProcessUsage>,
    pub server: Option<ProcessUsage>,
    /// Likewise; without a proxy it is 0.
    pub proxy: Option<ProcessUsage>,
    server_is_here: bool,
    /// `None` if they cannot be counted.
    server_descriptors: Option<u64>,
    /// Of all cores of this host; `None` where the kernel does not show it.
    pub cores: Option<CpuTime>,
    pub interface: Option<InterfaceCounters>,
    /// Memory of the kernel's own objects, such as sockets; `None` where it is not shown.
    kernel_bytes: Option<u64>,
}

impl MeasuredProcesses {
    /// The server is another process from now on. The one before used so much in all.
    pub fn replace_server(&mut self, pid: u32, ended: ProcessUsage) {
        self.server = Some(pid);
        self.server_before += ProcessUsage {
            rss_bytes: 0,
            ..ended
        };
    }

    /// Reads what all of them have used so far. A process of the load that has ended counts as
    /// nothing; the trial fails with it.
    pub fn snapshot(&self) -> UsageSnapshot {
        let mut load = ProcessUsage::default();
        for pid in &self.load {
            load += usage(*pid).unwrap_or_default();
        }
        let interface = self.interface.as_ref();
        UsageSnapshot {
            at_ns: clock::now_ns(),
            load,
            beside: sum(&self.beside),
            server: self
                .server
                .and_then(usage)
                .map(|used| self.server_before + used),
            proxy: self.proxy.map_or(Some(ProcessUsage::default()), usage),
            server_is_here: self.server_is_here,
            server_descriptors: self
                .server
                .and_then(|pid| SystemFiles::host().descriptors(pid)),
            cores: CpuTime::now(),
            interface: interface.and_then(|name| InterfaceCounters::of(name).ok()),
            kernel_bytes: SystemFiles::host().memory_bytes("Slab"),
        }
    }
}

fn sum(pids: &[u32]) -> Option<ProcessUsage> {
    let mut sum = ProcessUsage::default();
    for pid in pids {
        sum += usage(*pid)?;
    }
    Some(sum)
}

fn usage(pid: u32) -> Option<ProcessUsage> {
    ProcessUsage::of(pid).ok()
}

impl UsageSnapshot {
    /// Connections that the server has open: descriptors that it did not have `before` the first
    /// client came. The kernel counts them, so that a server is not asked, whose answers would be
    /// bytes of the trial.
    pub fn server_connections(&self, before: &UsageSnapshot) -> Option<u64> {
        let (now, before) = self.server_descriptors.zip(before.server_descriptors)?;
        Some(now.saturating_sub(before))
    }

    /// What load and server used since an earlier moment.
    pub fn since(&self, earlier: &UsageSnapshot) -> (UsageDelta, Option<UsageDelta>) {
        let server = earlier.server.as_ref().zip(self.server.as_ref());
        (
            UsageDelta::between(&earlier.load, &self.load),
            server.map(|(earlier, later)| UsageDelta::between(earlier, later)),
        )
    }

    /// What the proxy used since an earlier moment; nothing where there is none.
    pub fn proxy_since(&self, earlier: &UsageSnapshot) -> Option<UsageDelta> {
        let proxy = earlier.proxy.as_ref().zip(self.proxy.as_ref());
        proxy.map(|(earlier, later)| UsageDelta::between(earlier, later))
    }

    /// Growth of the kernel's memory since an earlier moment.
    pub fn kernel_growth_since(&self, earlier: &UsageSnapshot) -> Option<i64> {
        let (now, before) = self.kernel_bytes.zip(earlier.kernel_bytes)?;
        Some(now as i64 - before as i64)
    }

    /// What this machine and the processes used since an earlier moment.
    pub fn machine_since(&self, earlier: &UsageSnapshot) -> MachineUse {
        let (load, server) = self.since(earlier);
        let beside = earlier.beside.as_ref().zip(self.beside.as_ref());
        let beside = beside.map(|(earlier, later)| UsageDelta::between(earlier, later));
        let cores = self.cores.zip(earlier.cores);
        MachineUse {
            length_s: self.at_ns.saturating_sub(earlier.at_ns) as f64 / 1e9,
            load_s: load.cpu_s(),
            server_s: match self.server_is_here {
                true => server.map(|server| server.cpu_s()),
                false => Some(0.0),
            },
            proxy_s: self.proxy_since(earlier).map(|proxy| proxy.cpu_s()),
            beside_s: beside.map(|beside| beside.cpu_s()),
            cores: cores.map(|(later, earlier)| later.since(&earlier)),
        }
    }
}
