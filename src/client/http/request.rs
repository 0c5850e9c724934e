//! Request heads: what the protocol demands and nothing else, or what a browser would send.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::error::unknown;

/// The header fields of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(strum::Display, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown::<Headers>)]
pub enum Headers {
    /// What the protocol demands.
    #[default]
    Minimal,
    /// What a browser adds: its name, what it accepts, the page that asks, and a cookie. It offers
    /// no compression, which this client does not read.
    Browser,
}

/// What Chromium adds to all requests of a page. Header size is half of the argument between
/// polling and push, so it is stated to the byte. The sizes are typical; the cookie is that of one
/// session. A request offers only what this client reads: no content coding (a browser's
/// `Accept-Encoding` is 15 bytes longer) and no permessage-deflate (a browser's upgrade has 70
/// bytes more).
const BROWSER_FIELDS: &str = "\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/140.0.0.0 Safari/537.36\r\n\
    Accept-Encoding: identity\r\n\
    Accept-Language: pt-BR,pt;q=0.9,en-US;q=0.8,en;q=0.7\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef; theme=light\r\n";

/// What Chromium adds to `fetch` and `EventSource`.
const FETCH_FIELDS: &str = "\
    Connection: keep-alive\r\n\
    sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\n\
    sec-ch-ua-mobile: ?0\r\n\
    sec-ch-ua-platform: \"Linux\"\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Sec-Fetch-Mode: cors\r\n\
    Sec-Fetch-Dest: empty\r\n";

impl Headers {
    /// A GET without a body to an origin, such as `http://h:1`, with the header lines `extra`,
    /// which each end with CR LF.
    pub fn get(self, origin: &str, path: &str, extra: &str) -> Vec<u8> {
        let (host, added) = (host(origin), self.added(origin, extra));
        // Each poll has a request, and joining is faster than formatting.
        let request = [
            "GET ",
            path,
            " HTTP/1.1\r\nHost: ",
            host,
            "\r\n",
            extra,
            &added,
            "\r\n",
        ];
        request.concat().into_bytes()
    }

    /// The fields that a browser adds.
    fn added(self, origin: &str, extra: &str) -> String {
        let has = |field: &str| extra.contains(field);
        match self {
            Headers::Minimal => String::new(),
            Headers::Browser if has("Upgrade: websocket") => {
                let cache = "Pragma: no-cache\r\nCache-Control: no-cache";
                format!("{cache}\r\nOrigin: {origin}\r\n{BROWSER_FIELDS}")
            }
            Headers::Browser => {
                let accept = if has("Accept: ") {
                    ""
                } else {
                    "Accept: */*\r\n"
                };
                let fetch = match has("Connection: ") {
                    true => FETCH_FIELDS.trim_start_matches("Connection: keep-alive\r\n"),
                    false => FETCH_FIELDS,
                };
                format!("{accept}Referer: {origin}/\r\n{fetch}{BROWSER_FIELDS}")
            }
        }
    }

    /// A POST of a JSON body, with the header lines `extra`, which each end with CR LF.
    pub fn post(self, origin: &str, path: &str, extra: &str, json: &[u8]) -> Vec<u8> {
        let (host, length) = (host(origin), json.len());
        let added = match self {
            Headers::Minimal => String::new(),
            Headers::Browser => format!("Origin: {origin}\r\n{}", self.added(origin, extra)),
        };
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{extra}{added}\r\n"
        )
        .into_bytes();
        request.extend_from_slice(json);
        request
    }
}

/// Host and port of an origin, as the `Host` field has them.
pub fn host(origin: &str) -> &str {
    origin.rsplit_once('/').map_or(origin, |(_, host)| host)
}

/// Characters that are not encoded in a part of a URL (RFC 3986, section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A name, percent-encoded as a part of a URL.
pub fn encode(name: &str) -> String {
    utf8_percent_encode(name, UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_browsers_requests_are_longer_and_still_right() {
        for extra in ["", "Accept: text/event-stream\r\n", "Connection: close\r\n"] {
            let request = text(Headers::Browser.get("http://h:1", "/a", extra));
            assert!((500..900).contains(&request.len()), "{}", request.len());
            let mut fields = [httparse::EMPTY_HEADER; 32];
            let mut parsed = httparse::Request::new(&mut fields);
            assert!(parsed.parse(request.as_bytes()).unwrap().is_complete());
            let mut names: Vec<_> = parsed
                .headers
                .iter()
                .map(|field| field.name.to_lowercase())
                .collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "no field twice in {request}");
        }
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
        let upgrade = text(Headers::Browser.get("http://h:1", "/a", upgrade));
        assert!(upgrade.contains("Origin: http://h:1\r\n") && !upgrade.contains("Sec-Fetch"));
        let post = text(Headers::Browser.post("http://h:1", "/a", "", b"{}"));
        assert!(post.ends_with("\r\n\r\n{}") && post.contains("User-Agent: Mozilla"));
    }

    #[test]
    fn requests_are_these_bytes() {
        assert_eq!(
            text(Headers::Minimal.get("http://h:1", "/a?b=1", "Connection: close\r\n")),
            "GET /a?b=1 HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(
            text(Headers::Minimal.post("http://h:1", "/a", "", b"{}")),
            "POST /a HTTP/1.1\r\nHost: h:1\r\nContent-Type: application/json\r\n\
             Content-Length: 2\r\n\r\n{}"
        );
    }
}
