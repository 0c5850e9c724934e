//! Descriptor tables of threads.
//!
//! The limit of open files (getrlimit(2), RLIMIT_NOFILE) holds for a table of descriptors, and a
//! process has one that its threads share. A thread may have a table of its own instead: then a
//! process holds as many sockets as all of its tables together. Memory stays shared.
//!
//! A descriptor is a number that means something in one table only. So a thread with a table of its
//! own uses the sockets that it made, and no other thread does. What wakes it, an event counter
//! (eventfd(2)), is a descriptor too: it must be made before the thread separates, so that its
//! number means the same in both tables. [`Origin`] holds this against mistakes.

use std::cell::Cell;
use std::fs;
use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rustix::net::AddressFamily;
use rustix::net::sockopt::socket_domain;
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// The table that a process begins with.
const FIRST: u64 = 0;

static NEXT: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// The table of this thread. Later ones have higher numbers.
    static TABLE: Cell<u64> = const { Cell::new(FIRST) };
}

/// Gives this thread a descriptor table of its own (unshare(2), CLONE_FILES). It begins as a copy
/// of the one before, without its pipes and network sockets: they would stay open here after their
/// threads had closed them.
///
/// # Errors
/// The system refuses it, as a sandbox may.
pub fn separate() -> io::Result<()> {
    // SAFETY: this changes what the descriptors of this thread mean. It runs before the thread has
    // any of its own, and other threads keep theirs.
    unsafe { unshare_unsafe(UnshareFlags::FILES) }?;
    TABLE.set(NEXT.fetch_add(1, Relaxed));
    let entries: Vec<_> = fs::read_dir("/proc/thread-self/fd")?.collect();
    for entry in entries.into_iter().flatten() {
        let number = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let is_other = |number: &RawFd| *number > 2 && is_pipe_or_network(*number, &entry.path());
        if let Some(number) = number.filter(is_other) {
            // SAFETY: nothing on this thread uses the copy, and other threads have tables of their
            // own.
            drop(unsafe { OwnedFd::from_raw_fd(number) });
        }
    }
    Ok(())
}

/// Whether threads may have tables of their own here.
pub fn can_separate() -> bool {
    let attempt = std::thread::spawn(separate);
    attempt.join().is_ok_and(|separated| separated.is_ok())
}

/// Sockets of Unix stay: by one of them a signal wakes its reader, whichever thread it interrupts.
fn is_pipe_or_network(number: RawFd, entry: &Path) -> bool {
    let target = fs::read_link(entry).unwrap_or_default();
    let target = target.to_string_lossy();
    // SAFETY: the descriptor was open a moment ago, and only this thread could have closed it.
    let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
    let is_of_unix = || socket_domain(descriptor) == Ok(AddressFamily::UNIX);
    target.starts_with("pipe:") || (target.starts_with("socket:") && !is_of_unix())
}

/// Where and when a descriptor was made.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    table: u64,
    before: u64,
}

impl Origin {
    /// Of a descriptor that is made now, by this thread.
    pub fn here() -> Self {
        Origin {
            table: TABLE.get(),
            before: NEXT.load(Relaxed),
        }
    }

    /// Whether the descriptor's number means the same to this thread.
    pub fn is_known_here(self) -> bool {
        let here = TABLE.get();
        here == self.table || (self.table == FIRST && here >= self.before)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::*;

    #[test]
    fn a_socket_of_one_table_is_closed_although_others_copied_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let other = thread::spawn(move || {
            separate().unwrap();
            wait.recv()
        });
        drop(accepted);
        // The other thread has copied the socket, or not yet: it is closed in both cases.
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        drop(done);
        assert!(other.join().unwrap().is_err());
    }

    #[test]
    fn what_was_made_before_is_known_and_what_comes_later_is_not() {
        let before = Origin::here();
        let in_thread = thread::spawn(move || {
            separate().unwrap();
            assert!(before.is_known_here());
            let (here, _other) = UnixStream::pair().unwrap();
            drop(here);
            Origin::here()
        });
        let in_thread = in_thread.join().unwrap();
        assert!(!in_thread.is_known_here() && Origin::here().is_known_here());
        let late = Origin::here();
        let early = thread::spawn(move || {
            separate().unwrap();
            late.is_known_here()
        });
        assert!(early.join().unwrap());
        let (origin, take) = std::sync::mpsc::channel::<Origin>();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let early = thread::spawn(move || {
            separate().unwrap();
            ready.send(()).unwrap();
            take.recv().unwrap().is_known_here()
        });
        is_ready.recv().unwrap();
        origin.send(Origin::here()).unwrap();
        assert!(!early.join().unwrap());
    }
}
