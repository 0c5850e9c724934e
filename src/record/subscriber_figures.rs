//! What a recorder keeps of each subscriber.

use crate::record::trial_board::TrialBoard;

/// One subscriber's figures, in one cache line: with thousands of subscribers, the next delivery
/// needs a line that is in no cache.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub struct SubscriberFigures {
    pub window: WindowStats,
    pub feed: u32,
    /// Messages since the trial began.
    pub delivered: u32,
    /// Numbers that the server left out, less those that it used twice.
    pub holes: i64,
}

/// The same of one window.
#[derive(Clone, Copy, Debug, Default)]
pub struct WindowStats {
    /// When that window opens.
    pub window_opens_ns: u64,
    pub delivered: u64,
    /// Sum over the deliveries, negative ones included.
    pub latency_ns: i64,
    /// When the newest delivery was.
    pub delivered_at_ns: u64,
    /// Time without the newest message.
    pub stale_ns: u64,
}

impl WindowStats {
    /// Adds the first delivery of a message of the window.
    pub fn deliver(&mut self, board: &TrialBoard, intended_at_ns: u64, at_ns: u64) {
        let opens_ns = board.window_opens_ns();
        if self.window_opens_ns != opens_ns {
            *self = WindowStats {
                window_opens_ns: opens_ns,
                ..WindowStats::default()
            };
        }
        self.delivered += 1;
        // Wraps to the signed difference. A chat also records what others claim as their times.
        let latency_ns = at_ns.wrapping_sub(intended_at_ns) as i64;
        self.latency_ns = self.latency_ns.wrapping_add(latency_ns);
        let stale_from_ns = intended_at_ns.max(self.delivered_at_ns);
        let stale_to_ns = at_ns.min(board.window_closes_ns());
        // 0 where the interval is empty: the delivery before this one was as new.
        self.stale_ns += stale_to_ns.saturating_sub(stale_from_ns);
        self.delivered_at_ns = self.delivered_at_ns.max(at_ns);
    }
}

impl SubscriberFigures {
    /// Whether messages of the window were published that this subscriber does not have.
    pub fn lacks_messages(&self, board: &TrialBoard) -> bool {
        let delivered = match self.window.window_opens_ns == board.window_opens_ns() {
            true => self.window.delivered,
            false => 0,
        };
        delivered < board.published(self.feed as usize)
    }

    /// Subscribers whose holes in the server's numbers are not messages that they lack.
    pub fn numbers_jumped(subscribers: &[SubscriberFigures], board: &TrialBoard) -> u64 {
        let mut published: Vec<u32> = Vec::new();
        for (message, _) in board.messages().filter(|(_, record)| record.published()) {
            let feed = message.feed as usize;
            published.resize(published.len().max(feed + 1), 0);
            published[feed] += 1;
        }
        let jumped = subscribers.iter().filter(|figures| {
            let published = published.get(figures.feed as usize).copied().unwrap_or(0);
            let lacking = i64::from(published) - i64::from(figures.delivered);
            !(0..=lacking.max(0)).contains(&figures.holes)
        });
        jumped.count() as u64
    }
}
