//! How long hyper waits for a request: a while for its first byte, then not so long for its head.
//!
//! hyper has one time-out for both: this is its timer, which ends sooner once the first byte is
//! there.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Sleep, Timer};
use tokio::time::Instant;

use crate::server::lazy_deadline::LazyDeadline;
use crate::service::counters::{ConnectionCounters, Counter};

/// The timer of one connection, whose deadlines are those of an idle one.
pub struct HeadTimer(Arc<State>);

struct State {
    counters: Arc<ConnectionCounters>,
    head_timeout: Duration,
    /// No head was waited for yet. The first one's time counts from the start: nobody who means
    /// well comes to say nothing, and who comes from plain requests has begun it already.
    begins: AtomicBool,
    alarm: Mutex<LazyDeadline>,
}

impl HeadTimer {
    pub fn new(counters: Arc<ConnectionCounters>, head_timeout: Duration) -> Self {
        HeadTimer(Arc::new(State {
            counters,
            head_timeout,
            begins: AtomicBool::new(true),
            alarm: Mutex::default(),
        }))
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(std::time::Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        let HeadTimer(state) = self;
        let begins = state.begins.swap(false, Relaxed);
        Box::pin(HeadSleep {
            deadline: deadline.into(),
            idle_at: (!begins).then(|| state.counters.get(Counter::ReadBytes)),
            begun: false,
            state: state.clone(),
        })
    }
}

/// A wait for a head. hyper polls it after each read that did not complete one.
struct HeadSleep {
    deadline: Instant,
    /// While the connection has read no more bytes than this, it is idle.
    idle_at: Option<u64>,
    /// The head has begun to come, and its time counts.
    begun: bool,
    state: Arc<State>,
}

impl Sleep for HeadSleep {}

impl Future for HeadSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let HeadSleep {
            deadline,
            idle_at,
            begun,
            state,
        } = self.get_mut();
        let idle = *idle_at == Some(state.counters.get(Counter::ReadBytes));
        if !idle && !std::mem::replace(begun, true) {
            *deadline = (Instant::now() + state.head_timeout).min(*deadline);
        }
        let mut alarm = state.alarm.lock().expect("no panic under the lock");
        alarm.set(*deadline);
        alarm.poll(cx)
    }
}
