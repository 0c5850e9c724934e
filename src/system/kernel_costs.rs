//! What a write, a read and a wake-up cost on this machine, without any program around them.
//!
//! Two threads of this process do what a server and its clients do, without any protocol. One
//! writes a message to each of a thousand connections of the loopback interface, as a feed's server
//! does. The other waits for all of them with epoll and reads. The messages of a round come in one
//! burst, and rounds are apart, so that the connections are as cold in the caches as those of a
//! feed. Then one message at a time goes there and back.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::thread;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::system::process;

/// Bytes of a message: those of a short text with its JSON.
const MESSAGE_BYTES: usize = 256;
/// Connections, unless the descriptors are too few.
const CONNECTIONS: usize = 1_000;
/// Descriptors of a process that are no connections of this measurement.
const OTHER_DESCRIPTORS: u64 = 64;
const ROUNDS: usize = 15;
/// The time between two rounds.
const PAUSE: Duration = Duration::from_millis(100);
const PINGS: usize = 200;
/// The time between two pings: both threads sleep.
const PING_PAUSE: Duration = Duration::from_millis(2);
/// The longest wait for one message.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What the kernel takes for one message over TCP on the loopback interface, in µs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KernelCosts {
    /// CPU time of the thread that writes it. The kernel delivers it in the same call.
    pub write_us: f64,
    /// CPU time of the thread that waits for it and reads it.
    pub read_us: f64,
    /// From before the write to after the read, where the reader slept.
    pub hop_us: f64,
}

impl KernelCosts {
    /// Measures the costs. Takes about three seconds, and two descriptors for each connection.
    pub fn measure() -> io::Result<Self> {
        let descriptors = process::raise_descriptor_limit().saturating_sub(OTHER_DESCRIPTORS);
        measure(CONNECTIONS.min(descriptors as usize / 2).max(1))
    }
}

fn measure(connections: usize) -> io::Result<KernelCosts> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let (mut writers, mut readers) = (Vec::new(), Vec::new());
    for _ in 0..connections {
        let writer = TcpStream::connect(listener.local_addr()?)?;
        let (reader, _) = listener.accept()?;
        for stream in [&writer, &reader] {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
        }
        reader.set_nonblocking(true)?;
        writers.push(writer);
        readers.push(reader);
    }
    let reading = thread::Builder::new()
        .name("readers".to_owned())
        .spawn(move || read(readers))?;
    let wrote = write(&mut writers);
    // The reader ends where the connections do.
    drop(writers);
    let (write_us, hop_us) = wrote?;
    let read_us = reading.join().expect("it does not panic")?;
    Ok(KernelCosts {
        write_us,
        read_us,
        hop_us,
    })
}

/// Writes the rounds and the pings. Returns the medians of a write and of a hop.
fn write(streams: &mut [TcpStream]) -> io::Result<(f64, f64)> {
    let message = [0; MESSAGE_BYTES];
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let began = thread_cpu_us();
        for stream in &mut *streams {
            stream.write_all(&message)?;
        }
        rounds.push((thread_cpu_us() - began) / streams.len() as f64);
        thread::sleep(PAUSE);
    }
    let stream = &mut streams[0];
    let mut pings = Vec::new();
    for _ in 0..PINGS {
        let began = Instant::now();
        stream.write_all(&message)?;
        stream.read_exact(&mut [0])?;
        pings.push(began.elapsed().as_secs_f64() * 1e6 / 2.0);
        thread::sleep(PING_PAUSE);
    }
    Ok((median(&mut rounds), median(&mut pings)))
}

/// Reads the rounds, and answers the pings, until the connections end. Returns the median of a
/// read.
fn read(streams: Vec<TcpStream>) -> io::Result<f64> {
    let mut poll = Poll::new()?;
    for (number, stream) in streams.iter().enumerate() {
        let mut source = SourceFd(&stream.as_raw_fd());
        let registry = poll.registry();
        registry.register(&mut source, Token(number), Interest::READABLE)?;
    }
    let mut events = Events::with_capacity(streams.len());
    let mut buffer = [0; MESSAGE_BYTES];
    let mut rounds = Vec::new();
    let (mut messages, mut began) = (0, thread_cpu_us());
    loop {
        poll.poll(&mut events, Some(TIMEOUT))?;
        for event in &events {
            let mut stream = &streams[event.token().0];
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(median(&mut rounds)),
                Ok(_) => messages += 1,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            if rounds.len() == ROUNDS {
                stream.write_all(&buffer[..1])?;
            }
        }
        if messages == streams.len() && rounds.len() < ROUNDS {
            rounds.push((thread_cpu_us() - began) / streams.len() as f64);
            (messages, began) = (0, thread_cpu_us());
        }
    }
}

/// CPU time of this thread.
fn thread_cpu_us() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_that_is_written_is_read_and_takes_time() {
        let costs = measure(20).unwrap();
        for us in [costs.write_us, costs.read_us, costs.hop_us] {
            assert!(us > 0.0 && us.is_finite(), "{costs:?}");
        }
    }
}
