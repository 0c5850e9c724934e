//! A descriptor that tasks wait for.

use std::io;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::task::{Context, Poll};

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Interest, Token};

use crate::runtime::event_loop::EventLoop;

/// A descriptor whose events the reactor of its thread sees, until this is dropped.
#[derive(Debug)]
pub struct Registration {
    reactor: Rc<EventLoop>,
    key: usize,
}

impl Registration {
    /// Of a descriptor that does not block, and is closed at the same time as this is dropped.
    pub fn new(descriptor: &impl AsRawFd) -> io::Result<Self> {
        let reactor = crate::runtime::event_loop::with(Rc::clone);
        let key = reactor.watched.borrow_mut().insert(Readiness {
            task: reactor.running.get(),
            events: 0,
        });
        let watch = Registration { reactor, key };
        let interest = Interest::READABLE | Interest::WRITABLE;
        let mut source = SourceFd(&descriptor.as_raw_fd());
        let registry = &watch.reactor.registry;
        registry.register(&mut source, Token(key), interest)?;
        Ok(watch)
    }

    /// Reads with `read`, once there may be something to read. One that tells that it has emptied
    /// the descriptor is not followed by another before the next event (epoll(7), question 9).
    pub fn poll_read<T>(
        &self,
        cx: &Context<'_>,
        mut read: impl FnMut() -> io::Result<(T, Emptied)>,
    ) -> Poll<io::Result<T>> {
        while self.has(Readiness::READABLE | Readiness::CLOSED) {
            match read() {
                Ok((read, Emptied(emptied))) => {
                    if emptied {
                        self.forget(Readiness::READABLE);
                    }
                    return Poll::Ready(Ok(read));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.forget(Readiness::READABLE | Readiness::CLOSED);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        self.wait(cx)
    }

    /// Writes with `write`, now or when there is room.
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

    /// Waits for an event that tells that it can be written to, as a socket does that connected.
    pub fn poll_writable(&self, cx: &Context<'_>) -> Poll<()> {
        match self.has(Readiness::WRITABLE) {
            true => Poll::Ready(()),
            false => self.wait(cx),
        }
    }

    fn has(&self, events: u8) -> bool {
        self.reactor.watched.borrow()[self.key].events & events != 0
    }

    fn forget(&self, events: u8) {
        self.reactor.watched.borrow_mut()[self.key].events &= !events;
    }

    /// The task that is being polled will be again after the next event.
    fn wait<T>(&self, cx: &Context<'_>) -> Poll<T> {
        let task = self.reactor.polled_with(cx);
        self.reactor.watched.borrow_mut()[self.key].task = task;
        Poll::Pending
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.reactor.watched.borrow_mut().remove(self.key);
    }
}

/// Whether a read left nothing behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emptied(pub bool);

/// What is known of a descriptor.
#[derive(Debug)]
pub struct Readiness {
    /// That polled it last.
    pub task: usize,
    events: u8,
}

impl Readiness {
    const READABLE: u8 = 1;
    const WRITABLE: u8 = 2;
    /// The peer has ended its side, or the connection broke: which stays so.
    const CLOSED: u8 = 4;

    pub fn note(&mut self, event: &Event) {
        for (happened, bit) in [
            (event.is_readable(), Readiness::READABLE),
            (event.is_writable(), Readiness::WRITABLE),
            (
                event.is_read_closed() || event.is_error(),
                Readiness::CLOSED,
            ),
        ] {
            self.events |= u8::from(happened) * bit;
        }
    }
}
