//! What a link does to packets: plain data.

use serde::{Deserialize, Serialize};

/// A link between server and load, each way apart.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct LinkConditions {
    /// From the load to the server.
    pub up: OneWay,
    /// From the server to the load.
    pub down: OneWay,
    /// Largest IP packet, bytes (RFC 791, section 3.2).
    pub mtu: u32,
    pub black_out: Option<BlackOut>,
}

/// One way of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct OneWay {
    /// From the end of a packet's transmission to its arrival, ns.
    pub delay_ns: u64,
    /// Each delay differs by up to this from `delay_ns`, evenly distributed, ns. Packets keep their
    /// order, so that one may wait for the one before it. At most `delay_ns`.
    pub jitter_ns: u64,
    /// Percent of the packets that are lost, each by a chance of its own. 0 to 50.
    pub loss_percent: f64,
    /// Bits of IP packets a second; `None`: as many as this machine relays.
    pub rate_bit_s: Option<u64>,
}

/// A time in which every packet that is sent is lost, both ways. What is under way arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Serialize, Deserialize)]
pub struct BlackOut {
    /// Since the window began, ns.
    pub from_ns: u64,
    /// After `from_ns`.
    pub to_ns: u64,
}

impl LinkConditions {
    /// A link that changes nothing. Ethernet's MTU (RFC 894).
    pub const NONE: Self = LinkConditions {
        up: OneWay::NONE,
        down: OneWay::NONE,
        mtu: 1_500,
        black_out: None,
    };

    /// Both ways alike.
    pub const fn both(way: OneWay) -> Self {
        LinkConditions {
            up: way,
            down: way,
            ..LinkConditions::NONE
        }
    }
}

impl OneWay {
    pub const NONE: Self = OneWay {
        delay_ns: 0,
        jitter_ns: 0,
        loss_percent: 0.0,
        rate_bit_s: None,
    };

    /// How long the transmission of so many bytes takes, ns.
    pub fn transmission_ns(&self, bytes: usize) -> u64 {
        let bits = 8 * bytes as u64;
        self.rate_bit_s
            .map_or(0, |rate| (bits * 1_000_000_000).div_ceil(rate))
    }
}
