//! This machine's readings, from /proc (proc(5)).

use std::fmt::Display;
use std::time::Instant;

use procfs::{Current, CurrentSI, KernelStats, Meminfo};

use crate::system::process::CpuTime;

/// What has been counted up to the last reading: the next tells what came since.
#[derive(Debug)]
pub struct MachineReadings {
    at: Instant,
    cores: CpuTime,
    traffic: Option<InterfaceTotals>,
}

/// Bytes that passed the interfaces since they were made.
#[derive(Clone, Copy, Debug, Default)]
struct InterfaceTotals {
    /// Of all interfaces but the loopback.
    received: u64,
    sent: u64,
    /// What this machine said to itself.
    loopback: u64,
}

impl MachineReadings {
    pub fn now() -> Self {
        MachineReadings {
            at: Instant::now(),
            cores: CpuTime::now(),
            traffic: InterfaceTotals::now(),
        }
    }

    /// CPU and network use since the reading before, and memory now. What the kernel does not tell
    /// is left out.
    pub fn read(&mut self) -> String {
        let before = std::mem::replace(self, MachineReadings::now());
        let elapsed_s = (self.at - before.at).as_secs_f64().max(1e-3);
        let mut text = String::new();
        if let Some(cores) = KernelStats::current().ok().map(|stat| stat.cpu_time.len()) {
            let busy_s = self.cores.since(&before.cores).busy_s;
            // Ticks of 10 ms are not exact to the moment.
            let percent = (busy_s / elapsed_s / cores as f64 * 100.0).clamp(0.0, 100.0);
            add(&mut text, "cpu_percent", format!("{percent:.1}"));
        }
        if let Ok(memory) = Meminfo::current()
            && let Some(available) = memory.mem_available
        {
            add(&mut text, "memory_used_bytes", memory.mem_total - available);
            add(&mut text, "memory_total_bytes", memory.mem_total);
        }
        if let (Some(now), Some(before)) = (self.traffic, before.traffic) {
            // An interface that has gone takes its count with it.
            let rate = |now: u64, before: u64| {
                let bytes = now.saturating_sub(before) as f64;
                (bytes / elapsed_s).round()
            };
            let received = rate(now.received, before.received);
            add(&mut text, "network_received_bytes_per_s", received);
            let sent = rate(now.sent, before.sent);
            add(&mut text, "network_sent_bytes_per_s", sent);
            let loopback = rate(now.loopback, before.loopback);
            add(&mut text, "loopback_bytes_per_s", loopback);
        }
        text
    }
}

fn add(text: &mut String, key: &str, value: impl Display) {
    let space = if text.is_empty() { "" } else { " " };
    *text += &format!("{space}{key}={value}");
}

impl InterfaceTotals {
    fn now() -> Option<Self> {
        let interfaces = procfs::net::dev_status().ok()?;
        let mut traffic = InterfaceTotals::default();
        for (name, counters) in interfaces {
            match &*name {
                "lo" => traffic.loopback += counters.sent_bytes,
                _ => {
                    traffic.received += counters.recv_bytes;
                    traffic.sent += counters.sent_bytes;
                }
            }
        }
        Some(traffic)
    }
}
