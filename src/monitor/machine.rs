//! Readings of this machine: CPU, memory, network.

use std::fmt::Display;
use std::time::Instant;

use crate::system::files::SystemFiles;
use crate::system::process::CpuTime;

/// The counters at the last reading. The next reading is the difference.
#[derive(Debug)]
pub struct MachineReadings {
    at: Instant,
    files: SystemFiles,
    cpu: Option<CpuTime>,
    traffic: Option<InterfaceTotals>,
}

/// Bytes that passed the interfaces since they were created.
#[derive(Clone, Copy, Debug, Default)]
struct InterfaceTotals {
    /// Of all interfaces but the loopback.
    received: u64,
    sent: u64,
    /// Of the loopback interface.
    loopback: u64,
}

impl MachineReadings {
    pub fn now() -> Self {
        let files = SystemFiles::host();
        MachineReadings {
            at: Instant::now(),
            cpu: CpuTime::now(),
            traffic: InterfaceTotals::read(&files),
            files,
        }
    }

    /// CPU and network use since the last reading, and memory now, as `key=value` pairs. What the
    /// kernel does not show is left out.
    pub fn read(&mut self) -> String {
        let before = std::mem::replace(self, MachineReadings::now());
        let elapsed_s = (self.at - before.at).as_secs_f64().max(1e-3);
        let mut text = String::new();
        let cpu = self.cpu.zip(before.cpu);
        if let Some((stat, (now, before))) = self.files.kernel_stats().zip(cpu) {
            let busy_s = now.since(&before).busy_s;
            let cores = stat.cpu_time.len() as f64;
            // The kernel counts ticks of 10 ms, so a share may exceed its range a little.
            let percent = (busy_s / elapsed_s / cores * 100.0).clamp(0.0, 100.0);
            add(&mut text, "cpu_percent", format!("{percent:.1}"));
        }
        let memory = |key| self.files.memory_bytes(key);
        if let (Some(total), Some(available)) = (memory("MemTotal"), memory("MemAvailable")) {
            add(
                &mut text,
                "memory_used_bytes",
                total.saturating_sub(available),
            );
            add(&mut text, "memory_total_bytes", total);
        }
        if let (Some(now), Some(before)) = (self.traffic, before.traffic) {
            // The total falls when an interface is removed.
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
    fn read(files: &SystemFiles) -> Option<Self> {
        let mut traffic = InterfaceTotals::default();
        for (name, counters) in files.interfaces().ok()? {
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
