//! What an event of the exercises holds: a count, a text and the time, and readings of sensors.

use rand::Rng;
use serde_json::{Map, Value, json};

/// The bounds of the temperature, in °C, and the value above which there is an alert.
const COLDEST: f64 = 20.0;
const HOTTEST: f64 = 40.0;
const ALERT: f64 = 35.0;

/// Events of one rise and fall of the temperature.
const PERIOD: f64 = 20.0;

/// The data of an event.
pub fn event(count: u64, with_sensors: bool) -> Value {
    let mut fields = Map::new();
    fields.insert("contador".into(), count.into());
    fields.insert("mensagem".into(), format!("Atualização {count}").into());
    fields.insert("horario".into(), time_of_day().into());
    if with_sensors {
        let Readings {
            temperature,
            humidity,
            pressure,
        } = Readings::at(count);
        fields.insert("temperatura".into(), json!(temperature));
        fields.insert("umidade".into(), json!(humidity));
        fields.insert("pressao".into(), json!(pressure));
        let alert = (temperature > ALERT).then(|| format!("temperatura acima de {ALERT} °C"));
        fields.insert("alerta".into(), json!(alert));
    }
    Value::Object(fields)
}

struct Readings {
    /// °C
    temperature: f64,
    /// %
    humidity: f64,
    /// hPa
    pressure: f64,
}

impl Readings {
    /// Readings that rise and fall with the count, so that an alert comes and goes.
    fn at(count: u64) -> Readings {
        let mut rng = rand::rng();
        let mut noise = |most: f64| rng.random_range(-most..=most);
        let wave = (count as f64 * std::f64::consts::TAU / PERIOD).sin();
        let tenths = |value: f64| (value * 10.0).round() / 10.0;
        Readings {
            temperature: tenths((30.0 + 8.0 * wave + noise(2.0)).clamp(COLDEST, HOTTEST)),
            humidity: tenths(60.0 - 15.0 * wave + noise(3.0)),
            pressure: tenths(1013.0 + noise(4.0)),
        }
    }
}

/// The local time, as `14:03:22`.
fn time_of_day() -> String {
    let mut now: libc::tm = unsafe {
        // SAFETY: a tm of zeros is valid.
        std::mem::zeroed()
    };
    // SAFETY: both pointers are valid for the call, and localtime_r keeps none of them.
    unsafe {
        let seconds = libc::time(std::ptr::null_mut());
        libc::localtime_r(&seconds, &mut now);
    }
    format!("{:02}:{:02}:{:02}", now.tm_hour, now.tm_min, now.tm_sec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temperatures_stay_within_20_and_40_and_an_alert_stands_above_35() {
        let (mut alerts, mut calm) = (0, 0);
        for count in 1..=1_000 {
            let event = event(count, true);
            let temperature = event["temperatura"].as_f64().unwrap();
            assert!((COLDEST..=HOTTEST).contains(&temperature), "{event}");
            assert_eq!(event["alerta"].is_string(), temperature > ALERT, "{event}");
            let humidity = event["umidade"].as_f64().unwrap();
            let pressure = event["pressao"].as_f64().unwrap();
            assert!((30.0..90.0).contains(&humidity) && (1000.0..1030.0).contains(&pressure));
            *(if temperature > ALERT {
                &mut alerts
            } else {
                &mut calm
            }) += 1;
        }
        assert!(alerts > 100 && calm > 100, "{alerts} {calm}");
        let plain = event(7, false);
        assert_eq!(plain["contador"], 7);
        assert_eq!(plain.as_object().unwrap().len(), 3);
        assert_eq!(plain["horario"].as_str().unwrap().len(), 8);
    }
}
