//! A sheet of shapes as SVG text and as PNG bytes, both drawn by plotters.

use anyhow::{Context, anyhow};
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, WHITE,
};

use crate::report::plots::font::{self, FAMILY};
use crate::report::plots::sheet::{Anchor, INK, Point, Shape, Sheet, Text, WIDTH_PX};

/// Twice as many pixels as the SVG, so that a projector shows sharp letters.
const PNG_SCALE: f64 = 2.0;

/// What the two pictures differ in.
struct Medium {
    scale: f64,
    /// An SVG names its font and leaves the letters to its viewer.
    names_font: bool,
}

const SVG: Medium = Medium {
    scale: 1.0,
    names_font: true,
};
const PNG: Medium = Medium {
    scale: PNG_SCALE,
    names_font: false,
};

pub(super) fn svg(sheet: &Sheet) -> anyhow::Result<String> {
    let mut text = String::new();
    let backend = SVGBackend::with_string(&mut text, size_px(sheet, &SVG));
    draw(sheet, &backend.into_drawing_area(), &SVG)?;
    Ok(text)
}

pub(super) fn png(sheet: &Sheet) -> anyhow::Result<Vec<u8>> {
    let (width, height) = size_px(sheet, &PNG);
    let mut pixels = vec![0; width as usize * height as usize * 3];
    let backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
    draw(sheet, &backend.into_drawing_area(), &PNG)?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Most rows of a plot equal the row above: this halves the size and takes no more time.
    encoder.set_filter(png::FilterType::Up);
    encoder.set_compression(png::Compression::Best);
    let mut writer = encoder.write_header().context("cannot encode a PNG")?;
    writer
        .write_image_data(&pixels)
        .context("cannot encode a PNG")?;
    writer.finish().context("cannot encode a PNG")?;
    Ok(bytes)
}

fn size_px(sheet: &Sheet, medium: &Medium) -> (u32, u32) {
    (
        (WIDTH_PX * medium.scale) as u32,
        (sheet.height_px * medium.scale) as u32,
    )
}

type Area<DB> = DrawingArea<DB, Shift>;

fn draw<DB: DrawingBackend>(sheet: &Sheet, area: &Area<DB>, medium: &Medium) -> anyhow::Result<()> {
    let failed = |error: &dyn std::fmt::Display| anyhow!("cannot draw a plot: {error}");
    area.fill(&WHITE).map_err(|e| failed(&e))?;
    for shape in &sheet.shapes {
        draw_shape(shape, area, medium).map_err(|e| failed(&e))?;
    }
    area.present().map_err(|e| failed(&e))
}

type Drawn<DB> =
    Result<(), plotters::drawing::DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

fn draw_shape<DB: DrawingBackend>(shape: &Shape, area: &Area<DB>, medium: &Medium) -> Drawn<DB> {
    let pixel = |&(x, y): &Point| {
        (
            (x * medium.scale).round() as i32,
            (y * medium.scale).round() as i32,
        )
    };
    match shape {
        Shape::Line {
            points,
            colour,
            width_px,
        } => {
            let mut pixels: Vec<_> = points.iter().map(pixel).collect();
            // plotters cannot tell the direction of a line between equal points.
            pixels.dedup();
            if pixels.len() < 2 {
                return Ok(());
            }
            let width = (width_px * medium.scale).round().max(1.0) as u32;
            area.draw(&PathElement::new(pixels, stroke(*colour, width)))
        }
        Shape::Area {
            points,
            colour,
            opacity,
        } => {
            let pixels: Vec<_> = points.iter().map(pixel).collect();
            area.draw(&Polygon::new(pixels, colour.mix(*opacity)))
        }
        Shape::Rectangle { from, to, colour } => {
            area.draw(&Rectangle::new([pixel(from), pixel(to)], colour.filled()))
        }
        Shape::Dot {
            at,
            radius_px,
            colour,
        } => {
            let radius = (radius_px * medium.scale).round();
            area.draw(&Circle::new(pixel(at), radius as u32, colour.filled()))
        }
        Shape::Text(text) if medium.names_font => name_text(text, pixel(&text.at), area),
        Shape::Text(text) => draw_letters(text, pixel(&text.at), area, medium.scale),
    }
}

fn stroke(colour: RGBColor, width: u32) -> ShapeStyle {
    ShapeStyle {
        color: colour.to_rgba(),
        filled: false,
        stroke_width: width,
    }
}

fn name_text<DB: DrawingBackend>(text: &Text, at: (i32, i32), area: &Area<DB>) -> Drawn<DB> {
    let weight = if text.bold {
        FontStyle::Bold
    } else {
        FontStyle::Normal
    };
    // plotters divides by this again before it writes the size.
    let font = FontDesc::new(FontFamily::Name(FAMILY), text.size_px * 1.24, weight);
    let (horizontal, turn) = match text.anchor {
        Anchor::Left => (HPos::Left, FontTransform::None),
        Anchor::Middle => (HPos::Center, FontTransform::None),
        Anchor::Right => (HPos::Right, FontTransform::None),
        Anchor::Upwards => (HPos::Center, FontTransform::Rotate270),
    };
    let style = font
        .transform(turn)
        .color(&INK)
        .pos(Pos::new(horizontal, VPos::Center));
    area.draw_text(&text.text, &style, at)
}

fn draw_letters<DB: DrawingBackend>(
    text: &Text,
    (x, y): (i32, i32),
    area: &Area<DB>,
    scale: f64,
) -> Drawn<DB> {
    let size_px = text.size_px * scale;
    let width = font::width_px(&text.text, size_px, text.bold);
    let before = match text.anchor {
        Anchor::Left => 0.0,
        Anchor::Middle | Anchor::Upwards => width / 2.0,
        Anchor::Right => width,
    };
    let (before, below) = (
        before as i32,
        (size_px * font::BASELINE_PER_EM).round() as i32,
    );
    let mut drawn = Ok(());
    font::cover(&text.text, size_px, text.bold, |right, down, coverage| {
        let (right, down) = (right - before, down + below);
        let at = match text.anchor {
            Anchor::Upwards => (x + down, y - right),
            _ => (x + right, y + down),
        };
        if drawn.is_ok() {
            drawn = area.draw_pixel(at, &INK.mix(coverage));
        }
    });
    drawn
}
