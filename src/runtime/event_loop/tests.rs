use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Notify;

use crate::runtime::clock;
use crate::runtime::event_loop::driver::EVENTS;
use crate::runtime::event_loop::*;

/// One end of a connection, in an event loop.
struct End {
    watch: Registration,
    stream: UnixStream,
}

impl End {
    /// The end in the loop and the end outside.
    fn pair() -> (Self, UnixStream) {
        let (stream, other) = UnixStream::pair().unwrap();
        stream.set_nonblocking(true).unwrap();
        let watch = Registration::new(&stream).unwrap();
        (End { watch, stream }, other)
    }

    async fn read(&self) -> Vec<u8> {
        let mut buffer = [0; 8];
        let mut read = || {
            let count = (&self.stream).read(&mut buffer)?;
            Ok((count, Emptied(count < buffer.len())))
        };
        let count = poll_fn(|cx| self.watch.poll_read(cx, &mut read)).await;
        buffer[..count.unwrap()].to_vec()
    }

    async fn read_all(&self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            match &self.read().await[..] {
                [] => return all,
                some => all.extend_from_slice(some),
            }
        }
    }

    async fn write_all(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let write = || (&self.stream).write(bytes);
            let count = poll_fn(|cx| self.watch.poll_write(cx, write)).await;
            bytes = &bytes[count.unwrap()..];
        }
    }
}

/// Runs a story alone and within tokio, each on a thread of its own with a time limit.
fn both<F: Future<Output = ()>>(story: impl Fn() -> F + Copy + Send + 'static) {
    in_time(move || block_on(story()));
    in_time(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build()?;
        runtime.block_on(within_tokio(story()))
    });
}

fn in_time(story: impl FnOnce() -> io::Result<()> + Send + 'static) {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(story()));
    told.recv_timeout(Duration::from_secs(20)).unwrap().unwrap();
}

#[test]
fn what_was_written_before_the_end_is_read_and_then_the_end() {
    both(async || {
        for bytes in [&b""[..], b"a", b"12345678", b"123456789abcdefg+"] {
            for late in [false, true] {
                let (end, mut other) = End::pair();
                if late {
                    spawn(async move {
                        sleep(Duration::from_millis(2)).await;
                        other.write_all(bytes).unwrap();
                    });
                } else {
                    other.write_all(bytes).unwrap();
                    drop(other);
                }
                assert_eq!(end.read_all().await, bytes);
            }
        }
    });
}

#[test]
fn a_writer_waits_for_room() {
    const BYTES: usize = 3 << 20;
    both(async || {
        let (end, mut other) = End::pair();
        let reader = thread::spawn(move || {
            let mut all = Vec::new();
            other
                .read_to_end(&mut all)
                .map(|count| (count, all[BYTES - 1]))
        });
        let mut bytes = vec![0; BYTES];
        bytes[BYTES - 1] = 7;
        end.write_all(&bytes).await;
        drop(end);
        assert_eq!(reader.join().unwrap().unwrap(), (BYTES, 7));
    });
}

#[test]
fn more_events_at_once_than_one_call_takes() {
    const TASKS: usize = 5 * EVENTS;
    both(async || {
        let (count, all) = (Rc::new(Cell::new(0)), Rc::new(Notify::new()));
        let mut others = Vec::new();
        for _ in 0..TASKS {
            let (end, other) = End::pair();
            let (count, all) = (count.clone(), all.clone());
            spawn(async move {
                loop {
                    assert_eq!(end.read().await, b"x");
                    count.set(count.get() + 1);
                    if count.get() % TASKS == 0 {
                        all.notify_one();
                    }
                }
            });
            others.push(other);
        }
        for _ in 0..3 {
            for other in &mut others {
                other.write_all(b"x").unwrap();
            }
            all.notified().await;
        }
        assert_eq!(count.get(), 3 * TASKS);
    });
}

#[test]
fn sleeps_end_in_their_order_and_never_early() {
    both(async || {
        let (woke, mut wakes) = tokio::sync::mpsc::unbounded_channel();
        let now_ns = clock::now_ns();
        for ms in [9, 3, 6, 0] {
            let (woke, at_ns) = (woke.clone(), now_ns + ms * 1_000_000);
            spawn(async move {
                sleep_until(at_ns).await;
                assert!(clock::now_ns() >= at_ns);
                woke.send(ms).unwrap();
            });
        }
        for ms in [0, 3, 6, 9] {
            assert_eq!(wakes.recv().await, Some(ms));
        }
        let millisecond = Duration::from_millis(1);
        assert_eq!(
            timeout(millisecond, std::future::pending::<()>()).await,
            None
        );
        assert_eq!(timeout(Duration::MAX, async { 7 }).await, Some(7));
    });
}

#[test]
fn another_thread_wakes_the_root_and_a_task() {
    both(async || {
        let (ask, mut asked) = tokio::sync::mpsc::unbounded_channel();
        let (answer, mut answers) = tokio::sync::mpsc::unbounded_channel();
        spawn(async move {
            while let Some(number) = asked.recv().await {
                answer.send(number + 1).unwrap();
            }
        });
        let elsewhere = thread::spawn(move || {
            for number in 0..100 {
                thread::sleep(Duration::from_micros(50 * (number % 3)));
                ask.send(number).unwrap();
            }
        });
        for number in 0..100 {
            assert_eq!(answers.recv().await, Some(number + 1));
        }
        assert_eq!(answers.recv().await, None);
        elsewhere.join().unwrap();
    });
}

#[test]
fn tasks_end_with_the_root_and_their_connections_with_them() {
    both(async || {
        let (mut others, (tell, told)) = (Vec::new(), mpsc::channel());
        let story = async {
            for _ in 0..3 {
                let (end, other) = End::pair();
                let tell = tell.clone();
                spawn(async move {
                    tell.send(()).unwrap();
                    end.read_all().await;
                });
                others.push(other);
            }
            sleep(Duration::from_millis(1)).await;
        };
        within(story).await;
        assert_eq!(told.try_iter().count(), 3);
        for mut other in others {
            assert_eq!(other.read(&mut [0; 8]).unwrap(), 0);
        }
    });
}

/// In an event loop of its own, inside another one.
async fn within(story: impl Future<Output = ()>) {
    block_on(story).unwrap();
}

#[tokio::test]
async fn tokio_has_its_turn_although_a_task_never_waits() {
    let restless = async {
        spawn(async {
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await
        });
        tokio::time::sleep(Duration::from_millis(2)).await;
        tokio::spawn(async { 7 }).await.unwrap()
    };
    assert_eq!(within_tokio(restless).await.unwrap(), 7);
}

#[tokio::test]
async fn a_loop_that_is_dropped_ends_its_tasks() {
    let mut other = None;
    let story = async {
        let (end, outside) = End::pair();
        other = Some(outside);
        spawn(async move { drop(end.read_all().await) });
        std::future::pending::<()>().await;
    };
    let patience = Duration::from_millis(5);
    let given_up = tokio::time::timeout(patience, within_tokio(story)).await;
    assert!(given_up.is_err());
    assert_eq!(other.unwrap().read(&mut [0; 8]).unwrap(), 0);
}

#[test]
#[should_panic(expected = "polled by something else than its task")]
fn a_combinator_with_wakers_of_its_own_panics() {
    let story = async {
        let (end, _other) = End::pair();
        let mut some = FuturesUnordered::from_iter([end.read()]);
        some.next().await;
    };
    block_on(story).unwrap();
}
