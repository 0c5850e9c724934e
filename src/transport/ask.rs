//! A request, as the server's end of a transport sees it: parsed, and independent of the engine
//! that read it.

use std::str::from_utf8;
use std::sync::Arc;
use std::time::Duration;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri};

use crate::feed::{Cursor, Feed};
use crate::service::answer::{ApiError, BAD_QUERY};
use crate::service::counters::ConnectionCounters;
use crate::service::presence::PresenceGuard;
use crate::service::state::AppState;

/// One request to a transport's endpoint.
#[derive(Debug)]
pub struct Ask<'a> {
    pub counters: &'a ConnectionCounters,
    /// The name of the transport that is asked.
    pub transport: &'static str,
    /// The feed's name.
    pub feed: &'a str,
    pub params: Params<'a>,
    pub fields: &'a Fields<'a>,
}

impl Ask<'_> {
    /// The cursor to read after.
    ///
    /// # Errors
    /// 400 if it is malformed.
    pub fn cursor(&self) -> Result<Option<Cursor>, ApiError> {
        let parse = |text: &str| text.parse().map_err(|why: String| bad_param("after", why));
        self.params.after.map(parse).transpose()
    }

    /// How often the client says that it polls, in ms.
    pub fn interval_ms(&self) -> Result<Option<u64>, ApiError> {
        number("interval_ms", self.params.interval_ms)
    }

    /// How long the client wants a long poll to be held, in ms.
    pub fn hold_ms(&self) -> Result<Option<u64>, ApiError> {
        number("hold_ms", self.params.hold_ms)
    }

    /// The name under which the client is a member; none if it [may not join](Fields::may_join).
    pub fn member_name(&self) -> Option<&str> {
        self.params.user.filter(|_| self.fields.may_join())
    }

    /// The feed, which is made if it does not exist: for a client that waits for its messages, or
    /// is a member.
    ///
    /// # Errors
    /// 409 if there are too many.
    pub fn open_feed(&self, state: &AppState) -> Result<Arc<Feed>, ApiError> {
        Ok(state.feeds.open(self.feed, self.counters.address)?)
    }

    /// Makes the client a member of the feed, see [`PresenceGuard::admit`].
    pub fn admit(
        &self,
        state: &AppState,
        feed: &Arc<Feed>,
        grace: Duration,
    ) -> Result<Option<PresenceGuard>, ApiError> {
        let name = self.member_name();
        PresenceGuard::admit(state, self.counters, feed, name, self.transport, grace)
    }
}

fn number(name: &str, value: Option<&str>) -> Result<Option<u64>, ApiError> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|_| bad_param(name, format!("{text:?}")))
    };
    value.map(parse).transpose()
}

fn bad_param(name: &str, why: String) -> ApiError {
    let advice = format!("{BAD_QUERY}: {name}: {why}; write it like ?after=42");
    ApiError::new(StatusCode::BAD_REQUEST, advice)
}

/// The known parameters of a request's query, decoded. Others are ignored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Params<'a> {
    pub after: Option<&'a str>,
    pub user: Option<&'a str>,
    pub interval_ms: Option<&'a str>,
    pub hold_ms: Option<&'a str>,
    pub token: Option<&'a str>,
    /// What marks the requests of one visit, see [`marks`](crate::service::marks).
    pub mark: Option<&'a str>,
    /// The capture of the connection, see [`captures`](crate::service::captures).
    pub capture: Option<&'a str>,
}

impl<'a> Params<'a> {
    /// Takes one parameter.
    ///
    /// # Errors
    /// 400 if it occurs twice.
    pub fn set(&mut self, name: &str, value: &'a str) -> Result<(), ApiError> {
        let param = match name {
            "after" => &mut self.after,
            "user" => &mut self.user,
            "interval_ms" => &mut self.interval_ms,
            "hold_ms" => &mut self.hold_ms,
            "token" => &mut self.token,
            "mark" => &mut self.mark,
            "capture" => &mut self.capture,
            _ => return Ok(()),
        };
        match param.replace(value) {
            None => Ok(()),
            Some(_) => Err(bad_param(name, "it is there twice".to_owned())),
        }
    }
}

/// The header fields of a request that the server acts upon.
#[derive(Debug, Default)]
pub struct Fields<'a> {
    pub host: Option<&'a str>,
    pub origin: Option<&'a str>,
    pub authorization: Option<&'a str>,
    pub content_type: Option<&'a str>,
    pub content_length: Option<&'a str>,
    pub last_event_id: Option<&'a str>,
    pub websocket_key: Option<&'a str>,
    pub websocket_version: Option<&'a str>,
    /// Whether the WebSocket subprotocol `chat` is offered.
    pub offers_chat: bool,
    pub user_agent: Option<&'a str>,
    pub referer: Option<&'a str>,
    /// `Sec-Fetch-Site`.
    pub fetch_site: Option<&'a str>,
    /// Whether the client closes the connection after the answer.
    pub closes: bool,
    /// Whether `Connection` names `upgrade`.
    upgrades: bool,
    /// The protocols in `Upgrade`.
    protocols: Vec<&'a str>,
    /// Whether a field that must be single occurs twice. The first one counts.
    pub repeated: bool,
}

