//! The event loop of a thread with thousands of connections: what arrived, whose time has come, and
//! whose turn it is (a reactor: Schmidt 1995).
//!
//! Of thousands of connections, none is in the processor's cache when something arrives there. A
//! runtime for all programs finds its way from the event to the socket, from there to the task, and
//! from there to what it waits in, and each is a fetch from memory that waits for the one before:
//! so they were a quarter of the load's CPU time. Here an event leads to its task by two short
//! tables, and the task, which is in one piece, is fetched while others have their turn.
//!
//! A thread that does nothing else runs it by itself ([`block_on`]). Where tokio does the rest it
//! runs inside ([`within_tokio`]); its epoll is one of tokio's then, which costs both a little.
//!
//! Sockets and sleeps belong to the task that polled them last, which is polled whenever anything
//! may have happened to one of them. So nothing in between may choose what to poll, as
//! `FuturesUnordered` does, which a panic tells; `select!` and `join!` poll all.

pub mod registration;
pub mod wake_queue;

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::mem;
use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::pin::{Pin, pin};
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mio::event::Event;
use mio::{Events, Registry, Token};
use pin_project_lite::pin_project;
use slab::Slab;
use tokio::io::unix::AsyncFd;

use crate::runtime::event_loop::registration::Readiness;
use crate::runtime::event_loop::wake_queue::WakeQueue;
use crate::runtime::{clock, prefetch};
pub use registration::{Emptied, Registration};

/// Events taken from the kernel at once.
const EVENTS: usize = if cfg!(test) { 8 } else { 1_024 };

/// The token of wake-ups from elsewhere, which no connection has.
const ELSEWHERE: Token = Token(usize::MAX);

/// The task that the loop is run for.
const ROOT: usize = 0;

thread_local! {
    static CURRENT: RefCell<Option<Rc<EventLoop>>> = const { RefCell::new(None) };
}

/// Runs `root` on this thread, and all that it spawns until it is done. There is no tokio in it.
pub fn block_on<F: Future>(root: F) -> io::Result<F::Output> {
    let (home, mut root) = (Home::new()?, pin!(root));
    let reactor = home.enter();
    loop {
        if let Poll::Ready(output) = reactor.poll_root(root.as_mut()) {
            return Ok(output);
        }
        reactor.turn(reactor.next_wait())?;
    }
}

/// Runs `root` in a task of tokio's, and all that it spawns until it is done.
pub async fn within_tokio<F: Future>(root: F) -> io::Result<F::Output> {
    let (home, mut root) = (Home::new()?, pin!(root));
    let epoll = home.0.poll.borrow().0.as_raw_fd();
    // SAFETY: the reactor keeps the descriptor open while `home` is there, longer than this is.
    let events = unsafe { AsyncFd::register_with_interest(epoll, tokio::io::Interest::READABLE) }?;
    loop {
        {
            let reactor = home.enter();
            while reactor.turn(Some(Duration::ZERO))? {}
            if let Poll::Ready(output) = reactor.poll_root(root.as_mut()) {
                return Ok(output);
            }
        }
        match home.0.next_wait() {
            // Tokio's turn, too: it limits what a task may do in one.
            Some(Duration::ZERO) => tokio::task::yield_now().await,
            wait => {
                let timer = tokio::time::sleep(wait.unwrap_or(Duration::MAX));
                tokio::select! {
                    ready = events.readable() => ready?.clear_ready(),
                    () = timer => {}
                }
            }
        }
    }
}

/// Has the reactor of this thread run a future beside those that it runs.
///
/// # Panics
///
/// Outside of a reactor, like all that waits in one.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    with(|reactor| {
        let mut tasks = reactor.tasks.borrow_mut();
        let entry = tasks.vacant_entry();
        let waker = reactor.woken.clone().waker(entry.key());
        waker.wake_by_ref();
        entry.insert(Some(Box::pin(Task { waker, future })));
    });
}

/// Waits until the monotonic clock shows `at_ns`, and up to a millisecond longer; not at all if it
/// does already.
pub fn sleep_until(at_ns: u64) -> impl Future<Output = ()> {
    let mut waits = false;
    poll_fn(move |cx| {
        if clock::now_ns() >= at_ns {
            return Poll::Ready(());
        }
        if !mem::replace(&mut waits, true) {
            with(|reactor| {
                let timer = Reverse((at_ns, reactor.polled_with(cx)));
                reactor.timers.borrow_mut().push(timer);
            });
        }
        Poll::Pending
    })
}

/// Waits for so long, and up to a millisecond longer.
pub fn sleep(duration: Duration) -> impl Future<Output = ()> {
    let ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    sleep_until(clock::now_ns().saturating_add(ns))
}

/// What a future comes to within so long, if it does.
pub async fn timeout<F: Future>(duration: Duration, future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = sleep(duration) => None,
    }
}

/// A reactor, and all that it runs, until this is dropped.
struct Home(Rc<EventLoop>);

impl Home {
    fn new() -> io::Result<Self> {
        Ok(Home(Rc::new(EventLoop::new()?)))
    }

    /// Whatever runs on this thread is in this reactor until what is returned is dropped.
    fn enter(&self) -> Entered<'_> {
        let before = CURRENT.replace(Some(self.0.clone()));
        Entered {
            reactor: &self.0,
            before,
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // They hold it, as it holds them.
        drop(self.0.tasks.take());
    }
}

struct Entered<'a> {
    reactor: &'a EventLoop,
    before: Option<Rc<EventLoop>>,
}

impl Deref for Entered<'_> {
    type Target = EventLoop;

    fn deref(&self) -> &EventLoop {
        self.reactor
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        CURRENT.set(self.before.take());
    }
}

