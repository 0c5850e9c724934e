//! What a trial does on purpose to the sockets of some of its clients.
//!
//! All of it is done to real connections by the kernel's own means, without privileges, and both
//! ends see what they would see in a network.

use std::io;
use std::os::fd::{BorrowedFd, RawFd};

use rustix::net::Shutdown;
use socket2::{SockFilter, SockRef};

use crate::client::slow_readers::SlowReaders;
use crate::client::socket::Ledger;
use crate::record::fault::ClientSubset;

/// A filter that takes nothing: `ret #0` of classic BPF (bpf(4)).
const TAKE_NOTHING: [SockFilter; 1] = [SockFilter::new(0x06, 0, 0, 0)];

impl Ledger {
    /// Resets the connections of some clients: each end is told by the kernel, as after an RST from
    /// the network. Returns how many there were.
    ///
    /// # Errors
    /// A system error of connect(2).
    pub fn reset(&self, clients: ClientSubset) -> io::Result<u64> {
        self.each(clients, |ledger, key, fd| {
            ledger.count_before_reset(key);
            dissolve(fd)
        })
    }

    /// Ends the connections of some clients: they send FIN and read no further.
    pub fn leave(&self, clients: ClientSubset) -> io::Result<u64> {
        self.each(clients, |_, _, fd| close_both_ways(fd))
    }

    /// Discards all segments that arrive for some clients, so that they get nothing, and the server
    /// gets no acknowledgement.
    ///
    /// # Errors
    /// A system error of setsockopt(2).
    pub fn silence(&self, clients: ClientSubset) -> io::Result<u64> {
        let filter = |_: &Ledger, _, fd| SockRef::from(&borrow(fd)).attach_filter(&TAKE_NOTHING);
        self.each(clients, filter)
    }

    /// Ends what [`Ledger::silence`] began, for the connections that are still there.
    pub fn end_silence(&self, clients: ClientSubset) {
        // A connection that was dialled since has no filter.
        let _ = self.each(clients, |_, _, fd| {
            let _ = SockRef::from(&borrow(fd)).detach_filter();
            Ok(())
        });
    }

    /// From now on some clients read so many bytes a second, also on connections that they dial
    /// later. [`Ledger::tick`] must be called every [`SLOW_TICK`](crate::client::slow_readers::SLOW_TICK).
    pub fn slow_down(&self, clients: ClientSubset, bytes_per_s: u64) -> u64 {
        *self.slow.borrow_mut() = Some(SlowReaders::new(clients, bytes_per_s));
        self.some_are_slow.set(true);
        self.each(clients, |_, _, _| Ok(())).unwrap_or_default()
    }

    /// Lets slow readers read again, as much as they may in a tick.
    pub fn tick(&self) {
        self.slow
            .borrow_mut()
            .iter_mut()
            .for_each(SlowReaders::tick);
    }

    /// All clients read as they can.
    pub fn speed_up(&self) {
        self.some_are_slow.set(false);
        if let Some(mut slow) = self.slow.borrow_mut().take() {
            slow.tick();
        }
    }

    /// Does something to the sockets of some clients. Returns how many there are.
    fn each(
        &self,
        clients: ClientSubset,
        mut act: impl FnMut(&Ledger, usize, RawFd) -> io::Result<()>,
    ) -> io::Result<u64> {
        let chosen = self.sockets_of(|client| clients.contains(client));
        for &(key, fd) in &chosen {
            act(self, key, fd)?;
        }
        Ok(chosen.len() as u64)
    }
}

fn borrow(fd: RawFd) -> BorrowedFd<'static> {
    // SAFETY: the ledger forgets a socket before it is closed, and nothing here keeps it.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

/// Sends FIN and reads no further.
pub(super) fn close_both_ways(fd: RawFd) -> io::Result<()> {
    Ok(rustix::net::shutdown(borrow(fd), Shutdown::Both)?)
}

