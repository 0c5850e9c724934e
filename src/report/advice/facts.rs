//! What follows from protocols and standards for each transport, whatever is measured.

use crate::report::advice::need::Need;
use crate::report::advice::statement::{Ground, Side, Statement};
use crate::texts::{ProtocolFact as Fact, Texts};
use crate::transport::Transport::{
    self, LongPolling, Ndjson, RawTcp, ShortPolling, Sse, WebSocket,
};

/// The part of a need for which a fact counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Theme {
    Browser,
    TwoWay,
    Proxies,
    Tls,
}

/// Which facts are told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told<'n> {
    All,
    /// Those that count for a need.
    For(&'n Need),
}

impl Told<'_> {
    fn has(self, theme: Theme) -> bool {
        match (self, theme) {
            (Told::All, _) => true,
            (Told::For(need), Theme::Browser) => need.browser,
            (Told::For(need), Theme::TwoWay) => need.two_way,
            (Told::For(need), Theme::Proxies) => need.proxies,
            (Told::For(need), Theme::Tls) => need.tls,
        }
    }
}

type Entry = (Theme, Fact, &'static [Transport], Side, &'static str);

/// Each fact with the transports that it concerns, and its source. Sections of HTML and of
/// WebSockets are those of the living standards of the WHATWG.
const FACTS: &[Entry] = &[
    (
        Theme::Browser,
        Fact::NoTcpSockets,
        &[RawTcp],
        Side::Out,
        "RFC 6455, section 1.5",
    ),
    (
        Theme::Browser,
        Fact::FetchFields,
        &[ShortPolling, LongPolling, Ndjson],
        Side::For,
        "RFC 6750, section 2.1",
    ),
    (
        Theme::Browser,
        Fact::EventSourceResumes,
        &[Sse],
        Side::For,
        "HTML, section 9.2.4",
    ),
    (
        Theme::Browser,
        Fact::EventSourceFields,
        &[Sse],
        Side::Against,
        "RFC 6750, section 2.3; HTML, section 9.2.2",
    ),
    (
        Theme::Browser,
        Fact::WebSocketFields,
        &[WebSocket],
        Side::Against,
        "RFC 6750, section 2.3; WebSockets, section 3.1",
    ),
    (
        Theme::Browser,
        Fact::WebSocketRedials,
        &[WebSocket],
        Side::Against,
        "RFC 6455, section 7.2.3",
    ),
    (
        Theme::Browser,
        Fact::StreamByFetch,
        &[Ndjson],
        Side::Against,
        "RFC 9112, section 8",
    ),
    (
        Theme::Browser,
        Fact::SixConnections,
        &[LongPolling, Sse, Ndjson],
        Side::Against,
        "RFC 9112, section 9.4",
    ),
    (
        Theme::TwoWay,
        Fact::SameConnection,
        &[WebSocket],
        Side::For,
        "RFC 6455, section 1.2",
    ),
    (
        Theme::TwoWay,
        Fact::PublishByPost,
        &[ShortPolling, LongPolling, Sse, Ndjson],
        Side::Against,
        "RFC 9110, section 9.3.3",
    ),
    (
        Theme::Proxies,
        Fact::WholeAnswers,
        &[ShortPolling],
        Side::For,
        "RFC 9112, section 6.3",
    ),
    (
        Theme::Proxies,
        Fact::HeldPolls,
        &[LongPolling],
        Side::Against,
        "RFC 6202, section 5.5; RFC 9110, section 15.6.5",
    ),
    (
        Theme::Proxies,
        Fact::HeldBack,
        &[Sse, Ndjson],
        Side::Against,
        "RFC 6202, section 3.2",
    ),
    (
        Theme::Proxies,
        Fact::IdleCut,
        &[Sse, Ndjson, WebSocket],
        Side::Against,
        "RFC 6202, section 5.5; RFC 6455, section 5.5.2",
    ),
    (
        Theme::Proxies,
        Fact::UpgradeHop,
        &[WebSocket],
        Side::Against,
        "RFC 9110, section 7.8",
    ),
    (
        Theme::Proxies,
        Fact::Tunnel,
        &[WebSocket],
        Side::For,
        "RFC 6455, section 4.1; RFC 9110, section 9.3.6",
    ),
    (
        Theme::Tls,
        Fact::RecordAWrite,
        &[Sse, Ndjson, WebSocket],
        Side::Neither,
        "RFC 8446, section 5.2",
    ),
    (
        Theme::Tls,
        Fact::RecordsAnExchange,
        &[ShortPolling, LongPolling],
        Side::Against,
        "RFC 8446, section 5.2",
    ),
];

/// What follows for a transport, under this name.
pub(super) fn facts(
    (transport, name): (Transport, &str),
    told: Told,
    texts: &Texts,
) -> Vec<Statement> {
    let words = &texts.advice;
    let entries = FACTS.iter();
    let concerned = entries
        .filter(|(theme, _, transports, ..)| told.has(*theme) && transports.contains(&transport));
    let statement = |(theme, fact, _, side, source): &Entry| {
        let mut text = (words.fact)(*fact).to_owned();
        if *theme == Theme::Proxies {
            text.push_str(words.not_measured_here);
        }
        Statement {
            source: Some(*source),
            ..Statement::on((transport, name), Ground::Protocol, *side, text)
        }
    };
    concerned.map(statement).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Locale;

    #[test]
    fn a_page_has_no_tcp_and_whether_a_token_fits_into_a_header_depends_on_the_transport() {
        let need = Need {
            browser: true,
            ..Need::default()
        };
        let told = |transport| facts((transport, ""), Told::For(&need), Locale::En.texts());
        let out = told(RawTcp);
        assert_eq!((out.len(), out[0].side), (1, Side::Out));
        for (transport, side) in [
            (Sse, Side::Against),
            (WebSocket, Side::Against),
            (LongPolling, Side::For),
        ] {
            let of_tokens = told(transport)
                .into_iter()
                .find(|it| it.text.contains("token"));
            let of_tokens = of_tokens.unwrap();
            assert_eq!(of_tokens.side, side, "{transport}");
            assert!(
                of_tokens.source.unwrap().starts_with("RFC 6750"),
                "{of_tokens:?}"
            );
        }
    }

    #[test]
    fn every_fact_names_its_source_and_what_is_said_of_proxies_says_that_it_is_not_measured() {
        for transport in Transport::ALL {
            for statement in facts((transport, ""), Told::All, Locale::En.texts()) {
                let source = statement.source.unwrap();
                assert!(source.contains(", section "), "{source}");
            }
        }
        let need = Need {
            proxies: true,
            ..Need::default()
        };
        for transport in Transport::CHOICES {
            let told = facts((transport, ""), Told::For(&need), Locale::En.texts());
            assert!(!told.is_empty(), "{transport}");
            assert!(
                told.iter()
                    .all(|it| it.text.contains("(not measured here)"))
            );
        }
    }
}
