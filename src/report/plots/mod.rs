//! The plots: rows → a sheet of shapes → SVG and PNG. Nothing here touches the disk.
//!
//! - `kinds`: which plots there are
//! - `percentiles`, `distribution`, `costs`, `heat_map`, `timeline`, `scaling`, `capacity`,
//!   `recovery`: what each shows
//! - `panels`, `bars`: the two forms of plots · `axis`, `legend`, `tiles`,
//!   `regions`, `cell_style`: their parts
//! - `sheet`: a drawing as a list of shapes · `svg`, `png`: its pictures · `font`: letters

mod axis;
mod bars;
mod capacity;
mod cell_style;
mod costs;
mod distribution;
mod font;
mod heat_map;
mod kinds;
mod legend;
mod panels;
mod percentiles;
mod png;
mod recovery;
mod regions;
mod scaling;
mod sheet;
mod svg;
mod ticks;
mod tiles;
mod timeline;

pub(super) use cell_style::cell_hex;
pub(super) use font::css as font_css;
pub(super) use kinds::names;
pub use kinds::{Plot, plots};
