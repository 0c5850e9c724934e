//! What a recorder records of connections: how they are made and lost, and what is done to them on
//! purpose.

use crate::record::byte_counts::ByteCounts;
use crate::record::fault::Fault;
use crate::record::recorder::{Recorder, SubscriberStats};
use crate::record::recovery::RecoveryLog;
use crate::record::trial_board::Gauge;
use crate::runtime::clock;

impl Recorder {
    /// There will be faults. The subscribers' clients have the first of these numbers, and each the
    /// second one more than the one before.
    pub fn expect_faults(&self, faults: &[Fault], clients: (u32, u32)) {
        let log = RecoveryLog::new(self.board.clone(), faults.to_vec(), clients);
        self.state.borrow_mut().recovery = Some(Box::new(log));
    }

    /// Fault number `fault` begins now. Until now, connections were set up by so many bytes.
    pub fn begin_fault(&self, fault: usize, set_up: ByteCounts) {
        self.recover(|log, _| log.begin(fault, set_up.down_bytes + set_up.up_bytes));
    }

    /// The load has done a fault to so many connections, from `began_ns` on.
    pub fn did_fault(&self, fault: usize, connections: u64, began_ns: u64) {
        self.recover(|log, _| log.done(fault, connections, began_ns));
    }

    /// In a trial with faults, records how its clients recover.
    fn recover(&self, record: impl FnOnce(&mut RecoveryLog, u64)) {
        if let Some(log) = &mut self.state.borrow_mut().recovery {
            record(log, clock::now_ns());
        }
    }

    /// Something went wrong between client and server. A `wrong` answer ends the trial.
    pub fn failed(&self, error: &str, wrong: bool) {
        let recording = &mut self.state.borrow_mut().recording;
        recording.add_error(error, 1);
        if wrong {
            recording.wrong_answer.get_or_insert(error.to_owned());
            self.board.add(self.worker, Gauge::WrongAnswers, 1);
        }
    }

    /// A subscriber gave up connecting.
    pub fn gave_up(&self) {
        self.board.add(self.worker, Gauge::GaveUp, 1);
    }

    /// A subscriber dials.
    pub fn dials(&self) {
        self.recover(RecoveryLog::dialled);
    }

    /// A subscriber became ready `connect_ns` after dialling; `first` if it never was before.
    pub fn connected(&self, stats: &SubscriberStats, connect_ns: u64, first: bool) {
        self.board.add(self.worker, Gauge::Connected, 1);
        self.reconnected(stats);
        if first {
            self.board.add(self.worker, Gauge::Joined, 1);
            self.state
                .borrow_mut()
                .recording
                .connect
                .saturating_record(connect_ns);
        }
    }

    /// A subscriber that was ready lost its connection.
    pub fn disconnected(&self, stats: &SubscriberStats) {
        self.board.add(self.worker, Gauge::Connected, -1);
        self.state.borrow_mut().recording.counts.reconnects += 1;
        self.lost_connection(stats);
    }

    /// A subscriber that stays ready has lost the connection that it kept for its next poll.
    pub fn lost_connection(&self, stats: &SubscriberStats) {
        self.recover(|log, now_ns| log.noticed(stats.index, now_ns));
    }

    /// A subscriber has a connection again.
    pub fn reconnected(&self, stats: &SubscriberStats) {
        self.recover(|log, now_ns| log.connected(stats.index, now_ns));
    }

    /// The server told a subscriber that its cursor does not fit, and how many messages it lost.
    pub fn reset(&self, missed: u64) {
        self.recover(|log, now_ns| {
            log.count(now_ns, |recovery| {
                recovery.resets += 1;
                recovery.told_missed += missed;
            });
        });
    }

    /// The server's epoch changed after a subscriber's first answer.
    pub fn epoch_changed(&self) {
        self.state.borrow_mut().recording.counts.epoch_changes += 1;
    }
}
