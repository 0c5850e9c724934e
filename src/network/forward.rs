//! Carries the packets of one way from one TUN device to the other, each when it is due.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use hdrhistogram::Histogram;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::thread::set_current_timer_slack;
use rustix::time::Timespec;

use crate::network::conditions::BlackOut;
use crate::network::interface::TUN;
use crate::network::protocol::WayPassed;
use crate::network::relay::{Fate, Relay};
use crate::record::histogram;
use crate::runtime::clock;
use crate::system::process;

/// Packets that are read before those that are due are written.
const BATCH: usize = 64;

/// Most packets under way: a second of what this machine carries. Further ones are lost, which
/// shows in the loss that is measured.
const UNDER_WAY_PACKETS: usize = 200_000;

/// When every packet is lost, on the monotonic clock. Never at first.
#[derive(Debug)]
pub struct Darkness {
    from_ns: AtomicU64,
    to_ns: AtomicU64,
}

impl Darkness {
    pub const fn never() -> Self {
        Darkness {
            from_ns: AtomicU64::new(u64::MAX),
            to_ns: AtomicU64::new(0),
        }
    }

    /// The black-out of a window that opens at this time.
    pub fn plan(&self, black_out: BlackOut, opens_ns: u64) {
        self.to_ns.store(opens_ns + black_out.to_ns, Relaxed);
        self.from_ns.store(opens_ns + black_out.from_ns, Relaxed);
    }

    fn is_at(&self, now_ns: u64) -> bool {
        self.from_ns.load(Relaxed) <= now_ns && now_ns < self.to_ns.load(Relaxed)
    }
}

/// One way of the link between two TUN devices.
#[derive(Debug)]
pub struct Forwarder {
    from: Arc<OwnedFd>,
    to: Arc<OwnedFd>,
    mtu: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    relay: Relay,
    /// Packets by the time of their arrival, which does not decrease.
    under_way: VecDeque<(u64, Box<[u8]>)>,
    /// How late packets arrived, ns.
    late: Histogram<u64>,
}

impl Forwarder {
    pub fn new(relay: Relay, from: Arc<OwnedFd>, to: Arc<OwnedFd>, mtu: u32) -> Self {
        Forwarder {
            from,
            to,
            mtu: mtu as usize,
            state: Mutex::new(State {
                relay,
                under_way: VecDeque::new(),
                late: histogram::coarse(),
            }),
        }
    }

    /// Carries packets for as long as the devices work.
    pub fn run(&self, darkness: &Darkness) -> io::Error {
        // Timers are late by their slack, 50 µs by default.
        let _ = set_current_timer_slack(NonZeroU64::new(1));
        process::go_first();
        let mut buffer = vec![0; self.mtu];
        loop {
            if let Err(error) = self.turn(&mut buffer, darkness) {
                return error;
            }
        }
    }

    /// Waits for a packet, or until one is due; reads those that came and writes those that are due.
    fn turn(&self, buffer: &mut [u8], darkness: &Darkness) -> io::Result<()> {
        let due_ns = self.state().under_way.front().map(|(at_ns, _)| *at_ns);
        wait(&self.from, due_ns)?;
        let mut state = self.state();
        for _ in 0..BATCH {
            let length = match rustix::io::read(&*self.from, &mut *buffer) {
                Ok(length) => length,
                Err(Errno::AGAIN | Errno::INTR) => break,
                Err(error) => return Err(error.into()),
            };
            let now_ns = clock::now_ns();
            let fate = state.relay.pass(now_ns, length, darkness.is_at(now_ns));
            if let Fate::Arrives(at_ns) = fate
                && state.under_way.len() < UNDER_WAY_PACKETS
            {
                state.under_way.push_back((at_ns, buffer[..length].into()));
            }
        }
        state.deliver(&self.to);
        Ok(())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What passed so far, with the kernel's counts of the interfaces at both ends.
    pub fn passed(&self, from: &File, to: &File) -> io::Result<WayPassed> {
        // While this is locked, no packet enters or leaves the relay.
        let state = self.state();
        let (sent, received) = (Counters::read(from)?, Counters::read(to)?);
        Ok(WayPassed {
            relay: state.relay.counts,
            kernel_sent: sent.sent + sent.not_sent,
            kernel_received: received.received,
            under_way: state.under_way.len() as u64,
            late_p99_ns: state.late.value_at_quantile(0.99),
        })
    }
}

impl State {
    /// Writes all packets that are due.
    fn deliver(&mut self, to: &OwnedFd) {
        while let Some((at_ns, packet)) = self.under_way.front() {
            let now_ns = clock::now_ns();
            if *at_ns > now_ns {
                break;
            }
            self.late.saturating_record(now_ns - at_ns);
            // A packet that the kernel does not take is missing in its count.
            let _ = rustix::io::write(to, packet);
            self.under_way.pop_front();
        }
    }
}

/// Waits until there is something to read, or until a time on the monotonic clock.
fn wait(device: &OwnedFd, until_ns: Option<u64>) -> io::Result<()> {
    let left_ns = until_ns.map(|at_ns| at_ns.saturating_sub(clock::now_ns()));
    let left = left_ns.map(|ns| Timespec {
        tv_sec: (ns / 1_000_000_000) as i64,
        tv_nsec: (ns % 1_000_000_000) as i64,
    });
    match poll(&mut [PollFd::new(device, PollFlags::IN)], left.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What a TUN device counted, in packets.
struct Counters {
    received: u64,
    sent: u64,
    /// It was full.
    not_sent: u64,
}

impl Counters {
    /// From the text of /proc/net/dev (proc(5)): name, eight counts of what was received, eight of
    /// what was sent; of these bytes, packets, errors, dropped first.
    fn read(file: &File) -> io::Result<Self> {
        let mut text = [0; 4096];
        let length = file.read_at(&mut text, 0)?;
        let text = String::from_utf8_lossy(&text[..length]);
        let lines = text.lines();
        let line = lines.filter_map(|line| line.trim().strip_prefix(TUN)?.strip_prefix(':'));
        let counts = line.flat_map(str::split_whitespace).map(str::parse);
        let counts: Vec<u64> = counts.collect::<Result<_, _>>().unwrap_or_default();
        match counts[..] {
            [_, received, _, _, _, _, _, _, _, sent, _, not_sent, ..] => Ok(Counters {
                received,
                sent,
                not_sent,
            }),
            _ => Err(io::Error::other("the kernel does not count packets")),
        }
    }
}
