//! The devices of the room, from what their pages report.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::transport::Transport;

/// Devices that are known at once: two and a half full halls, about 200 bytes each.
pub const MAX_DEVICES: usize = 1_000;

/// A device that reports nothing for so long is silent.
pub const SILENT_AFTER: Duration = Duration::from_secs(5);

/// A device that is silent for so long has left.
const GONE_AFTER: Duration = Duration::from_secs(300);

const TRANSPORTS: usize = Transport::CHOICES.len();

/// A device's secret name: 16 hexadecimal digits that its page has chosen. A device that does not
/// know it can't speak for this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct DeviceId(pub NonZeroU64);

impl FromStr for DeviceId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok());
        let number = number.flatten().and_then(NonZeroU64::new);
        number
            .map(DeviceId)
            .ok_or("a device is 16 hexadecimal digits, not all 0")
    }
}

impl TryFrom<String> for DeviceId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// What a page reports each second:
/// `{"device":"0123456789abcdef","mark":42,"lanes":{"sse":{"delay_ms":1.5}}}`.
#[derive(Debug, Deserialize)]
pub struct Report {
    pub device: DeviceId,
    /// The mark of the page's requests, so that the teacher can cut them.
    pub mark: Option<NonZeroU64>,
    /// The transports that it reads by now. A page that reads by none leaves them out, and those of
    /// another page of the device stay.
    pub lanes: Option<HashMap<Transport, Lane>>,
}

/// One transport of a device.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Lane {
    /// The median delay of the latest messages; none where none was measured.
    pub delay_ms: Option<f32>,
}

/// The room is full of devices that report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the room has all the {MAX_DEVICES} devices that it takes: try later")]
pub struct RoomFull;

#[derive(Debug)]
struct Device {
    /// Counts 1, 2, 3 … in the order in which devices came.
    number: u32,
    heard: Instant,
    mark: Option<NonZeroU64>,
    lanes: [Option<Lane>; TRANSPORTS],
}

/// The devices of the room.
#[derive(Debug, Default)]
pub struct Room {
    devices: Mutex<Devices>,
}

#[derive(Debug, Default)]
struct Devices {
    known: HashMap<DeviceId, Device>,
    came: u32,
}

/// A device as the hall shows it.
#[derive(Debug, Serialize)]
pub struct DeviceView {
    #[serde(rename = "n")]
    number: u32,
    silent: bool,
    /// By transport, in the order of [`Transport::CHOICES`].
    delays: [DelayView; TRANSPORTS],
}

/// The delay by one transport: `false` where the device does not read by it, `null` where none was
/// measured, else milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum DelayView {
    Off(bool),
    Live(Option<f32>),
}

impl Room {
    /// Takes a report; returns the device's number.
    ///
    /// # Errors
    /// There is no place for a device that was not here.
    pub fn report(&self, report: &Report) -> Result<u32, RoomFull> {
        let mut devices = self.lock();
        devices.make_room(report.device)?;
        let Devices { known, came } = &mut *devices;
        let device = match known.entry(report.device) {
            Entry::Occupied(device) => device.into_mut(),
            Entry::Vacant(place) => {
                *came += 1;
                place.insert(Device {
                    number: *came,
                    heard: Instant::now(),
                    mark: None,
                    lanes: [None; TRANSPORTS],
                })
            }
        };
        device.heard = Instant::now();
        device.mark = report.mark.or(device.mark);
        if let Some(lanes) = &report.lanes {
            device.lanes = Transport::CHOICES.map(|transport| {
                let lane = lanes.get(&transport).copied();
                lane.map(|lane| Lane {
                    delay_ms: lane.delay_ms.filter(|ms| ms.is_finite() && *ms >= 0.0),
                })
            });
        }
        Ok(device.number)
    }

    /// All devices, in the order in which they came. Those that have left are forgotten.
    pub fn devices(&self) -> Vec<DeviceView> {
        let mut devices = self.lock();
        devices
            .known
            .retain(|_, device| device.heard.elapsed() < GONE_AFTER);
        let view = |device: &Device| DeviceView {
            number: device.number,
            silent: device.is_silent(),
            delays: device.lanes.map(|lane| {
                let rounded = |ms: f32| (ms * 10.0).round() / 10.0;
                let delay = |lane: Lane| DelayView::Live(lane.delay_ms.map(rounded));
                lane.map_or(DelayView::Off(false), delay)
            }),
        };
        let mut views: Vec<DeviceView> = devices.known.values().map(view).collect();
        views.sort_unstable_by_key(|view| view.number);
        views
    }

    /// The mark of a device's requests, by its number.
    pub fn mark_of(&self, number: u32) -> Option<NonZeroU64> {
        let devices = self.lock();
        let device = devices
            .known
            .values()
            .find(|device| device.number == number);
        device?.mark
    }

