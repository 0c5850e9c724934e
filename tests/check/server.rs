//! A server with faults that can be switched on.

use std::collections::HashSet;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::http::{self, Feed};
use crate::websocket::{self, Room};

/// The faults of a server, by name. Each one that is asked for is noted, so that a misspelt one is
/// seen.
pub struct Faults {
    names: HashSet<&'static str>,
    asked: Mutex<HashSet<String>>,
}

impl Faults {
    pub fn has(&self, name: &str) -> bool {
        self.asked.lock().unwrap().insert(name.to_owned());
        self.names.contains(name)
    }

    /// Faults that no code asked for.
    pub fn unknown(&self) -> Vec<&'static str> {
        let asked = self.asked.lock().unwrap();
        let names = self.names.iter().copied();
        names.filter(|name| !asked.contains(*name)).collect()
    }
}

/// The head of a request.
pub struct Head {
    pub method: String,
    pub path: String,
    fields: Vec<(String, String)>,
}

impl Head {
    /// The value of a field; empty without it.
    pub fn field(&self, name: &str) -> &str {
        let mut fields = self.fields.iter();
        let found = fields.find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The value of a parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.path.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Reads one; returns it with the bytes behind it.
    pub fn read(
        stream: &mut TcpStream,
        mut bytes: Vec<u8>,
        faults: &Faults,
    ) -> Option<(Head, Vec<u8>)> {
        let end = loop {
            let found = bytes.windows(4).position(|part| part == b"\r\n\r\n");
            if let Some(at) = found {
                break at + 4;
            }
            if !bytes.is_empty() && faults.has("one-recv") {
                return None;
            }
            let mut more = [0; 16 << 10];
            match stream.read(&mut more) {
                Ok(count @ 1..) => bytes.extend(&more[..count]),
                _ => return None,
            }
        };
        let rest = bytes.split_off(end);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut lines = text.lines();
        let mut first = lines.next()?.split(' ').map(str::to_owned);
        let fields = lines.filter_map(|line| line.split_once(':'));
        let fields = fields.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
        let head = Head {
            method: first.next()?,
            path: first.next()?,
            fields: fields.collect(),
        };
        Some((head, rest))
    }
}

/// A server that listens until the test ends.
pub struct BadServer {
    pub address: SocketAddr,
    pub faults: Arc<Faults>,
}

impl BadServer {
    pub fn start(names: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let faults = Arc::new(Faults {
            names: names.iter().copied().collect(),
            asked: Mutex::default(),
        });
        let (shared, room, feed) = (faults.clone(), Arc::default(), Arc::default());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, faults) = (stream.unwrap(), shared.clone());
                let (room, feed): (Arc<Room>, Arc<Feed>) = (Arc::clone(&room), Arc::clone(&feed));
                let serve = move || serve(stream, &faults, &room, &feed);
                match shared.has("one-client") {
                    true => serve(),
                    false => drop(std::thread::spawn(serve)),
                }
            }
        });
        BadServer { address, faults }
    }
}

fn serve(mut stream: TcpStream, faults: &Faults, room: &Arc<Room>, feed: &Feed) {
    let mut rest = Vec::new();
    let _ = stream.set_nodelay(true);
    while let Some((head, behind)) = Head::read(&mut stream, rest, faults) {
        let path = head.path.split('?').next().unwrap_or_default();
        match path {
            "/echo" => return websocket::serve(stream, &head, behind, faults, None),
            "/chat" => return websocket::serve(stream, &head, behind, faults, Some(room)),
            _ => match http::serve(&mut stream, &head, behind, faults, feed) {
                Some(behind) => rest = behind,
                None => return,
            },
        }
    }
}
