//! The list of the server's addresses: `GET /help`, and the answer where there is nothing.

use std::fmt::Write;
use std::sync::Arc;

use axum::Extension;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use serde::Serialize;

use crate::service::answer::{JSON, Reason, Whole};
use crate::service::state::{AppState, LOBBY};

/// An address, and what answers there.
pub type Route = (Address, MethodRouter<Arc<AppState>>);

/// One address of the server.
pub struct Address {
    pub method: &'static str,
    /// The path as axum has it: `/feeds/{feed}/poll`.
    pub path: String,
    /// The query that the list shows, with its question mark.
    pub query: &'static str,
    pub about: String,
    /// What curl needs beside the URL.
    pub curl: &'static str,
}

impl Address {
    pub fn get(path: &str, about: &str) -> Self {
        Address {
            method: "GET",
            path: path.to_owned(),
            query: "",
            about: about.to_owned(),
            curl: "",
        }
    }

    /// The command that asks this address of a server.
    fn example(&self, server: &str) -> String {
        let path = self.path.replace("{feed}", LOBBY);
        let path = path.replace("{file}", "race.css");
        // A capture is there once a request has named it.
        let first = match path.contains("{id}") {
            true => format!("'{server}/feeds/{LOBBY}/poll?capture={EXAMPLE_ID}' "),
            false => String::new(),
        };
        let path = path.replace("{id}", EXAMPLE_ID);
        let (curl, query) = (self.curl, self.query);
        let space = if curl.is_empty() { "" } else { " " };
        format!("curl{space}{curl} {first}'{server}{path}{query}'")
    }
}

/// The name of a capture, in an example.
const EXAMPLE_ID: &str = "00112233445566778899aabbccddeeff";

/// All addresses of a server.
pub struct Directory {
    /// `http` or `https`.
    pub scheme: &'static str,
    pub addresses: Vec<Address>,
}

/// What is true of all addresses.
const PREFACE: &str = r#"A message is one JSON object on one line, the same on every transport:

    {"seq":42,"from":"alice","text":"oi","intended_at_ns":0,"published_at_ns":8123456}

seq counts 1, 2, 3 ... in each feed. Times are nanoseconds of the server's clock. A
join or a leave also has "kind". {feed} is any name; the feed "lobby" always exists.

after=SEQ reads on after that message; without it, a reader gets what comes from now
on. after=SEQ-EPOCH, with the epoch of an answer, also notices a restart of the server.
user=NAME makes the reader a member. A server that was started with a token wants
token=... in each query, or the header field Authorization: Bearer ...

A WebSocket is easier with `wslab chat`, or in a browser's console:
"#;

impl Directory {
    /// The list as text. `host` is what the client calls the server.
    fn text(&self, host: &str) -> String {
        let server = format!("{}://{host}", self.scheme);
        let socket = server.replacen("http", "ws", 1);
        let mut text = format!("{PREFACE}\n    new WebSocket('{socket}/echo')\n");
        for address in &self.addresses {
            let Address {
                method,
                path,
                query,
                about,
                ..
            } = address;
            let example = address.example(&server);
            let _ = write!(
                text,
                "\n{method} {path}{query}\n    {about}\n    {example}\n"
            );
        }
        text
    }
}

/// `GET /help`.
pub async fn help(Extension(directory): Extension<Arc<Directory>>, headers: HeaderMap) -> Response {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let fields = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    (fields, directory.text(host.unwrap_or("HOST:PORT"))).into_response()
}

#[derive(Serialize)]
struct NoSuchAddress<'a> {
    error: &'a str,
    addresses: Vec<String>,
}

/// The answer where there is nothing: an error that also lists the addresses.
pub async fn no_such_address(
    Extension(directory): Extension<Arc<Directory>>,
    uri: Uri,
) -> Response {
    let advice = format!("there is nothing at {}: GET /help explains", uri.path());
    let addresses = directory.addresses.iter();
    let body = NoSuchAddress {
        error: &advice,
        addresses: addresses
            .map(|address| format!("{} {}{}", address.method, address.path, address.query))
            .collect(),
    };
    let answer = Whole {
        status: StatusCode::NOT_FOUND,
        fields: JSON,
        body: serde_json::to_vec(&body).expect("texts").into(),
    };
    let mut response = answer.into_response();
    response.extensions_mut().insert(Reason(advice));
    response
}
