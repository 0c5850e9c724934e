//! Wake-ups that are neither events nor timers: from other tasks, other threads, tokio.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use mio::{Registry, Token};

use crate::runtime::descriptor_table::Origin;

/// The tasks woken since the loop last took them.
pub struct WakeQueue {
    tasks: Mutex<Vec<usize>>,
    /// Whether the loop waits for events or is about to.
    waits: AtomicBool,
    poll: mio::Waker,
    /// Of the descriptor behind `poll`.
    origin: Origin,
}

impl WakeQueue {
    /// A wake-up while the loop waits is an event with `token` of the registry's poll.
    pub fn new(registry: &Registry, token: Token) -> io::Result<Arc<Self>> {
        Ok(Arc::new(WakeQueue {
            tasks: Mutex::default(),
            waits: AtomicBool::new(false),
            poll: mio::Waker::new(registry, token)?,
            origin: Origin::here(),
        }))
    }

    /// The waker of a task.
    pub fn waker(self: Arc<Self>, task: usize) -> Waker {
        Arc::new(TaskWaker { task, woken: self }).into()
    }

    /// A wake-up from now on ends the wait. Returns whether a task is woken already.
    pub fn start_wait(&self) -> bool {
        self.waits.store(true, SeqCst);
        !self.lock().is_empty()
    }

    /// The wait is over. The loop takes the tasks woken from now on before the next wait.
    pub fn end_wait(&self) {
        self.waits.store(false, SeqCst);
    }

    /// Moves the woken tasks into `tasks`, which must be empty.
    pub fn take(&self, tasks: &mut Vec<usize>) {
        mem::swap(&mut *self.lock(), tasks);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<usize>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct TaskWaker {
    task: usize,
    woken: Arc<WakeQueue>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.lock().push(self.task);
        if self.woken.waits.swap(false, SeqCst) {
            let is_known = self.woken.origin.is_known_here();
            assert!(
                is_known,
                "a loop that others wake is made before their threads separate"
            );
            // It fails if the counter is full: then a wake-up is under way already.
            let _ = self.woken.poll.wake();
        }
    }
}
