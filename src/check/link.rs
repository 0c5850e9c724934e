//! A connection to the server under check, at the level of bytes: what is sent may be malformed,
//! and how the connection ends is part of what is seen.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

/// The longest wait for a connection, its TLS handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The longest time that a write may wait for a server that does not read.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// Most bytes of one read.
const READ_BYTES: usize = 64 << 10;

/// Bytes of the receive buffer of a client that does not read: small, so that it soon is full.
const SMALL_BUFFER_BYTES: u32 = 4 << 10;

trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Bytes for S {}

/// Where a server listens, and how to speak TLS with it.
#[derive(Clone)]
pub struct Endpoint {
    pub address: SocketAddr,
    pub tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
}

/// What is special about a connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Its end is a reset, as that of a device that loses its network.
    pub drops: bool,
    /// It has a small receive buffer, since it never reads.
    pub deaf: bool,
}

/// What a read brought.
#[derive(Debug)]
pub enum Arrival {
    Bytes(Vec<u8>),
    /// The server has ended its side of the connection.
    Ended,
    Reset,
    /// Nothing came in time.
    Late,
}

/// One connection.
pub struct Link {
    stream: Box<dyn Bytes>,
}

impl Endpoint {
    pub async fn connect(&self, manner: Manner) -> io::Result<Link> {
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        timeout(CONNECT_TIMEOUT, self.dial(manner))
            .await
            .map_err(late)?
    }

    async fn dial(&self, manner: Manner) -> io::Result<Link> {
        let socket = match self.address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        if manner.deaf {
            socket.set_recv_buffer_size(SMALL_BUFFER_BYTES)?;
        }
        let stream = socket.connect(self.address).await?;
        stream.set_nodelay(true)?;
        if manner.drops {
            SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
        }
        let stream: Box<dyn Bytes> = match self.tls.clone() {
            None => Box::new(stream),
            Some((config, name)) => {
                Box::new(TlsConnector::from(config).connect(name, stream).await?)
            }
        };
        Ok(Link { stream })
    }
}

impl Link {
    /// Sends bytes. A server that has closed, or reads nothing, is no error here: it shows in what
    /// is read. Returns whether all were sent.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        let sent = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        matches!(timeout(WRITE_TIMEOUT, sent).await, Ok(Ok(())))
    }

    /// Sends bytes one by one, each in a segment of its own.
    pub async fn send_slowly(&mut self, bytes: &[u8], pause: Duration) {
        for byte in bytes.chunks(1) {
            self.send(byte).await;
            tokio::time::sleep(pause).await;
        }
    }

    pub async fn receive(&mut self, until: Instant) -> Arrival {
        let mut bytes = vec![0; READ_BYTES];
        match timeout_at(until, self.stream.read(&mut bytes)).await {
            Err(_) => Arrival::Late,
            Ok(Ok(0)) => Arrival::Ended,
            Ok(Ok(count)) => {
                bytes.truncate(count);
                Arrival::Bytes(bytes)
            }
            // TLS that ends without a close_notify: the server has closed its socket.
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Arrival::Ended,
            Ok(Err(_)) => Arrival::Reset,
        }
    }
}
