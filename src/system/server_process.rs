//! The process of this host that serves an address.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use procfs::net::{TcpNetEntry, TcpState};

use crate::system::files::SystemFiles;

/// The longest wait until the server accepts a connection.
const PATIENCE: Duration = Duration::from_secs(3);
const CHECK: Duration = Duration::from_millis(5);

/// Beginnings of the names of programs that pass a port on to a server in another place, such as a
/// container. The work of the server is not theirs.
const FORWARDERS: [&str; 9] = [
    "docker-proxy",
    "rootlessport",
    "rootlesskit",
    "containers-root",
    "slirp4netns",
    "pasta",
    "ssh",
    "socat",
    "kubectl",
];

/// Where the server of an address is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub on_this_host: bool,
    /// `None` unless one process alone listens at the address and accepts connections, and this
    /// user may see that.
    pub pid: Option<u32>,
}

/// Looks for the process that serves `address`, with a connection that carries nothing. Nothing is
/// found where no connection can be made.
pub fn find(address: SocketAddr) -> Found {
    match TcpStream::connect_timeout(&address, PATIENCE) {
        Ok(stream) => look(address, &stream).unwrap_or_default(),
        Err(_) => Found::default(),
    }
}

fn look(address: SocketAddr, stream: &TcpStream) -> Option<Found> {
    let ours = canonical(stream.local_addr().ok()?);
    let address = canonical(address);
    // The kernel sends from the address that it sends to, if that is one of this host.
    let on_this_host = address.ip().is_loopback() || ours.ip() == address.ip();
    let pid = on_this_host.then(|| pid(address, ours)).flatten();
    Some(Found { on_this_host, pid })
}

/// The process that holds all sockets which listen at `address`, and the other end of the
/// connection from `client`.
fn pid(address: SocketAddr, client: SocketAddr) -> Option<u32> {
    let files = SystemFiles::host();
    let started = Instant::now();
    let (sockets, accepted) = loop {
        let sockets = files.tcp_sockets();
        let is_accepted = |socket: &&TcpNetEntry| {
            let ends = [socket.local_address, socket.remote_address].map(canonical);
            // A connection that was not accepted has no inode.
            ends == [address, client] && socket.inode != 0
        };
        let accepted = sockets.iter().find(is_accepted).map(|socket| socket.inode);
        match accepted {
            Some(inode) => break (sockets, inode),
            None if started.elapsed() > PATIENCE => return None,
            None => thread::sleep(CHECK),
        }
    };
    let mut inodes = listening(&sockets, address);
    inodes.insert(accepted);
    let mut holders = files.socket_holders(&inodes).into_iter();
    let (pid, held) = holders.next()?;
    let alone = held == inodes && holders.next().is_none();
    let name = files.process_stat(pid).ok()?.comm;
    let forwards = FORWARDERS
        .iter()
        .any(|forwarder| name.starts_with(forwarder));
    (alone && !forwards).then_some(pid)
}

/// The inodes of the sockets that listen for connections to `address`. The kernel prefers the exact
/// address, then that of all interfaces in the same family.
fn listening(sockets: &[TcpNetEntry], address: SocketAddr) -> BTreeSet<u64> {
    let rank = |socket: &TcpNetEntry| {
        let local = canonical(socket.local_address);
        let listens = socket.state == TcpState::Listen && local.port() == address.port();
        match local.ip() {
            _ if !listens => None,
            ip if ip == address.ip() => Some(0),
            ip if ip.is_unspecified() && ip.is_ipv4() == address.is_ipv4() => Some(1),
            ip if ip.is_unspecified() && ip.is_ipv6() => Some(2),
            _ => None,
        }
    };
    let best = sockets.iter().filter_map(rank).min();
    let chosen = sockets
        .iter()
        .filter(|socket| best.is_some() && rank(socket) == best);
    chosen.map(|socket| socket.inode).collect()
}

/// Addresses of IPv4 in the form of IPv6 become those of IPv4.
pub fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::fd::AsFd;
    use std::process::Command;

    use rustix::io::{FdFlags, fcntl_setfd};

    use super::*;

    /// Listens at an address and accepts connections.
    fn serve(address: &str) -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = listener.try_clone().unwrap();
        thread::spawn(move || {
            accepting
                .incoming()
                .map_while(Result::ok)
                .collect::<Vec<_>>()
        });
        (listener, address)
    }

    #[test]
    fn the_process_that_listens_and_accepts_is_found() {
        let (here, pid) = (true, Some(std::process::id()));
        let (_any, any) = serve("[::]:0");
        let (_exact, exact) = serve("127.0.0.1:0");
        let over_ipv4 = SocketAddr::from(([127, 0, 0, 1], any.port()));
        for address in [exact, over_ipv4] {
            let found = Found {
                on_this_host: here,
                pid,
            };
            assert_eq!(find(address), found, "{address}");
        }
    }

    #[test]
    fn of_several_processes_that_hold_the_socket_none_is_found() {
        let (listener, address) = serve("127.0.0.1:0");
        let shared = listener.try_clone().unwrap();
        fcntl_setfd(shared.as_fd(), FdFlags::empty()).unwrap();
        let mut other = Command::new("sleep").arg("60").spawn().unwrap();
        let found = find(address);
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(
            found,
            Found {
                on_this_host: true,
                pid: None
            }
        );
    }

    #[test]
    fn nothing_is_found_where_nothing_listens() {
        let (listener, address) = serve("127.0.0.1:0");
        let busy = TcpListener::bind("127.0.0.1:0").unwrap();
        // It listens and never accepts.
        let silent = find(busy.local_addr().unwrap());
        assert_eq!(
            silent,
            Found {
                on_this_host: true,
                pid: None
            }
        );
        drop(listener);
        assert!(
            find(address).on_this_host,
            "a clone of the listener is left"
        );
    }
}
