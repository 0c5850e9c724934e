//! The plots' font: how wide a text is, which pixels it covers, and its letters in an SVG.
//!
//! DejaVu Sans is built in, so a plot is the same on every machine. The letters of a bitmap are
//! drawn here, since plotters ignores the space before a letter (its left side bearing).
//!
//! `font/*.woff2` has the letters of English and Portuguese, without kerning and hints: 11 kB for
//! both weights, under the licence in `font/LICENSE`. They were made by fontTools:
//!
//! ```text
//! pyftsubset DejaVuSans.ttf --no-hinting --layout-features= --no-layout-closure --name-IDs=0 \
//!   --drop-tables+=GDEF,GPOS,GSUB,kern,MATH,gasp --flavor=woff2 \
//!   --unicodes=20-7E,A0,B5,B7,C0-C3,C7,C9,CA,CD,D3-D5,D7,DA,E0-E3,E7,E9,EA,ED,F3-F5,FA,\
//!   2013,2014,2019,2026,2212,2248,25CB,2264,2265
//! ```

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The font families of an SVG. The first is [`css`]; programs that do not read it, as editors of
/// drawings, have the others. The letters of Verdana have the same widths.
pub(super) const FAMILY: &str = "wslab, DejaVu Sans, Verdana, sans-serif";

/// The letters as CSS that refers to nothing outside.
pub(in crate::report) fn css() -> String {
    let face = |weight: u32, font: &[u8]| {
        let font = BASE64_STANDARD.encode(font);
        format!(
            "@font-face{{font-family:wslab;font-weight:{weight};\
             src:url(data:font/woff2;base64,{font})}}"
        )
    };
    let regular = face(400, include_bytes!("font/regular.woff2"));
    regular + &face(700, include_bytes!("font/bold.woff2"))
}

/// How far below its vertical middle a text's baseline is, in terms of its size: half of the
/// height of an x, as plotters' SVG backend places it.
pub(super) const BASELINE_PER_EM: f64 = 0.2735;

/// The width of a text, in pixels.
pub(super) fn width_px(text: &str, size_px: f64, bold: bool) -> f64 {
    lay_out(text, size_px, bold).1
}

/// Calls `pixel` with x, y and coverage (0 to 1) of every pixel that the text touches, counted
/// from the start of its baseline.
pub(super) fn cover(text: &str, size_px: f64, bold: bool, mut pixel: impl FnMut(i32, i32, f64)) {
    for glyph in lay_out(text, size_px, bold).0 {
        let Some(outline) = font(bold).outline_glyph(glyph) else {
            continue;
        };
        let corner = outline.px_bounds().min;
        outline.draw(|x, y, coverage| {
            let (x, y) = (x as i32 + corner.x as i32, y as i32 + corner.y as i32);
            pixel(x, y, f64::from(coverage).clamp(0.0, 1.0));
        });
    }
}

/// The letters in their places, and the width of them all.
fn lay_out(text: &str, size_px: f64, bold: bool) -> (Vec<Glyph>, f64) {
    let font = font(bold);
    // ab_glyph takes the height of a line as the size; CSS and plotters take that of the em.
    let line_per_em = font.height_unscaled() / font.units_per_em().unwrap_or(2048.0);
    let scale = PxScale::from(size_px as f32 * line_per_em);
    let scaled = font.as_scaled(scale);
    let (mut x, mut before) = (0.0, None);
    let mut glyphs = Vec::new();
    for letter in text.chars() {
        let id = scaled.glyph_id(letter);
        if let Some(before) = before.replace(id) {
            x += scaled.kern(before, id);
        }
        glyphs.push(id.with_scale_and_position(scale, point(x, 0.0)));
        x += scaled.h_advance(id);
    }
    (glyphs, f64::from(x))
}

fn font(bold: bool) -> &'static FontRef<'static> {
    static FONTS: OnceLock<[FontRef; 2]> = OnceLock::new();
    let read = |bytes| FontRef::try_from_slice(bytes).expect("the font is built in");
    let fonts = FONTS.get_or_init(|| [dejavu::sans::regular(), dejavu::sans::bold()].map(read));
    &fonts[usize::from(bold)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_covers_its_width_and_stands_on_its_baseline() {
        let (mut right, mut bottom) = (0, i32::MIN);
        cover("HHH", 20.0, false, |x, y, coverage| {
            if coverage > 0.5 {
                (right, bottom) = (right.max(x), bottom.max(y));
            }
        });
        let width = width_px("HHH", 20.0, false);
        // An H of DejaVu Sans is 0.752 em wide.
        assert!((width - 3.0 * 0.752 * 20.0).abs() < 0.5, "{width}");
        assert!(f64::from(right) < width && f64::from(right) > width - 5.0);
        assert_eq!(bottom, -1);
        assert!(width_px("HHH", 20.0, true) > width);
    }
}
