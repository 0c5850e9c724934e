//! A descriptor whose events tasks wait for.

use std::io;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::task::{Context, Poll};

use mio::unix::SourceFd;
use mio::{Interest, Token};

use crate::runtime::event_loop::readiness::Readiness;
use crate::runtime::event_loop::tasks::{self, Tables};

/// Registers a descriptor with this thread's event loop until it is dropped.
#[derive(Debug)]
pub struct Registration {
    tables: Rc<Tables>,
    key: usize,
}

impl Registration {
    /// The descriptor must be non-blocking, and must be closed when this is dropped: closing it is
    /// what removes it from epoll.
    ///
    /// # Panics
    ///
    /// Outside of an event loop.
    pub fn new(descriptor: &impl AsRawFd) -> io::Result<Self> {
        let tables = tasks::with(Rc::clone);
        let key = tables.descriptors.borrow_mut().insert(Readiness {
            task: tables.running(),
            events: 0,
        });
        let registration = Registration { tables, key };
        let interest = Interest::READABLE | Interest::WRITABLE;
        let mut source = SourceFd(&descriptor.as_raw_fd());
        let registry = &registration.tables.registry;
        registry.register(&mut source, Token(key), interest)?;
        Ok(registration)
    }

    /// Calls `read` once there may be something to read. After a read that emptied the descriptor
    /// the next one waits for an event (epoll(7), question 9).
    pub fn poll_read<T>(
        &self,
        cx: &Context<'_>,
        mut read: impl FnMut() -> io::Result<(T, Emptied)>,
    ) -> Poll<io::Result<T>> {
        while self.has(Readiness::READABLE | Readiness::CLOSED) {
            match read() {
                Ok((read, Emptied(emptied))) => {
                    if emptied {
                        self.clear(Readiness::READABLE);
                    }
                    return Poll::Ready(Ok(read));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.clear(Readiness::READABLE | Readiness::CLOSED);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        self.wait(cx)
    }

    /// Calls `write` now, and again when there is room.
    pub fn poll_write<T>(
        &self,
        cx: &Context<'_>,
        mut write: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            match write() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return self.wait(cx),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
    }

    /// Waits for an event that says writable, as when a socket has connected.
    pub fn poll_writable(&self, cx: &Context<'_>) -> Poll<()> {
        match self.has(Readiness::WRITABLE) {
            true => Poll::Ready(()),
            false => self.wait(cx),
        }
    }

    fn has(&self, events: u8) -> bool {
        self.tables.descriptors.borrow()[self.key].events & events != 0
    }

    fn clear(&self, events: u8) {
        self.tables.descriptors.borrow_mut()[self.key].events &= !events;
    }

    /// The next event of the descriptor wakes the task that is being polled.
    fn wait<T>(&self, cx: &Context<'_>) -> Poll<T> {
        let task = self.tables.polled_with(cx);
        self.tables.descriptors.borrow_mut()[self.key].task = task;
        Poll::Pending
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.tables.descriptors.borrow_mut().remove(self.key);
    }
}

/// Whether a read left nothing in the descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emptied(pub bool);
