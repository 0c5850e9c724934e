//! A sheet of shapes as SVG text: an element a shape, so that a page can give each another colour,
//! and readers can see the figure behind it.

use maud::{Markup, html};
use plotters::style::RGBColor;

use crate::report::plots::font::FAMILY;
use crate::report::plots::sheet::{
    Anchor, Dash, INK, PAPER, Point, Shape, Sheet, Text, WIDTH_PX, hex,
};

pub(super) fn svg(sheet: &Sheet) -> String {
    let (width, height) = (WIDTH_PX as u32, sheet.height_px as u32);
    let view = format!("0 0 {width} {height}");
    let drawing = html! {
        svg width=(width) height=(height) viewBox=(view) xmlns="http://www.w3.org/2000/svg"
            font-family=(FAMILY) dominant-baseline="central" fill=(hex(INK)) {
            rect width=(width) height=(height) fill=(hex(PAPER)) {}
            @for (shape, said) in &sheet.shapes { (element(shape, said)) "\n" }
        }
    };
    drawing.into_string()
}

/// The element of a shape, and what a pointer over it shows.
fn element(shape: &Shape, said: &str) -> Markup {
    let said = html! { @if !said.is_empty() { title { (said) } } };
    match shape {
        Shape::Line {
            points,
            colour,
            width_px,
            dash,
        } => html! {
            polyline points=(path(points)) fill="none" stroke=(hex(*colour))
                stroke-width=(width_px) stroke-dasharray=[dashes(*dash, *width_px)] { (said) }
        },
        Shape::Area {
            points,
            colour,
            opacity,
        } => html! {
            polygon points=(path(points)) fill=(hex(*colour)) opacity=(opacity) { (said) }
        },
        Shape::Rectangle { from, to, colour } => rectangle(*from, *to, *colour, &said),
        Shape::Dot {
            at: (x, y),
            radius_px,
            colour,
        } => html! {
            circle cx=(tenths(*x)) cy=(tenths(*y)) r=(radius_px) fill=(hex(*colour)) { (said) }
        },
        Shape::Text(text) => letters(text),
    }
}

fn rectangle(
    (left, top): Point,
    (right, bottom): Point,
    colour: RGBColor,
    said: &Markup,
) -> Markup {
    html! {
        rect x=(tenths(left)) y=(tenths(top)) width=(tenths(right - left))
            height=(tenths(bottom - top)) fill=(hex(colour)) { (said) }
    }
}

fn letters(text: &Text) -> Markup {
    let (x, y) = (tenths(text.at.0), tenths(text.at.1));
    let (anchor, turn) = match text.anchor {
        Anchor::Left => (None, None),
        Anchor::Middle => (Some("middle"), None),
        Anchor::Right => (Some("end"), None),
        Anchor::Upwards => (Some("middle"), Some(format!("rotate(270 {x} {y})"))),
    };
    html! {
        text x=(x) y=(y) text-anchor=[anchor] font-size=(text.size_px)
            font-weight=[text.bold.then_some("bold")] transform=[turn] { (text.text) }
    }
}

fn path(points: &[Point]) -> String {
    let points = points.iter();
    let points = points.map(|(x, y)| format!("{},{}", tenths(*x), tenths(*y)));
    points.collect::<Vec<_>>().join(" ")
}

fn dashes(dash: Dash, width_px: f64) -> Option<String> {
    let (dash_px, gap_px) = dash.lengths_px(width_px)?;
    Some(format!("{dash_px} {gap_px}"))
}

/// Pixels with one decimal.
fn tenths(px: f64) -> f64 {
    (px * 10.0).round() / 10.0
}
