//! The process of a network: two namespaces, a TUN device in each, and the relay between them.
//!
//! ```text
//! load's namespace                   this process                    server's namespace
//! 198.18.0.0/16 ── tun0 ──▶ descriptor ──▶ relay (up) ──▶ descriptor ──▶ tun0 ── 198.19.0.1
//!                       ◀── descriptor ◀── relay (down) ◀── descriptor ◀──
//! ```
//!
//! Nothing of it has a name in the system, so that all of it ends with its processes.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use anyhow::Context;

use crate::load::link::{Link, ParentLink};
use crate::network::conditions::{LinkConditions, OneWay};
use crate::network::forward::{Darkness, Forwarder};
use crate::network::interface;
use crate::network::probe;
use crate::network::protocol::{
    LOAD, LOAD_PREFIX, NetworkCommand, NetworkJob, NetworkReady, NetworkReply, NetworkReport,
    PREFIX, SERVER, SOURCES, WayProbed,
};
use crate::network::relay::Relay;
use crate::system::namespace;
use crate::system::process::ProcessUsage;

static DARKNESS: Darkness = Darkness::never();

/// One end of the link.
struct End {
    namespace: File,
    tun: Arc<OwnedFd>,
    counters: File,
    /// A socket for probes.
    socket: UdpSocket,
}

impl End {
    /// Makes it in a namespace of its own, which this thread enters.
    fn make(address: Ipv4Addr, mtu: u32) -> anyhow::Result<Self> {
        let namespace = namespace::make_network().context("no network namespace")?;
        interface::bring_up_loopback().context("no loopback interface")?;
        let tun = interface::make_tun(address, PREFIX, mtu).context("no TUN device")?;
        Ok(End {
            namespace,
            tun: Arc::new(tun),
            counters: interface::counters()?,
            socket: UdpSocket::bind((address, 0))?,
        })
    }

    /// Where other processes find the namespace.
    fn path(&self) -> PathBuf {
        let (pid, number) = (std::process::id(), self.namespace.as_raw_fd());
        format!("/proc/{pid}/fd/{number}").into()
    }
}

/// The network between both ends.
struct Network {
    conditions: LinkConditions,
    load: End,
    server: End,
    up: Arc<Forwarder>,
    down: Arc<Forwarder>,
    owns_user: bool,
    /// When the probes had ended.
    began: NetworkReport,
}

/// Makes the network, and answers until the link ends. This process must have one thread only.
pub async fn run(job: NetworkJob) -> anyhow::Result<()> {
    let owns_user = !rustix::process::geteuid().is_root();
    let user = match owns_user {
        true => namespace::become_root_of_own().context("no user namespace"),
        false => Ok(()),
    };
    // It has a thread of its own.
    let mut link = ParentLink::open();
    let made = user.and_then(|()| {
        let mut network = Network::make(&job, owns_user)?;
        let (up, down) = match job.measure {
            true => network.measure()?,
            false => Default::default(),
        };
        network.began = network.report()?;
        let ready = network.ready(up, down);
        Ok((network, ready))
    });
    let (network, ready) = match made {
        Ok(made) => made,
        Err(error) => return link.send(&NetworkReply::Failed(format!("{error:#}"))).await,
    };
    link.send(&NetworkReply::Ready(Box::new(ready))).await?;
    while let Some(command) = link.receive().await? {
        match command {
            NetworkCommand::WindowOpens { at_ns } => {
                if let Some(black_out) = job.conditions.black_out {
                    DARKNESS.plan(black_out, at_ns);
                }
            }
            NetworkCommand::Report => {
                let report = NetworkReply::Report(Box::new(network.report()?));
                link.send(&report).await?;
            }
        }
    }
    Ok(())
}

impl Network {
    fn make(job: &NetworkJob, owns_user: bool) -> anyhow::Result<Self> {
        let conditions = job.conditions;
        let load = End::make(LOAD, conditions.mtu)?;
        interface::own_range(SOURCES, LOAD_PREFIX).context("no source addresses")?;
        let server = End::make(SERVER, conditions.mtu)?;
        connect(&load.socket, &server.socket)?;
        connect(&server.socket, &load.socket)?;
        let start = |way: OneWay, seed, from: &End, to: &End| {
            let relay = Relay::new(way, seed);
            let (from, to) = (from.tun.clone(), to.tun.clone());
            let forwarder = Arc::new(Forwarder::new(relay, from, to, conditions.mtu));
            let running = forwarder.clone();
            thread::spawn(move || {
                let error = running.run(&DARKNESS);
                eprintln!("wslab: the network ended: {error}");
                std::process::exit(1);
            });
            forwarder
        };
        Ok(Network {
            up: start(conditions.up, job.seed, &load, &server),
            down: start(conditions.down, !job.seed, &server, &load),
            conditions,
            load,
            server,
            owns_user,
            began: NetworkReport::default(),
        })
    }

    /// Probes both ways at once.
    fn measure(&self) -> anyhow::Result<(WayProbed, WayProbed)> {
        let (load, server) = (&self.load.socket, &self.server.socket);
        let LinkConditions { up, down, mtu, .. } = &self.conditions;
        let (up, down) = thread::scope(|threads| {
            let up = threads.spawn(|| probe::measure(load, server, up, *mtu));
            let down = probe::measure(server, load, down, *mtu);
            (up.join().expect("it does not panic"), down)
        });
        let what = "the link cannot be measured";
        Ok((up.context(what)?, down.context(what)?))
    }

    fn ready(&self, up: WayProbed, down: WayProbed) -> NetworkReady {
        let pid = std::process::id();
        NetworkReady {
            pid,
            load: self.load.path(),
            server: self.server.path(),
            user: self
                .owns_user
                .then(|| format!("/proc/{pid}/ns/user").into()),
            up,
            down,
        }
    }

    fn report(&self) -> anyhow::Result<NetworkReport> {
        let (load, server) = (&self.load.counters, &self.server.counters);
        let used = ProcessUsage::of(std::process::id())?;
        let (up, down) = (
            self.up.passed(load, server)?,
            self.down.passed(server, load)?,
        );
        let carried = up.kernel_received + down.kernel_received;
        let before = self.began.up.kernel_received + self.began.down.kernel_received;
        let cpu_s = used.user_s + used.sys_s;
        Ok(NetworkReport {
            up,
            down,
            cpu_s,
            cpu_us_per_packet: match carried - before {
                0 => None,
                packets => Some((cpu_s - self.began.cpu_s) * 1e6 / packets as f64),
            },
        })
    }
}

fn connect(from: &UdpSocket, to: &UdpSocket) -> io::Result<()> {
    let to: SocketAddr = to.local_addr()?;
    from.connect(to)
}
