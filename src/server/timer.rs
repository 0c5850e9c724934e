//! How long hyper waits for a request: a while for its first byte, then not so long for its head.
//!
//! hyper has one time-out for both: this is its timer, which ends sooner once the first byte is
//! there.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

use crate::transport::tally::{Account, Count};

/// The timer of one connection, whose deadlines are those of an idle one.
pub struct HeadTimer {
    account: Arc<Account>,
    head_timeout: Duration,
    /// The connection has just begun: nobody who means well comes here to say nothing.
    begins: AtomicBool,
}

impl HeadTimer {
    pub fn new(account: Arc<Account>, head_timeout: Duration) -> Self {
        HeadTimer {
            account,
            head_timeout,
            begins: AtomicBool::new(true),
        }
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let begins = self.begins.swap(false, Relaxed);
        Box::pin(HeadSleep {
            sleep: Box::pin(tokio::time::sleep_until(deadline.into())),
            account: self.account.clone(),
            head_timeout: Some(self.head_timeout),
            idle_at: (!begins).then(|| self.account.get(Count::ReadBytes)),
        })
    }
}

/// A wait for a head. hyper polls it after each read that did not complete one.
struct HeadSleep {
    sleep: Pin<Box<tokio::time::Sleep>>,
    account: Arc<Account>,
    /// Until it counts.
    head_timeout: Option<Duration>,
    /// While the connection has read no more bytes than this, it is idle.
    idle_at: Option<u64>,
}

impl Sleep for HeadSleep {}

impl Future for HeadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let idle = self.idle_at == Some(self.account.get(Count::ReadBytes));
        if !idle && let Some(head_timeout) = self.head_timeout.take() {
            let deadline = tokio::time::Instant::now() + head_timeout;
            let deadline = deadline.min(self.sleep.deadline());
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(cx)
    }
}
