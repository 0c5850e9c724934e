//! Numbers as people read them: three significant digits, a fitting unit, grouped thousands.

use std::time::Duration;

use crate::texts::NO_BREAK;

const DURATIONS: [(f64, &str); 3] = [(1e6, "s"), (1e3, "ms"), (1.0, "µs")];
const BYTES: [(f64, &str); 4] = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")];

/// How a language writes numbers. The examples are English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    pub decimal_mark: char,
    pub thousands: char,
    /// Between a number and its unit.
    pub space: char,
}

impl Numbers {
    pub const ENGLISH: Numbers = Numbers {
        decimal_mark: '.',
        thousands: ',',
        space: ' ',
    };
    pub const BRAZILIAN: Numbers = Numbers {
        decimal_mark: ',',
        thousands: '.',
        space: NO_BREAK,
    };

    /// A duration given in microseconds: `42.0 µs`, `1.23 ms`, `1.90 s`.
    pub fn duration_us(self, us: f64) -> String {
        self.in_unit(us, &DURATIONS)
    }

    /// About how long something takes: `48 s`, `4 min`, `33 h`.
    pub fn rough_time(self, time: Duration) -> String {
        match time.as_secs_f64() {
            s if s < 99.5 => self.with_unit(&format!("{s:.0}"), "s"),
            s if s < 99.5 * 60.0 => self.with_unit(&format!("{:.0}", s / 60.0), "min"),
            s => self.with_unit(&self.count(s / 3_600.0), "h"),
        }
    }

    /// A size given in bytes, in decimal units: `871 B`, `1.23 kB` (1 kB is 1000 B).
    pub fn bytes(self, bytes: f64) -> String {
        let whole = bytes.round();
        match bytes.abs() < 999.5 && (bytes - whole).abs() < 0.05 {
            true => self.with_unit(&self.count(whole), "B"),
            false => self.in_unit(bytes, &BYTES),
        }
    }

    /// A count, with its thousands separated: `1,234,567`.
    pub fn count(self, count: f64) -> String {
        let digits = format!("{:.0}", count.abs());
        let mut text = String::new();
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(self.thousands);
            }
            text.push(digit);
        }
        match count < 0.0 && digits != "0" {
            true => format!("−{text}"),
            false => text,
        }
    }

    /// A percentage given in percent: `0.42 %`, `12.3 %`, `187 %`.
    pub fn percent(self, percent: f64) -> String {
        self.with_unit(&self.three_digits(percent), "%")
    }

    /// A number without unit, for example messages a second: `0.5`, `10`, `2,500`.
    pub fn plain(self, number: f64) -> String {
        self.without_trailing_zeros(&self.three_digits(number))
    }

    /// A multiple: `1.07 ×`.
    pub fn ratio(self, ratio: f64) -> String {
        self.with_unit(&self.three_digits(ratio), "×")
    }

    /// A number with so many decimals.
    pub fn fixed(self, number: f64, decimals: usize) -> String {
        self.marked(format!("{number:.decimals$}"))
    }

    /// How many times as much a number of percent more is: `119,000 ×` for 11,946,317 %.
    pub fn times(self, percent: f64) -> String {
        self.ratio(to_three_digits(1.0 + percent / 100.0))
    }

    /// Percent above (+) or below (−) something, as a whole number: `+12 %`. From ten times as much
    /// on, the multiple.
    pub fn deviation(self, percent: f64) -> String {
        match percent.round() {
            0.0 => self.with_unit("0", "%"),
            whole if whole >= 900.0 => self.times(percent),
            whole => self.with_unit(&format!("{whole:+}").replace('-', "−"), "%"),
        }
    }

    /// From one figure to another, as `write` writes them: `29.8–33.1 ms`, `980 µs–1.20 ms`.
    pub fn range(self, low: f64, high: f64, write: impl Fn(f64) -> String) -> String {
        let (from, to) = (write(low), write(high));
        match (from.split_once(self.space), to.split_once(self.space)) {
            _ if from == to => to,
            (Some((from, unit)), Some((_, same))) if unit == same => format!("{from}–{to}"),
            _ => format!("{from}–{to}"),
        }
    }

    /// A round duration, as at the ticks of an axis: `0`, `500 µs`, `2.5 ms`.
    pub fn round_duration_us(self, us: f64) -> String {
        self.round_in_unit(us, &DURATIONS)
    }

    /// A round size, as at the ticks of an axis: `0`, `500 B`, `2.5 kB`.
    pub fn round_bytes(self, bytes: f64) -> String {
        self.round_in_unit(bytes, &BYTES)
    }

    fn round_in_unit(self, value: f64, units: &[(f64, &str)]) -> String {
        let text = self.in_unit(value, units);
        match text.split_once(self.space) {
            Some(_) if value == 0.0 => "0".to_owned(),
            Some((number, unit)) => self.with_unit(&self.without_trailing_zeros(number), unit),
            None => text,
        }
    }

    fn without_trailing_zeros(self, number: &str) -> String {
        match number.split_once(self.decimal_mark) {
            Some((whole, decimals)) => match decimals.trim_end_matches('0') {
                "" => whole.to_owned(),
                decimals => format!("{whole}{}{decimals}", self.decimal_mark),
            },
            None => number.to_owned(),
        }
    }

    /// The value in the largest of `units` (largest first) in which it is at least 1.
    fn in_unit(self, value: f64, units: &[(f64, &str)]) -> String {
        // Rounded first, so that 999.9 µs becomes 1.00 ms and not 1,000 µs.
        let rounded = to_three_digits(value);
        let fitting = units.iter().find(|(factor, _)| rounded.abs() >= *factor);
        let (factor, unit) = fitting.unwrap_or(&units[units.len() - 1]);
        self.with_unit(&self.three_digits(rounded / factor), unit)
    }

    /// A number that is written, and its unit.
    pub fn with_unit(self, number: &str, unit: &str) -> String {
        format!("{number}{}{unit}", self.space)
    }

    fn three_digits(self, value: f64) -> String {
        let size = to_three_digits(value).abs();
        let sign = if value < 0.0 { "−" } else { "" };
        match size {
            0.0 => "0".to_owned(),
            s if s >= 99.95 => self.count(value),
            s if s >= 9.995 => self.marked(format!("{sign}{s:.1}")),
            s if s >= 0.0995 => self.marked(format!("{sign}{s:.2}")),
            s if s >= 0.0005 => self.marked(format!("{sign}{s:.3}")),
            s => self.marked(format!("{sign}{s:.1e}")),
        }
    }

    fn marked(self, number: String) -> String {
        number.replace('.', &self.decimal_mark.to_string())
    }
}

