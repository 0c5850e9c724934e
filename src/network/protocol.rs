//! What a run and the process of its network send each other, a line of JSON each.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::network::conditions::LinkConditions;
use crate::network::relay::PacketCounts;

/// The address of the server. All of them are of the range that is kept for benchmarks (RFC 2544,
/// section C.2.2): 198.18.0.0/15.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(198, 19, 0, 1);
/// The address of the load's end of the link.
pub const LOAD: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
/// The first address from which clients dial.
pub const SOURCES: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);
/// Bits of all addresses that are the same, and of all those of the load.
pub const PREFIX: u32 = 15;
pub const LOAD_PREFIX: u32 = 16;

/// The first line that the process receives.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct NetworkJob {
    pub conditions: LinkConditions,
    /// Of what happens to packets by chance.
    pub seed: u64,
    /// Whether probes measure the link before it is ready.
    pub measure: bool,
}

/// The lines after it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkCommand {
    /// Messages of the window are due from this time on, on the monotonic clock.
    WindowOpens { at_ns: u64 },
    /// Say what passed so far.
    Report,
}

/// What the process says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkReply {
    Ready(Box<NetworkReady>),
    /// There is no network, for this reason.
    Failed(String),
    Report(Box<NetworkReport>),
}

/// A network that packets pass.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkReady {
    pub pid: u32,
    /// The namespaces, as paths below /proc.
    pub load: PathBuf,
    pub server: PathBuf,
    /// The user namespace that owns them, if it is not that of the run.
    pub user: Option<PathBuf>,
    pub up: WayProbed,
    pub down: WayProbed,
}

/// What probes found one way, while nothing else was under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WayProbed {
    /// Median of the probes' delays, without their transmission, ns.
    pub delay_ns: Option<u64>,
    /// Probes that the median is of.
    pub probes: u32,
    /// Of a train of packets; `None` where no rate was asked for.
    pub rate_bit_s: Option<f64>,
    /// From the first packet of the train to its last one, ns.
    pub train_ns: u64,
}

/// What passed since the network was made, probes included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkReport {
    pub up: WayPassed,
    pub down: WayPassed,
    /// CPU time of the process.
    pub cpu_s: f64,
    /// The same without the probes, for each packet that arrived since.
    pub cpu_us_per_packet: Option<f64>,
}

/// What passed one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WayPassed {
    /// By the relay's own count.
    pub relay: PacketCounts,
    /// Packets that the kernel sent into the link, those included that it dropped at once.
    pub kernel_sent: u64,
    /// Packets that the kernel received from the link.
    pub kernel_received: u64,
    /// Packets on their way.
    pub under_way: u64,
    /// How late packets arrived beyond what was asked for: 99 of 100 were no later, ns.
    pub late_p99_ns: u64,
}

impl WayPassed {
    /// Packets that chance could lose: all but those that a full queue or a black-out dropped.
    pub fn at_risk(&self) -> u64 {
        let dropped = self.relay.queue_full + self.relay.blacked_out;
        self.kernel_sent.saturating_sub(dropped)
    }

    /// Of these, by the counts of the kernel, the packets that were lost.
    pub fn lost(&self) -> u64 {
        let arrived = self.kernel_received + self.under_way;
        self.at_risk().saturating_sub(arrived)
    }

    /// Percent of the packets that were lost by chance; `None` without packets.
    pub fn loss_percent(&self) -> Option<f64> {
        let at_risk = self.at_risk();
        (at_risk > 0).then(|| self.lost() as f64 / at_risk as f64 * 100.0)
    }
}
