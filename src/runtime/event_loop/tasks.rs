//! The tables that tasks share with their event loop, and what a task calls: spawn and sleep.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mio::{Registry, Token};
use pin_project_lite::pin_project;
use slab::Slab;

use crate::runtime::clock;
use crate::runtime::event_loop::readiness::Readiness;
use crate::runtime::event_loop::wake_queue::WakeQueue;

/// The token of wake-ups from tasks, other threads and tokio. No descriptor has it.
pub const WAKE_UPS: Token = Token(usize::MAX);

/// The key of the future that the loop is run for.
pub const ROOT: usize = 0;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Tables>>> = const { RefCell::new(None) };
}

/// The tables of one event loop.
pub struct Tables {
    pub registry: Registry,
    /// The registered descriptors.
    pub descriptors: RefCell<Slab<Readiness>>,
    /// A task is absent while it is polled. The root is always absent.
    pub tasks: RefCell<Slab<Option<AnyTask>>>,
    /// When a task is due, ns on the monotonic clock, and its key.
    pub timers: RefCell<BinaryHeap<Reverse<(u64, usize)>>>,
    pub woken: Arc<WakeQueue>,
    /// The task that is being polled, and the data of its waker.
    running: Cell<usize>,
    waker: Cell<*const ()>,
}

pin_project! {
    /// A task, in one piece of memory.
    pub struct Task<F: ?Sized> {
        pub waker: Waker,
        #[pin]
        pub future: F,
    }
}

pub type AnyTask = Pin<Box<Task<dyn Future<Output = ()>>>>;

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tables")
    }
}

impl Tables {
    pub fn new(registry: Registry, woken: Arc<WakeQueue>) -> Self {
        let mut tasks = Slab::new();
        assert_eq!(tasks.insert(None), ROOT);
        Tables {
            woken,
            registry,
            descriptors: RefCell::default(),
            tasks: RefCell::new(tasks),
            timers: RefCell::default(),
            running: Cell::new(ROOT),
            waker: Cell::new(ptr::null()),
        }
    }

    /// Polls a task, or the root, with its own waker.
    pub fn poll<F: Future + ?Sized>(
        &self,
        key: usize,
        waker: &Waker,
        future: Pin<&mut F>,
    ) -> Poll<F::Output> {
        self.running.set(key);
        self.waker.set(waker.data());
        future.poll(&mut Context::from_waker(waker))
    }

    /// The task that is being polled or spawns something.
    pub fn running(&self) -> usize {
        self.running.get()
    }

    /// The task that is being polled, which will wait for something.
    ///
    /// # Panics
    ///
    /// If it is polled with another waker than its own: a combinator that decides by its own wakers
    /// what to poll would never learn of the event.
    pub fn polled_with(&self, cx: &Context<'_>) -> usize {
        assert_eq!(
            cx.waker().data(),
            self.waker.get(),
            "what waits in an event loop is polled by something else than its task"
        );
        self.running.get()
    }
}

/// Calls `f` with the tables of this thread's event loop.
///
/// # Panics
///
/// Outside of an event loop.
pub fn with<T>(f: impl FnOnce(&Rc<Tables>) -> T) -> T {
    CURRENT.with_borrow(|current| f(current.as_ref().expect("within an event loop")))
}

/// Makes an event loop the current one of this thread until this is dropped.
pub struct Entered {
    before: Option<Rc<Tables>>,
}

impl Entered {
    pub fn new(tables: Rc<Tables>) -> Self {
        Entered {
            before: CURRENT.replace(Some(tables)),
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.before.take());
    }
}

/// Runs a future as a task of this thread's event loop.
///
/// # Panics
///
/// Outside of an event loop, like everything that waits in one.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    with(|tables| {
        let mut tasks = tables.tasks.borrow_mut();
        let entry = tasks.vacant_entry();
        let waker = tables.woken.clone().waker(entry.key());
        waker.wake_by_ref();
        entry.insert(Some(Box::pin(Task { waker, future })));
    });
}

/// Waits until the monotonic clock shows `at_ns`, and up to 1 ms longer. Returns at once for the
/// past.
pub fn sleep_until(at_ns: u64) -> impl Future<Output = ()> {
    let mut waits = false;
    poll_fn(move |cx| {
        if clock::now_ns() >= at_ns {
            return Poll::Ready(());
        }
        if !mem::replace(&mut waits, true) {
            with(|tables| {
                let timer = Reverse((at_ns, tables.polled_with(cx)));
                tables.timers.borrow_mut().push(timer);
            });
        }
        Poll::Pending
    })
}

/// Waits for `duration`, and up to 1 ms longer.
pub fn sleep(duration: Duration) -> impl Future<Output = ()> {
    let ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    sleep_until(clock::now_ns().saturating_add(ns))
}

/// The output of a future; none if it takes longer than `duration`.
pub async fn timeout<F: Future>(duration: Duration, future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = sleep(duration) => None,
    }
}
