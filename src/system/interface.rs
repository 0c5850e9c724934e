//! The counters of a network interface, as a check of the byte ledger. The ledger computes the
//! headers of TCP and IP; an interface counts everything that passes it.

use std::io;

use serde::{Deserialize, Serialize};

use crate::system::files::SystemFiles;

/// What passed an interface, both ways, since it was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceCounters {
    /// On Ethernet or veth each packet's header of 14 bytes is included and its checksum is not. On
    /// loopback everything counts twice, out and in.
    pub bytes: u64,
    /// Packets; with segmentation offload one holds several segments.
    pub packets: u64,
}

impl InterfaceCounters {
    /// Reads the counters of interface `name` in this process's network namespace.
    pub fn of(name: &str) -> io::Result<InterfaceCounters> {
        let interfaces = SystemFiles::host().interfaces()?;
        let unknown = || io::Error::new(io::ErrorKind::NotFound, format!("no interface {name}"));
        let counters = interfaces.get(name).ok_or_else(unknown)?;
        Ok(InterfaceCounters {
            bytes: counters.recv_bytes + counters.sent_bytes,
            packets: counters.recv_packets + counters.sent_packets,
        })
    }

    /// What passed since `earlier`. `None` if the interface was created anew in between.
    pub fn since(&self, earlier: &InterfaceCounters) -> Option<InterfaceCounters> {
        Some(InterfaceCounters {
            bytes: self.bytes.checked_sub(earlier.bytes)?,
            packets: self.packets.checked_sub(earlier.packets)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn loopback_counts_what_is_sent_and_a_missing_interface_is_an_error() {
        let before = InterfaceCounters::of("lo").unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        socket.send_to(&[0; 1_000], address).unwrap();
        let after = InterfaceCounters::of("lo").unwrap();
        let passed = after.since(&before).unwrap();
        assert_eq!(before.since(&after), None, "its counters began again");
        assert!(passed.bytes >= 2 * 1_028, "{passed:?}: out and in");
        assert!(passed.packets >= 2, "{passed:?}");
        assert!(InterfaceCounters::of("none-such").is_err());
    }
}
