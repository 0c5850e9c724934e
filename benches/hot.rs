//! Work done for every message or delivery, which must be short beside a system call (several µs).
//! Run with `cargo bench`.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use divan::Bencher;
use divan::counter::ItemsCount;
use futures_util::FutureExt;
use wslab::feed::{Epoch, Feed, MAX_MEMORY_BYTES, Memory, Message, NewMessage, Retention};
use wslab::record::message_record::Scheduled;
use wslab::record::recorder::{Recorder, SubscriberStats};
use wslab::record::trial_board::TrialBoard;
use wslab::runtime::clock;

fn main() {
    divan::main();
}

/// Subscribers of one message; the time is divided by them.
const READERS: u64 = 1_000;

/// Messages of a trial, more than an iteration each.
const MESSAGES: u32 = 1 << 18;

const TEXT_BYTES: usize = 64;

fn message(seq: u64, intended_at_ns: u64) -> Message<'static> {
    Message {
        seq,
        from: "sensor-1".into(),
        text: "the pressure in the second boiler is as high as it was at noon .".into(),
        intended_at_ns,
        published_at_ns: intended_at_ns + 50_000,
        kind: None,
    }
}

fn json() -> Vec<u8> {
    let mut json = Vec::new();
    message(42, clock::now_ns()).write_json(&mut json);
    json
}

#[divan::bench]
fn encode_message(bencher: Bencher) {
    let message = message(42, clock::now_ns());
    bencher.bench_local(|| {
        let mut json = Vec::with_capacity(256);
        black_box(&message).write_json(&mut json);
        json
    });
}

#[divan::bench]
fn decode_message(bencher: Bencher) {
    let json = json();
    bencher.bench_local(|| Message::from_json(black_box(&json)).unwrap().seq);
}

#[divan::bench]
fn clock_now() -> u64 {
    clock::now_ns()
}

fn log() -> Arc<Feed> {
    Arc::new(Feed::new(
        Retention::default(),
        Epoch::draw(),
        &Memory::new(MAX_MEMORY_BYTES),
    ))
}

fn append(log: &Feed) -> u64 {
    let new = NewMessage {
        from: "sensor-1".to_owned(),
        text: "the pressure in the second boiler is as high as it was at noon .".to_owned(),
        intended_at_ns: 1,
    };
    let appended = log.append(&new, clock::now_ns()).now_or_never();
    appended.expect("at once").expect("this process numbers it")
}

#[divan::bench]
fn log_append(bencher: Bencher) {
    let log = log();
    bencher.bench_local(|| append(&log));
}

/// Reads one waiting message for one reader.
#[divan::bench]
fn log_read(bencher: Bencher) {
    let log = log();
    let last = (0..100).fold(0, |_, _| append(&log));
    bencher.bench_local(|| log.read_after(black_box(last - 1)).messages.len());
}

/// The recorder of one worker, and its subscribers.
fn subscribers(
    board: &Arc<TrialBoard>,
    worker: usize,
) -> (Recorder, RefCell<Vec<SubscriberStats>>) {
    let recorder = Recorder::new(board.clone(), worker);
    let stats = (0..READERS)
        .map(|_| recorder.stats(0, 2 * READERS))
        .collect();
    (recorder, RefCell::new(stats))
}

/// One message for all subscribers of a worker.
fn fan_out(recorder: &Recorder, stats: &RefCell<Vec<SubscriberStats>>, number: u32) {
    let due_ns = due_ns(number);
    let text = recorder.board.texts().text(number, TEXT_BYTES);
    let message = Message {
        text: text.into(),
        ..message(u64::from(number) + 1, due_ns)
    };
    for (stats, n) in stats.borrow_mut().iter_mut().zip(0..) {
        let at_ns = due_ns + 400_000 + n * 6_131;
        recorder.deliver(stats, black_box(&message), at_ns);
    }
}

fn bench_recorder(bencher: Bencher, board: &Arc<TrialBoard>) {
    let (recorder, stats) = subscribers(board, 0);
    let mut numbers = 0..MESSAGES;
    bencher.counter(ItemsCount::new(READERS)).bench_local(|| {
        let number = numbers.next().expect("enough messages");
        recorder.published(number, due_ns(number), due_ns(number) + 20_000);
        fan_out(&recorder, &stats, number);
    });
}

fn due_ns(number: u32) -> u64 {
    1 + u64::from(number) * 1_000_000
}

/// A board whose publisher has handed over all messages.
fn board() -> Arc<TrialBoard> {
    let board = Arc::new(TrialBoard::new(1, 2, MESSAGES as usize).unwrap());
    board.set_window(1, u64::MAX);
    for number in 0..MESSAGES {
        let text = board.texts().text(number, TEXT_BYTES);
        let message = Scheduled {
            due_ns: due_ns(number),
            feed: 0,
            index: number,
            text_hash: board.texts().hash(&text),
        };
        board.hand_over(number, &message);
    }
    board
}

/// Recording of deliveries: an iteration is 1,000 of them.
#[divan::bench]
fn record_1000_deliveries(bencher: Bencher) {
    bench_recorder(bencher, &board());
}

/// The same while a second worker writes to the same board without pause.
#[divan::bench]
fn record_1000_deliveries_beside_another_worker(bencher: Bencher) {
    let (board, stop) = (board(), Arc::new(AtomicBool::new(false)));
    let other = {
        let (board, stop) = (board.clone(), stop.clone());
        std::thread::spawn(move || {
            let (recorder, stats) = subscribers(&board, 1);
            for number in 0..MESSAGES {
                if stop.load(Relaxed) {
                    break;
                }
                fan_out(&recorder, &stats, number);
            }
        })
    };
    bench_recorder(bencher, &board);
    stop.store(true, Relaxed);
    other.join().unwrap();
}