impl<'a> From<&'a HeaderMap> for Fields<'a> {
    fn from(headers: &'a HeaderMap) -> Self {
        let mut fields = Fields::default();
        for (name, value) in headers {
            fields.take(name.as_str(), value.as_bytes());
        }
        fields
    }
}

impl<'a> Fields<'a> {
    /// Takes one field. A value that is not UTF-8 counts as empty.
    pub fn take(&mut self, name: &str, value: &'a [u8]) {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let text = || from_utf8(value).unwrap_or_default();
        let list = || text().split(',').map(str::trim);
        let single = if is("host") {
            &mut self.host
        } else if is("origin") {
            &mut self.origin
        } else if is("authorization") {
            &mut self.authorization
        } else if is("content-type") {
            &mut self.content_type
        } else if is("content-length") {
            &mut self.content_length
        } else if is("last-event-id") {
            &mut self.last_event_id
        } else if is("user-agent") {
            &mut self.user_agent
        } else if is("referer") {
            &mut self.referer
        } else if is("sec-fetch-site") {
            &mut self.fetch_site
        } else if is("sec-websocket-key") {
            &mut self.websocket_key
        } else if is("sec-websocket-version") {
            &mut self.websocket_version
        } else {
            if is("connection") {
                self.closes |= list().any(|option| option.eq_ignore_ascii_case("close"));
                self.upgrades |= list().any(|option| option.eq_ignore_ascii_case("upgrade"));
            } else if is("upgrade") {
                self.protocols.extend(list());
            } else if is("sec-websocket-protocol") {
                self.offers_chat |= list().any(|offer| offer == "chat");
            }
            return;
        };
        match single {
            None => *single = Some(text()),
            Some(_) => self.repeated = true,
        }
    }

    /// Whether the request may make its client a member, which writes to the feed. The images and
    /// links of another site's page may not: such a page makes browsers of its visitors send GETs
    /// with any query, and without `Origin` (WHATWG Fetch, section 3.2).
    ///
    /// - A request with `Origin` has passed the check of origins. WebSockets have one.
    /// - `Sec-Fetch-Site` tells what caused the request (W3C Fetch Metadata, section 2.3). Browsers
    ///   send it to https and to their own machine, and no page can set it.
    /// - Elsewhere, as in a hall at http://192.168.…, it is missing, and `Referer` tells: a page of
    ///   this server names it, by the default policy (W3C Referrer Policy, section 3), in a fetch
    ///   and an EventSource too. Another page can leave it out, and can name itself only. So a
    ///   browser's request without one joins nothing, nor does one that is typed in there.
    /// - Clients that are no browsers send what they want, and may join. The `User-Agent` of all
    ///   browsers begins with `Mozilla/` (WHATWG Compatibility, section 4), and no page can set it.
    pub fn may_join(&self) -> bool {
        if self.origin.is_some() {
            return true;
        }
        match self.fetch_site {
            Some(site) => matches!(site, "same-origin" | "none"),
            None => !self.is_of_browser() || self.is_of_own_page(),
        }
    }

    fn is_of_browser(&self) -> bool {
        let agent = self.user_agent.unwrap_or_default();
        agent.starts_with("Mozilla/")
    }

    fn is_of_own_page(&self) -> bool {
        let page = self.referer.and_then(|url| url.parse::<Uri>().ok());
        let at = page
            .as_ref()
            .and_then(Uri::authority)
            .map(Authority::as_str);
        let (at, host) = (at.unwrap_or_default(), self.host.unwrap_or_default());
        !host.is_empty() && at.eq_ignore_ascii_case(host)
    }

    /// Whether the client offers to upgrade to WebSocket.
    pub fn offers_websocket(&self) -> bool {
        self.offers("websocket")
    }

    fn offers(&self, protocol: &str) -> bool {
        let offers = |offer: &&str| offer.eq_ignore_ascii_case(protocol);
        self.protocols.iter().any(offers)
    }

    /// Checks that the client offers to upgrade to `protocol`; the error says what is missing.
    pub fn check_upgrade(&self, protocol: &str) -> Result<(), String> {
        if !self.upgrades {
            return Err("to upgrade, write Connection: Upgrade".to_owned());
        }
        match self.offers(protocol) {
            true => Ok(()),
            false => Err(format!("to upgrade, write Upgrade: {protocol}")),
        }
    }
}
