//! What a reader finds beyond the README. Each page is a Markdown file in this folder.

#[doc = include_str!("measuring.md")]
pub mod measuring {}

#[doc = include_str!("networks.md")]
pub mod networks {}

#[doc = include_str!("server.md")]
pub mod server {}

#[doc = include_str!("figures.md")]
pub mod figures {}

#[doc = include_str!("faults.md")]
pub mod faults {}

#[doc = include_str!("lessons.md")]
pub mod lessons {}
