//! A simulated industrial sensor, such as that of a motor's bearing.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// A quantity that varies around its mean: a first-order autoregressive process (Box and Jenkins
/// 1970). Its steps are bounded, so it is too.
#[derive(Debug)]
struct Quantity {
    key: &'static str,
    mean: f64,
    /// The largest random step.
    step: f64,
    value: f64,
}

/// Share of its distance from the mean that a quantity loses at each step.
const PULL: f64 = 0.1;

#[derive(Debug)]
pub struct Sensor {
    rng: SmallRng,
    quantities: [Quantity; 3],
}

impl Sensor {
    /// The same number gives the same readings.
    pub fn new(number: u64) -> Self {
        let quantity = |key, mean: f64, step| Quantity {
            key,
            mean,
            step,
            value: mean,
        };
        Sensor {
            rng: SmallRng::seed_from_u64(number),
            quantities: [
                quantity("temperature_celsius", 65.0, 1.0),
                quantity("pressure_bar", 4.0, 0.1),
                quantity("vibration_mm_per_s", 2.0, 0.1),
            ],
        }
    }

    /// The next reading.
    pub fn read(&mut self) -> String {
        let pairs = self.quantities.each_mut().map(|quantity| {
            let drawn_back = (quantity.mean - quantity.value) * PULL;
            let step = self.rng.random_range(-quantity.step..=quantity.step);
            quantity.value += drawn_back + step;
            format!("{}={:.2}", quantity.key, quantity.value)
        });
        pairs.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_stay_near_their_means_for_ever() {
        let mut sensor = Sensor::new(1);
        for _ in 0..100_000 {
            sensor.read();
            for quantity in &sensor.quantities {
                let distance = (quantity.value - quantity.mean).abs();
                assert!(distance <= quantity.step / PULL + 1e-9, "{quantity:?}");
                assert!(quantity.value > 0.0);
            }
        }
        assert_eq!(Sensor::new(7).read(), Sensor::new(7).read());
    }
}
