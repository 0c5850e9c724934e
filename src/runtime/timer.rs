//! A timer that is exact to tens of microseconds. Those of the event loop round up to whole
//! milliseconds, which would be most of a push transport's latency.

use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use crate::runtime::event_loop::{Emptied, Registration};

/// A timer on CLOCK_MONOTONIC (timerfd_create(2)).
#[derive(Debug)]
pub struct Timer {
    registration: Registration,
    fd: OwnedFd,
}

impl Timer {
    /// # Panics
    ///
    /// Outside of an event loop.
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let registration = Registration::new(&fd)?;
        Ok(Timer { registration, fd })
    }

    /// Waits until the monotonic clock shows `at_ns`. Returns at once for the past.
    pub async fn until(&self, at_ns: u64) -> io::Result<()> {
        let zero = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // 0 would disarm the timer; 1 is as long past.
        let at_ns = at_ns.max(1);
        let at = Timespec {
            tv_sec: (at_ns / 1_000_000_000) as i64,
            tv_nsec: (at_ns % 1_000_000_000) as i64,
        };
        let once = Itimerspec {
            it_interval: zero,
            it_value: at,
        };
        timerfd_settime(&self.fd, TimerfdTimerFlags::ABSTIME, &once)?;
        let expire = || {
            rustix::io::read(&self.fd, &mut [0; 8])?;
            Ok(((), Emptied(true)))
        };
        poll_fn(|cx| self.registration.poll_read(cx, expire)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::clock::now_ns;
    use crate::runtime::event_loop;

    #[test]
    fn it_never_fires_early_and_not_at_all_for_the_past() {
        event_loop::block_on(try_it()).unwrap();
    }

    async fn try_it() {
        let timer = Timer::new().unwrap();
        for wait_ns in [300_000, 5_000_000, 1_100_000] {
            let at_ns = now_ns() + wait_ns;
            timer.until(at_ns).await.unwrap();
            assert!(now_ns() >= at_ns);
        }
        timer.until(0).await.unwrap();
        timer.until(now_ns() - 1).await.unwrap();
    }
}
