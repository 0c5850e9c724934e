//! A recording as packets, for Wireshark and tshark: a file of classic pcap with times in ns
//! (draft-ietf-opsawg-pcap) and packets that begin with their IP head (LINKTYPE_RAW).
//!
//! What one read or write moved becomes a segment; one that a packet cannot hold becomes several.
//! The handshake and the FINs are made up, since a program does not see them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use etherparse::{IpHeaders, PacketBuilder, PacketBuilderStep};

use crate::wire::recording::{Direction, Ends, Recording};

const MAGIC_NS: u32 = 0xa1b2_3c4d;
const VERSION: [u16; 2] = [2, 4];
const MAX_PACKET_BYTES: u32 = 1 << 18;
const LINKTYPE_RAW: u32 = 101;

/// The most bytes of a segment, so that the length of its packet fits into 16 bits.
const MAX_SEGMENT_BYTES: usize = 60_000;

/// Where a recording without addresses is placed.
const UNKNOWN: Ends = Ends {
    client: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50_000),
    server: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 80),
};

const HOPS: u8 = 64;
const WINDOW_BYTES: u16 = u16::MAX;

/// The bits of a TCP head.
#[derive(Clone, Copy, Default)]
struct Flags {
    syn: bool,
    ack: bool,
    push: bool,
    fin: bool,
}

/// The file of a recording.
pub fn pcap(recording: &Recording) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(MAGIC_NS.to_le_bytes());
    file.extend(VERSION.iter().flat_map(|part| part.to_le_bytes()));
    for word in [0, 0, MAX_PACKET_BYTES, LINKTYPE_RAW] {
        file.extend(word.to_le_bytes());
    }
    let mut packets = Packets {
        file,
        ends: recording.ends.unwrap_or(UNKNOWN),
        began_at_ns: recording.began_at_ns,
        next: [1_000, 1_000_000],
    };
    packets.write(recording);
    packets.file
}

struct Packets {
    file: Vec<u8>,
    ends: Ends,
    began_at_ns: u64,
    /// The next sequence number of the client and of the server.
    next: [u32; 2],
}

impl Packets {
    fn write(&mut self, recording: &Recording) {
        let (ack, syn) = (true, true);
        let open = Flags {
            syn,
            ..Flags::default()
        };
        self.segment(0, Direction::Up, open, &[]);
        self.segment(0, Direction::Down, Flags { ack, ..open }, &[]);
        let plain = Flags {
            ack,
            ..Flags::default()
        };
        self.segment(0, Direction::Up, plain, &[]);
        let mut at_ns = 0;
        for chunk in recording.chunks() {
            at_ns = chunk.at_ns;
            let bytes = recording.bytes(chunk.direction);
            let bytes = &bytes[chunk.start..chunk.start + chunk.length];
            for segment in bytes.chunks(MAX_SEGMENT_BYTES) {
                let push = true;
                self.segment(at_ns, chunk.direction, Flags { push, ..plain }, segment);
            }
        }
        let fin = Flags { fin: true, ..plain };
        self.segment(at_ns, Direction::Up, fin, &[]);
        self.segment(at_ns, Direction::Down, fin, &[]);
        self.segment(at_ns, Direction::Up, plain, &[]);
    }

    fn segment(&mut self, at_ns: u64, direction: Direction, flags: Flags, bytes: &[u8]) {
        let (from, to) = match direction {
            Direction::Up => (self.ends.client, self.ends.server),
            Direction::Down => (self.ends.server, self.ends.client),
        };
        let (own, peer) = (direction as usize, 1 - direction as usize);
        let mut tcp =
            ip(from.ip(), to.ip()).tcp(from.port(), to.port(), self.next[own], WINDOW_BYTES);
        if flags.ack {
            tcp = tcp.ack(self.next[peer]);
        }
        if flags.syn {
            tcp = tcp.syn();
        }
        if flags.push {
            tcp = tcp.psh();
        }
        if flags.fin {
            tcp = tcp.fin();
        }
        let length = tcp.size(bytes.len()) as u32;
        let at_ns = self.began_at_ns + at_ns;
        for word in [
            (at_ns / 1_000_000_000) as u32,
            (at_ns % 1_000_000_000) as u32,
            length,
            length,
        ] {
            self.file.extend(word.to_le_bytes());
        }
        tcp.write(&mut self.file, bytes)
            .expect("a segment fits into a packet");
        // SYN and FIN count as one byte each (RFC 9293, section 3.4).
        let octets = bytes.len() as u32 + u32::from(flags.syn) + u32::from(flags.fin);
        self.next[own] = self.next[own].wrapping_add(octets);
    }
}

fn ip(from: IpAddr, to: IpAddr) -> PacketBuilderStep<IpHeaders> {
    match (from.to_canonical(), to.to_canonical()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => PacketBuilder::ipv4(from.octets(), to.octets(), HOPS),
        (from, to) => PacketBuilder::ipv6(v6(from), v6(to), HOPS),
    }
}

fn v6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}
