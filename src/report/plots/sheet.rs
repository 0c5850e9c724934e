//! A drawing as a list of shapes, in pixels of the screen, with the origin at the top left.
//!
//! Plots only list shapes; [`super::svg`] writes them as SVG, and [`super::png`] draws them with
//! plotters. Both pictures are therefore equal, and tests check them for overlapping texts.

use plotters::style::RGBColor;

use crate::report::plots::font::width_px as text_width_px;

/// Sizes of text in pixels. Smaller than 14 is not legible on a classroom's wall.
pub(super) const TITLE_PX: f64 = 22.0;
pub(super) const HEADING_PX: f64 = 17.0;
pub(super) const TEXT_PX: f64 = 15.0;
pub(super) const NOTE_PX: f64 = 14.0;

const FOOT_LINE_PX: f64 = 19.0;

pub(super) const WIDTH_PX: f64 = 960.0;
pub(super) const MARGIN_PX: f64 = 20.0;

pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(super) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
pub(super) const FAINT: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
pub(super) const MIDDLE: RGBColor = RGBColor(0x80, 0x80, 0x80);

pub(super) type Point = (f64, f64);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Anchor {
    Left,
    Middle,
    Right,
    /// Centred, and turned to be read upwards: the title of a vertical axis.
    Upwards,
}

#[derive(Clone, Debug)]
pub(super) struct Text {
    pub text: String,
    /// Vertically the middle of the text, horizontally the point that the anchor names.
    pub at: Point,
    pub size_px: f64,
    pub bold: bool,
    pub anchor: Anchor,
}

#[derive(Clone, Debug)]
pub(super) enum Shape {
    Line {
        points: Vec<Point>,
        colour: RGBColor,
        width_px: f64,
        dash: Dash,
    },
    Area {
        points: Vec<Point>,
        colour: RGBColor,
        opacity: f64,
    },
    Rectangle {
        from: Point,
        to: Point,
        colour: RGBColor,
        /// Of a pixel, by which a pale colour is seen.
        outline: Option<RGBColor>,
    },
    /// Of a pattern: without outline, and beside others without a gap. One without opacity is
    /// not seen, but says something.
    Tile {
        from: Point,
        to: Point,
        colour: RGBColor,
        opacity: f64,
    },
    Dot {
        at: Point,
        radius_px: f64,
        colour: RGBColor,
    },
    Text(Text),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Dash {
    Solid,
    Dashed,
    /// As wide as the line: for what is no interval.
    Dotted,
}

impl Dash {
    /// The lengths of a dash and of a gap, of a line of this width; `None` without gaps.
    pub fn lengths_px(self, width_px: f64) -> Option<(f64, f64)> {
        match self {
            Dash::Solid => None,
            Dash::Dashed => Some((7.0, 5.0)),
            Dash::Dotted => Some((width_px, 3.0)),
        }
    }
}

pub(super) struct Sheet {
    pub height_px: f64,
    /// Each with what a pointer over it shows, which may be nothing.
    pub shapes: Vec<(Shape, String)>,
}

impl Sheet {
    pub fn new(height_px: f64) -> Sheet {
        Sheet {
            height_px: height_px.ceil(),
            shapes: Vec::new(),
        }
    }

    /// Adds a note below all shapes, in as many lines as it needs.
    pub fn foot(&mut self, note: &str) {
        for line in wrapped(note, WIDTH_PX - 2.0 * MARGIN_PX, NOTE_PX, false) {
            let at = (MARGIN_PX, self.height_px + NOTE_PX / 2.0);
            self.text(line, at, NOTE_PX, Anchor::Left);
            self.height_px += FOOT_LINE_PX;
        }
        self.height_px += MARGIN_PX / 2.0;
    }

    fn push(&mut self, shape: Shape) {
        self.shapes.push((shape, String::new()));
    }

    /// What a pointer over the last shape shows. Neighbours that say the same are one to it.
    pub fn says(&mut self, text: &str) {
        if let Some((_, said)) = self.shapes.last_mut() {
            text.clone_into(said);
        }
    }

    pub fn line(&mut self, points: Vec<Point>, colour: RGBColor, width_px: f64) {
        self.broken_line(points, colour, width_px, Dash::Solid);
    }

    pub fn broken_line(&mut self, points: Vec<Point>, colour: RGBColor, width_px: f64, dash: Dash) {
        self.push(Shape::Line {
            points,
            colour,
            width_px,
            dash,
        });
    }

    pub fn area(&mut self, points: Vec<Point>, colour: RGBColor, opacity: f64) {
        self.push(Shape::Area {
            points,
            colour,
            opacity,
        });
    }

    pub fn rectangle(&mut self, from: Point, to: Point, colour: RGBColor) {
        self.push(Shape::Rectangle {
            from,
            to,
            colour,
            outline: None,
        });
    }

    pub fn outlined(&mut self, from: Point, to: Point, colour: RGBColor) {
        self.push(Shape::Rectangle {
            from,
            to,
            colour,
            outline: Some(MIDDLE),
        });
    }

    pub fn tile(&mut self, from: Point, to: Point, colour: RGBColor, opacity: f64) {
        self.push(Shape::Tile {
            from,
            to,
            colour,
            opacity,
        });
    }

    pub fn dot(&mut self, at: Point, radius_px: f64, colour: RGBColor) {
        self.push(Shape::Dot {
            at,
            radius_px,
            colour,
        });
    }

