//! Measures a link with packets of its own, while nothing else is under way.

use std::io;
use std::net::UdpSocket;
use std::thread;
use std::time::Duration;

use crate::network::conditions::OneWay;
use crate::network::protocol::WayProbed;
use crate::runtime::clock;

/// Bytes that a packet has before the data of UDP (RFC 791, RFC 768).
const HEADERS: usize = 28;
/// Bytes of data of a probe: its number and when it was sent.
const PROBE: usize = 16;
/// Most and fewest probes of the delay, and the time that they take between them.
const MOST_PROBES: u64 = 30;
const FEWEST_PROBES: u64 = 10;
const PROBING_NS: u64 = 500_000_000;
/// How long a train of packets takes at the rate that was asked for, and beside a jitter.
const TRAIN_NS: u64 = 100_000_000;
const TRAIN_JITTERS: u64 = 40;
/// Packets of a train. The link's queue holds more.
const MOST_CARS: u64 = 900;
const FEWEST_CARS: u64 = 8;
/// Beyond what was asked for, the longest wait for a packet.
const PATIENCE: Duration = Duration::from_millis(300);

/// A packet that arrived, by its number.
struct Arrival {
    number: u64,
    sent_ns: u64,
    at_ns: u64,
}

/// Measures one way, between two sockets that are connected to each other.
pub fn measure(from: &UdpSocket, to: &UdpSocket, way: &OneWay, mtu: u32) -> io::Result<WayProbed> {
    let probe_ns = way.transmission_ns(HEADERS + PROBE);
    let gap_ns = (2 * way.jitter_ns).max(4 * probe_ns).max(1_000_000);
    let probes = (PROBING_NS / gap_ns).clamp(FEWEST_PROBES, MOST_PROBES);
    let mut arrivals = exchange(
        from,
        to,
        way,
        &Packets {
            bytes: PROBE,
            count: probes,
            gap_ns,
        },
    )?;
    arrivals.sort_by_key(|arrival| arrival.at_ns - arrival.sent_ns);
    let median = arrivals.get(arrivals.len() / 2);
    let mut probed = WayProbed {
        delay_ns: median.map(|it| (it.at_ns - it.sent_ns).saturating_sub(probe_ns)),
        probes: arrivals.len() as u32,
        ..WayProbed::default()
    };
    if way.rate_bit_s.is_some() {
        let car_ns = way.transmission_ns(mtu as usize);
        let train_ns = TRAIN_NS.max(TRAIN_JITTERS * way.jitter_ns);
        let arrivals = exchange(
            from,
            to,
            way,
            &Packets {
                bytes: mtu as usize - HEADERS,
                count: (train_ns / car_ns).clamp(FEWEST_CARS, MOST_CARS),
                gap_ns: 0,
            },
        )?;
        if let Some((first, last)) = arrivals.first().zip(arrivals.last()) {
            // Packets that are lost take their time of transmission too.
            let bits = (last.number - first.number) * 8 * u64::from(mtu);
            probed.train_ns = last.at_ns - first.at_ns;
            probed.rate_bit_s = Some(bits as f64 * 1e9 / probed.train_ns.max(1) as f64);
        }
    }
    Ok(probed)
}

/// Packets that are sent one after the other.
struct Packets {
    bytes: usize,
    count: u64,
    /// From one to the next.
    gap_ns: u64,
}

/// Sends packets and returns those that arrive, in order.
fn exchange(
    from: &UdpSocket,
    to: &UdpSocket,
    way: &OneWay,
    packets: &Packets,
) -> io::Result<Vec<Arrival>> {
    let transmission_ns = packets.count * way.transmission_ns(HEADERS + packets.bytes);
    let longest_ns = way.delay_ns + way.jitter_ns + packets.gap_ns + transmission_ns;
    to.set_read_timeout(Some(Duration::from_nanos(longest_ns) + PATIENCE))?;
    thread::scope(|threads| {
        let arrivals = threads.spawn(|| receive(to, packets));
        let (began_ns, mut data) = (clock::now_ns(), vec![0; packets.bytes]);
        for number in 0..packets.count {
            let at_ns = began_ns + number * packets.gap_ns;
            thread::sleep(Duration::from_nanos(at_ns.saturating_sub(clock::now_ns())));
            data[..8].copy_from_slice(&number.to_be_bytes());
            data[8..PROBE].copy_from_slice(&clock::now_ns().to_be_bytes());
            from.send(&data)?;
        }
        Ok(arrivals.join().expect("it does not panic"))
    })
}

/// The packets that arrive, until the last one does or none has come for long.
fn receive(to: &UdpSocket, packets: &Packets) -> Vec<Arrival> {
    let (mut arrivals, mut data) = (Vec::new(), vec![0; packets.bytes]);
    while let Ok(length) = to.recv(&mut data) {
        let at_ns = clock::now_ns();
        let word = |at: usize| u64::from_be_bytes(data[at..at + 8].try_into().expect("8 bytes"));
        if length != packets.bytes {
            continue;
        }
        let number = word(0);
        arrivals.push(Arrival {
            number,
            sent_ns: word(8),
            at_ns,
        });
        if number + 1 == packets.count {
            break;
        }
    }
    arrivals
}
