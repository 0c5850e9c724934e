//! What passed a connection: the bytes both ways, with times and the borders of reads and writes.

use std::net::SocketAddr;

use serde::Serialize;

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// The addresses of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ends {
    pub client: SocketAddr,
    pub server: SocketAddr,
}

/// What one read or write moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Chunk {
    pub direction: Direction,
    /// When, in ns since the recording began.
    pub at_ns: u64,
    /// Its place among the bytes of its direction.
    pub start: usize,
    pub length: usize,
}

/// The bytes of one connection, both ways.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// Absent where they are not known.
    pub ends: Option<Ends>,
    /// Connections after the first one that later requests took.
    pub further_connections: usize,
    /// Whether the bytes are the plaintext inside TLS.
    pub tls: bool,
    /// When it began, in ns since 1970.
    pub began_at_ns: u64,
    /// Whether the connection has ended. Otherwise there may be more bytes.
    pub ended: bool,
    /// Whether bytes that came later are not here.
    pub truncated: bool,
    up: Vec<u8>,
    down: Vec<u8>,
    chunks: Vec<Chunk>,
}

impl Recording {
    /// Adds what one read or write moved. `at_ns` counts from the beginning.
    pub fn push(&mut self, direction: Direction, at_ns: u64, bytes: &[u8]) {
        let stream = match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        };
        if !bytes.is_empty() {
            self.chunks.push(Chunk {
                direction,
                at_ns,
                start: stream.len(),
                length: bytes.len(),
            });
            stream.extend_from_slice(bytes);
        }
    }

    /// Forgets the client's bytes after the first `length`.
    pub fn cut_up(&mut self, length: usize) {
        self.up.truncate(length);
        self.chunks.retain_mut(|chunk| {
            if chunk.direction == Direction::Up {
                chunk.length = chunk.length.min(length.saturating_sub(chunk.start));
            }
            chunk.length > 0
        });
    }

    /// All bytes of one direction.
    pub fn bytes(&self, direction: Direction) -> &[u8] {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    /// What each read and write moved, in their order.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Bytes of memory that it holds.
    pub fn held_bytes(&self) -> usize {
        let chunks = self.chunks.capacity() * size_of::<Chunk>();
        self.up.capacity() + self.down.capacity() + chunks
    }
}
