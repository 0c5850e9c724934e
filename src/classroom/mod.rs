//! What a class has beside the feeds.
//!
//! - [`qr`]: codes that phones read: the page's address, the hall's Wi-Fi

pub mod qr;
