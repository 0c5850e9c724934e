//! One connection as a client has it, recorded. What has come is taken apart after each read, by
//! the same code that explains it later.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use rustls::pki_types::ServerName;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::cli::wire::place::Place;
use crate::cli::wire::{MAX_BYTES, MAX_SPANS};
use crate::transport::Transport;
use crate::transport::websocket::client::{frame, upgrade_lines};
use crate::wire::{Annotated, Direction, Ends, Recording, annotate_within};

/// The longest wait for a server's end of a connection after the client's.
const END_PATIENCE: Duration = Duration::from_secs(1);

/// The pause between two short polls.
const POLL_INTERVAL: Duration = Duration::from_millis(400);

/// Close code 1000 and a reason.
const CLOSE: &[u8] = b"\x03\xe8done";

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// What is asked, and how.
pub(super) struct Dialogue {
    pub place: Place,
    pub transport: Transport,
    /// After so many the client ends.
    pub messages: usize,
    /// A header line, or nothing.
    pub authorization: String,
    /// A text for a WebSocket's server.
    pub send: Option<String>,
}

/// What has passed, and why not all has that was asked for.
pub(super) struct Outcome {
    pub recording: Recording,
    pub failure: Option<String>,
}

impl Dialogue {
    /// Connects, and ends after the messages or the time.
    pub async fn run(&self, time: Duration) -> anyhow::Result<Outcome> {
        let deadline = Instant::now() + time;
        let connected = timeout_at(deadline, Line::open(&self.place)).await;
        let connected = connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let mut line =
            connected.with_context(|| format!("cannot reach {}", self.place.authority))?;
        let reached = match self.transport.polls() {
            true => timeout_at(deadline, self.poll(&mut line)).await,
            false => timeout_at(deadline, self.stream(&mut line)).await,
        };
        let failure = match reached {
            Err(_) => {
                let (got, messages) = (line.annotate().messages(), self.messages);
                let advice = "--time sets another";
                Some(format!(
                    "{got} of {messages} messages came within the time; {advice}"
                ))
            }
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
        };
        let _ = timeout(END_PATIENCE, line.end(self.transport)).await;
        line.recording.ended = true;
        Ok(Outcome {
            recording: line.recording,
            failure,
        })
    }

    fn request(&self, target: &str, lines: &str) -> Vec<u8> {
        let (authority, authorization) = (&self.place.authority, &self.authorization);
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "GET {target} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: wslab/{version}\r\n\
             {authorization}{lines}\r\n"
        )
        .into_bytes()
    }

    /// Asks again and again.
    async fn poll(&self, line: &mut Line) -> io::Result<()> {
        let mut target = self.place.target.clone();
        for exchange in 1.. {
            let started = Instant::now();
            line.write(&self.request(&target, "Accept: application/json\r\n"))
                .await?;
            let annotated = loop {
                let annotated = line.explained()?;
                let answer = annotated.answers.get(exchange - 1);
                if answer.is_some_and(|answer| answer.body.is_complete) {
                    break annotated;
                }
                line.read().await?;
            };
            let Some(answer) = annotated.answers.last() else {
                break;
            };
            if answer.status >= 300 || annotated.messages() >= self.messages {
                break;
            }
            target = next_target(&self.place.target, &answer.body.bytes);
            if self.transport == Transport::ShortPolling {
                sleep_until(started + POLL_INTERVAL).await;
            }
        }
        Ok(())
    }

    /// Asks once and reads what comes.
    async fn stream(&self, line: &mut Line) -> io::Result<()> {
        let is_websocket = self.transport == Transport::WebSocket;
        let lines = match self.transport {
            Transport::WebSocket => upgrade_lines(&generate_key()),
            Transport::Sse => "Accept: text/event-stream\r\n".to_owned(),
            _ => "Accept: application/x-ndjson\r\n".to_owned(),
        };
        line.write(&self.request(&self.place.target, &lines))
            .await?;
        let (mut has_sent, mut pongs) = (false, 0);
        loop {
            line.read().await?;
            let annotated = line.explained()?;
            let Some(answer) = annotated.answers.first() else {
                continue;
            };
            if answer.status == 101 && is_websocket {
                if let (false, Some(text)) = (has_sent, &self.send) {
                    has_sent = true;
                    let frame = frame(OpCode::Data(Data::Text), text.as_bytes());
                    line.write(&frame).await?;
                }
                for ping in annotated.down.pings.iter().skip(pongs) {
                    pongs += 1;
                    line.write(&frame(OpCode::Control(Control::Pong), ping))
                        .await?;
                }
            }
            let is_over = answer.status != 101 && answer.body.is_complete;
            let has_all = annotated.messages() >= self.messages;
            if has_all || is_over || annotated.down.has_closed {
                return Ok(());
            }
        }
    }
}