fn to_three_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let step = 10f64.powf(value.abs().log10().floor() - 2.0);
    (value / step).round() * step
}

#[cfg(test)]
mod tests {
    use super::*;

    const EN: Numbers = Numbers::ENGLISH;

    #[test]
    fn durations_change_unit_where_three_digits_are_used_up() {
        let table = [
            (0.0, "0 µs"),
            (0.042, "0.042 µs"),
            (0.42, "0.42 µs"),
            (42.0, "42.0 µs"),
            (871.4, "871 µs"),
            (999.4, "999 µs"),
            (999.6, "1.00 ms"),
            (1_234.0, "1.23 ms"),
            (45_678.0, "45.7 ms"),
            (1_900_000.0, "1.90 s"),
            (1_234_567_000.0, "1,230 s"),
            (-15.0, "−15.0 µs"),
        ];
        for (us, text) in table {
            assert_eq!(EN.duration_us(us), text, "{us} µs");
        }
    }

    #[test]
    fn whole_bytes_stay_whole() {
        let table = [
            (0.0, "0 B"),
            (20.0, "20 B"),
            (20.5, "20.5 B"),
            (999.4, "999 B"),
            (999.7, "1.00 kB"),
            (8_710.0, "8.71 kB"),
            (12_345_678.0, "12.3 MB"),
        ];
        for (size, text) in table {
            assert_eq!(EN.bytes(size), text, "{size} bytes");
        }
    }

    #[test]
    fn ranges_say_their_unit_once_if_it_is_one() {
        assert_eq!(
            EN.range(29_810.0, 33_140.0, |us| EN.duration_us(us)),
            "29.8–33.1 ms"
        );
        assert_eq!(
            EN.range(980.0, 1_200.0, |us| EN.duration_us(us)),
            "980 µs–1.20 ms"
        );
        assert_eq!(EN.range(871.0, 871.2, |us| EN.duration_us(us)), "871 µs");
        assert_eq!(EN.range(557.0, 558.0, |size| EN.bytes(size)), "557–558 B");
        assert_eq!(
            EN.range(-20.0, 1_500.0, |size| EN.bytes(size)),
            "−20 B–1.50 kB"
        );
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(EN.count(0.0), "0");
        assert_eq!(EN.count(999.0), "999");
        assert_eq!(EN.count(1_000.0), "1,000");
        assert_eq!(EN.count(1_234_567.0), "1,234,567");
        assert_eq!(EN.count(-1_234.0), "−1,234");
    }

    #[test]
    fn percentages_and_ticks_are_short() {
        assert_eq!(EN.percent(0.0), "0 %");
        assert_eq!(EN.percent(12.34), "12.3 %");
        assert_eq!(EN.percent(187.0), "187 %");
        assert_eq!(EN.deviation(-0.4), "0 %");
        assert_eq!(EN.deviation(-57.2), "−57 %");
        assert_eq!(EN.deviation(899.0), "+899 %");
        assert_eq!(EN.deviation(900.0), "10.0 ×");
        assert_eq!(EN.deviation(11_946_317.0), "119,000 ×");
        assert_eq!(EN.round_duration_us(0.0), "0");
        assert_eq!(EN.round_duration_us(2_500.0), "2.5 ms");
        assert_eq!(EN.round_duration_us(100.0), "100 µs");
        assert_eq!(EN.round_bytes(2_000.0), "2 kB");
        assert_eq!(EN.plain(0.5), "0.5");
        assert_eq!(EN.plain(2_500.0), "2,500");
        assert_eq!(EN.plain(10.0), "10");
    }

    #[test]
    fn a_language_has_its_own_marks() {
        let pt = Numbers::BRAZILIAN;
        assert_eq!(pt.duration_us(1_234.0), "1,23\u{a0}ms");
        assert_eq!(pt.count(1_234_567.0), "1.234.567");
        assert_eq!(pt.plain(0.5), "0,5");
        assert_eq!(pt.plain(2_500.0), "2.500");
        assert_eq!(pt.round_bytes(2_500.0), "2,5\u{a0}kB");
        assert_eq!(pt.fixed(1.25, 2), "1,25");
    }
}
