//! A sheet of shapes as PNG bytes, drawn by plotters.

use anyhow::{Context, anyhow};
use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::{Color, RGBColor, ShapeStyle, WHITE};

use crate::report::plots::font;
use crate::report::plots::sheet::{Anchor, INK, Point, Shape, Sheet, Text, WIDTH_PX, dashes};

/// Twice as many pixels as the SVG, so that a projector shows sharp letters.
const SCALE: f64 = 2.0;

pub(super) fn png(sheet: &Sheet) -> anyhow::Result<Vec<u8>> {
    let (width, height) = ((WIDTH_PX * SCALE) as u32, (sheet.height_px * SCALE) as u32);
    let mut pixels = vec![0; width as usize * height as usize * 3];
    let backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
    draw(sheet, &backend.into_drawing_area())?;
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_depth(::png::BitDepth::Eight);
    // Most rows of a plot equal the row above: this halves the size and takes no more time.
    encoder.set_filter(::png::FilterType::Up);
    encoder.set_compression(::png::Compression::Best);
    let mut writer = encoder.write_header().context("cannot encode a PNG")?;
    writer
        .write_image_data(&pixels)
        .context("cannot encode a PNG")?;
    writer.finish().context("cannot encode a PNG")?;
    Ok(bytes)
}

type Area<'b> = DrawingArea<BitMapBackend<'b>, Shift>;

fn draw(sheet: &Sheet, area: &Area) -> anyhow::Result<()> {
    let failed = |error: &dyn std::fmt::Display| anyhow!("cannot draw a plot: {error}");
    area.fill(&WHITE).map_err(|e| failed(&e))?;
    for (shape, _) in &sheet.shapes {
        draw_shape(shape, area).map_err(|e| failed(&e))?;
    }
    area.present().map_err(|e| failed(&e))
}

type Drawn =
    Result<(), DrawingAreaErrorKind<<BitMapBackend<'static> as DrawingBackend>::ErrorType>>;

fn pixel(&(x, y): &Point) -> (i32, i32) {
    ((x * SCALE).round() as i32, (y * SCALE).round() as i32)
}

fn draw_shape(shape: &Shape, area: &Area) -> Drawn {
    match shape {
        Shape::Line {
            points,
            colour,
            width_px,
            dash,
        } => {
            let lines = match dash.lengths_px(*width_px) {
                Some((dash_px, gap_px)) => dashes(points, dash_px, gap_px),
                None => vec![points.clone()],
            };
            let mut lines = lines.iter();
            lines.try_for_each(|points| draw_line(points, *colour, *width_px, area))
        }
        Shape::Area {
            points,
            colour,
            opacity,
        } => {
            let pixels: Vec<_> = points.iter().map(pixel).collect();
            area.draw(&Polygon::new(pixels, colour.mix(*opacity)))
        }
        Shape::Rectangle {
            from,
            to,
            colour,
            outline,
        } => {
            let corners = [pixel(from), pixel(to)];
            area.draw(&Rectangle::new(corners, colour.filled()))?;
            outline.map_or(Ok(()), |outline| {
                area.draw(&Rectangle::new(corners, stroke(outline, SCALE as u32)))
            })
        }
        Shape::Tile {
            from,
            to,
            colour,
            opacity,
        } => {
            let corners = [pixel(from), pixel(to)];
            area.draw(&Rectangle::new(corners, colour.mix(*opacity).filled()))
        }
        Shape::Dot {
            at,
            radius_px,
            colour,
        } => {
            let radius = (radius_px * SCALE).round();
            area.draw(&Circle::new(pixel(at), radius as u32, colour.filled()))
        }
        Shape::Text(text) => draw_letters(text, area),
    }
}

fn draw_line(points: &[Point], colour: RGBColor, width_px: f64, area: &Area) -> Drawn {
    let mut pixels: Vec<_> = points.iter().map(pixel).collect();
    // plotters cannot tell the direction of a line between equal points.
    pixels.dedup();
    if pixels.len() < 2 {
        return Ok(());
    }
    let width = (width_px * SCALE).round().max(1.0) as u32;
    area.draw(&PathElement::new(pixels, stroke(colour, width)))
}

fn stroke(colour: RGBColor, width: u32) -> ShapeStyle {
    ShapeStyle {
        color: colour.to_rgba(),
        filled: false,
        stroke_width: width,
    }
}

fn draw_letters(text: &Text, area: &Area) -> Drawn {
    let (x, y) = pixel(&text.at);
    let size_px = text.size_px * SCALE;
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
