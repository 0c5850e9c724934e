//! What was measured of a trial's network, and whether it was what was asked for.

use crate::lab::processes::StartedNetwork;
use crate::network::conditions::LinkConditions;
use crate::network::exact::is_exact;
use crate::network::protocol::{NetworkReport, WayPassed};
use crate::results::TrialRow;

/// The network of a trial that has ended.
#[derive(Clone, Debug)]
pub struct NetworkMeasured {
    started: StartedNetwork,
    passed: NetworkReport,
    pub is_exact: bool,
    /// The longest that a packet and the answer to it are under way on an idle link, s.
    pub round_trip_s: f64,
}

impl NetworkMeasured {
    pub fn new(link: &LinkConditions, started: &StartedNetwork, passed: &NetworkReport) -> Self {
        let ways = [link.up, link.down];
        let round_trip_ns: u64 = ways.iter().map(|way| way.delay_ns + way.jitter_ns).sum();
        NetworkMeasured {
            is_exact: is_exact(&link.up, &started.up, &passed.up)
                && is_exact(&link.down, &started.down, &passed.down),
            round_trip_s: round_trip_ns as f64 / 1e9,
            started: started.clone(),
            passed: *passed,
        }
    }

    /// Its columns of a row.
    pub fn fill(&self, row: &mut TrialRow) {
        let (up, down) = (&self.started.up, &self.started.down);
        let us = |ns: Option<u64>| ns.map(|ns| ns as f64 / 1e3);
        row.network_delay_up_us = us(up.delay_ns);
        row.network_delay_down_us = us(down.delay_ns);
        row.network_rate_up_bps = up.rate_bit_s.map(f64::round);
        row.network_rate_down_bps = down.rate_bit_s.map(f64::round);
        let NetworkReport { up, down, .. } = &self.passed;
        let rounded = |percent: f64| (percent * 1e3).round() / 1e3;
        let loss = |way: &WayPassed| way.loss_percent().map(rounded);
        row.network_loss_up_percent = loss(up);
        row.network_loss_down_percent = loss(down);
        let packets = up.kernel_sent + down.kernel_sent;
        row.network_packets = Some(packets);
        row.network_queue_dropped = Some(up.relay.queue_full + down.relay.queue_full);
        row.network_late_p99_us = us(Some(up.late_p99_ns.max(down.late_p99_ns)));
        row.network_cpu_us_per_packet = self.passed.cpu_us_per_packet.map(rounded);
    }
}
