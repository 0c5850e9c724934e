//! Does the faults of a trial to the clients of one worker.

use std::cell::Cell;
use std::rc::Rc;

use crate::client::slow_readers::SLOW_TICK;
use crate::client::socket::Ledger;
use crate::record::fault::{Fault, FaultKind};
use crate::record::recorder::Recorder;
use crate::runtime::clock;
use crate::runtime::event_loop;

/// How often a worker looks whether the window's opening is known.
const LOOK: std::time::Duration = std::time::Duration::from_millis(50);

/// The earliest time of a fault, since the window opened: by then, all processes know when it is.
pub const EARLIEST: std::time::Duration = std::time::Duration::from_millis(500);

/// A crowd that has left and comes back.
#[derive(Clone, Copy, Debug)]
pub struct FlashCrowd {
    fault: Fault,
    /// Connections that end from then on belong to it, until it is back.
    left_ns: u64,
    pub back_ns: u64,
}

impl FlashCrowd {
    /// Longest time after the crowd's leaving in which a client's connection ends for it.
    const LEAVING_NS: u64 = 1_000_000_000;

    /// When a client comes back whose connection ends now, if it is one of the crowd.
    pub fn back_ns(&self, client: u32, now_ns: u64) -> Option<u64> {
        let leaving = self.left_ns..self.back_ns.max(self.left_ns + Self::LEAVING_NS);
        let is_one = self.fault.clients.contains(client) && leaving.contains(&now_ns);
        is_one.then_some(self.back_ns)
    }
}

/// One worker's part in the faults of a trial.
pub struct ClientFaults {
    pub faults: Vec<Fault>,
    pub ledger: Rc<Ledger>,
    pub recorder: Rc<Recorder>,
    /// Told to the worker's reconnector.
    pub flash_crowd: Rc<Cell<Option<FlashCrowd>>>,
}

impl ClientFaults {
    /// Does one fault after the other, each at its time.
    pub async fn run(self) {
        let opens_ns = loop {
            match self.recorder.board.faults_from_ns() {
                Some(opens_ns) => break opens_ns,
                None => event_loop::sleep(LOOK).await,
            }
        };
        for (number, fault) in self.faults.iter().enumerate() {
            event_loop::sleep_until(fault.begins_ns(opens_ns)).await;
            self.recorder.begin_fault(number, self.ledger.set_up());
            if fault.kind.is_of_clients() {
                // To do it to thousands of connections takes a while, which is the fault's own.
                let began_ns = clock::now_ns();
                let met = self.begin(fault, opens_ns);
                self.recorder.did_fault(number, met, began_ns);
                self.last(fault, opens_ns).await;
            }
        }
    }

    /// Begins a fault. Returns how many connections it met.
    fn begin(&self, fault: &Fault, opens_ns: u64) -> u64 {
        let met = match fault.kind {
            FaultKind::Cut => self.ledger.reset(fault.clients),
            FaultKind::HalfOpen => self.ledger.silence(fault.clients),
            FaultKind::SlowReaders => Ok(self.ledger.slow_down(fault.clients, fault.bytes_per_s)),
            FaultKind::FlashCrowd => {
                self.flash_crowd.set(Some(FlashCrowd {
                    fault: *fault,
                    left_ns: clock::now_ns(),
                    back_ns: fault.ends_ns(opens_ns),
                }));
                self.ledger.leave(fault.clients)
            }
            _ => Ok(0),
        };
        met.unwrap_or_else(|error| {
            self.recorder
                .failed(&format!("{}: {error}", fault.kind), false);
            0
        })
    }

    /// Waits until a fault is over, and ends it.
    async fn last(&self, fault: &Fault, opens_ns: u64) {
        let ends_ns = match fault.lasts {
            Some(_) => fault.ends_ns(opens_ns),
            None => u64::MAX,
        };
        match fault.kind {
            FaultKind::SlowReaders => {
                while clock::now_ns() < ends_ns {
                    event_loop::sleep(SLOW_TICK).await;
                    self.ledger.tick();
                }
                self.ledger.speed_up();
            }
            FaultKind::HalfOpen if fault.lasts.is_some() => {
                event_loop::sleep_until(ends_ns).await;
                self.ledger.end_silence(fault.clients);
            }
            _ => {}
        }
    }
}
