//! wslab compares four ways to carry the same feed.

pub mod feed;
pub mod lab;
pub mod load;
pub mod measure;
pub mod server;
pub mod transport;
