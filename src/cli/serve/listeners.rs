//! Where a server accepts its connections.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::anyhow;
use tokio::net::TcpListener;

use crate::cli::serve::limits::ShardLimits;
use crate::server::shards::Shards;
use crate::server::{self, Server};

/// Where the server accepts connections: on the runtime's thread, or on threads of their own.
pub(super) enum Listeners {
    One(TcpListener),
    Shards(Shards),
}

impl Listeners {
    pub fn bind(address: SocketAddr, limits: ShardLimits) -> io::Result<Self> {
        match limits.count {
            1 => Ok(Listeners::One(server::bind(address)?)),
            count => {
                let shards = Shards::listen(address, count, limits.table)?;
                Ok(Listeners::Shards(shards))
            }
        }
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        match self {
            Listeners::One(listener) => listener.local_addr(),
            Listeners::Shards(shards) => Ok(shards.address),
        }
    }

    pub async fn serve(self, server: Server, shutdown: impl Future<Output = ()>) {
        match self {
            Listeners::One(listener) => server.serve(listener, shutdown).await,
            Listeners::Shards(shards) => {
                let server = Arc::new(server);
                let threads = server.clone();
                let served = tokio::task::spawn_blocking(move || shards.serve(&threads));
                server.sweep_until(shutdown).await;
                let _ = served.await;
            }
        }
    }
}

/// Why the server cannot listen, and what to write instead.
pub(super) fn cannot_listen(address: SocketAddr, error: &io::Error) -> anyhow::Error {
    let port = address.port();
    match error.kind() {
        ErrorKind::AddrInUse => {
            let mut free = address;
            free.set_port(0);
            anyhow!(
                "another program listens on {address}: end it, or choose another port with \
                 --bind; --bind {free} takes one that is free"
            )
        }
        ErrorKind::AddrNotAvailable => {
            anyhow!(
                "{} is no address of this machine: choose another with --bind",
                address.ip()
            )
        }
        ErrorKind::PermissionDenied if port < 1024 => {
            anyhow!("this user may not listen on port {port}: choose one from 1024 on with --bind")
        }
        _ => anyhow!("cannot listen on {address}: {error}: choose another with --bind"),
    }
}
