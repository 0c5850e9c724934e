//! Axes: the position of a value, and the ticks.

/// A range of values along an edge of a plot.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
    /// The values with a label.
    pub ticks: Vec<f64>,
    /// The values between them, with a line and no label.
    pub minor: Vec<f64>,
}

impl Axis {
    /// From 0 to a round value not below `max`, with about `wanted` steps.
    pub fn linear(max: f64, wanted: usize) -> Axis {
        let max = if max.is_finite() && max > 0.0 {
            max
        } else {
            1.0
        };
        let rough = max / wanted.max(1) as f64;
        let power = 10f64.powf(rough.log10().floor());
        let nice = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .find(|n| n * power >= rough * 0.999_999);
        let step = nice.unwrap_or(10.0) * power;
        let steps = (max / step - 1e-9).ceil().max(1.0);
        let ticks = (0..=steps as u32).map(|i| f64::from(i) * step).collect();
        Axis {
            low: 0.0,
            high: steps * step,
            logarithmic: false,
            ticks,
            minor: Vec::new(),
        }
    }

    /// From 0 to exactly `max`: an axis of time ends with the data.
    pub fn linear_to(max: f64, wanted: usize) -> Axis {
        let mut axis = Axis::linear(max, wanted);
        axis.high = if max > 0.0 { max } else { 1.0 };
        axis.ticks.retain(|tick| *tick <= max);
        axis
    }

    /// From `low` to `high`, both exactly; 0 is among its ticks where it lies between them.
    pub fn between(low: f64, high: f64, wanted: usize) -> Axis {
        let step = Axis::linear(high - low, wanted).ticks[1];
        let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
        Axis {
            low,
            high,
            logarithmic: false,
            ticks: (first..=last).map(|i| i as f64 * step).collect(),
            minor: Vec::new(),
        }
    }

    /// Spans `min` to `max`, widened to values of 1, 2 or 5 times a power of ten.
    /// Values below `floor`, which is above 0, are drawn at it.
    pub fn logarithmic(min: f64, max: f64, floor: f64) -> Axis {
        let low = round_step(min.max(floor) * 1.000_001, false);
        let high = round_step(max.max(floor) * 0.999_999, true);
        let high = if high > low * 1.5 {
            high
        } else {
            round_step(low * 2.0, true)
        };
        let all: Vec<f64> = (-3..15)
            .flat_map(|power| (1..10).map(move |digit| f64::from(digit) * 10f64.powi(power)))
            .filter(|v| *v >= low * 0.999_999 && *v <= high * 1.000_001)
            .collect();
        // Powers of ten are enough where there are several of them.
        let labelled: &[f64] = if high / low > 500.0 {
            &[1.0]
        } else {
            &[1.0, 2.0, 5.0]
        };
        let is_tick = |v: &f64| {
            labelled
                .iter()
                .any(|digit| (mantissa(*v) - digit).abs() < 1e-6)
        };
        let (ticks, minor) = all.into_iter().partition(is_tick);
        Axis {
            low,
            high,
            logarithmic: true,
            ticks,
            minor,
        }
    }

    /// The least and the greatest value that it shows.
    pub fn ends(&self) -> [f64; 2] {
        [self.low, self.high]
    }

    /// The position of a value: 0 at the low end, 1 at the high end. A value outside is moved to
    /// the nearer end.
    pub fn position(&self, value: f64) -> f64 {
        let share = match self.logarithmic {
            true => (value.max(self.low) / self.low).ln() / (self.high / self.low).ln(),
            false => (value - self.low) / (self.high - self.low),
        };
        share.clamp(0.0, 1.0)
    }
}

fn mantissa(value: f64) -> f64 {
    let share = value / 10f64.powf((value.log10() + 1e-9).floor());
    (share * 1e6).round() / 1e6
}

/// The nearest 1, 2 or 5 times a power of ten that is not above (`up`: not below) the value.
fn round_step(value: f64, up: bool) -> f64 {
    let power = 10f64.powf((value.log10() + 1e-9).floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
    match up {
        true => steps.into_iter().find(|s| *s >= value).unwrap_or(steps[3]),
        false => steps
            .into_iter()
            .rev()
            .find(|s| *s <= value)
            .unwrap_or(steps[0]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_ticks_are_round_and_cover_the_maximum() {
        assert_eq!(
            Axis::linear(871.0, 5).ticks,
            [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]
        );
        assert_eq!(Axis::linear(10.0, 5).ticks, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(Axis::linear(0.0, 2).ticks, [0.0, 0.5, 1.0]);
        assert_eq!(Axis::linear_to(12.0, 4).ticks, [0.0, 5.0, 10.0]);
        assert_eq!(Axis::linear_to(12.0, 4).position(12.0), 1.0);
    }

    #[test]
    fn an_axis_from_before_zero_has_a_tick_at_zero() {
        let axis = Axis::between(-3.0, 12.0, 6);
        assert_eq!(axis.ticks, [0.0, 5.0, 10.0]);
        assert_eq!(
            [-3.0, 4.5, 12.0].map(|at| axis.position(at)),
            [0.0, 0.5, 1.0]
        );
    }

    #[test]
    fn logarithmic_ticks_are_decades_or_finer_where_these_are_few() {
        let wide = Axis::logarithmic(55.0, 1_900_000.0, 1.0);
        assert_eq!(wide.ticks, [100.0, 1e3, 1e4, 1e5, 1e6]);
        assert_eq!((wide.low, wide.high), (50.0, 2e6));
        let narrow = Axis::logarithmic(120.0, 900.0, 1.0);
        assert_eq!(narrow.ticks, [100.0, 200.0, 500.0, 1000.0]);
        let single = Axis::logarithmic(100.0, 100.0, 1.0);
        assert_eq!((single.low, single.high), (100.0, 200.0));
        assert_eq!(single.position(100.0), 0.0);
    }

    #[test]
    fn a_value_below_the_floor_is_drawn_at_it() {
        let axis = Axis::logarithmic(-3.0, 100.0, 1.0);
        assert_eq!(axis.low, 1.0);
        assert_eq!(axis.position(-3.0), 0.0);
        assert!((axis.position(10.0) - 0.5).abs() < 1e-9);
    }
}
