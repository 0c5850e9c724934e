//! Feeds that fill themselves once a second: readings of this machine, and simulated sensors.
//!
//! A reading's text is `key=value` pairs (logfmt) with the unit last in the key:
//!
//! ```text
//! cpu_percent=12.5 memory_used_bytes=412876800 memory_total_bytes=2061180928 …
//! temperature_celsius=61.20 pressure_bar=4.02 vibration_mm_per_s=1.84
//! ```

pub mod machine;
pub mod sensor;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::feed::{Feed, FeedError, Feeds, NewMessage};
use crate::monitor::machine::MachineReadings;
use crate::monitor::sensor::Sensor;
use crate::runtime::clock;

/// The feeds of the machine's readings and of the sensors.
pub const SYSTEM: &str = "system";
pub const SENSORS: &str = "sensors";

/// Time between two readings.
const PERIOD: Duration = Duration::from_secs(1);

/// How soon a new rate counts, where it may change.
const NOTICED_WITHIN: Duration = Duration::from_millis(200);

/// Publishes CPU, memory and network readings of this machine into [`SYSTEM`] until the runtime
/// ends.
pub fn watch_machine(feeds: &Feeds) -> Result<(), FeedError> {
    let (feed, mut machine) = (feeds.keep(SYSTEM)?, MachineReadings::now());
    let read = move || machine.read();
    let pace = Pace {
        phase: Duration::ZERO,
        every: || PERIOD,
        noticed_within: PERIOD,
    };
    tokio::spawn(publish(feed, "machine".to_owned(), pace, read));
    Ok(())
}

/// Publishes the readings of `count` simulated sensors, `sensor-N`, into [`SENSORS`], evenly spread
/// over the period: each once a second, or all together as often as `rate_hz` says, if it is given.
pub fn simulate_sensors(
    feeds: &Feeds,
    count: u32,
    rate_hz: Option<impl Fn() -> Option<f64> + Clone + Send + 'static>,
) -> Result<(), FeedError> {
    let feed = feeds.keep(SENSORS)?;
    for number in 0..count {
        let phase = PERIOD * number / count;
        let mut sensor = Sensor::new(number.into());
        let name = format!("sensor-{}", number + 1);
        let read = move || sensor.read();
        let noticed_within = rate_hz.as_ref().map_or(PERIOD, |_| NOTICED_WITHIN);
        let rate_hz = rate_hz.clone();
        let every = move || match rate_hz.as_ref().and_then(|rate_hz| rate_hz()) {
            Some(hz) => Duration::from_secs_f64(f64::from(count) / hz),
            None => PERIOD,
        };
        let pace = Pace {
            phase,
            every,
            noticed_within,
        };
        tokio::spawn(publish(feed.clone(), name, pace, read));
    }
    Ok(())
}

/// When readings are due.
struct Pace<F> {
    /// Of the first one.
    phase: Duration,
    /// The period, which may change.
    every: F,
    /// How soon a change counts.
    noticed_within: Duration,
}

/// Publishes a reading every period on an absolute schedule. A reading that is more than a period
/// late is left out. A period that changes counts from the last reading.
async fn publish(
    feed: Arc<Feed>,
    from: String,
    pace: Pace<impl Fn() -> Duration>,
    mut read: impl FnMut() -> String,
) {
    let Pace {
        phase,
        every,
        noticed_within,
    } = pace;
    let (start, start_ns) = (Instant::now(), clock::now_ns());
    let mut last = phase;
    loop {
        let mut due = last + every();
        while start + due > Instant::now() {
            let soon = Instant::now() + noticed_within;
            tokio::time::sleep_until(soon.min(start + due)).await;
            due = last + every();
        }
        let reading = NewMessage {
            from: from.clone(),
            text: read(),
            intended_at_ns: start_ns + due.as_nanos() as u64,
        };
        if let Err(error) = feed.append(&reading, clock::now_ns()).await {
            tracing::warn!(from, %error, "a reading is lost");
        }
        last = due;
        while start + last + every() <= Instant::now() {
            last += every();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Message, Retention};

    /// The author of each reading, and its keys and numbers.
    fn readings(feed: &Feed) -> Vec<(String, Vec<(String, f64)>)> {
        let pair = |pair: &str| {
            let (key, value) = pair.split_once('=').expect("key=value");
            (key.to_owned(), value.parse().expect("a number"))
        };
        let messages = feed.read_after(0).messages;
        let reading = |json: &[u8]| {
            let message = Message::from_json(json).unwrap();
            assert!(message.intended_at_ns > 0 && message.kind.is_none());
            let pairs = message.text.split(' ').map(pair).collect();
            (message.from.to_string(), pairs)
        };
        messages
            .iter()
            .map(|stored| reading(&stored.json))
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn sensors_take_turns_and_each_reads_once_a_second() {
        let feeds = Feeds::new(Retention::default(), 10);
        simulate_sensors(&feeds, 4, None::<fn() -> Option<f64>>).unwrap();
        tokio::time::sleep(Duration::from_millis(2_990)).await;
        let readings = readings(&feeds.peek(SENSORS).unwrap());
        let names: Vec<_> = readings.iter().map(|(name, _)| &**name).collect();
        let turn = ["sensor-1", "sensor-2", "sensor-3", "sensor-4"];
        assert_eq!(names, [turn, turn].concat());
        let keys = ["temperature_celsius", "pressure_bar", "vibration_mm_per_s"];
        for (_, pairs) in &readings {
            assert!(pairs.iter().map(|(key, _)| &**key).eq(keys));
            assert!(pairs.iter().all(|&(_, value)| value > 0.0));
        }
        assert_ne!(readings[0].1, readings[4].1, "it goes up and down");
        assert_ne!(readings[0].1, readings[1].1, "each by itself");
    }

    #[tokio::test(start_paused = true)]
    async fn the_machine_publishes_cpu_memory_and_network() {
        let feeds = Feeds::new(Retention::default(), 10);
        watch_machine(&feeds).unwrap();
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        let readings = readings(&feeds.peek(SYSTEM).unwrap());
        assert_eq!(readings.len(), 2);
        let (from, pairs) = &readings[1];
        assert_eq!(from, "machine");
        let of = |key: &str| pairs.iter().find(|pair| pair.0 == key).expect(key).1;
        assert!((0.0..=100.0).contains(&of("cpu_percent")), "{pairs:?}");
        assert!(of("memory_used_bytes") < of("memory_total_bytes"));
        for network in ["network_received", "network_sent", "loopback"] {
            assert!(of(&format!("{network}_bytes_per_s")) >= 0.0);
        }
    }
}
