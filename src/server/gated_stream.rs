//! A connection of a demonstration: the teacher can hold its answers, and cut it.
//!
//! Only connections that serve a feed are touched. Whether one does is read from the line of each
//! request, so that the hall and the devices' reports are answered while the feeds are held.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::classroom::Classroom;
use crate::classroom::links::OpenLink;
use crate::service::lazy_deadline::LazyDeadline;
use crate::service::rewind::Stream;
use crate::transport::Transport;

/// A connection that the teacher's orders reach, with or without TLS.
pub struct GatedStream {
    stream: Box<dyn Stream>,
    classroom: Arc<Classroom>,
    open: OpenLink,
    /// Since when the present write is ready.
    ready: Option<Instant>,
    release: LazyDeadline,
}

impl GatedStream {
    pub fn new(stream: impl Stream + 'static, classroom: Arc<Classroom>) -> Self {
        GatedStream {
            stream: Box::new(stream),
            open: classroom.links.open(),
            classroom,
            ready: None,
            release: LazyDeadline::default(),
        }
    }

    /// Fails once the connection is cut.
    fn check(&self, cx: &Context<'_>) -> io::Result<()> {
        match self.open.link.poll_cut(cx) {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(()),
        }
    }

    /// Notes what a request is for, if one begins here. A frame of a WebSocket does not: its first
    /// byte has RSV1 clear, which those of GET and POST set (RFC 6455, section 5.2).
    fn look(&self, bytes: &[u8]) {
        let (Some(b"GET "), Some(line)) = (bytes.get(..4), bytes.get(4..)) else {
            if bytes.starts_with(b"POST ") {
                self.open.link.serves(false, None);
            }
            return;
        };
        let end = line.iter().position(|byte| b" \r\n".contains(byte));
        let target = str::from_utf8(&line[..end.unwrap_or(line.len())]).unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut params = query.split('&');
        let mark = params.find_map(|param| param.strip_prefix("mark="));
        let mark = mark.and_then(|mark| mark.parse().ok());
        self.open.link.serves(Transport::at(path).is_some(), mark);
    }

    /// Waits until the present write may go, and writes.
    fn poll_released<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut dyn Stream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        self.check(cx)?;
        while self.open.link.is_of_feed() {
            let ready = *self.ready.get_or_insert_with(Instant::now);
            let Some(release) = self.classroom.orders.holds(ready) else {
                break;
            };
            self.release.set(release);
            ready!(self.release.poll(cx));
        }
        let written = write(Pin::new(&mut *self.stream), cx);
        if written.is_ready() {
            self.ready = None;
        }
        written
    }
}

/// Orders may hold its bytes back, so nothing else writes to its socket.
impl Stream for GatedStream {}

impl AsyncRead for GatedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check(cx)?;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        this.look(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for GatedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut()
            .poll_released(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut()
            .poll_released(cx, |stream, cx| stream.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;
    use crate::classroom::key::TeacherKey;
    use crate::classroom::orders::Order;
    use crate::classroom::room::Report;
    use crate::feed::{Feeds, Retention};
    use crate::service::counters::ServerMetrics;

    fn classroom() -> Arc<Classroom> {
        let feeds = Feeds::new(Retention::default(), 1);
        let metrics = ServerMetrics::new(feeds.memory().clone());
        let key = TeacherKey::new("12345678".parse().unwrap());
        Arc::new(Classroom::new(key, None, None, metrics))
    }

    /// The server's end of a connection on which a request has come, and the client's.
    async fn asked(classroom: &Arc<Classroom>, line: &str) -> (GatedStream, DuplexStream) {
        let (server, mut client) = duplex(1 << 10);
        let mut gated = GatedStream::new(server, classroom.clone());
        client.write_all(line.as_bytes()).await.unwrap();
        gated.read_exact(&mut vec![0; line.len()]).await.unwrap();
        (gated, client)
    }

    const POLL: &str = "GET /feeds/a/poll?after=1&mark=42 HTTP/1.1\r\n";
    const HALL: &str = "GET /hall/state HTTP/1.1\r\n";
    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn feeds_are_held_and_slowed_and_the_hall_is_not() {
        let classroom = classroom();
        let (mut feed, _reader) = asked(&classroom, POLL).await;
        let (mut hall, _viewer) = asked(&classroom, HALL).await;
        let start = Instant::now();
        classroom.give(Order::Stop { for_s: 5.0 }).unwrap();
        hall.write_all(b"x").await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        feed.write_all(b"x").await.unwrap();
        assert_eq!(start.elapsed(), 5 * SECOND);
        classroom
            .give(Order::Slow {
                by_ms: 500.0,
                for_s: 60.0,
            })
            .unwrap();
        for _ in 0..2 {
            feed.write_all(b"x").await.unwrap();
        }
        assert_eq!(start.elapsed(), 6 * SECOND, "each write is late");
        // The same connection now asks for something else.
        tokio::time::advance(60 * SECOND).await;
        let start = Instant::now();
        feed.write_all(b"x").await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO, "it has ended by itself");
    }

    #[tokio::test]
    async fn a_cut_reaches_one_device_or_all_that_read_a_feed() {
        let classroom = classroom();
        let report = r#"{"device":"0123456789abcdef","mark":42}"#;
        let report: Report = serde_json::from_str(report).unwrap();
        classroom.report(&report).unwrap();
        let (mut own, _a) = asked(&classroom, POLL).await;
        let (mut other, _b) = asked(&classroom, &POLL.replace("42", "43")).await;
        let (mut hall, _c) = asked(&classroom, HALL).await;
        let waits = tokio::spawn(async move { own.read_u8().await });
        tokio::task::yield_now().await;
        assert_eq!(classroom.give(Order::Cut { device: Some(1) }), Ok(1));
        let error = waits.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        other.write_all(b"x").await.unwrap();
        assert!(classroom.give(Order::Cut { device: Some(2) }).is_err());
        assert_eq!(classroom.give(Order::Cut { device: None }), Ok(1));
        other.write_all(b"x").await.unwrap_err();
        hall.write_all(b"x").await.unwrap();
    }
}
