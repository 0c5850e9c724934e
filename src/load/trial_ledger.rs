//! The ledger of a trial: bytes, exchanges and CPU time count while it is open.
//!
//! It is opened and closed while nothing is under way, so that both ends have counted the same.
//! What is measured is all of it, or the part between two marks.

use std::time::Duration;

use crate::client::dialect::ServerCounters;
use crate::client::scrape::Scrape;
use crate::load::outcome::MachineUse;
use crate::load::processes::LoadProcesses;
use crate::load::publisher::Publisher;
use crate::load::usage::UsageSnapshot;
use crate::runtime::clock;

/// Time for the polls under way to end when no message is expected any more.
pub const SETTLE: Duration = Duration::from_millis(50);

/// When the ledger is open, and what was used meanwhile.
#[derive(Default)]
pub struct TrialLedger {
    /// What the server had counted at the opening.
    opened: Option<Scrape>,
    from: Option<Moment>,
    to: Option<Moment>,
    machine: MachineLog,
}

/// What was used up to some moment.
#[derive(Clone, Copy)]
struct Moment {
    at_ns: u64,
    usage: UsageSnapshot,
}

/// What was used in the measured part of the ledger.
pub struct MeasuredUse {
    pub length_s: f64,
    pub opened: UsageSnapshot,
    pub closed: UsageSnapshot,
}

impl TrialLedger {
    /// Everything counts from here on.
    pub async fn open(
        &mut self,
        load: &LoadProcesses,
        publisher: &Publisher,
    ) -> anyhow::Result<()> {
        load.open_ledger().await?;
        publisher.open_ledger();
        self.opened = load.scrape().await;
        self.measure_from(load);
        Ok(())
    }

    /// Only what comes from here on is measured.
    pub async fn begin_part(
        &mut self,
        load: &LoadProcesses,
        publisher: &Publisher,
    ) -> anyhow::Result<()> {
        load.mark_ledger().await?;
        publisher.mark_ledger();
        self.measure_from(load);
        Ok(())
    }

    /// What comes from here on is not measured.
    pub async fn end_part(
        &mut self,
        load: &LoadProcesses,
        publisher: &Publisher,
    ) -> anyhow::Result<()> {
        self.measure_to(load);
        load.mark_ledger().await?;
        publisher.mark_ledger();
        Ok(())
    }

    /// Nothing counts from here on.
    pub async fn close(&mut self, load: &LoadProcesses) {
        if self.to.is_none() {
            self.measure_to(load);
        }
        tokio::time::sleep(SETTLE).await;
    }

    fn measure_from(&mut self, load: &LoadProcesses) {
        let moment = Moment::now(load);
        self.machine = MachineLog::from(moment.usage);
        self.from = Some(moment);
    }

    fn measure_to(&mut self, load: &LoadProcesses) {
        let moment = Moment::now(load);
        self.machine.end_second(&moment.usage, true);
        self.to = Some(moment);
    }

    /// Another server counts from 0: what the one before it has counted is not known.
    pub fn server_replaced(&mut self) {
        self.opened = None;
    }

    /// What the server counted since the opening, where that is known.
    pub async fn server_counters(&self, load: &LoadProcesses) -> Option<ServerCounters> {
        let (later, earlier) = load.scrape().await.zip(self.opened.as_ref())?;
        Some(later.since(earlier))
    }

    /// What was used in the measured part, once it has ended.
    pub fn measured(&self) -> Option<MeasuredUse> {
        let (from, to) = (self.from?, self.to?);
        Some(MeasuredUse {
            length_s: (to.at_ns - from.at_ns) as f64 / 1e9,
            opened: from.usage,
            closed: to.usage,
        })
    }

    /// A second of the timeline ends now.
    pub fn end_second(&mut self, now: &UsageSnapshot) {
        self.machine.end_second(now, false);
    }

    /// The use of this machine in the measured part, second by second.
    pub fn seconds(&self) -> &[MachineUse] {
        &self.machine.seconds
    }
}

impl Moment {
    fn now(load: &LoadProcesses) -> Self {
        Moment {
            at_ns: clock::now_ns(),
            usage: load.measured.snapshot(),
        }
    }
}

/// The use of this machine while it is measured.
#[derive(Default)]
struct MachineLog {
    /// Where the current second began; `None` before and after.
    began: Option<UsageSnapshot>,
    seconds: Vec<MachineUse>,
}

impl MachineLog {
    fn from(usage: UsageSnapshot) -> Self {
        MachineLog {
            began: Some(usage),
            seconds: Vec::new(),
        }
    }

    /// A second ends now, or the whole time with it. One of less than half of its length would
    /// show little but the kernel's ticks, and belongs to its neighbour.
    fn end_second(&mut self, now: &UsageSnapshot, closes: bool) {
        let Some(began) = &self.began else { return };
        let used = now.machine_since(began);
        let short = used.length_s < 0.5;
        match self.seconds.last_mut() {
            _ if short && !closes => return,
            Some(last) if short => *last += used,
            _ => self.seconds.push(used),
        }
        self.began = (!closes).then_some(*now);
    }
}
