//! The race in Firefox, whose event streams, sockets and fetches are of another maker.

use serde_json::Value;
use support::firefox::Firefox;
use support::race::{click_each, number, set, wait_for_lanes, wait_until_live};
use support::{Server, metric, wait_until};
use wslab::transport::Transport;

mod support;

#[test]
fn every_message_comes_over_all_transports_also_after_a_cut() {
    let server = Server::start(&[]);
    let browser = Firefox::open(&server.at("/?feed=lobby&lang=en"));
    set(&browser, "interval", "250");
    wait_until_live(&browser);
    let read = |count: u64| {
        wait_for_lanes(&browser, "all messages", |lane| {
            number(&lane["received"]) == count && lane["missed"] == "0"
        });
    };
    for _ in 0..3 {
        server.publish("lobby", "bob", "oi");
    }
    read(3);
    wait_for_lanes(&browser, "latencies", |lane| {
        lane["last"].as_str().unwrap().ends_with('s')
    });
    click_each(&browser, "cut");
    wait_for_lanes(&browser, "cut lanes", |lane| lane["state"] == "cut");
    wait_until("the connections have ended", || {
        let metrics = server.get("/metrics").body;
        let open = |name| {
            metric(
                &metrics,
                &format!(r#"wslab_connections{{transport="{name}"}}"#),
            )
        };
        open("sse") + open("ndjson") + open("websocket") + open("long-polling") == 0
    });
    for _ in 0..4 {
        server.publish("lobby", "bob", "meanwhile");
    }
    read(7);
    wait_until_live(&browser);
    server.publish("lobby", "bob", "afterwards");
    read(8);
    let metrics = server.get("/metrics").body;
    for transport in Transport::CHOICES.map(Transport::name) {
        let open = format!(r#"wslab_connections{{transport="{transport}"}}"#);
        assert_eq!(metric(&metrics, &open), 1, "{transport}: {metrics}");
    }
    assert_eq!(browser.errors(), Vec::<Value>::new());
}
