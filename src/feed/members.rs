//! The members of a feed: its readers that gave a name.
//!
//! All connections of one name are one member, present while at least one of them reads. A polling
//! reader stays a member between its polls and leaves some time after the last.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The members of one feed. Only joins and leaves touch them; delivering a message does not.
///
/// `announce` is called under the lock, so that joins and leaves stand in the feed in their true
/// order.
#[derive(Debug)]
pub struct Members {
    present: Mutex<BTreeMap<String, Member>>,
    /// Places left on this server. A reader that finds none, or may not join, still reads; it is
    /// not announced.
    places: Arc<Semaphore>,
}

#[derive(Debug)]
struct Member {
    /// Open streams and held polls.
    readers: usize,
    /// When a member without readers leaves.
    until: Instant,
    /// A task will call [`Members::expire`].
    expiring: bool,
    _place: OwnedSemaphorePermit,
}

impl Members {
    pub fn new(places: Arc<Semaphore>) -> Self {
        let present = Mutex::default();
        Members { present, places }
    }

    fn present(&self) -> MutexGuard<'_, BTreeMap<String, Member>> {
        self.present.lock().expect("no panic under the lock")
    }

    /// The names, in order.
    pub fn names(&self) -> Vec<String> {
        self.present().keys().cloned().collect()
    }

    /// Adds a reader. For a new name, `may_join` decides and `announce` is called. Returns whether
    /// the reader is a member: a place was free and `may_join` allowed it.
    pub fn enter(
        &self,
        name: &str,
        may_join: impl FnOnce() -> bool,
        announce: impl FnOnce(),
    ) -> bool {
        match self.present().entry(name.to_owned()) {
            Entry::Occupied(member) => member.into_mut().readers += 1,
            Entry::Vacant(vacant) => {
                let Ok(place) = self.places.clone().try_acquire_owned() else {
                    return false;
                };
                if !may_join() {
                    return false;
                }
                vacant.insert(Member {
                    readers: 1,
                    until: Instant::now(),
                    expiring: false,
                    _place: place,
                });
                announce();
            }
        }
        true
    }

    /// Removes a reader; its member stays for `linger` more. Calls `announce` if the member leaves
    /// at once. Returns whether the caller must arrange calls of [`Members::expire`].
    pub fn leave(&self, name: &str, linger: Duration, announce: impl FnOnce()) -> bool {
        let mut present = self.present();
        let Some(member) = present.get_mut(name) else {
            return false;
        };
        let now = Instant::now();
        member.readers -= 1;
        member.until = member.until.max(now + linger);
        if member.readers == 0 && member.until <= now {
            present.remove(name);
            announce();
            return false;
        }
        member.readers == 0 && !std::mem::replace(&mut member.expiring, true)
    }

    /// Removes a member whose time is over and calls `announce`. Returns when to call again; none
    /// if no further call is needed.
    pub fn expire(&self, name: &str, announce: impl FnOnce()) -> Option<Instant> {
        let mut present = self.present();
        let member = present.get_mut(name)?;
        if member.readers > 0 {
            // When its last reader leaves, `leave` asks for a task again.
            member.expiring = false;
            return None;
        }
        if member.until > Instant::now() {
            return Some(member.until);
        }
        present.remove(name);
        announce();
        None
    }
}
