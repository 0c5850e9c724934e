//! Who was woken by something else than an event or a timer: another task, another thread, tokio.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use mio::{Registry, Token};

/// The tasks that were woken since the reactor last looked.
pub struct WakeQueue {
    tasks: Mutex<Vec<usize>>,
    /// Whether the reactor's thread does something else, or nothing.
    rests: AtomicBool,
    elsewhere: mio::Waker,
}

impl WakeQueue {
    /// Wakes the poll behind the registry when the reactor rests, as an event of this token.
    pub fn new(registry: &Registry, token: Token) -> io::Result<Arc<Self>> {
        Ok(Arc::new(WakeQueue {
            tasks: Mutex::default(),
            rests: AtomicBool::new(false),
            elsewhere: mio::Waker::new(registry, token)?,
        }))
    }

    /// What wakes a task.
    pub fn waker(self: Arc<Self>, task: usize) -> Waker {
        Arc::new(TaskWaker { task, woken: self }).into()
    }

    /// Who is woken from now on ends the rest. Returns whether somebody is already.
    pub fn rest(&self) -> bool {
        self.rests.store(true, SeqCst);
        !self.lock().is_empty()
    }

    /// The rest is over: who is woken is found before the next.
    pub fn work(&self) {
        self.rests.store(false, SeqCst);
    }

    /// Those who were woken, into what is empty.
    pub fn take(&self, tasks: &mut Vec<usize>) {
        mem::swap(&mut *self.lock(), tasks);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<usize>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a task is woken with.
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
        if self.woken.rests.swap(false, SeqCst) {
            // It fails where the counter is full: then the reactor is being woken already.
            let _ = self.woken.elsewhere.wake();
        }
    }
}
