//! Numbers as people read them: three significant digits, a unit that fits, grouped thousands.

use crate::results::Unit;

const DURATIONS: [(f64, &str); 3] = [(1e6, "s"), (1e3, "ms"), (1.0, "µs")];
const BYTES: [(f64, &str); 4] = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")];

/// A figure in its unit.
pub(super) fn of_unit(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Microseconds => duration_us(value),
        Unit::Bytes => bytes(value),
        Unit::Percent => percent(value),
        Unit::Count => count(value),
        Unit::Number => plain(value),
        Unit::Rate => format!("{value:.2}"),
        Unit::Deviation => match value.round() {
            0.0 => "0 %".to_owned(),
            whole => format!("{whole:+} %").replace('-', "−"),
        },
    }
}

/// A duration given in microseconds: `42.0 µs`, `1.23 ms`, `1.90 s`.
pub(super) fn duration_us(us: f64) -> String {
    in_unit(us, &DURATIONS)
}

/// A size given in bytes, in decimal units: `871 B`, `1.23 kB` (1 kB is 1000 B).
pub(super) fn bytes(bytes: f64) -> String {
    let whole = bytes.round();
    match bytes.abs() < 999.5 && (bytes - whole).abs() < 0.05 {
        true => format!("{} B", count(whole)),
        false => in_unit(bytes, &BYTES),
    }
}

/// A count, with its thousands separated: `1,234,567`.
pub(super) fn count(count: f64) -> String {
    let digits = format!("{:.0}", count.abs());
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    match count < 0.0 && digits != "0" {
        true => format!("−{text}"),
        false => text,
    }
}

/// A percentage given in percent: `0.42 %`, `12.3 %`, `187 %`.
pub(super) fn percent(percent: f64) -> String {
    format!("{} %", three_digits(percent))
}

/// A number without unit, for example messages a second: `0.5`, `10`, `2,500`.
pub(super) fn plain(number: f64) -> String {
    without_trailing_zeros(&three_digits(number))
}

/// How many times something else: `1.07 ×`.
pub(super) fn ratio(ratio: f64) -> String {
    format!("{} ×", three_digits(ratio))
}

/// From one figure to another in a kind's words: `29.8–33.1 ms`, `980 µs–1.20 ms`.
pub(super) fn range(low: f64, high: f64, say: impl Fn(f64) -> String) -> String {
    let (from, to) = (say(low), say(high));
    match (from.split_once(' '), to.split_once(' ')) {
        _ if from == to => to,
        (Some((from, unit)), Some((_, same))) if unit == same => format!("{from}–{to}"),
        _ => format!("{from}–{to}"),
    }
}

/// A round duration, as at the ticks of an axis: `0`, `500 µs`, `2.5 ms`.
pub(super) fn round_duration_us(us: f64) -> String {
    round_in_unit(us, &DURATIONS)
}

/// A round size, as at the ticks of an axis: `0`, `500 B`, `2.5 kB`.
pub(super) fn round_bytes(bytes: f64) -> String {
    round_in_unit(bytes, &BYTES)
}

fn round_in_unit(value: f64, units: &[(f64, &str)]) -> String {
    let text = in_unit(value, units);
    match text.split_once(' ') {
        Some(_) if value == 0.0 => "0".to_owned(),
        Some((number, unit)) => format!("{} {unit}", without_trailing_zeros(number)),
        None => text,
    }
}

fn without_trailing_zeros(number: &str) -> String {
    match number.contains('.') {
        true => number
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned(),
        false => number.to_owned(),
    }
}

/// The value in the largest of `units` (largest first) in which it is at least 1.
fn in_unit(value: f64, units: &[(f64, &str)]) -> String {
    // Rounded first, so that 999.9 µs becomes 1.00 ms and not 1,000 µs.
    let rounded = to_three_digits(value);
    let fitting = units.iter().find(|(factor, _)| rounded.abs() >= *factor);
    let (factor, unit) = fitting.unwrap_or(&units[units.len() - 1]);
    format!("{} {unit}", three_digits(rounded / factor))
}

fn to_three_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let step = 10f64.powf(value.abs().log10().floor() - 2.0);
    (value / step).round() * step
}

fn three_digits(value: f64) -> String {
    let size = to_three_digits(value).abs();
    let sign = if value < 0.0 { "−" } else { "" };
    match size {
        0.0 => "0".to_owned(),
        s if s >= 99.95 => count(value),
        s if s >= 9.995 => format!("{sign}{s:.1}"),
        s if s >= 0.0995 => format!("{sign}{s:.2}"),
        s if s >= 0.0005 => format!("{sign}{s:.3}"),
        s => format!("{sign}{s:.1e}"),
    }
}

/// A number of messages, with the word.
pub(super) fn messages(number: f64) -> String {
    let word = if number == 1.0 { "message" } else { "messages" };
    format!("{} {word}", plain(number))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(duration_us(us), text, "{us} µs");
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
            assert_eq!(bytes(size), text, "{size} bytes");
        }
    }

    #[test]
    fn ranges_say_their_unit_once_if_it_is_one() {
        assert_eq!(range(29_810.0, 33_140.0, duration_us), "29.8–33.1 ms");
        assert_eq!(range(980.0, 1_200.0, duration_us), "980 µs–1.20 ms");
        assert_eq!(range(871.0, 871.2, duration_us), "871 µs");
        assert_eq!(range(557.0, 558.0, bytes), "557–558 B");
        assert_eq!(range(-20.0, 1_500.0, bytes), "−20 B–1.50 kB");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(count(0.0), "0");
        assert_eq!(count(999.0), "999");
        assert_eq!(count(1_000.0), "1,000");
        assert_eq!(count(1_234_567.0), "1,234,567");
        assert_eq!(count(-1_234.0), "−1,234");
    }

    #[test]
    fn percentages_and_ticks_are_short() {
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(12.34), "12.3 %");
        assert_eq!(percent(187.0), "187 %");
        assert_eq!(round_duration_us(0.0), "0");
        assert_eq!(round_duration_us(2_500.0), "2.5 ms");
        assert_eq!(round_duration_us(100.0), "100 µs");
        assert_eq!(round_bytes(2_000.0), "2 kB");
        assert_eq!(plain(0.5), "0.5");
        assert_eq!(plain(2_500.0), "2,500");
        assert_eq!(plain(10.0), "10");
    }
}
