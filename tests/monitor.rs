//! Feeds with readings of the machine and of simulated sensors, and `wslab demo`.

mod support;

use support::process::{Process, wslab};
use support::{Server, wait_until};

/// The authors and texts of a feed, once there are `count` messages.
fn readings(server: &Server, feed: &str, count: usize) -> Vec<(String, String)> {
    wait_until("there are readings", || server.history(feed).len() >= count);
    let reading = |json: String| {
        let message: serde_json::Value = serde_json::from_str(&json).unwrap();
        let field = |name: &str| message[name].as_str().unwrap().to_owned();
        (field("from"), field("text"))
    };
    server.history(feed).into_iter().map(reading).collect()
}

/// Whether a text is `key=number` pairs of these keys.
fn has_keys(text: &str, keys: &[&str]) -> bool {
    let pairs = text
        .split(' ')
        .map(|pair| pair.split_once('=').expect(text));
    let numbers = pairs.clone().all(|(_, value)| value.parse::<f64>().is_ok());
    numbers && pairs.map(|(key, _)| key).eq(keys.iter().copied())
}

const MACHINE: [&str; 6] = [
    "cpu_percent",
    "memory_used_bytes",
    "memory_total_bytes",
    "network_received_bytes_per_s",
    "network_sent_bytes_per_s",
    "loopback_bytes_per_s",
];
const SENSOR: [&str; 3] = ["temperature_celsius", "pressure_bar", "vibration_mm_per_s"];

#[test]
fn a_server_publishes_its_machines_readings_and_those_of_sensors() {
    let server = Server::start(&["--monitor", "--sensors", "2"]);
    for (from, text) in readings(&server, "system", 1) {
        assert_eq!(from, "machine");
        assert!(has_keys(&text, &MACHINE), "{text}");
    }
    let readings = readings(&server, "sensors", 3);
    let authors: Vec<_> = readings.iter().take(3).map(|(from, _)| &**from).collect();
    assert_eq!(authors, ["sensor-1", "sensor-2", "sensor-1"]);
    for (_, text) in &readings {
        assert!(has_keys(text, &SENSOR), "{text}");
    }
}

#[test]
fn the_demonstration_tells_where_its_page_is_and_has_something_to_show() {
    let server = Server::of(Process::start(wslab(&["demo", "--bind", "127.0.0.1:0"])));
    let url = server.url();
    let pages = format!("the page: {url}/, {url}/?feed=system, {url}/?feed=sensors");
    assert_eq!(server.process.line(), pages);
    assert!(server.get("/").body.contains("<title>"));
    let sensors = readings(&server, "sensors", 4);
    assert_eq!(sensors[3].0, "sensor-4");
    assert!(has_keys(&readings(&server, "system", 1)[0].1, &MACHINE));
}
