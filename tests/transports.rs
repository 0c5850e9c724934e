//! The load's subscribers against the real server, the same tests for every transport.

mod support;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use support::{PATIENCE, Server, metric};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wslab::client::config::ClientConfig;
use wslab::client::subscription::Subscription;
use wslab::client::target::Target;
use wslab::record::message_record::Scheduled;
use wslab::record::recorder::Recorder;
use wslab::record::recording::Recording;
use wslab::record::trial_board::{Gauge, TrialBoard};
use wslab::runtime::clock;
use wslab::runtime::event_loop;
use wslab::transport::Transport;

/// How often subscribers poll.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A subscriber of feed `a` that records what it gets.
fn subscriber(address: &str, keep_alive: bool) -> (Subscription, Rc<Recorder>) {
    let board = Arc::new(TrialBoard::new(1, 1, 100).unwrap());
    board.set_window(1, u64::MAX);
    let recorder = Rc::new(Recorder::new(board, 0));
    let target = Target::at(address.parse().unwrap());
    let config = ClientConfig {
        poll_interval: POLL_INTERVAL,
        hold: Duration::from_secs(5),
        keep_alive,
        ..ClientConfig::DEFAULT
    };
    let path = "/feeds/a".into();
    let (target, config) = (Rc::new(target), Rc::new(config));
    let ledger = Rc::default();
    let subscription = Subscription::new(target, config, recorder.clone(), ledger, 0, path, 1);
    (subscription, recorder)
}

/// Publishes the next messages of a trial on another thread, because the tests' runtime has one
/// thread only.
async fn publish(server: &Arc<Server>, recorder: &Recorder, count: u32) {
    let (server, board) = (server.clone(), recorder.board.clone());
    let publish = move || {
        for _ in 0..count {
            let number = board.messages().count() as u32;
            let (due_ns, text) = (clock::now_ns(), board.texts().text(number, 12));
            let message = Scheduled {
                due_ns,
                feed: 0,
                index: number,
                text_hash: board.texts().hash(&text),
            };
            assert!(board.hand_over(number, &message));
            board.record(number).unwrap().send(due_ns);
            let body = serde_json::json!({
                "from": "alice", "text": text, "intended_at_ns": due_ns,
            });
            let json = "Content-Type: application/json\r\n";
            let answer = server.exchange("POST", "/feeds/a/messages", json, &body.to_string());
            assert_eq!(answer.status, 201);
        }
    };
    tokio::task::spawn_blocking(publish).await.unwrap();
}

/// Waits until `done`.
async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Subscribes until `count` messages of the window are there.
async fn read(
    transport: Transport,
    subscription: &mut Subscription,
    recorder: &Recorder,
    count: u64,
) -> Recording {
    let enough = until(|| recorder.board.total(Gauge::Delivered) >= count);
    let reading = async {
        tokio::select! {
            Err(error) = transport.subscribe(subscription) => panic!("{transport}: {error}"),
            () = enough => {}
            () = tokio::time::sleep(PATIENCE) => panic!("{transport}: waited in vain for {count}"),
        }
    };
    event_loop::within_tokio(reading).await.unwrap();
    let ledger = &subscription.ledger;
    recorder.recording(ledger.traffic(), ledger.set_up())
}

#[tokio::test]
async fn everyone_gets_each_message_once_in_order_and_resumes_without_loss() {
    for transport in Transport::ALL {
        let server = Arc::new(Server::start(&[]));
        let (mut subscription, recorder) = subscriber(&server.address, true);
        publish(&server, &recorder, 3).await;
        let backlog = read(transport, &mut subscription, &recorder, 3).await;
        assert_eq!(
            backlog.counts.delivered, 3,
            "{transport}: what was there before"
        );
        assert_eq!(
            subscription.cursor().to_string(),
            format!("3-{}", server.epoch())
        );

        // The connection is closed. Messages published meanwhile wait behind the cursor.
        assert!(subscription.ended().is_some());
        publish(&server, &recorder, 3).await;
        let (_, resumed) = tokio::join!(
            publish(&server, &recorder, 14),
            read(transport, &mut subscription, &recorder, 20)
        );
        let counts = resumed.counts;
        assert_eq!(counts.delivered, 20, "{transport}");
        assert_eq!((counts.duplicate, counts.reordered), (0, 0), "{transport}");
        assert_eq!(
            (counts.negative, resumed.latency.len()),
            (0, 20),
            "{transport}"
        );
        assert_eq!(counts.reconnects, 1, "{transport}: the one of this test");
        assert!(counts.payload_bytes > 0 && counts.json_bytes > counts.payload_bytes);
        let wire = resumed.traffic.down_bytes + resumed.traffic.up_bytes;
        assert!(wire > counts.json_bytes, "{transport}: {wire} bytes in all");
    }
}

