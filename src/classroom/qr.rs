//! QR codes (ISO/IEC 18004) of the page's address and of the hall's Wi-Fi.

use std::str::FromStr;

use qrcode::render::{svg, unicode};
use qrcode::{EcLevel, QrCode};

/// Bytes of a Wi-Fi network's name (IEEE 802.11), at most.
const MAX_SSID_BYTES: usize = 32;

/// Characters of a WPA passphrase. One more is the key itself, in hexadecimal.
const PASSPHRASE: std::ops::RangeInclusive<usize> = 8..=63;

/// A Wi-Fi network, written `SSID:PASSWORD`. The first colon ends the name; one in the name is
/// written `\:`. `SSID:` is a network without a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wifi {
    pub ssid: String,
    /// Empty where the network has none.
    pub password: String,
}

impl FromStr for Wifi {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut colons = text.match_indices(':').map(|(at, _)| at);
        let colon = colons.find(|at| !text[..*at].ends_with('\\'));
        let at = colon.ok_or("write SSID:PASSWORD, or SSID: for a network without a password")?;
        let wifi = Wifi {
            ssid: text[..at].replace("\\:", ":"),
            password: text[at + 1..].to_owned(),
        };
        if !(1..=MAX_SSID_BYTES).contains(&wifi.ssid.len()) {
            return Err("the name of a network has 1 to 32 bytes: write SSID:PASSWORD".to_owned());
        }
        let password = &wifi.password;
        let is_key = password.len() == 64 && password.bytes().all(|it| it.is_ascii_hexdigit());
        let fits = password.is_empty() || is_key || PASSPHRASE.contains(&password.len());
        match fits {
            true => Ok(wifi),
            false => Err("a Wi-Fi password has 8 to 63 characters: write SSID:PASSWORD".to_owned()),
        }
    }
}

impl Wifi {
    /// The text of the code that joins the network, as phones read it:
    /// `WIFI:T:WPA;S:…;P:…;;`, with `\` before the characters that mean something.
    pub fn payload(&self) -> String {
        let escaped = |text: &str| {
            let mut escaped = String::new();
            for character in text.chars() {
                if r#"\;,:""#.contains(character) {
                    escaped.push('\\');
                }
                escaped.push(character);
            }
            escaped
        };
        let (ssid, password) = (escaped(&self.ssid), escaped(&self.password));
        match password.is_empty() {
            true => format!("WIFI:T:nopass;S:{ssid};;"),
            false => format!("WIFI:T:WPA;S:{ssid};P:{password};;"),
        }
    }
}

/// A code as an SVG image, black on white whatever the page's colours are. `None` where the text is
/// too long for a code.
pub fn svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    Some(code.render::<svg::Color>().build())
}

/// A code as lines of a terminal, two rows of the code in each. In `colour`, the lines are black on
/// white; else what is white is drawn, which suits a dark terminal.
pub fn lines(text: &str, colour: bool) -> Option<Vec<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let mut renderer = code.render::<unicode::Dense1x2>();
    if !colour {
        renderer.dark_color(unicode::Dense1x2::Light);
        renderer.light_color(unicode::Dense1x2::Dark);
    }
    let drawn = renderer.build();
    let line = |line: &str| match colour {
        // Of 256 colours, which no theme changes.
        true => format!("\x1b[38;5;16;48;5;231m{line}\x1b[0m"),
        false => line.to_owned(),
    };
    Some(drawn.lines().map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://192.168.0.7:8080/";

    /// What another program reads in a picture, given by its dark points.
    fn read(width: usize, height: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
        const SCALE: usize = 4;
        let dark = |x, y| is_dark(x / SCALE, y / SCALE);
        let (width, height) = (width * SCALE, height * SCALE);
        let mut picture = rqrr::PreparedImage::prepare_from_bitmap(width, height, dark);
        let codes = picture.detect_grids();
        assert_eq!(codes.len(), 1);
        codes[0].decode().unwrap().1
    }

    #[test]
    fn a_reader_reads_the_terminals_code_in_both_colours() {
        for (colour, drawn_is_dark) in [(true, true), (false, false)] {
            let lines = lines(URL, colour).unwrap();
            let bare = |line: &String| console::strip_ansi_codes(line).into_owned();
            let rows: Vec<Vec<char>> = lines
                .iter()
                .map(|line| bare(line).chars().collect())
                .collect();
            assert!(rows.iter().all(|row| row.len() == rows[0].len()));
            assert!(
                rows[0].len() <= 40 && rows.len() <= 20,
                "it fits a terminal"
            );
            let is_drawn = |x: usize, y: usize| match rows[y / 2][x] {
                '█' => true,
                '▀' => y.is_multiple_of(2),
                '▄' => !y.is_multiple_of(2),
                ' ' => false,
                other => panic!("{other}"),
            };
            let height = rows.len() * 2;
            let found = read(rows[0].len(), height, |x, y| {
                is_drawn(x, y) == drawn_is_dark
            });
            assert_eq!(found, URL);
        }
    }

    #[test]
    fn the_image_is_an_svg_of_black_on_white() {
        let image = svg(URL).unwrap();
        assert!(
            image.contains("<svg ") && image.contains("viewBox"),
            "{image}"
        );
        assert!(image.contains("#000") && image.contains("#fff"), "{image}");
        assert_eq!(svg(&"x".repeat(4_000)), None);
    }

    #[test]
    fn a_network_is_read_and_escaped() {
        for (text, payload) in [
            ("Hall 1:secret-one", "WIFI:T:WPA;S:Hall 1;P:secret-one;;"),
            (r"a\:b:12:45;78", r"WIFI:T:WPA;S:a\:b;P:12\:45\;78;;"),
            (r#"x:\"quoted,""#, r#"WIFI:T:WPA;S:x;P:\\\"quoted\,\";;"#),
            ("open:", "WIFI:T:nopass;S:open;;"),
            ("Café:água-fria", "WIFI:T:WPA;S:Café;P:água-fria;;"),
        ] {
            let wifi: Wifi = text.parse().expect(text);
            assert_eq!(wifi.payload(), payload);
        }
        for bad in ["", "hall", ":12345678", "hall:short", r"hall\:12345678"] {
            bad.parse::<Wifi>().expect_err(bad);
        }
        assert!("x".repeat(33).parse::<Wifi>().is_err());
    }
}
