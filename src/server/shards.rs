//! Shards: the threads of a server with several cores, or with more connections than one descriptor
//! table holds.
//!
//! A shard is a thread with a runtime and a listener of its own, and a descriptor table of its own
//! where one is not enough. The kernel spreads the connections over the listeners of one address
//! (SO_REUSEPORT, socket(7)). A connection stays on its thread. Feeds, limits and counters are
//! shared by all threads.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::runtime::descriptor_table;
use crate::server::listener::{Server, listen, socket_for};

/// The threads of a server, which listen and wait for [`Shards::serve`].
pub struct Shards {
    pub address: SocketAddr,
    threads: Vec<(mpsc::Sender<Arc<Server>>, JoinHandle<()>)>,
}

impl Shards {
    /// Starts `count` threads that listen at `address`. With a `table`, each has a descriptor table
    /// for so many connections.
    ///
    /// # Errors
    /// The address can't be listened at, or the system gives no descriptor tables.
    pub fn listen(address: SocketAddr, count: usize, table: Option<usize>) -> io::Result<Self> {
        // Bound without SO_REUSEPORT: this fails where another server listens.
        let reserved = socket_for(address)?;
        reserved.bind(&address.into())?;
        reserved.set_reuse_port(true)?;
        let address = reserved.local_addr()?.as_socket().expect("an IP socket");
        // All runtimes first: a thread with a table of its own could not wake a later one.
        let runtime = |_| {
            Builder::new_current_thread()
                .enable_io()
                .enable_time()
                .build()
        };
        let runtimes = (0..count).map(runtime).collect::<io::Result<Vec<_>>>()?;
        let (listens, answers) = mpsc::channel();
        let shard = |(number, runtime)| {
            let (listens, (serve, server)) = (listens.clone(), mpsc::channel());
            let thread = thread::Builder::new().name(format!("shard-{number}"));
            let thread = thread.spawn(move || run(&runtime, address, table, &listens, &server))?;
            Ok((serve, thread))
        };
        let threads = runtimes.into_iter().enumerate().map(shard);
        let threads = threads.collect::<io::Result<Vec<_>>>()?;
        for _ in &threads {
            answers.recv().map_err(io::Error::other)??;
        }
        Ok(Shards { address, threads })
    }

    /// Serves until the server ends and its connections have ended. Blocks.
    pub fn serve(self, server: &Arc<Server>) {
        for (serve, _) in &self.threads {
            let _ = serve.send(server.clone());
        }
        for (_, thread) in self.threads {
            let _ = thread.join();
        }
    }
}

fn run(
    runtime: &Runtime,
    address: SocketAddr,
    table: Option<usize>,
    listens: &mpsc::Sender<io::Result<()>>,
    server: &mpsc::Receiver<Arc<Server>>,
) {
    let _in_runtime = runtime.enter();
    let separated = table.map_or(Ok(()), |_| descriptor_table::separate());
    let listener = separated.and_then(|()| listen_beside_others(address));
    let _ = listens.send(
        listener
            .as_ref()
            .map(drop)
            .map_err(|error| error.kind().into()),
    );
    if let (Ok(listener), Ok(server)) = (listener, server.recv()) {
        runtime.block_on(server.accept(listener, table.unwrap_or(usize::MAX)));
    }
}

fn listen_beside_others(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket_for(address)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    listen(socket)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn no_second_server_has_a_part_of_an_address() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let first = Shards::listen(any, 2, Some(1)).unwrap();
        let second = Shards::listen(first.address, 2, None);
        let error = second.err().map(|error| error.kind());
        assert_eq!(error, Some(ErrorKind::AddrInUse));
    }
}
