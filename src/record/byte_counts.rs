//! Bytes through sockets, with the headers of TCP and IP, and how many sockets were dialled.

use std::ops::{AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// Bytes through sockets since some start, with the headers of TCP and IP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByteCounts {
    pub down_bytes: u64,
    pub up_bytes: u64,
    /// Segments both ways.
    pub segments: u64,
    /// IP and TCP headers of those segments, and retransmitted payload.
    pub tcp_ip_bytes: u64,
    /// Bytes both ways inside TLS sessions; 0 without TLS.
    pub plaintext_bytes: u64,
    /// Connections dialled, failed attempts included.
    pub dials: u64,
}

impl AddAssign for ByteCounts {
    fn add_assign(&mut self, other: ByteCounts) {
        self.down_bytes += other.down_bytes;
        self.up_bytes += other.up_bytes;
        self.segments += other.segments;
        self.tcp_ip_bytes += other.tcp_ip_bytes;
        self.plaintext_bytes += other.plaintext_bytes;
        self.dials += other.dials;
    }
}

impl Sub for ByteCounts {
    type Output = ByteCounts;

    fn sub(self, earlier: ByteCounts) -> ByteCounts {
        ByteCounts {
            down_bytes: self.down_bytes - earlier.down_bytes,
            up_bytes: self.up_bytes - earlier.up_bytes,
            segments: self.segments - earlier.segments,
            tcp_ip_bytes: self.tcp_ip_bytes - earlier.tcp_ip_bytes,
            plaintext_bytes: self.plaintext_bytes - earlier.plaintext_bytes,
            dials: self.dials - earlier.dials,
        }
    }
}