/// A restarted server counts from 1 again; its epoch tells its messages from the earlier ones.
#[tokio::test]
async fn a_restart_confuses_no_message_with_one_of_before() {
    for transport in Transport::ALL {
        for published_after in [2, 3, 8] {
            let server = Arc::new(Server::start(&[]));
            let (mut subscription, recorder) = subscriber(&server.address, true);
            publish(&server, &recorder, 3).await;
            read(transport, &mut subscription, &recorder, 3).await;
            assert!(subscription.ended().is_some());

            let server = Arc::into_inner(server).expect("nobody else has it");
            let server = Arc::new(server.restart(&[]));
            publish(&server, &recorder, published_after).await;
            let all = u64::from(3 + published_after);
            let recording = read(transport, &mut subscription, &recorder, all).await;
            let counts = recording.counts;
            let story = format!("{transport}, {published_after} messages after the restart");
            assert_eq!(counts.delivered, all, "{story}");
            assert_eq!((counts.duplicate, counts.reordered), (0, 0), "{story}");
            let cursor = format!("{published_after}-{}", server.epoch());
            assert_eq!(subscription.cursor().to_string(), cursor, "{story}");
        }
    }
}

#[tokio::test]
async fn polls_may_dial_anew_each_time() {
    for transport in Transport::ALL
        .into_iter()
        .filter(|transport| transport.polls())
    {
        let accepted = format!("wslab_connections_accepted_total{{transport=\"{transport}\"}}");
        // Connections, exchanges, and segments an exchange.
        let polls = async |keep_alive| {
            let server = Arc::new(Server::start(&[]));
            let (mut subscription, recorder) = subscriber(&server.address, keep_alive);
            let last = read_twenty(transport, &mut subscription, &recorder, &server).await;
            let connections = metric(&server.get("/metrics").body, &accepted);
            let exchanges = last.counts.exchanges;
            (
                connections,
                exchanges,
                last.traffic.segments as f64 / exchanges as f64,
            )
        };
        let (connections, _, kept) = polls(true).await;
        assert_eq!(connections, 2, "{transport}: one for each of two reads");
        let (connections, exchanges, dialled) = polls(false).await;
        assert!(
            connections >= exchanges,
            "{transport}: {connections} for {exchanges}"
        );
        // A TCP handshake has three segments.
        assert!(
            dialled >= kept + 3.0,
            "{transport}: {dialled} and {kept} segments"
        );
    }
}

/// Reads ten more messages, published one by one.
async fn read_twenty(
    transport: Transport,
    subscription: &mut Subscription,
    recorder: &Recorder,
    server: &Arc<Server>,
) -> Recording {
    let before = server.history("a").len() as u64;
    publish(server, recorder, 10).await;
    read(transport, subscription, recorder, before + 10).await;
    // Ten more, each in a poll of its own, so that the first connect hardly counts.
    let publishing = async {
        for _ in 0..10 {
            publish(server, recorder, 1).await;
            tokio::time::sleep(2 * POLL_INTERVAL).await;
        }
    };
    let (_, last) = tokio::join!(
        publishing,
        read(transport, subscription, recorder, before + 20)
    );
    last
}

/// A proxy that delays the bytes from the server by `delay`, and no bytes to the server.
async fn delaying_proxy(server: String, delay: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let upstream = tokio::net::TcpStream::connect(&server).await.unwrap();
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = upstream.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            let (late, mut due) = tokio::sync::mpsc::unbounded_channel::<(_, Vec<u8>)>();
            tokio::spawn(async move {
                let mut buffer = vec![0; 65_536];
                while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
                    let at = tokio::time::Instant::now() + delay;
                    let _ = late.send((at, buffer[..count].to_vec()));
                }
            });
            tokio::spawn(async move {
                while let Some((at, bytes)) = due.recv().await {
                    tokio::time::sleep_until(at).await;
                    if to_client.write_all(&bytes).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}

/// Every recorded latency lies between the delay that a proxy adds and the time after which this
/// test sees the delivery.
#[tokio::test]
async fn a_known_delay_is_measured_exactly() {
    const DELAY: Duration = Duration::from_millis(250);
    for transport in Transport::ALL {
        let server = Arc::new(Server::start(&[]));
        let proxy = delaying_proxy(server.address.clone(), DELAY).await;
        let (mut subscription, recorder) = subscriber(&proxy, true);
        let publishing = async {
            until(|| recorder.board.total(Gauge::Joined) > 0).await;
            let mut seen_after_ns = Vec::new();
            for n in 0..5u64 {
                let before_ns = clock::now_ns();
                publish(&server, &recorder, 1).await;
                until(|| recorder.board.total(Gauge::Delivered) > n).await;
                seen_after_ns.push(clock::now_ns() - before_ns);
            }
            seen_after_ns
        };
        let (seen_after_ns, recording) =
            tokio::join!(publishing, read(transport, &mut subscription, &recorder, 5));
        let latency = &recording.latency;
        assert_eq!(latency.len(), 5, "{transport}");
        // The histogram keeps three digits.
        let least = DELAY.as_nanos() as u64 * 999 / 1_000;
        assert!(latency.min() >= least, "{transport}: {} ns", latency.min());
        for (recorded, seen) in [
            (latency.min(), seen_after_ns.iter().min()),
            (latency.max(), seen_after_ns.iter().max()),
        ] {
            let seen = seen.unwrap();
            assert!(
                recorded <= seen * 1_001 / 1_000,
                "{transport}: {recorded}, seen {seen} ns"
            );
        }
    }
}
