//! Who reads a feed, of those who gave a name.
//!
//! However many connections of one name there are, it is one member, from its first reader to its
//! last. A reader that polls is there between its polls as well: it leaves a while after the last.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The members of one feed. They are counted when they come and go, and never looked at when a
/// message passes.
///
/// What is announced is announced while nobody else can come or go, so that joins and leaves stand
/// in the feed in their true order.
#[derive(Debug)]
pub struct Members {
    present: Mutex<BTreeMap<String, Member>>,
    /// Those left on this server. A reader whose name finds none, or may not join, reads all the
    /// same, and is not announced.
    places: Arc<Semaphore>,
}

#[derive(Debug)]
struct Member {
    /// Streams that are open and polls that are held.
    readers: usize,
    /// A member without a reader stays until then.
    until: Instant,
    /// Somebody will come and see whether it has to go: see [`Members::expire`].
    watched: bool,
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

    /// A reader comes. If its name is new, `may_join` is asked, and `announce` called. Returns
    /// whether there was a place, and it might.
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
                    watched: false,
                    _place: place,
                });
                announce();
            }
        }
        true
    }

    /// A reader that had entered goes, and is counted for `linger` more. `announce` is called if
    /// that was the last of its name. Returns whether somebody must call [`Members::expire`].
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
        member.readers == 0 && !std::mem::replace(&mut member.watched, true)
    }

    /// Removes a member whose time is over, and calls `announce`. Returns when to come again, if at
    /// all.
    pub fn expire(&self, name: &str, announce: impl FnOnce()) -> Option<Instant> {
        let mut present = self.present();
        let member = present.get_mut(name)?;
        if member.readers > 0 {
            // Its last reader asks for somebody again.
            member.watched = false;
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
