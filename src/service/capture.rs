//! One capture: the bytes of a connection whose client asked for it, see
//! [`captures`](crate::service::captures).

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard};
use std::task::Waker;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::feed::{AddressPermit, Owed};
use crate::system::server_process::canonical;
use crate::wire::{Direction, Ends, Recording};

/// The most memory of one capture, in bytes.
const MAX_CAPTURE_BYTES: usize = 64 << 10;

/// How long a connection is recorded.
const MAX_TIME: Duration = Duration::from_secs(60);

/// The name of a capture: 128 bits that its client chose at random, in 32 hexadecimal digits. Only
/// the client that knows it can read the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CaptureId(u128);

impl FromStr for CaptureId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).ok().filter(|_| is_hex);
        let advice = "a capture's name has 32 hexadecimal digits, chosen at random";
        number.map(CaptureId).ok_or_else(|| advice.to_owned())
    }
}

/// Where bytes are looked at: above TLS, if there is some, or at the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Socket,
    Plaintext,
}

/// Tells connections apart while they are open.
pub type ConnectionKey = usize;

/// One capture.
#[derive(Debug)]
pub struct Capture {
    pub id: CaptureId,
    level: Level,
    began: Instant,
    pub address: IpAddr,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    recording: Recording,
    /// Until the capture is forgotten.
    #[expect(dead_code, reason = "it counts until it is dropped")]
    permit: Option<AddressPermit>,
    /// Counts the memory of the recording.
    owed: Option<Owed>,
    /// Bytes of the client that had come when the server last wrote.
    up_when_written: usize,
    /// The connection whose bytes are recorded.
    owner: ConnectionKey,
    is_over: bool,
    /// The connection serves a request that is none of the capture's.
    is_paused: bool,
    /// Wakes the connection.
    waker: Option<Waker>,
    ping_is_due: bool,
}

impl Capture {
    /// A capture that begins now.
    pub fn new(id: CaptureId, level: Level, owner: ConnectionKey, permit: AddressPermit) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut state = State::default();
        state.recording.tls = level == Level::Plaintext;
        state.recording.began_at_ns = since.map_or(0, |since| since.as_nanos() as u64);
        Capture {
            id,
            level,
            began: Instant::now(),
            address: permit.address,
            state: Mutex::new(State {
                permit: Some(permit),
                owner,
                ..state
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic under the lock")
    }

    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// Adds bytes that passed. `hold` counts memory; where there is none left, or time or room are
    /// used up, the capture is over. Returns whether it goes on.
    pub fn add(
        &self,
        owner: ConnectionKey,
        (direction, level): (Direction, Level),
        bytes: &[u8],
        hold: impl FnOnce(&mut Option<Owed>, usize) -> bool,
    ) -> bool {
        let age = self.age();
        let state = &mut *self.state();
        let is_left_out = owner != state.owner || level != self.level || state.is_paused;
        if is_left_out || state.is_over {
            return !state.is_over;
        }
        let recording = &mut state.recording;
        if recording.held_bytes() + bytes.len() > MAX_CAPTURE_BYTES || age > MAX_TIME {
            (state.is_over, recording.truncated) = (true, true);
            return false;
        }
        recording.push(direction, age.as_nanos() as u64, bytes);
        if direction == Direction::Down {
            state.up_when_written = recording.bytes(Direction::Up).len();
        }
        if !hold(&mut state.owed, recording.held_bytes()) {
            *recording = Recording::default();
            (state.is_over, recording.truncated) = (true, true);
        }
        !state.is_over
    }

    /// Notes the connection's addresses, once.
    pub fn note_ends(&self, ends: impl FnOnce() -> Option<Ends>) {
        let state = &mut *self.state();
        if state.recording.ends.is_none() {
            state.recording.ends = ends().map(canonical_ends);
        }
    }

    /// The connection has ended.
    pub fn end(&self, owner: ConnectionKey) {
        let state = &mut *self.state();
        if owner != state.owner {
            return;
        }
        state.recording.ended |= !state.is_over;
        state.is_over = true;
        state.waker = None;
    }

    /// The connection goes on with a request that is none of this capture's, of which bytes have
    /// come since the server last wrote. What follows is left out.
    pub fn pause_before_request(&self, owner: ConnectionKey) {
        let state = &mut *self.state();
        if owner != state.owner {
            return;
        }
        if !state.is_over && !state.is_paused {
            state.recording.cut_up(state.up_when_written);
        }
        (state.is_paused, state.waker) = (true, None);
    }

    /// A connection goes on with a request of this capture: that of the request before, or another.
    /// Returns whether the bytes of the request are missing.
    pub fn resume(&self, owner: ConnectionKey) -> bool {
        let state = &mut *self.state();
        let is_other = owner != state.owner;
        state.recording.further_connections += usize::from(is_other);
        state.owner = owner;
        std::mem::take(&mut state.is_paused) || is_other
    }

    /// Frees what it holds, although its connection may still be open.
    pub fn forget(&self) {
        *self.state() = State {
            is_over: true,
            ..State::default()
        };
    }

    /// Asks the connection for a sign of life: a ping, a heartbeat, the end of a hold. Returns
    /// whether the connection waits for anything.
    pub fn ping(&self) -> bool {
        let waker = {
            let state = &mut *self.state();
            state.ping_is_due = !state.is_over;
            state.waker.take()
        };
        let waits = waker.is_some();
        waker.into_iter().for_each(Waker::wake);
        waits
    }

    /// Whether a sign of life was asked for since this was last called.
    pub fn takes_ping(&self) -> bool {
        std::mem::take(&mut self.state().ping_is_due)
    }

    /// The connection waits for its client.
    pub fn waits(&self, owner: ConnectionKey, waker: &Waker) {
        let state = &mut *self.state();
        if owner == state.owner && !state.is_over && !state.is_paused {
            state.waker = Some(waker.clone());
        }
    }

    /// Bytes so far, and whether there will be no more. It changes whenever the recording does.
    pub fn progress(&self) -> (usize, bool) {
        let state = self.state();
        let bytes = |direction| state.recording.bytes(direction).len();
        let is_over = state.is_over || self.age() > MAX_TIME;
        (bytes(Direction::Up) + bytes(Direction::Down), is_over)
    }

    /// A copy of what was recorded so far.
    pub fn recording(&self) -> Recording {
        let mut recording = self.state().recording.clone();
        recording.truncated |= !recording.ended && self.age() > MAX_TIME;
        recording
    }
}

/// With IPv4 addresses in place of those that are mapped to IPv6.
fn canonical_ends(ends: Ends) -> Ends {
    Ends {
        client: canonical(ends.client),
        server: canonical(ends.server),
    }
}
