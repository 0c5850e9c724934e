//! A relay between clients and a server, which changes answers and closes connections.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What becomes of a connection after one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It takes the next request.
    Keep,
    /// It is closed after the answer.
    Close,
    /// It is closed instead of an answer.
    Drop,
}

/// Looks at the head of a request, and may change the head of its answer, which has no empty line
/// at its end.
type Edit = dyn Fn(&str, &mut String) -> Fate + Send + Sync;

/// Looks at the head of a request that may be refused.
type Refuse = dyn Fn(&str) -> bool + Send + Sync;

/// A relay on a free port. Each request goes to the server over a connection of its own.
pub struct Relay {
    /// `127.0.0.1:PORT`.
    pub address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    pub fn start(
        server: &str,
        edit: impl Fn(&str, &mut String) -> Fate + Send + Sync + 'static,
    ) -> Self {
        Relay::busy(server, |_| false, edit)
    }

    /// One that answers the requests which `is_busy` names by itself: 503, try again at once.
    pub fn busy(
        server: &str,
        is_busy: impl Fn(&str) -> bool + Send + Sync + 'static,
        edit: impl Fn(&str, &mut String) -> Fate + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (server, seen) = (server.to_owned(), requests.clone());
        let (is_busy, edit): (Arc<Refuse>, Arc<Edit>) = (Arc::new(is_busy), Arc::new(edit));
        thread::spawn(move || {
            for client in listener.incoming() {
                let (server, seen, edit) = (server.clone(), seen.clone(), edit.clone());
                let is_busy = is_busy.clone();
                thread::spawn(move || {
                    let mut client = client?;
                    client.set_nodelay(true)?;
                    while pass(&mut client, &server, &seen, &*is_busy, &*edit)? == Fate::Keep {}
                    io::Result::Ok(())
                });
            }
        });
        Relay { address, requests }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests so far whose first line has this text.
    pub fn requests(&self, text: &str) -> usize {
        let requests = self.requests.lock().unwrap();
        let has = |head: &&String| head.lines().next().is_some_and(|line| line.contains(text));
        requests.iter().filter(has).count()
    }
}

/// One exchange.
fn pass(
    client: &mut TcpStream,
    server: &str,
    seen: &Mutex<Vec<String>>,
    is_busy: &Refuse,
    edit: &Edit,
) -> io::Result<Fate> {
    let request = head(client)?;
    seen.lock().unwrap().push(request.clone());
    if is_busy(&request) {
        body(client, &request)?;
        let answer = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0";
        write!(client, "{answer}\r\n\r\n")?;
        return Ok(Fate::Keep);
    }
    let mut server = TcpStream::connect(server)?;
    server.set_nodelay(true)?;
    let mut bytes = format!("{request}\r\n\r\n").into_bytes();
    bytes.extend(body(client, &request)?.unwrap_or_default());
    server.write_all(&bytes)?;
    let mut answer = head(&mut server)?;
    let body = body(&mut server, &answer)?;
    let fate = edit(&request, &mut answer);
    if fate == Fate::Drop {
        return Ok(fate);
    }
    let mut bytes = format!("{answer}\r\n\r\n").into_bytes();
    bytes.extend(body.iter().flatten());
    client.write_all(&bytes)?;
    if body.is_none() {
        let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
        thread::spawn(move || io::copy(&mut from, &mut to));
        let _ = io::copy(&mut server, client);
        return Ok(Fate::Close);
    }
    Ok(fate)
}

/// A head without its empty line.
fn head(stream: &mut TcpStream) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    head.truncate(head.len() - 4);
    String::from_utf8(head).map_err(io::Error::other)
}

/// The body that a head announces by its length.
fn body(stream: &mut TcpStream, head: &str) -> io::Result<Option<Vec<u8>>> {
    let head = head.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let Some(length) = length else {
        return Ok(None);
    };
    let mut body = vec![0; length.trim().parse().map_err(io::Error::other)?];
    stream.read_exact(&mut body)?;
    Ok(Some(body))
}
