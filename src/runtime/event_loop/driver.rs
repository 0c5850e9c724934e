//! The loop itself: it takes events from the kernel and polls the tasks that they concern.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::io;
use std::os::fd::AsRawFd;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use mio::Events;
use mio::event::Event;
use tokio::io::unix::AsyncFd;

use crate::runtime::event_loop::tasks::{Entered, ROOT, Tables, WAKE_UPS};
use crate::runtime::event_loop::wake_queue::WakeQueue;
use crate::runtime::{clock, prefetch};

/// Events taken from the kernel at once.
pub const EVENTS: usize = if cfg!(test) { 8 } else { 1_024 };

/// Runs `root` on this thread, with all that it spawns, until it is done. Tokio is not involved.
pub fn block_on<F: Future>(root: F) -> io::Result<F::Output> {
    EventQueue::new()?.block_on(root)
}

/// The kernel's part of an event loop: what it waits on, and what wakes it. It may be made on
/// another thread than that of the loop, as it must if that thread has a descriptor table of its
/// own, see [`descriptor_table`](crate::runtime::descriptor_table).
pub struct EventQueue {
    poll: mio::Poll,
    woken: Arc<WakeQueue>,
}

impl EventQueue {
    pub fn new() -> io::Result<Self> {
        let poll = mio::Poll::new()?;
        let woken = WakeQueue::new(poll.registry(), WAKE_UPS)?;
        Ok(EventQueue { poll, woken })
    }

    /// As [`block_on`], in a loop on this queue.
    pub fn block_on<F: Future>(self, root: F) -> io::Result<F::Output> {
        let (event_loop, mut root) = (EventLoop::new(self)?, pin!(root));
        let _entered = Entered::new(event_loop.tables.clone());
        loop {
            if let Poll::Ready(output) = event_loop.poll_root(root.as_mut()) {
                return Ok(output);
            }
            event_loop.turn(event_loop.next_wait())?;
        }
    }
}

/// Runs `root` in a task of tokio, with all that it spawns, until it is done.
pub async fn within_tokio<F: Future>(root: F) -> io::Result<F::Output> {
    let (event_loop, mut root) = (EventLoop::new(EventQueue::new()?)?, pin!(root));
    let epoll = event_loop.poll.borrow().0.as_raw_fd();
    // SAFETY: the event loop keeps the descriptor open, and is dropped after this.
    let events = unsafe { AsyncFd::register_with_interest(epoll, tokio::io::Interest::READABLE) }?;
    loop {
        {
            let _entered = Entered::new(event_loop.tables.clone());
            while event_loop.turn(Some(Duration::ZERO))? {}
            if let Poll::Ready(output) = event_loop.poll_root(root.as_mut()) {
                return Ok(output);
            }
        }
        match event_loop.next_wait() {
            // Tokio limits what a task may do before others run.
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

struct EventLoop {
    tables: Rc<Tables>,
    poll: RefCell<(mio::Poll, Events)>,
    root: Waker,
    root_is_due: Cell<bool>,
    /// The tasks to be polled next. Kept for its allocation.
    turns: RefCell<Vec<usize>>,
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        // The tasks hold the tables, which hold the tasks.
        drop(self.tables.tasks.take());
    }
}

impl EventLoop {
    fn new(EventQueue { poll, woken }: EventQueue) -> io::Result<Self> {
        let tables = Tables::new(poll.registry().try_clone()?, woken);
        Ok(EventLoop {
            poll: RefCell::new((poll, Events::with_capacity(EVENTS))),
            root: tables.woken.clone().waker(ROOT),
            tables: Rc::new(tables),
            root_is_due: Cell::new(true),
            turns: RefCell::default(),
        })
    }

    /// Polls the root if it is due.
    fn poll_root<F: Future>(&self, root: Pin<&mut F>) -> Poll<F::Output> {
        if !self.root_is_due.replace(false) {
            return Poll::Pending;
        }
        self.tables.poll(ROOT, &self.root, root)
    }

    /// How long the loop may wait for events; none: without a limit. A wake-up from here on ends
    /// the wait.
    fn next_wait(&self) -> Option<Duration> {
        if self.tables.woken.start_wait() || self.root_is_due.get() {
            return Some(Duration::ZERO);
        }
        let Reverse((at_ns, _)) = *self.tables.timers.borrow().peek()?;
        Some(Duration::from_nanos(at_ns.saturating_sub(clock::now_ns())))
    }

    /// Waits for events and polls the tasks that they, timers and wake-ups concern. Returns whether
    /// there may be more events.
    fn turn(&self, wait: Option<Duration>) -> io::Result<bool> {
        let (poll, events) = &mut *self.poll.borrow_mut();
        match poll.poll(events, wait) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            polled => polled?,
        }
        self.tables.woken.end_wait();
        let mut turns = self.turns.borrow_mut();
        turns.extend(events.iter().filter_map(|event| self.record(event)));
        turns.drain(..).for_each(|task| self.run(task));
        self.run_timers();
        self.tables.woken.take(&mut turns);
        turns.drain(..).for_each(|task| self.run(task));
        Ok(events.iter().count() == EVENTS)
    }

    /// Records an event and returns the task that waits for it; none if that task has ended.
    fn record(&self, event: &Event) -> Option<usize> {
        let mut descriptors = self.tables.descriptors.borrow_mut();
        let descriptor = descriptors.get_mut(event.token().0)?;
        descriptor.record(event);
        let tasks = self.tables.tasks.borrow();
        if let Some(task) = tasks.get(descriptor.task)?.as_ref() {
            prefetch::fetch(&**task);
        }
        Some(descriptor.task)
    }

    fn run_timers(&self) {
        if !self.tables.timers.borrow().is_empty() {
            let now_ns = clock::now_ns();
            while let Some(task) = self.due(now_ns) {
                self.run(task);
            }
        }
    }

    fn due(&self, now_ns: u64) -> Option<usize> {
        let mut timers = self.tables.timers.borrow_mut();
        let Reverse((at_ns, task)) = *timers.peek()?;
        (at_ns <= now_ns).then(|| timers.pop())?;
        Some(task)
    }

    /// Polls the task with this key, if it exists. A new task may have the key of an ended one; it
    /// is then polled once too often, which does no harm.
    fn run(&self, key: usize) {
        if key == ROOT {
            self.root_is_due.set(true);
            return;
        }
        let tasks = &self.tables.tasks;
        let task = tasks.borrow_mut().get_mut(key).and_then(Option::take);
        let Some(mut task) = task else {
            return;
        };
        let parts = task.as_mut().project();
        match self.tables.poll(key, parts.waker, parts.future) {
            Poll::Pending => tasks.borrow_mut()[key] = Some(task),
            Poll::Ready(()) => drop(tasks.borrow_mut().remove(key)),
        }
    }
}