    pub fn text(&mut self, text: impl Into<String>, at: Point, size_px: f64, anchor: Anchor) {
        let text = text.into();
        self.push(Shape::Text(Text {
            text,
            at,
            size_px,
            bold: false,
            anchor,
        }));
    }

    pub fn bold(&mut self, text: impl Into<String>, at: Point, size_px: f64, anchor: Anchor) {
        let text = text.into();
        self.push(Shape::Text(Text {
            text,
            at,
            size_px,
            bold: true,
            anchor,
        }));
    }
}

/// The dashes of a line. A dash that reaches a corner goes on behind it.
pub(super) fn dashes(points: &[Point], dash_px: f64, gap_px: f64) -> Vec<Vec<Point>> {
    let (mut done, mut current) = (Vec::new(), Vec::new());
    let (mut drawing, mut left_px) = (true, dash_px);
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let length_px = (x1 - x0).hypot(y1 - y0);
        let along = |px: f64| {
            (
                x0 + (x1 - x0) * px / length_px,
                y0 + (y1 - y0) * px / length_px,
            )
        };
        let mut at_px = 0.0;
        if drawing && current.is_empty() {
            current.push(pair[0]);
        }
        while length_px - at_px > left_px {
            at_px += left_px;
            if drawing {
                current.push(along(at_px));
                done.push(std::mem::take(&mut current));
            } else {
                current = vec![along(at_px)];
            }
            drawing = !drawing;
            left_px = if drawing { dash_px } else { gap_px };
        }
        left_px -= length_px - at_px;
        if drawing {
            current.push(pair[1]);
        }
    }
    done.push(current);
    done.retain(|dash| dash.len() > 1);
    done
}

/// The text, or as much of its beginning as fits, with an ellipsis.
pub(super) fn fitted(text: &str, width_px: f64, size_px: f64, bold: bool) -> String {
    if text_width_px(text, size_px, bold) <= width_px {
        return text.to_owned();
    }
    let mut short = text.to_owned();
    while short.pop().is_some() {
        let candidate = format!("{}…", short.trim_end());
        if text_width_px(&candidate, size_px, bold) <= width_px {
            return candidate;
        }
    }
    String::new()
}

/// The text in as many lines as it needs. A word longer than a line is cut.
pub(super) fn wrapped(text: &str, width_px: f64, size_px: f64, bold: bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match longer.filter(|line| text_width_px(line, size_px, bold) <= width_px) {
            Some(line) => *lines.last_mut().expect("a line was made longer") = line,
            None => lines.push(fitted(word, width_px, size_px, bold)),
        }
    }
    lines
}

/// A colour from `#rrggbb`; black from anything else.
pub(super) fn colour(hex: &str) -> RGBColor {
    let part = |i: usize| {
        hex.get(i..i + 2)
            .and_then(|two| u8::from_str_radix(two, 16).ok())
            .unwrap_or(0)
    };
    RGBColor(part(1), part(3), part(5))
}

/// A colour as `#rrggbb`.
pub(super) fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The relative luminances (WCAG 2.2) that have a contrast of 3 to 1 with both backgrounds.
const DARKEST: f64 = 0.145;
const LIGHTEST: f64 = 0.29;

/// The colour itself at 0, and at 1 as dark or as light as may be, whichever is further.
pub(super) fn shade(RGBColor(red, green, blue): RGBColor, share: f64) -> RGBColor {
    let parts = [red, green, blue].map(|part| {
        let part = f64::from(part) / 255.0;
        ((part + 0.055) / 1.055).powf(2.4)
    });
    let luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    let darkens = luminance > f64::midpoint(DARKEST, LIGHTEST);
    let end = if darkens { DARKEST } else { LIGHTEST };
    let wanted = luminance + (end - luminance) * share;
    let [red, green, blue] = parts.map(|part| {
        let part = match darkens {
            true => part * wanted / luminance,
            false => part + (1.0 - part) * (wanted - luminance) / (1.0 - luminance),
        };
        (255.0 * (1.055 * part.powf(1.0 / 2.4) - 0.055)).round() as u8
    });
    RGBColor(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_or_wrapped_to_the_width() {
        let text = "a label that is much longer than it may be";
        let short = fitted(text, 120.0, TEXT_PX, false);
        assert!(short.ends_with('…') && text_width_px(&short, TEXT_PX, false) <= 120.0);
        assert_eq!(fitted("short", 120.0, TEXT_PX, false), "short");
        let lines = wrapped(text, 120.0, TEXT_PX, false);
        assert!(lines.len() > 2);
        assert_eq!(lines.join(" "), text);
    }

    #[test]
    fn dashes_go_round_corners() {
        let line = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)];
        let expected = [vec![(0.0, 0.0), (7.0, 0.0)], vec![(10.0, 2.0), (10.0, 9.0)]];
        assert_eq!(dashes(&line, 7.0, 5.0), expected);
        assert!(dashes(&[(1.0, 1.0)], 7.0, 5.0).is_empty());
    }

    #[test]
    fn colours_are_read_and_have_shades() {
        assert_eq!(colour("#d55e00"), RGBColor(0xd5, 0x5e, 0x00));
        let green = RGBColor(0, 0x9e, 0x73);
        assert_eq!(shade(green, 0.0), green);
        assert_eq!(shade(green, 1.0), RGBColor(0, 121, 88));
        assert_eq!(shade(RGBColor(0, 0, 0), 1.0), RGBColor(147, 147, 147));
    }
}
