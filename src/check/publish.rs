//! How a message is published over HTTP, for the checks of streams and polls.

use crate::check::token::Token;
use crate::transport::Transport;

/// Where messages are published by POST.
#[derive(Clone, Debug)]
pub struct Publish {
    /// Path and query, on the server under check.
    path: String,
    /// The server has wslab's own interface.
    pub is_contract: bool,
}

impl Publish {
    /// Where wslab's own interface takes messages, if a path is one of it.
    pub fn of_contract(path: &str) -> Option<Self> {
        let (path, _) = path.split_once('?').unwrap_or((path, ""));
        let (before, transport) = path.rsplit_once('/')?;
        let is_feed = before.contains("/feeds/") || before.starts_with("/feeds/");
        let known = Transport::CHOICES.map(|one| one.descriptor().endpoint);
        if is_feed && known.contains(&transport) {
            return Some(Publish {
                path: format!("{before}/messages"),
                is_contract: true,
            });
        }
        let (_, feed) = Transport::at(path)?;
        Some(Publish {
            path: format!("/feeds/{feed}/messages"),
            is_contract: true,
        })
    }

    /// The place that a user names: a path, or a URL of the same server.
    ///
    /// # Errors
    /// It is on another server.
    pub fn named(text: &str, host: &str) -> Result<Self, String> {
        let path = match text.split_once("://") {
            None => text,
            Some((_, rest)) => {
                let path = rest.strip_prefix(host).ok_or_else(|| {
                    format!("{text}: write a URL of the same server, as http://{host}/messages")
                })?;
                if path.is_empty() { "/" } else { path }
            }
        };
        match path.starts_with('/') {
            true => Ok(Publish {
                path: path.to_owned(),
                is_contract: false,
            }),
            false => Err(format!("{text}: write a URL, or a path that begins with /")),
        }
    }

    /// The request that publishes a message with the token.
    pub fn request(&self, host: &str, token: &Token) -> String {
        let path = &self.path;
        let body = format!("{{\"from\":\"wslab-check\",\"text\":\"{}\"}}", token.text());
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    }
}

/// A path whose query has this parameter, in place of one of the same name.
pub fn with_parameter(path: &str, name: &str, value: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let is_other = |pair: &&str| !pair.is_empty() && pair.split('=').next() != Some(name);
    let mut pairs: Vec<&str> = query.split('&').filter(is_other).collect();
    let pair = format!("{name}={value}");
    pairs.push(&pair);
    format!("{path}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_takes_the_place_of_one_of_its_name() {
        assert_eq!(with_parameter("/a", "after", "7"), "/a?after=7");
        assert_eq!(
            with_parameter("/a?after=1&x=2", "after", "7"),
            "/a?x=2&after=7"
        );
    }

    #[test]
    fn the_place_to_publish_follows_from_a_path_of_the_contract() {
        let path = |text| Publish::of_contract(text).map(|publish| publish.path);
        let feed = Some("/feeds/a/messages".to_owned());
        for known in [
            "/feeds/a/sse",
            "/feeds/a/poll?after=0",
            "/feeds/a/long-poll",
        ] {
            assert_eq!(path(known), feed, "{known}");
        }
        assert_eq!(path("/events"), Some("/feeds/lobby/messages".to_owned()));
        assert_eq!(path("/lab/feeds/a/sse").unwrap(), "/lab/feeds/a/messages");
        for other in ["/", "/eventos", "/feeds/a/messages", "/echo"] {
            assert_eq!(path(other), None, "{other}");
        }
    }

    #[test]
    fn a_named_place_is_on_the_same_server() {
        let path = |text| Publish::named(text, "h:1").map(|publish| publish.path);
        assert_eq!(path("/send").as_deref(), Ok("/send"));
        assert_eq!(path("http://h:1/send?x=1").as_deref(), Ok("/send?x=1"));
        assert_eq!(path("http://h:1").as_deref(), Ok("/"));
        path("http://other/send").unwrap_err();
        path("send").unwrap_err();
    }
}
