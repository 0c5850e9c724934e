//! Sockets that count every byte, and the segments that carried them.
//!
//! A [`Ledger`] belongs to one worker thread and sums over its sockets, open and closed. Bytes are
//! counted at the socket. The TCP-IP layer is computed from the segments that the kernel counted
//! (`TCP_INFO`), acknowledgements included. `scripts/ledger-check` compares the sum with the
//! counters of a network interface.
//!
//! Three things are not in `TCP_INFO`, all rare without loss: payload that the *other* end sent
//! again although it had arrived (a tail loss probe, after a late acknowledgement of a busy
//! machine), the SACK blocks that answer it (12 octets), and failed attempts to connect.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use slab::Slab;
use socket2::{Domain, Protocol, SockRef, Socket as RawSocket, TcpKeepalive, Type};

use crate::client::slow_readers::SlowReaders;
use crate::record::byte_counts::ByteCounts;
use crate::runtime::event_loop::{Emptied, Registration};

/// Octets of an IP header without options or extensions (RFC 791, RFC 8200).
const IPV4_HEADER: u8 = 20;
const IPV6_HEADER: u8 = 40;
/// Octets of a TCP header without options (RFC 9293, section 3.1).
const TCP_HEADER: u64 = 20;
/// Octets of the timestamps option with its padding (RFC 7323, appendix A).
const TIMESTAMPS: u64 = 12;
/// Options that SYN and SYN-ACK together have beyond later segments: each a maximum segment size (4
/// octets), a window scale (3) and SACK permitted (2), which Linux pads to 12 octets. With
/// timestamps it is 8, since SACK permitted replaces their padding (tcp_options_write()).
const SYN_EXTRA: u64 = 24;
const SYN_EXTRA_BESIDE_TIMESTAMPS: u64 = 16;
/// Segments after the last reading of a socket: our FIN and its acknowledgement.
const CLOSING_SEGMENTS: u64 = 2;
/// The time after which a silent peer counts as gone: less than that after which proxies cut idle
/// connections, and three heartbeats of an event stream.
const PEER_GONE: Duration = Duration::from_secs(50);
/// The number of a socket that no client of a trial has.
pub const NO_CLIENT: u32 = u32::MAX;
/// The `tcpi_options` bit of a connection with timestamps (linux/tcp.h).
const TCPI_OPT_TIMESTAMPS: u8 = 1;

/// An open socket. It removes this entry from the ledger before it closes.
#[derive(Debug)]
struct OpenSocket {
    fd: RawFd,
    /// The client whose it is, or [`NO_CLIENT`].
    client: u32,
    ip_header: u8,
    /// The connection was reset, and its segments are counted.
    reset: bool,
}

/// The sum over all sockets of one worker thread.
#[derive(Debug, Default)]
pub struct Ledger {
    down_bytes: Cell<u64>,
    up_bytes: Cell<u64>,
    plaintext_bytes: Cell<u64>,
    dials: Cell<u64>,
    ended: Cell<ByteCounts>,
    set_up: Cell<ByteCounts>,
    living: RefCell<Slab<OpenSocket>>,
    /// Set while some clients read slowly.
    pub(super) slow: RefCell<Option<SlowReaders>>,
    pub(super) some_are_slow: Cell<bool>,
}

impl Ledger {
    /// Bytes only, down and up. Cheap.
    pub fn bytes(&self) -> (u64, u64) {
        (self.down_bytes.get(), self.up_bytes.get())
    }

    /// All counts since this ledger was made. One system call for each open socket.
    pub fn traffic(&self) -> ByteCounts {
        let mut sum = self.ended.get();
        for (_, living) in self.living.borrow().iter() {
            sum += living.traffic(0);
        }
        (sum.down_bytes, sum.up_bytes) = self.bytes();
        sum.plaintext_bytes = self.plaintext_bytes.get();
        sum.dials = self.dials.get();
        sum
    }

    /// Bytes of connections until they were set up.
    pub fn set_up(&self) -> ByteCounts {
        self.set_up.get()
    }

    /// The open sockets of some clients, with their keys.
    pub(super) fn sockets_of(&self, is_chosen: impl Fn(u32) -> bool) -> Vec<(usize, RawFd)> {
        let living = self.living.borrow();
        let chosen = living
            .iter()
            .filter(|(_, socket)| socket.client != NO_CLIENT && is_chosen(socket.client));
        chosen.map(|(key, socket)| (key, socket.fd)).collect()
    }

