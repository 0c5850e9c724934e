//! hyper's timer for heads of requests.
//!
//! hyper has one time-out for the wait for a request and for its head. This timer is that of an
//! idle connection, and ends sooner once the first byte of a head has come.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Sleep, Timer};
use tokio::time::Instant;

use crate::service::counters::{ConnectionCounters, Counter};
use crate::service::lazy_deadline::LazyDeadline;

/// The timer of one connection.
pub struct HeadTimer(Arc<State>);

struct State {
    counters: Arc<ConnectionCounters>,
    head_timeout: Duration,
    /// No head was waited for yet. The time of the first one counts from the start; if the fast
    /// engine served the connection before, part of the head has come already.
    begins: AtomicBool,
    /// Whether bytes were read ahead of hyper: the first of a head, before hyper waits for them.
    read_ahead: Box<dyn Fn() -> bool + Send + Sync>,
    deadline: Mutex<LazyDeadline>,
}

impl HeadTimer {
    pub fn new(
        counters: Arc<ConnectionCounters>,
        head_timeout: Duration,
        read_ahead: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        HeadTimer(Arc::new(State {
            counters,
            head_timeout,
            read_ahead: Box::new(read_ahead),
            begins: AtomicBool::new(true),
            deadline: Mutex::default(),
        }))
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(std::time::Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        let HeadTimer(state) = self;
        let begins = state.begins.swap(false, Relaxed) || (state.read_ahead)();
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
    /// The connection is idle while it has read no more bytes than this.
    idle_at: Option<u64>,
    /// The first byte of the head has come.
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
        let mut timer = state.deadline.lock().expect("no panic under the lock");
        timer.set(*deadline);
        timer.poll(cx)
    }
}
