//! hyper's timer for heads of requests.
//!
//! hyper has one time-out for the wait for a request and for its head. This timer is that of an
//! idle connection, and ends sooner once the first byte of a head has come.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Sleep, Timer};
use tokio::time::Instant;

use crate::service::counters::{ConnectionCounters, Counter};
use crate::service::lazy_deadline::LazyDeadline;

/// [`State::idle_at`] of a connection whose head has begun, and of one whose request has a body.
const BEGUN: u64 = 0;
const AT_WAIT: u64 = u64::MAX;

/// The timer of one connection.
#[derive(Clone)]
pub struct HeadTimer(Arc<State>);

struct State {
    counters: Arc<ConnectionCounters>,
    head_timeout: Duration,
    /// The bytes that the connection had read when it became idle: more are of the next head. It is
    /// noted with the answer, since hyper may read on before it waits; where the request has a
    /// body, at the wait. Of the first head, part has come already.
    idle_at: AtomicU64,
    /// Whether bytes were read ahead of hyper.
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
            idle_at: AtomicU64::new(BEGUN),
            read_ahead: Box::new(read_ahead),
            deadline: Mutex::default(),
        }))
    }

    /// A request is answered. The connection has its class, with which its counts begin.
    pub fn answered(&self, has_body: bool) {
        let HeadTimer(state) = self;
        let idle_at = match has_body {
            true => AT_WAIT,
            false => state.read_bytes(),
        };
        state.idle_at.store(idle_at, Relaxed);
    }
}

impl State {
    /// Bytes that the connection has read; [`BEGUN`] if hyper has not taken all of them.
    fn read_bytes(&self) -> u64 {
        match (self.read_ahead)() {
            true => BEGUN,
            false => self.counters.get(Counter::ReadBytes),
        }
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(std::time::Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        let HeadTimer(state) = self;
        let idle_at = match state.idle_at.load(Relaxed) {
            AT_WAIT => state.read_bytes(),
            idle_at => idle_at,
        };
        Box::pin(HeadSleep {
            deadline: deadline.into(),
            idle_at,
            begun: false,
            state: state.clone(),
        })
    }
}

/// A wait for a head. hyper polls it after each read that did not complete one.
struct HeadSleep {
    deadline: Instant,
    /// The connection is idle while it has read no more bytes than this.
    idle_at: u64,
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
        let idle = *idle_at == state.counters.get(Counter::ReadBytes);
        if !idle && !std::mem::replace(begun, true) {
            *deadline = (Instant::now() + state.head_timeout).min(*deadline);
        }
        let mut timer = state.deadline.lock().expect("no panic under the lock");
        timer.set(*deadline);
        timer.poll(cx)
    }
}