    /// Counts what an open socket carried, and the RST that ends it. The kernel then forgets it.
    pub(super) fn count_before_reset(&self, key: usize) {
        let mut living = self.living.borrow_mut();
        let socket = &mut living[key];
        let mut ended = self.ended.get();
        ended += socket.traffic(1);
        self.ended.set(ended);
        socket.reset = true;
    }

    /// Dials `target`, from `source` if one is given. The connection's bytes are counted here.
    pub async fn dial(
        self: &Rc<Self>,
        target: SocketAddr,
        source: Option<IpAddr>,
    ) -> io::Result<Socket> {
        self.dials.set(self.dials.get() + 1);
        let stream = dialling_socket(target, source)?;
        match stream.connect(&target.into()) {
            Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {}
            begun => begun?,
        }
        let stream = TcpStream::from(stream);
        let watch = Registration::new(&stream)?;
        poll_fn(|cx| watch.poll_writable(cx)).await;
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        let living = OpenSocket {
            fd: stream.as_raw_fd(),
            client: NO_CLIENT,
            ip_header: if target.is_ipv6() {
                IPV6_HEADER
            } else {
                IPV4_HEADER
            },
            reset: false,
        };
        let key = self.living.borrow_mut().insert(living);
        Ok(Socket {
            watch,
            stream,
            ledger: self.clone(),
            key,
            bytes: Cell::default(),
        })
    }
}

