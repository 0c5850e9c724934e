//! The classroom page: one file, in the binary.
//!
//! - `index.html`, `style.css`: what is shown
//! - `feed.js`: where the server is; exchanges; which messages arrived and when
//! - `card.js`: a card, which shows one transport
//! - `members.js`: which clients are there
//! - `readers.js`: the transports, a function each
//! - `windows.js`: which window of a browser reads
//! - `main.js`: the composer; the start

use std::sync::LazyLock;

use serde_json::json;

use crate::transport::{Descriptor, Transport};

/// One module of JavaScript, in this order.
const SCRIPT: &str = concat!(
    include_str!("feed.js"),
    "\n",
    include_str!("card.js"),
    "\n",
    include_str!("members.js"),
    "\n",
    include_str!("readers.js"),
    "\n",
    include_str!("windows.js"),
    "\n",
    include_str!("main.js"),
);

/// The page, with the transports to choose among.
pub static PAGE: LazyLock<String> = LazyLock::new(|| {
    let lanes = Transport::CHOICES.map(|transport| {
        let Descriptor {
            name,
            colour,
            polls,
            ..
        } = transport.descriptor();
        json!({ "name": name, "colour": colour, "polls": polls })
    });
    include_str!("index.html")
        .replace("__STYLE__", include_str!("style.css"))
        .replace("__SCRIPT__", SCRIPT)
        .replace("__TRANSPORTS__", &json!(lanes).to_string())
});