    /// The median delay that the devices report of a transport, in ms, and how many do.
    pub fn median_delay_ms(&self, transport: Transport) -> Option<(f32, usize)> {
        let devices = self.lock();
        let heard = devices.known.values().filter(|device| !device.is_silent());
        let delays = heard.filter_map(|device| device.lanes[transport.class()]?.delay_ms);
        let delays: Vec<f32> = delays.collect();
        let count = delays.len();
        Some((median(delays)?, count))
    }

    fn lock(&self) -> MutexGuard<'_, Devices> {
        self.devices.lock().expect("no panic under the lock")
    }
}

impl Devices {
    /// Makes room for a device: the one that has been silent longest goes.
    fn make_room(&mut self, id: DeviceId) -> Result<(), RoomFull> {
        if self.known.len() < MAX_DEVICES || self.known.contains_key(&id) {
            return Ok(());
        }
        let oldest = self.known.iter().min_by_key(|(_, device)| device.heard);
        let silent = oldest.filter(|(_, device)| device.is_silent());
        let id = *silent.ok_or(RoomFull)?.0;
        self.known.remove(&id);
        Ok(())
    }
}

impl Device {
    fn is_silent(&self) -> bool {
        self.heard.elapsed() >= SILENT_AFTER
    }
}

/// The median; of an even number, the mean of the two in the middle.
pub fn median(mut values: Vec<f32>) -> Option<f32> {
    values.sort_unstable_by(f32::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[half]),
        _ => Some((values[half - 1] + values[half]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(id: u64, lanes: &[(Transport, Option<f32>)]) -> Report {
        let lane = |&(transport, delay_ms)| (transport, Lane { delay_ms });
        Report {
            device: DeviceId(NonZeroU64::new(id).unwrap()),
            mark: NonZeroU64::new(id + 100),
            lanes: Some(lanes.iter().map(lane).collect()),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn devices_are_numbered_go_silent_and_leave() {
        let room = Room::default();
        let sse = [(Transport::Sse, Some(1.26))];
        assert_eq!(room.report(&report(7, &sse)), Ok(1));
        assert_eq!(
            room.report(&report(9, &[(Transport::WebSocket, None)])),
            Ok(2)
        );
        assert_eq!(room.report(&report(7, &sse)), Ok(1));
        let views = serde_json::to_value(room.devices()).unwrap();
        let delays = serde_json::json!([false, false, 1.3, false, false]);
        let shown = views[0]["delays"].as_array().unwrap();
        assert!((shown[2].as_f64().unwrap() - 1.3).abs() < 1e-6, "{views}");
        assert_eq!(shown[0], delays[0]);
        assert_eq!(views[1]["delays"][4], serde_json::Value::Null);
        tokio::time::advance(SILENT_AFTER).await;
        room.report(&report(9, &[])).unwrap();
        let silent: Vec<bool> = room.devices().iter().map(|view| view.silent).collect();
        assert_eq!(silent, [true, false]);
        assert_eq!(room.median_delay_ms(Transport::Sse), None, "it is silent");
        tokio::time::advance(GONE_AFTER - SILENT_AFTER).await;
        assert_eq!(room.devices().len(), 1);
        assert_eq!(room.mark_of(2).map(NonZeroU64::get), Some(109));
        assert_eq!(room.mark_of(1), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_room_takes_a_device_in_place_of_a_silent_one() {
        let room = Room::default();
        for id in 1..=MAX_DEVICES as u64 {
            room.report(&report(id, &[])).unwrap();
        }
        let late = report(5_000, &[]);
        assert_eq!(room.report(&late), Err(RoomFull));
        assert_eq!(room.report(&report(1, &[])), Ok(1), "it is known");
        tokio::time::advance(SILENT_AFTER).await;
        assert_eq!(room.report(&late), Ok(MAX_DEVICES as u32 + 1));
        assert_eq!(room.devices().len(), MAX_DEVICES);
    }

    #[test]
    fn a_report_is_read_strictly() {
        let read = |text: &str| serde_json::from_str::<Report>(text);
        let id = "0123456789abcdef";
        let good = format!(r#"{{"device":"{id}","lanes":{{"ws":{{"delay_ms":2.5}}}}}}"#);
        let report = read(&good).unwrap();
        assert_eq!(
            report.lanes.unwrap()[&Transport::WebSocket].delay_ms,
            Some(2.5)
        );
        for bad in [
            "{}".to_owned(),
            good.replace(id, "0000000000000000"),
            good.replace(id, "12"),
            good.replace("\"ws\"", "\"pigeon\""),
            good.replace("2.5", "\"soon\""),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
    }
}