/// A socket ready to connect. With a source address the kernel chooses the port on connect
/// (IP_BIND_ADDRESS_NO_PORT), so that one port serves several targets.
fn dialling_socket(target: SocketAddr, source: Option<IpAddr>) -> io::Result<RawSocket> {
    let raw = RawSocket::new(
        Domain::for_address(target),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    raw.set_nonblocking(true)?;
    raw.set_tcp_nodelay(true)?;
    if let Some(source) = source {
        choose_port_late(&raw)?;
        raw.bind(&SocketAddr::new(source, 0).into())?;
    }
    Ok(raw)
}

/// Sets IP_BIND_ADDRESS_NO_PORT (ip(7)).
fn choose_port_late(socket: &RawSocket) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the kernel reads one integer, which outlives the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IP,
            libc::IP_BIND_ADDRESS_NO_PORT,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

impl OpenSocket {
    /// Segments and header bytes of this connection, with `more` segments that are still to come.
    /// Bytes through the socket are left at 0. All is 0 where the kernel has no TCP_INFO.
    fn traffic(&self, more: u64) -> ByteCounts {
        let info = (!self.reset).then(|| tcp_info(self.fd)).flatten();
        let Some(info) = info else {
            return ByteCounts::default();
        };
        let timestamps = info.tcpi_options & TCPI_OPT_TIMESTAMPS != 0;
        let (options, syn_extra) = match timestamps {
            true => (TIMESTAMPS, SYN_EXTRA_BESIDE_TIMESTAMPS),
            false => (0, SYN_EXTRA),
        };
        let header = u64::from(self.ip_header) + TCP_HEADER + options;
        let segments = u64::from(info.tcpi_segs_out) + u64::from(info.tcpi_segs_in) + more;
        ByteCounts {
            segments,
            tcp_ip_bytes: segments * header + syn_extra + info.tcpi_bytes_retrans,
            ..ByteCounts::default()
        }
    }
}

/// The kernel's figures of a connection (tcp(7), TCP_INFO).
pub(super) fn tcp_info(fd: RawFd) -> Option<libc::tcp_info> {
    // SAFETY: tcp_info has only integers, for which all zeros is a value. The kernel writes at most
    // `length` bytes into it, an older kernel fewer.
    unsafe {
        let mut info: libc::tcp_info = std::mem::zeroed();
        let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
        let result = libc::getsockopt(
            fd,
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            (&raw mut info).cast(),
            &raw mut length,
        );
        (result == 0).then_some(info)
    }
}

/// A connected TCP socket whose bytes are counted in its worker's ledger.
#[derive(Debug)]
pub struct Socket {
    watch: Registration,
    stream: TcpStream,
    ledger: Rc<Ledger>,
    key: usize,
    /// Down and up since it was dialled. They may wrap after the set-up, when they are no longer
    /// used.
    bytes: Cell<(u32, u32)>,
}

impl Socket {
    fn count(&self, down: usize, up: usize) {
        let add = |counter: &Cell<u64>, bytes: usize| counter.set(counter.get() + bytes as u64);
        add(&self.ledger.down_bytes, down);
        add(&self.ledger.up_bytes, up);
        let (downs, ups) = self.bytes.get();
        let bytes = (downs.wrapping_add(down as u32), ups.wrapping_add(up as u32));
        self.bytes.set(bytes);
    }

    /// Counts plaintext bytes of a TLS session over this socket.
    pub fn count_plaintext(&self, bytes: usize) {
        let counter = &self.ledger.plaintext_bytes;
        counter.set(counter.get() + bytes as u64);
    }

    /// The socket is a client's of a trial, to which faults may happen.
    pub fn belongs_to(&self, client: u32) {
        if let Some(living) = self.ledger.living.borrow_mut().get_mut(self.key) {
            living.client = client;
        }
    }

    /// The connection is set up: all bytes so far count as set-up.
    pub fn settle(&self) {
        let mut set_up = self.ledger.set_up.get();
        if let Some(living) = self.ledger.living.borrow().get(self.key) {
            set_up += living.traffic(0);
        }
        let (down, up) = self.bytes.get();
        set_up.down_bytes += u64::from(down);
        set_up.up_bytes += u64::from(up);
        self.ledger.set_up.set(set_up);
    }

    /// Has the kernel probe whether a silent peer is still there (tcp(7), SO_KEEPALIVE), and end
    /// the connection after [`PEER_GONE`]. The probes are extra segments, so a measured connection
    /// goes without.
    pub fn watch_peer(&self) -> io::Result<()> {
        let probes = TcpKeepalive::new()
            .with_time(PEER_GONE / 2)
            .with_interval(PEER_GONE / 10)
            .with_retries(5);
        let socket = SockRef::from(&self.stream);
        socket.set_tcp_keepalive(&probes)?;
        socket.set_tcp_user_timeout(Some(PEER_GONE))
    }

    /// Reads what has arrived into `buffer`; 0 means that the peer ended the stream.
    ///
    /// A read that leaves room has emptied the socket. The next one then waits without a system
    /// call.
    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let room = match self.ledger.some_are_slow.get() {
            true => ready!(self.poll_room(cx, buffer.len())),
            false => buffer.len(),
        };
        let buffer = &mut buffer[..room];
        let read = || {
            let count = (&self.stream).read(buffer)?;
            Ok((count, Emptied(count < buffer.len())))
        };
        let count = ready!(self.watch.poll_read(cx, read))?;
        self.count(count, 0);
        if self.ledger.some_are_slow.get()
            && let Some(slow) = &mut *self.ledger.slow.borrow_mut()
        {
            slow.took(self.key, count);
        }
        Poll::Ready(Ok(count))
    }

    /// How much a slow reader may read now.
    fn poll_room(&self, cx: &Context<'_>, most: usize) -> Poll<usize> {
        let client = self.ledger.living.borrow()[self.key].client;
        match &mut *self.ledger.slow.borrow_mut() {
            Some(slow) if client != NO_CLIENT => slow.poll_room(self.key, client, cx, most),
            _ => Poll::Ready(most),
        }
    }

    /// Writes all of `bytes`, in one segment where they fit.
    pub fn write_all(&self, mut bytes: &[u8]) -> impl Future<Output = io::Result<()>> {
        poll_fn(move |cx| {
            while !bytes.is_empty() {
                let write = || (&self.stream).write(bytes);
                let count = ready!(self.watch.poll_write(cx, write))?;
                self.count(0, count);
                bytes = &bytes[count..];
            }
            Poll::Ready(Ok(()))
        })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let living = self.ledger.living.borrow_mut().remove(self.key);
        let mut ended = self.ledger.ended.get();
        ended += living.traffic(CLOSING_SEGMENTS);
        self.ledger.ended.set(ended);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::runtime::event_loop;

    #[tokio::test]
    async fn bytes_and_segments_of_living_and_ended_sockets_are_summed() {
        let story = async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let target = listener.local_addr().unwrap();
            let ledger = Rc::new(Ledger::default());
            let source = Some("127.0.0.9".parse().unwrap());
            let mut socket = ledger.dial(target, source).await.unwrap();
            let (mut peer, from) = listener.accept().await.unwrap();
            assert_eq!(from.ip().to_string(), "127.0.0.9");
            assert_eq!(ledger.bytes(), (0, 0));

            socket.write_all(&[b'x'; 300]).await.unwrap();
            peer.read_exact(&mut [0; 300]).await.unwrap();
            peer.write_all(&[b'y'; 70]).await.unwrap();
            let mut buffer = [0; 100];
            let count = poll_fn(|cx| socket.poll_read(cx, &mut buffer))
                .await
                .unwrap();
            assert_eq!((count, ledger.bytes()), (70, (70, 300)));

            let alive = ledger.traffic();
            assert_eq!(ledger.set_up(), ByteCounts::default());
            socket.settle();
            let set_up = ledger.set_up();
            assert_eq!((set_up.down_bytes, set_up.up_bytes), (70, 300));
            assert!(set_up.segments >= alive.segments, "{set_up:?} {alive:?}");
            assert!(
                (5..=8).contains(&alive.segments),
                "{alive:?}: SYNs, two of data, their ACKs"
            );
            assert!(alive.tcp_ip_bytes >= alive.segments * 40, "{alive:?}");
            drop(socket);
            let ended = ledger.traffic() - alive;
            assert!(
                (2..=4).contains(&ended.segments),
                "{ended:?}: a late ACK, FIN and its ACK"
            );
            assert_eq!((ended.down_bytes, ended.up_bytes), (0, 0));
        };
        event_loop::within_tokio(story).await.unwrap();
    }

    /// Waits until everything that was written has been acknowledged.
    async fn settle(stream: &impl AsRawFd) {
        let info = || tcp_info(stream.as_raw_fd());
        let busy = || info().is_some_and(|i| i.tcpi_unacked + i.tcpi_notsent_bytes > 0);
        while busy() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn counted_bytes_are_the_kernels_at_both_ends() {
        let story = async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let target = listener.local_addr().unwrap();
            let ledger = Rc::new(Ledger::default());
            let mut socket = ledger.dial(target, None).await.unwrap();
            let (mut peer, _) = listener.accept().await.unwrap();
            // Many sizes, below a segment and far beyond what a socket's buffer takes at once.
            let sizes = [1, 2, 1_459, 1_461, 70_000, 3_000_000];
            let our_end = async {
                let mut buffer = vec![0; 1 << 16];
                for size in sizes {
                    socket.write_all(&vec![b'u'; size]).await.unwrap();
                    let mut left = 2 * size;
                    while left > 0 {
                        let read = poll_fn(|cx| socket.poll_read(cx, &mut buffer)).await;
                        left -= read.unwrap();
                    }
                }
            };
            let other_end = async {
                for size in sizes {
                    peer.read_exact(&mut vec![0; size]).await.unwrap();
                    peer.write_all(&vec![b'd'; 2 * size]).await.unwrap();
                }
            };
            tokio::join!(our_end, other_end);

            settle(&socket.stream).await;
            settle(&peer).await;
            let ours = tcp_info(socket.stream.as_raw_fd()).unwrap();
            let theirs = tcp_info(peer.as_raw_fd()).unwrap();
            let (down_bytes, up_bytes) = ledger.bytes();
            assert_eq!(up_bytes, sizes.iter().sum::<usize>() as u64);
            assert_eq!(up_bytes, ours.tcpi_bytes_sent - ours.tcpi_bytes_retrans);
            // The SYN of the dialling end takes a sequence number too, and is acknowledged.
            assert_eq!(up_bytes, ours.tcpi_bytes_acked - 1);
            assert_eq!(up_bytes, theirs.tcpi_bytes_received);
            assert_eq!(down_bytes, 2 * up_bytes);
            assert_eq!(down_bytes, ours.tcpi_bytes_received);
            assert_eq!(
                down_bytes,
                theirs.tcpi_bytes_sent - theirs.tcpi_bytes_retrans
            );
            assert_eq!(down_bytes, theirs.tcpi_bytes_acked);
            // Only the dialling end counts the handshake: the accepting end has no socket yet.
            let more =
                |ours: u32, theirs: u32| (0..=1).contains(&(i64::from(ours) - i64::from(theirs)));
            assert!(
                more(ours.tcpi_segs_out, theirs.tcpi_segs_in),
                "{ours:?} {theirs:?}"
            );
            assert!(
                more(ours.tcpi_segs_in, theirs.tcpi_segs_out),
                "{ours:?} {theirs:?}"
            );
        };
        event_loop::within_tokio(story).await.unwrap();
    }
}
