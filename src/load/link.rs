//! A link between two processes of a load: messages in order, both ways, as JSON.
//!
//! The types of the messages are those of [`protocol`](crate::load::protocol). A child process is
//! linked by its standard input and output, one message a line.

use std::io::{self, BufRead, Write};
use std::thread;

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use crate::load::child_process::ChildProcess;

/// One end of a link.
pub trait Link {
    /// Sends one text, which has no line end.
    fn send_text(&mut self, text: String) -> impl Future<Output = io::Result<()>>;

    /// Receives the next text; `None` when the other end is gone. May be cancelled without loss.
    fn receive_text(&mut self) -> impl Future<Output = io::Result<Option<String>>>;

    /// Sends one message.
    fn send(&mut self, message: &impl Serialize) -> impl Future<Output = anyhow::Result<()>> {
        let text = serde_json::to_string(message);
        async { Ok(self.send_text(text?).await?) }
    }

    /// Receives the next message; `None` when the other end is gone. May be cancelled without loss.
    fn receive<T: DeserializeOwned>(&mut self) -> impl Future<Output = anyhow::Result<Option<T>>> {
        async {
            let Some(text) = self.receive_text().await? else {
                return Ok(None);
            };
            let message = serde_json::from_str(&text);
            message.with_context(|| format!("a process of the load sent {text:?}"))
        }
    }
}

/// The parent's end.
impl Link for ChildProcess {
    async fn send_text(&mut self, text: String) -> io::Result<()> {
        self.input.write_all((text + "\n").as_bytes()).await
    }

    async fn receive_text(&mut self) -> io::Result<Option<String>> {
        self.lines.next_line().await
    }
}

/// The child's end: this process's standard input and output.
#[derive(Debug)]
pub struct ParentLink(mpsc::UnboundedReceiver<String>);

impl ParentLink {
    /// Takes standard input over. From here on this process ends, at once, when its parent closes
    /// the link or ends.
    pub fn open() -> Self {
        ParentLink::open_until(|| {})
    }

    /// The same, and calls `end` before this process ends with its parent.
    pub fn open_until(end: impl FnOnce() + Send + 'static) -> Self {
        let (sender, lines) = mpsc::unbounded_channel();
        thread::spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
            end();
            std::process::exit(1);
        });
        ParentLink(lines)
    }
}

impl Link for ParentLink {
    async fn send_text(&mut self, text: String) -> io::Result<()> {
        let mut output = io::stdout().lock();
        output.write_all((text + "\n").as_bytes())?;
        output.flush()
    }

    async fn receive_text(&mut self) -> io::Result<Option<String>> {
        Ok(self.0.recv().await)
    }
}

/// One end of a link within this process.
#[cfg(test)]
#[derive(Debug)]
pub struct MemoryLink {
    sender: mpsc::UnboundedSender<String>,
    receiver: mpsc::UnboundedReceiver<String>,
}

#[cfg(test)]
impl MemoryLink {
    /// Both ends.
    pub fn pair() -> (MemoryLink, MemoryLink) {
        let ((a, from_a), (b, from_b)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let end = |sender, receiver| MemoryLink { sender, receiver };
        (end(a, from_b), end(b, from_a))
    }
}

#[cfg(test)]
impl Link for MemoryLink {
    async fn send_text(&mut self, text: String) -> io::Result<()> {
        let sent = self.sender.send(text);
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    async fn receive_text(&mut self) -> io::Result<Option<String>> {
        Ok(self.receiver.recv().await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_arrive_in_order_until_the_other_end_is_gone() {
        let (mut here, mut there) = MemoryLink::pair();
        for number in [1, 2] {
            here.send(&number).await.unwrap();
        }
        there.send(&"a\nb").await.unwrap();
        assert_eq!(there.receive::<u32>().await.unwrap(), Some(1));
        assert_eq!(here.receive().await.unwrap(), Some("a\nb".to_owned()));
        drop(here);
        assert_eq!(there.receive().await.unwrap(), Some(2));
        assert_eq!(there.receive::<u32>().await.unwrap(), None);
        there.send(&1).await.unwrap_err();
    }
}
