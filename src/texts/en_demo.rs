//! What `wslab demo` prints, in English.

use crate::texts::DemoTexts;

pub(super) const DEMO: DemoTexts = DemoTexts {
    page: "the page: ",
    also: "also at: ",
    hall: "the teacher's hall, with the key: ",
    wifi: |ssid, password| match password {
        "" => format!("Wi-Fi: {ssid}, without a password"),
        _ => format!("Wi-Fi: {ssid}, password: {password}"),
    },
    to_join: "To join the Wi-Fi:",
    to_open: "To open the page:",
    for_this_machine: |port| {
        format!("for this machine alone: --bind 0.0.0.0:{port} opens it to the network of a class")
    },
    no_network: "this machine has no address here that others reach: join a network, serve IPv6 \
                 with --bind [::], or name the address with --host",
    lab: |websocket, events| {
        format!(
            "WebSocket of the exercises: {websocket}\n  python3 -m websockets {websocket}\n\
             Events of the exercises: {events}, {events}?sensores\n  curl -N {events}"
        )
    },
};
