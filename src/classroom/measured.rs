//! What the server has measured so far, as the truth about a question.

use tokio::time::Instant;

use crate::classroom::room::Room;
use crate::service::counters::{Counter, ServerMetrics, Totals};
use crate::system::process::ProcessUsage;
use crate::transport::Transport;

const TRANSPORTS: usize = Transport::CHOICES.len();

/// What was measured up to a moment.
#[derive(Clone, Debug)]
pub struct Measured {
    at: Instant,
    /// By transport, the server's counters.
    pub totals: [Totals; TRANSPORTS],
    /// By transport, the median delay that the devices report, and how many do.
    pub delays_ms: [Option<(f32, usize)>; TRANSPORTS],
    /// CPU time of the server, in s.
    cpu_s: Option<f64>,
}

impl Default for Measured {
    fn default() -> Self {
        Measured {
            at: Instant::now(),
            totals: Default::default(),
            delays_ms: Default::default(),
            cpu_s: None,
        }
    }
}

impl Measured {
    pub fn now(room: &Room, metrics: &ServerMetrics) -> Self {
        let totals = metrics.totals();
        let usage = ProcessUsage::of(std::process::id()).ok();
        Measured {
            at: Instant::now(),
            totals: Transport::CHOICES.map(|transport| totals[transport.class()]),
            delays_ms: Transport::CHOICES.map(|transport| room.median_delay_ms(transport)),
            cpu_s: usage.map(|usage| usage.user_s + usage.sys_s),
        }
    }

    /// Of 100 short polls since `before`, those without messages.
    pub fn empty_percent_since(&self, before: &Measured) -> Option<f64> {
        let of = |counter| self.since(before, Transport::ShortPolling, counter);
        let (empty, full) = (of(Counter::EmptyPolls), of(Counter::FullPolls));
        (empty + full > 0.0).then(|| empty / (empty + full) * 100.0)
    }

    /// Bytes both ways for each message that a transport has delivered since `before`.
    pub fn bytes_per_message_since(&self, before: &Measured, of: Transport) -> Option<f64> {
        let since = |counter| self.since(before, of, counter);
        let bytes = since(Counter::ReadBytes) + since(Counter::WrittenBytes);
        let messages = since(Counter::Deliveries);
        (messages > 0.0).then(|| bytes / messages)
    }

    /// Of one core, what the server has used since `before`, in percent.
    pub fn cpu_percent_since(&self, before: &Measured) -> Option<f64> {
        let elapsed_s = (self.at - before.at).as_secs_f64();
        let used_s = self.cpu_s? - before.cpu_s?;
        (elapsed_s > 0.0).then(|| used_s / elapsed_s * 100.0)
    }

    fn since(&self, before: &Measured, of: Transport, counter: Counter) -> f64 {
        let count = |measured: &Measured| measured.totals[of.class()].get(counter);
        count(self).saturating_sub(count(before)) as f64
    }
}
