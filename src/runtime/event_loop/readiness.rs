//! The events of a descriptor that its task has not used up yet.

use mio::event::Event;

/// One descriptor in the loop's table.
#[derive(Debug)]
pub struct Readiness {
    /// The task that polled it last.
    pub task: usize,
    pub events: u8,
}

impl Readiness {
    pub const READABLE: u8 = 1;
    pub const WRITABLE: u8 = 2;
    /// The peer closed its side, or the connection broke. This does not change back.
    pub const CLOSED: u8 = 4;

    /// Adds an event.
    pub fn record(&mut self, event: &Event) {
        for (happened, bit) in [
            (event.is_readable(), Readiness::READABLE),
            (event.is_writable(), Readiness::WRITABLE),
            (
                event.is_read_closed() || event.is_error(),
                Readiness::CLOSED,
            ),
        ] {
            self.events |= u8::from(happened) * bit;
        }
    }
}
