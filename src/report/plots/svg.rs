//! A sheet of shapes as SVG text: an element a shape, so that a page can give each another colour,
//! and readers can see the figure behind it.

use maud::{Markup, html};
use plotters::style::RGBColor;

use crate::report::plots::font::FAMILY;
use crate::report::plots::sheet::{
    Anchor, INK, NOTE_PX, PAPER, Point, Shape, Sheet, Text, WIDTH_PX, hex,
};

pub(super) fn svg(sheet: &Sheet) -> String {
    let (width, height) = (WIDTH_PX as u32, sheet.height_px as u32);
    let view = format!("0 0 {width} {height}");
    let drawing = html! {
        svg width=(width) height=(height) viewBox=(view) xmlns="http://www.w3.org/2000/svg"
            font-family=(FAMILY) font-size=(NOTE_PX) dominant-baseline="central" fill=(hex(INK)) {
            rect width=(width) height=(height) fill=(hex(PAPER)) {}
            @for shapes in sheet.shapes.chunk_by(|(_, said), (_, next)| said == next) {
                @match shapes[0].1.as_str() {
                    "" => (elements(shapes)),
                    said => g { title { (said) } (elements(shapes)) },
                }
            }
        }
    };
    // Hundreds of empty elements make up much of a page.
    let mut drawing = drawing.into_string();
    for closed in ["></path>", "></rect>"] {
        drawing = drawing.replace(closed, "/>");
    }
    drawing
}

fn elements(shapes: &[(Shape, String)]) -> Markup {
    let alike =
        shapes.chunk_by(|(one, _), (other, _)| style(one).is_some_and(|s| Some(s) == style(other)));
    html! { @for shapes in alike { (element(shapes)) "\n" } }
}

/// The attributes of a path.
#[derive(Default, PartialEq)]
struct Style {
    fill: Option<String>,
    opacity: Option<f64>,
    stroke: Option<String>,
    width_px: Option<f64>,
    dash: Option<String>,
    end: Option<&'static str>,
}

/// How a line, a dot or a tile looks, as attributes of a path; `None` for other shapes.
fn style(shape: &Shape) -> Option<Style> {
    match shape {
        Shape::Line {
            colour,
            width_px,
            dash,
            ..
        } => {
            let dash = dash.lengths_px(*width_px);
            let dash = dash.map(|(dash_px, gap_px)| format!("{dash_px} {gap_px}"));
            Some(Style {
                stroke: Some(hex(*colour)),
                // The width that a line has without one.
                width_px: Some(*width_px).filter(|px| *px != 1.0),
                dash,
                ..Style::default()
            })
        }
        Shape::Dot {
            radius_px, colour, ..
        } => Some(Style {
            stroke: Some(hex(*colour)),
            width_px: Some(2.0 * radius_px),
            end: Some("round"),
            ..Style::default()
        }),
        Shape::Tile {
            colour, opacity, ..
        } => Some(Style {
            fill: Some(hex(*colour)),
            opacity: Some(*opacity).filter(|opacity| *opacity != 1.0),
            ..Style::default()
        }),
        _ => None,
    }
}

/// The element of a shape, or of lines, dots or tiles that look alike. A dot is a line without length and
/// with a round end.
fn element(shapes: &[(Shape, String)]) -> Markup {
    if let Some(style) = style(&shapes[0].0) {
        let paths = shapes.iter().map(|(shape, _)| match shape {
            Shape::Line { points, .. } => path(points),
            Shape::Dot { at: (x, y), .. } => format!("M{} {}h0", tenths(*x), tenths(*y)),
            Shape::Tile { from, to, .. } => tile(*from, *to),
            _ => String::new(),
        });
        let fill = style.fill.as_deref().unwrap_or("none");
        return html! {
            path d=(paths.collect::<String>()) fill=(fill) opacity=[style.opacity]
                stroke=[style.stroke] stroke-width=[style.width_px]
                stroke-dasharray=[style.dash] stroke-linecap=[style.end] {}
        };
    }
    match &shapes[0].0 {
        Shape::Area {
            points,
            colour,
            opacity,
        } => html! { path d=(path(points)) fill=(hex(*colour)) opacity=(opacity) {} },
        Shape::Rectangle {
            from,
            to,
            colour,
            outline,
        } => rectangle(*from, *to, *colour, *outline),
        Shape::Text(text) => letters(text),
        Shape::Line { .. } | Shape::Dot { .. } | Shape::Tile { .. } => html! {},
    }
}

/// A rectangle in whole pixels.
fn tile((left, top): Point, (right, bottom): Point) -> String {
    let [left, top, right, bottom] = [left, top, right, bottom].map(|px| px.round() as i64);
    let (width, height) = (right - left, bottom - top);
    format!("M{left} {top}h{width}v{height}h-{width}z")
}

fn rectangle(
    (left, top): Point,
    (right, bottom): Point,
    colour: RGBColor,
    outline: Option<RGBColor>,
) -> Markup {
    html! {
        rect x=(tenths(left)) y=(tenths(top)) width=(tenths(right - left))
            height=(tenths(bottom - top)) fill=(hex(colour)) stroke=[outline.map(hex)] {}
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
    // Most texts have the size of the whole drawing.
    let size_px = (text.size_px != NOTE_PX).then_some(text.size_px);
    html! {
        text x=(x) y=(y) text-anchor=[anchor] font-size=[size_px]
            font-weight=[text.bold.then_some("bold")] transform=[turn] { (text.text) }
    }
}

/// A line through points, in whole pixels: the first point, then the way to each next one. A point
/// in the same pixel is left out; a line within one pixel is nothing.
fn path(points: &[Point]) -> String {
    let mut pixels: Vec<(i64, i64)> = points
        .iter()
        .map(|(x, y)| (x.round() as i64, y.round() as i64))
        .collect();
    pixels.dedup();
    let [(x, y), _, ..] = pixels[..] else {
        return String::new();
    };
    // Most lines are those of axes.
    match pixels[1..] {
        [(end, level)] if level == y => return format!("M{x} {y}h{}", end - x),
        [(upright, end)] if upright == x => return format!("M{x} {y}v{}", end - y),
        _ => {}
    }
    let ways = pixels.windows(2).map(|pair| {
        let (right, down) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        // A sign separates as well as a space.
        let space = if down < 0 { "" } else { " " };
        format!("{right}{space}{down}")
    });
    format!("M{x} {y}l{}", ways.collect::<Vec<_>>().join(" "))
}

/// Pixels with one decimal.
fn tenths(px: f64) -> f64 {
    (px * 10.0).round() / 10.0
}