/// The target of the next poll: after the last message, where the answer says which that was.
fn next_target(target: &str, body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Page {
        last: u64,
        epoch: Option<String>,
    }
    let Ok(Page { last, epoch }) = serde_json::from_slice(body) else {
        return target.to_owned();
    };
    let cursor = match epoch {
        Some(epoch) => format!("{last}-{epoch}"),
        None => last.to_string(),
    };
    match target.contains('?') {
        true if target.contains("after=") => target.to_owned(),
        true => format!("{target}&after={cursor}"),
        false => format!("{target}?after={cursor}"),
    }
}

/// A connection that is recorded.
struct Line {
    stream: Box<dyn Stream>,
    recording: Recording,
    began: Instant,
}

impl Line {
    async fn open(place: &Place) -> io::Result<Self> {
        let stream = TcpStream::connect(&place.addresses[..]).await?;
        stream.set_nodelay(true)?;
        let ends = Ends {
            client: canonical(stream.local_addr()?),
            server: canonical(stream.peer_addr()?),
        };
        let stream: Box<dyn Stream> = match &place.tls {
            None => Box::new(stream),
            Some(tls) => {
                let name = ServerName::try_from(place.name.clone()).map_err(io::Error::other)?;
                let connector = TlsConnector::from(tls.config());
                Box::new(connector.connect(name, stream).await?)
            }
        };
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut recording = Recording::default();
        recording.ends = Some(ends);
        recording.tls = place.tls.is_some();
        recording.began_at_ns = since.map_or(0, |since| since.as_nanos() as u64);
        Ok(Line {
            stream,
            recording,
            began: Instant::now(),
        })
    }

    fn annotate(&self) -> Annotated {
        annotate_within(&self.recording, MAX_SPANS)
    }

    /// # Errors
    /// More has come than is explained, so that messages are not counted any more.
    fn explained(&self) -> io::Result<Annotated> {
        let annotated = self.annotate();
        if annotated.is_cut_off {
            let why = format!(
                "the messages came in more than {MAX_SPANS} parts, which are not explained: \
                 --messages sets fewer"
            );
            return Err(io::Error::other(why));
        }
        Ok(annotated)
    }

    fn push(&mut self, direction: Direction, bytes: &[u8]) {
        let at_ns = self.began.elapsed().as_nanos() as u64;
        self.recording.push(direction, at_ns, bytes);
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.push(Direction::Up, bytes);
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// One read.
    ///
    /// # Errors
    /// The server has ended the connection, or too much has come.
    async fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 << 10];
        let length = self.stream.read(&mut buffer).await?;
        if length == 0 {
            return Err(io::Error::other("the server ended the connection"));
        }
        self.push(Direction::Down, &buffer[..length]);
        if self.recording.held_bytes() as u64 > MAX_BYTES.0 {
            self.recording.truncated = true;
            let why = format!("more than {MAX_BYTES} came, which is not explained");
            return Err(io::Error::other(why));
        }
        Ok(())
    }

    /// Ends the client's half, and reads until the server has ended its own.
    async fn end(&mut self, transport: Transport) -> io::Result<()> {
        let annotated = self.annotate();
        let is_open = annotated.answers.first().is_some_and(|it| it.status == 101);
        if transport == Transport::WebSocket && is_open {
            let code = frame(OpCode::Control(Control::Close), CLOSE);
            self.write(&code).await?;
            while !self.annotate().down.has_closed {
                self.read().await?;
            }
        }
        self.stream.shutdown().await?;
        loop {
            self.read().await?;
        }
    }
}

/// The IPv4 address of one that is mapped to IPv6.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
