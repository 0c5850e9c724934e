//! How fast a server fans out: many streams that read nothing until all is sent, so that the
//! server has the cores for itself. The sockets' buffers hold what is not read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use memchr::memmem;

use crate::reader::{Scan, Sums, open, post, request};

#[derive(clap::Args)]
pub struct FloodArgs {
    #[arg(long)]
    target: SocketAddr,
    #[arg(long)]
    transport: String,
    #[arg(long)]
    clients: usize,
    /// Bytes of text
    #[arg(long, default_value_t = 64)]
    payload: usize,
    /// Messages, each published when the one before is sent to all
    #[arg(long)]
    messages: usize,
}

/// Between two looks at the server's counter. Each takes it some 50 µs.
const LOOK: Duration = Duration::from_millis(2);

/// The longest wait for one message at all clients, and for the bytes of one client.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prints deliveries, and the time that the server took for them.
pub fn flood(args: &FloodArgs) -> anyhow::Result<()> {
    let (request, scan) = request(args.target, &args.transport)?;
    let streams = (0..args.clients).map(|_| open(args.target, &request));
    let streams = streams.collect::<anyhow::Result<Vec<_>>>()?;
    let mut control = TcpStream::connect(args.target)?;
    control.set_nodelay(true)?;
    let counter = format!(
        "\nwslab_deliveries_total{{transport=\"{}\"}} ",
        args.transport
    );
    let mut sent = 0;
    let mut wave = || -> anyhow::Result<()> {
        exchange(&mut control, &post(args.payload, 0))?;
        sent += args.clients as u64;
        let due = Instant::now() + PATIENCE;
        while deliveries(&mut control, &counter)? < sent {
            ensure!(
                Instant::now() < due,
                "the server does not send to all clients"
            );
            std::thread::sleep(LOOK);
        }
        Ok(())
    };
    wave()?; // The first finds cold caches.
    let began = Instant::now();
    for _ in 0..args.messages {
        wave()?;
    }
    let seconds = began.elapsed().as_secs_f64();
    for (stream, begun) in streams {
        take_all(stream, begun, scan, args.messages as u64 + 1)?;
    }
    let deliveries = args.messages * args.clients;
    println!("{{\"deliveries\":{deliveries},\"seconds\":{seconds:.6}}}");
    Ok(())
}

/// Reads a client's messages, of which none may be missing.
fn take_all(mut stream: TcpStream, mut bytes: Vec<u8>, scan: Scan, due: u64) -> anyhow::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let (mut sums, mut buffer) = (Sums::default(), vec![0; 64 << 10]);
    loop {
        let used = scan(&bytes, &mut sums);
        bytes.drain(..used);
        if sums.received >= due {
            return Ok(());
        }
        let count = stream.read(&mut buffer).context("messages are missing")?;
        ensure!(count > 0, "the server closed a connection");
        bytes.extend_from_slice(&buffer[..count]);
    }
}

fn deliveries(control: &mut TcpStream, counter: &str) -> anyhow::Result<u64> {
    let body = exchange(control, "GET /metrics HTTP/1.1\r\nHost: reference\r\n\r\n")?;
    let text = format!("\n{body}");
    let value = text
        .split(counter)
        .nth(1)
        .and_then(|rest| rest.lines().next());
    // A server may not name a transport before it has delivered something over it.
    Ok(value.map_or(Ok(0), str::parse)?)
}

/// Sends a request, and returns the body of the answer.
fn exchange(control: &mut TcpStream, request: &str) -> anyhow::Result<String> {
    control.write_all(request.as_bytes())?;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let count = control.read(&mut buffer)?;
        ensure!(count > 0, "the server closed the connection");
        bytes.extend_from_slice(&buffer[..count]);
        let Some(end) = memmem::find(&bytes, b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&bytes[..end])?;
        let field = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = field.context("an answer without a length")?.parse()?;
        if bytes.len() == end + 4 + length {
            return Ok(String::from_utf8(bytes.split_off(end + 4))?);
        }
    }
}