/// Ends a TCP connection with an RST; a pending read fails with ECONNRESET. That is what Linux does
/// when a connected socket is connected to no address (connect(2); tcp_disconnect()).
fn dissolve(fd: RawFd) -> io::Result<()> {
    let nowhere = libc::sockaddr {
        sa_family: libc::AF_UNSPEC as libc::sa_family_t,
        sa_data: [0; 14],
    };
    // SAFETY: the kernel reads the address, which outlives the call.
    let result = unsafe {
        let length = size_of::<libc::sockaddr>() as libc::socklen_t;
        libc::connect(fd, &raw const nowhere, length)
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::rc::Rc;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;

    use super::*;
    use crate::client::socket::Socket;
    use crate::runtime::event_loop;

    const ALL: f64 = 1.0;

    /// A connected client, number 0, and the server's end.
    async fn connected(ledger: &Rc<Ledger>) -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = listener.local_addr().unwrap();
        let socket = ledger.dial(target, None).await.unwrap();
        socket.belongs_to(0);
        (socket, listener.accept().await.unwrap().0)
    }

    async fn read(socket: &mut Socket) -> io::Result<usize> {
        let mut buffer = [0; 1_000];
        poll_fn(|cx| socket.poll_read(cx, &mut buffer)).await
    }

    fn within(story: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let bounded =
            async { timeout(Duration::from_secs(20), event_loop::within_tokio(story)).await };
        runtime.unwrap().block_on(bounded).unwrap().unwrap();
    }

    #[test]
    fn a_reset_is_told_to_both_ends_and_what_passed_before_is_still_counted() {
        within(async {
            let ledger = Rc::<Ledger>::default();
            let (mut socket, mut peer) = connected(&ledger).await;
            peer.write_all(b"hello").await.unwrap();
            assert_eq!(read(&mut socket).await.unwrap(), 5);
            let before = ledger.traffic();
            let none = ClientSubset::NONE;
            assert_eq!(ledger.reset(none).unwrap(), 0);
            assert_eq!(ledger.reset(ClientSubset::new(ALL, 1, 1)).unwrap(), 1);
            let reset = io::ErrorKind::ConnectionReset;
            assert_eq!(read(&mut socket).await.unwrap_err().kind(), reset);
            assert_eq!(peer.read(&mut [0; 9]).await.unwrap_err().kind(), reset);
            drop(socket);
            let after = ledger.traffic();
            assert_eq!(after.segments, before.segments + 1, "the RST");
        });
    }

    #[test]
    fn a_client_that_leaves_ends_the_stream_at_both_ends() {
        within(async {
            let ledger = Rc::<Ledger>::default();
            let (mut socket, mut peer) = connected(&ledger).await;
            assert_eq!(ledger.leave(ClientSubset::new(ALL, 1, 1)).unwrap(), 1);
            assert_eq!(read(&mut socket).await.unwrap(), 0);
            assert_eq!(peer.read(&mut [0; 9]).await.unwrap(), 0);
        });
    }

    #[test]
    fn a_silent_client_gets_nothing_until_the_silence_ends() {
        within(async {
            let ledger = Rc::<Ledger>::default();
            let (mut socket, mut peer) = connected(&ledger).await;
            let all = ClientSubset::new(ALL, 1, 1);
            assert_eq!(ledger.silence(all).unwrap(), 1);
            peer.write_all(b"hello").await.unwrap();
            let quiet = timeout(Duration::from_millis(300), read(&mut socket)).await;
            quiet.unwrap_err();
            ledger.end_silence(all);
            assert_eq!(read(&mut socket).await.unwrap(), 5, "sent again");
        });
    }

    #[test]
    fn a_slow_reader_reads_its_bytes_in_each_tick() {
        within(async {
            let ledger = Rc::<Ledger>::default();
            let (mut socket, mut peer) = connected(&ledger).await;
            peer.write_all(&[b'x'; 500]).await.unwrap();
            assert_eq!(ledger.slow_down(ClientSubset::new(ALL, 1, 1), 1_000), 1);
            assert_eq!(read(&mut socket).await.unwrap(), 100);
            timeout(Duration::from_millis(50), read(&mut socket))
                .await
                .unwrap_err();
            ledger.tick();
            assert_eq!(read(&mut socket).await.unwrap(), 100);
            ledger.speed_up();
            assert_eq!(read(&mut socket).await.unwrap(), 300);
        });
    }
}