fn with<T>(f: impl FnOnce(&Rc<EventLoop>) -> T) -> T {
    CURRENT.with_borrow(|current| f(current.as_ref().expect("within a reactor")))
}

pin_project! {
    /// A task, in one piece of memory.
    struct Task<F: ?Sized> {
        waker: Waker,
        #[pin]
        future: F,
    }
}

type AnyTask = Pin<Box<Task<dyn Future<Output = ()>>>>;

/// See the [module](self).
struct EventLoop {
    poll: RefCell<(mio::Poll, Events)>,
    registry: Registry,
    watched: RefCell<Slab<Readiness>>,
    /// Each away while it is polled; the root is always away.
    tasks: RefCell<Slab<Option<AnyTask>>>,
    timers: RefCell<BinaryHeap<Reverse<(u64, usize)>>>,
    woken: Arc<WakeQueue>,
    root: Waker,
    root_is_due: Cell<bool>,
    /// The task that is being polled, and what tells its waker from others.
    running: Cell<usize>,
    waker: Cell<*const ()>,
    /// Those woken that have their turn now; kept for its room.
    turns: RefCell<Vec<usize>>,
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reactor")
    }
}

impl EventLoop {
    fn new() -> io::Result<Self> {
        let poll = mio::Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let woken = WakeQueue::new(&registry, ELSEWHERE)?;
        let mut tasks = Slab::new();
        assert_eq!(tasks.insert(None), ROOT);
        Ok(EventLoop {
            poll: RefCell::new((poll, Events::with_capacity(EVENTS))),
            registry,
            watched: RefCell::default(),
            tasks: RefCell::new(tasks),
            timers: RefCell::default(),
            root: woken.clone().waker(ROOT),
            woken,
            root_is_due: Cell::new(true),
            running: Cell::new(ROOT),
            waker: Cell::new(ptr::null()),
            turns: RefCell::default(),
        })
    }

    /// Polls the root if something happened to it.
    fn poll_root<F: Future>(&self, root: Pin<&mut F>) -> Poll<F::Output> {
        if !self.root_is_due.replace(false) {
            return Poll::Pending;
        }
        self.poll(ROOT, &self.root, root)
    }

    /// How long nobody has anything to do unless something happens. From now on, what happens ends
    /// the wait.
    fn next_wait(&self) -> Option<Duration> {
        if self.woken.rest() || self.root_is_due.get() {
            return Some(Duration::ZERO);
        }
        let Reverse((at_ns, _)) = *self.timers.borrow().peek()?;
        Some(Duration::from_nanos(at_ns.saturating_sub(clock::now_ns())))
    }

    /// Waits for events, for so long or for ever, and gives all tasks their turn that have
    /// something to do. Returns whether there may be more events.
    fn turn(&self, wait: Option<Duration>) -> io::Result<bool> {
        let (poll, events) = &mut *self.poll.borrow_mut();
        match poll.poll(events, wait) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            polled => polled?,
        }
        self.woken.work();
        let mut turns = self.turns.borrow_mut();
        turns.extend(events.iter().filter_map(|event| self.note(event)));
        turns.drain(..).for_each(|task| self.run(task));
        self.run_timers();
        self.woken.take(&mut turns);
        turns.drain(..).for_each(|task| self.run(task));
        Ok(events.iter().count() == EVENTS)
    }

    /// Notes an event, and tells who waits for it: nobody if an earlier one's turn has ended it.
    fn note(&self, event: &Event) -> Option<usize> {
        let mut watched = self.watched.borrow_mut();
        let watched = watched.get_mut(event.token().0)?;
        watched.note(event);
        let tasks = self.tasks.borrow();
        if let Some(task) = tasks.get(watched.task)?.as_ref() {
            prefetch::fetch(&**task);
        }
        Some(watched.task)
    }

    fn run_timers(&self) {
        if !self.timers.borrow().is_empty() {
            let now_ns = clock::now_ns();
            while let Some(task) = self.due(now_ns) {
                self.run(task);
            }
        }
    }

    fn due(&self, now_ns: u64) -> Option<usize> {
        let mut timers = self.timers.borrow_mut();
        let Reverse((at_ns, task)) = *timers.peek()?;
        (at_ns <= now_ns).then(|| timers.pop())?;
        Some(task)
    }

    /// Polls a task, if there is one of this number still; if it is another by now, that learns
    /// nothing new.
    fn run(&self, key: usize) {
        if key == ROOT {
            self.root_is_due.set(true);
            return;
        }
        let task = self.tasks.borrow_mut().get_mut(key).and_then(Option::take);
        let Some(mut task) = task else {
            return;
        };
        let parts = task.as_mut().project();
        match self.poll(key, parts.waker, parts.future) {
            Poll::Pending => self.tasks.borrow_mut()[key] = Some(task),
            Poll::Ready(()) => drop(self.tasks.borrow_mut().remove(key)),
        }
    }

    /// The task that is being polled. It must be with its own waker: who has another decides by
    /// itself when to poll what it holds, and would not hear of it.
    fn polled_with(&self, cx: &Context<'_>) -> usize {
        assert_eq!(
            cx.waker().data(),
            self.waker.get(),
            "what waits in a reactor is polled by something else than its task"
        );
        self.running.get()
    }

    fn poll<F: Future + ?Sized>(
        &self,
        key: usize,
        waker: &Waker,
        future: Pin<&mut F>,
    ) -> Poll<F::Output> {
        self.running.set(key);
        self.waker.set(waker.data());
        future.poll(&mut Context::from_waker(waker))
    }
}

#[cfg(test)]
mod tests;
