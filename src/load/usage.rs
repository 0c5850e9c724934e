//! What the processes of a trial and this host had used at one moment.

use crate::load::outcome::UsageDelta;
use crate::system::interface::InterfaceCounters;
use crate::system::process::{CpuTime, ProcessUsage};

/// The processes whose use is measured.
#[derive(Clone, Debug, Default)]
pub struct MeasuredProcesses {
    /// All processes of the load but the probe's.
    pub load: Vec<u32>,
    pub probe: Option<u32>,
    pub server: Option<u32>,
    /// A network interface whose counters are read as well.
    pub interface: Option<String>,
}

/// Use up to one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct UsageSnapshot {
    pub load: ProcessUsage,
    pub probe: ProcessUsage,
    pub server: Option<ProcessUsage>,
    /// Of all cores of this host.
    pub cores: CpuTime,
    pub interface: Option<InterfaceCounters>,
}

impl MeasuredProcesses {
    /// Reads what all of them have used so far. A process that has ended counts as nothing.
    pub fn snapshot(&self) -> UsageSnapshot {
        let mut load = ProcessUsage::default();
        for pid in &self.load {
            load += usage(*pid).unwrap_or_default();
        }
        let interface = self.interface.as_ref();
        UsageSnapshot {
            load,
            probe: self.probe.and_then(usage).unwrap_or_default(),
            server: self.server.and_then(usage),
            cores: CpuTime::now(),
            interface: interface.and_then(|name| InterfaceCounters::of(name).ok()),
        }
    }
}

fn usage(pid: u32) -> Option<ProcessUsage> {
    ProcessUsage::of(pid).ok()
}

impl UsageSnapshot {
    /// What load and server used since an earlier moment.
    pub fn since(&self, earlier: &UsageSnapshot) -> (UsageDelta, Option<UsageDelta>) {
        let server = earlier.server.as_ref().zip(self.server.as_ref());
        (
            UsageDelta::between(&earlier.load, &self.load),
            server.map(|(earlier, later)| UsageDelta::between(earlier, later)),
        )
    }
}
