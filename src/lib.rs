//! wslab compares four ways to carry the same feed.

pub mod lab;
pub mod transport;
