//! The class of `wslab demo`: the hall, the teacher's orders, and votes, over HTTP and in Chromium.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::browser::{Browser, Page};
use support::looks::{assert_readable, show};
use support::process::{Process, wslab};
use support::{Answer, JSON, Server, ask, read_until, wait_until};

mod support;

const KEY: &str = "right-key-123";

/// A demonstration whose teacher has [`KEY`].
fn demo() -> Server {
    let line = [
        "demo",
        "--bind",
        "127.0.0.1:0",
        "--no-open",
        "--teacher-key",
        KEY,
    ];
    let mut command = wslab(&line);
    command.args(["--log", "warn"]);
    Server::of(Process::start(command))
}

fn teacher(server: &Server, path: &str, body: &Value) -> Answer {
    let headers = format!("{JSON}Authorization: Bearer {KEY}\r\n");
    server.exchange(
        "POST",
        &format!("/teacher/{path}"),
        &headers,
        &body.to_string(),
    )
}

/// The secret name of a simulated device.
fn device(number: u64) -> String {
    format!("{number:016x}")
}

/// Reports the figures of a simulated device; returns the answer.
fn report(server: &Server, number: u64, lanes: &Value) -> Value {
    let body = json!({ "device": device(number), "mark": number + 1_000, "lanes": lanes });
    let answer = server.exchange("POST", "/hall/report", JSON, &body.to_string());
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

fn vote(server: &Server, number: u64, ballot: u64, value: f64) -> Answer {
    let body = json!({ "device": device(number), "ballot": ballot, "value": value });
    server.exchange("POST", "/vote", JSON, &body.to_string())
}

fn state(server: &Server) -> Value {
    serde_json::from_str(&server.get("/hall/state").body).unwrap()
}

#[test]
fn fifty_devices_are_dots_in_the_hall_and_silent_ones_are_told() {
    let server = demo();
    let browser = Browser::open(&server.at("/hall"));
    for number in 1..=50_u64 {
        let lanes = match number % 2 {
            0 => json!({ "sse": { "delay_ms": number as f64 } }),
            _ => json!({ "websocket": { "delay_ms": 2.0 * number as f64 },
                "short-polling": {} }),
        };
        report(&server, number, &lanes);
    }
    let dots = r"
        const dots = (name) => document
            .querySelectorAll(`#lanes [data-transport='${name}'] .dot`).length;
        return [document.querySelector('#count').textContent,
            dots('sse'), dots('websocket'), dots('short-polling'), dots('ndjson')];";
    browser.wait_for("dots", dots, |shown| {
        *shown == json!(["50 devices", 25, 25, 25, 0])
    });
    let lane = "return document.querySelector(`#lanes [data-transport='sse']`)
        .getAttribute('aria-label')";
    assert_eq!(
        browser.run(lane),
        "SSE: 25 devices, median delay 26\u{a0}ms"
    );
    browser.wait_for("silent devices", dots, |shown| {
        shown[0] == "50 devices, 50 silent"
    });
    // What a hall shows is all that it tells: no secret names.
    assert!(!server.get("/hall/state").body.contains(&device(50)));
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn without_the_key_a_student_touches_nobody() {
    let server = demo();
    let order = json!({ "do": "stop", "for_s": 5 }).to_string();
    let try_with = |headers: &str| {
        let headers = format!("{JSON}{headers}");
        server.exchange("POST", "/teacher/orders", &headers, &order)
    };
    try_with("").assert(401, &["www-authenticate: bearer", "the teacher's key"]);
    try_with("Authorization: Bearer wrong-key-123\r\n").assert(401, &[]);
    for path in ["ballot", "room"] {
        let answer = server.exchange("POST", &format!("/teacher/{path}"), JSON, "{}");
        answer.assert(401, &[]);
    }
    let guess = || try_with("Authorization: Bearer guess\r\n");
    wait_until("guessing is limited", || guess().status == 429);
    let mut stream = server.open("/feeds/sensors/sse", "");
    read_until(&mut stream, "data: ");
    assert_eq!(state(&server)["orders"], json!([]));
    // Only a demonstration has a class.
    let alone = Server::start(&[]);
    for path in ["/teacher/orders", "/hall/report", "/vote"] {
        assert_eq!(
            alone.exchange("POST", path, JSON, "{}").status,
            404,
            "{path}"
        );
    }
    for path in ["/hall", "/vote", "/hall/state", "/qr.svg"] {
        assert_eq!(alone.get(path).status, 404, "{path}");
    }
}

/// Behind the hall's NAT both have one address.
#[test]
fn a_student_who_tries_keys_does_not_lock_the_teacher_out() {
    let server = demo();
    let wrong = format!("{JSON}Authorization: Bearer wrong-key-123\r\n");
    let guess = || server.exchange("POST", "/teacher/room", &wrong, "{}");
    for _ in 0..3 {
        wait_until("guessing is limited", || {
            let answer = guess();
            let is_limited = answer.status == 429;
            if is_limited {
                answer.assert(429, &["tries keys too often: wait a second"]);
            }
            is_limited
        });
        teacher(&server, "room", &json!({})).assert(200, &[]);
    }
}

#[test]
fn orders_hold_for_their_time_are_told_to_devices_and_logged() {
    let mut server = demo();
    report(&server, 1, &json!({}));
    let (mut stream, _) = server.open_until("/feeds/lobby/sse", "", "\r\n\r\n");
    server.publish("lobby", "al", "before");
    read_until(&mut stream, "before");
    let stop = json!({ "do": "stop", "for_s": 2 });
    let start = Instant::now();
    teacher(&server, "orders", &stop).assert(200, &[]);
    let told = report(&server, 1, &json!({}));
    assert_eq!(told["orders"][0]["do"], "stop", "{told}");
    server.publish("lobby", "al", "during");
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "others are answered"
    );
    read_until(&mut stream, "during");
    assert!(
        start.elapsed() >= Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(
        report(&server, 1, &json!({}))["orders"],
        json!([]),
        "it has ended by itself"
    );
    let interval = json!({ "do": "interval", "ms": 2_000, "for_s": 60 });
    teacher(&server, "orders", &interval).assert(200, &[]);
    let told = report(&server, 2, &json!({}));
    assert_eq!(
        (&told["orders"][0]["ms"], &told["device"]),
        (&json!(2_000.0), &json!(2))
    );
    for (bad, advice) in [
        (
            json!({ "do": "stop", "for_s": 3_600 }),
            "for_s: write 1 to 15",
        ),
        (json!({ "do": "explode" }), "unknown variant"),
        (json!({ "do": "cut", "device": 99 }), "no device 99"),
    ] {
        teacher(&server, "orders", &bad).assert(422, &[advice]);
    }
    server.terminate();
    let log = server.log();
    assert!(
        log.contains("the teacher's order") && log.contains("stop for 2 s"),
        "{log}"
    );
    assert!(!log.contains(KEY), "{log}");
}

#[test]
fn a_cut_ends_the_connections_of_one_device_or_of_all() {
    let server = demo();
    let read = |mark: u64| {
        let path = format!("/feeds/lobby/sse?mark={mark}");
        server.open_until(&path, "", "\r\n\r\n").0
    };
    let is_cut = |stream: &mut std::net::TcpStream| {
        use std::io::Read;
        stream
            .set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        let mut rest = Vec::new();
        !matches!(stream.read_to_end(&mut rest), Err(error)
            if error.kind() == std::io::ErrorKind::WouldBlock)
    };
    for number in [1, 2] {
        report(&server, number, &json!({ "sse": {} }));
    }
    let (mut first, mut second) = (read(1_001), read(1_002));
    let answer = teacher(&server, "orders", &json!({ "do": "cut", "device": 2 }));
    answer.assert(200, &[r#"{"cut":1}"#]);
    assert!(is_cut(&mut second) && !is_cut(&mut first));
    let answer = teacher(&server, "orders", &json!({ "do": "cut" }));
    answer.assert(200, &[r#"{"cut":1}"#]);
    assert!(is_cut(&mut first));
}

#[test]
fn the_sensors_publish_as_often_as_the_teacher_says() {
    let server = demo();
    let mut stream = server.open("/feeds/sensors/sse", "");
    read_until(&mut stream, "data: ");
    let rate = json!({ "do": "rate", "hz": 50, "for_s": 60 });
    teacher(&server, "orders", &rate).assert(200, &[]);
    let count = || server.history("sensors").len();
    let (before, start) = (count(), Instant::now());
    wait_until("a hundred readings", || count() >= before + 100);
    // At the usual rate of four a second it takes 25 s.
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn votes_count_once_a_device_and_the_truth_is_the_rooms() {
    let server = demo();
    vote(&server, 1, 1, 5.0).assert(409, &["no question is open"]);
    let open = json!({ "open": { "kind": "poll-delay", "interval_ms": 2_000 } });
    teacher(&server, "ballot", &open).assert(200, &[]);
    let told = report(
        &server,
        1,
        &json!({ "short-polling": { "delay_ms": 1_010 } }),
    );
    assert_eq!(told["ballot"], json!([1, true]));
    assert_eq!(
        told["orders"][0]["ms"], 2_000.0,
        "the question sets the interval"
    );
    for (number, value) in [(1, 100.0), (2, 2_000.0), (3, 1_000.0), (1, 900.0)] {
        vote(&server, number, 1, value).assert(200, &[]);
    }
    vote(&server, 4, 1, -5.0).assert(422, &["write a number from 0 to 60000"]);
    let ballot = || -> Value { serde_json::from_str(&server.get("/vote/ballot").body).unwrap() };
    let open = ballot();
    assert_eq!(
        (&open["count"], &open["votes"]),
        (&json!(3), &Value::Null),
        "{open}"
    );
    teacher(&server, "ballot", &json!({ "close": {} })).assert(200, &[]);
    let closed = ballot();
    assert_eq!(closed["votes"], json!([900.0, 1_000.0, 2_000.0]));
    assert_eq!(closed["median"], 1_000.0);
    let truth = json!({ "source": "devices", "value": 1_010.0, "devices": 1 });
    assert_eq!(closed["truth"], truth);
    vote(&server, 4, 1, 5.0).assert(409, &[]);
    teacher(&server, "ballot", &json!({ "close": {} })).assert(409, &[]);
}

#[test]
fn a_phone_votes_and_sees_the_spread_beside_the_truth() {
    let server = demo();
    let text = "How many? <b>bold</b>";
    let open = json!({ "open": { "kind": "free", "text": text, "unit": "kg" } });
    let phone = Browser::open(&server.at("/vote"));
    let shown = |id: &str| {
        format!(
            "const one = document.querySelector('{id}');
            return one.hidden || one.closest('[hidden]') ? '' : one.textContent"
        )
    };
    phone.wait_for("this device's number", &shown(".device"), |it| {
        it == "device 1"
    });
    assert_ne!(phone.run(&shown("#none")), "");
    teacher(&server, "ballot", &open).assert(200, &[]);
    phone.wait_for("the question", &shown("#question"), |it| it == text);
    phone.write("#value", "12");
    phone.click("#form button");
    phone.wait_for("the vote", &shown("#own"), |it| {
        it == "You said 12\u{a0}kg. One vote so far."
    });
    phone.write("#value", "14");
    phone.click("#form button");
    phone.wait_for("the other vote", &shown("#own"), |it| {
        it == "You said 14\u{a0}kg. One vote so far."
    });
    vote(&server, 7, 1, 20.0).assert(200, &[]);
    teacher(&server, "ballot", &json!({ "close": { "truth": 15 } })).assert(200, &[]);
    phone.wait_for("the result", &shown("#result"), |it| {
        let it = it.as_str().unwrap();
        it.contains("The class said 17\u{a0}kg (median of 2 votes).")
            && it.contains("The teacher’s answer: 15\u{a0}kg.")
    });
    let drawn = "return [document.querySelectorAll('.strip circle').length,
        document.querySelectorAll('.strip circle.own').length,
        document.querySelectorAll('.strip line.truth').length,
        document.querySelectorAll('#ballot b').length];";
    assert_eq!(phone.run(drawn), json!([2, 1, 1, 0]));
    phone.run(&format!("location = '{}'", server.at("/vote?lang=pt")));
    phone.wait_for("Portuguese", &shown("#own"), |it| {
        it == "Você disse 14\u{a0}kg."
    });
    assert_eq!(phone.errors(), Vec::<Value>::new());
}

#[test]
fn the_teacher_uses_the_key_in_the_hall() {
    let server = demo();
    report(&server, 1, &json!({ "sse": { "delay_ms": 3 } }));
    let hall = Browser::open(&server.at("/hall"));
    let controls = "return document.querySelector('#controls').hidden";
    assert_eq!(hall.run(controls), true);
    hall.run("document.querySelector('#teacher').open = true");
    let done = "return document.querySelector('#done').textContent";
    hall.write("#key", "not the key");
    hall.click("#unlock button");
    hall.wait_for("refusal", done, |it| {
        it.as_str().unwrap().starts_with("This is not the key")
    });
    // The key in the fragment does not stay on the screen.
    hall.run(&format!(
        "location = '{}#key={KEY}'; location.reload()",
        server.at("/hall")
    ));
    hall.wait_for("controls", controls, |hidden| hidden == false);
    assert_eq!(hall.run("return location.hash"), "");
    hall.click("[data-order=stop] button");
    let orders = "return document.querySelector('.orders').textContent";
    hall.wait_for("the order", orders, |it| {
        it == "By the teacher: The server’s answers are stopped for 5 s."
    });
    hall.click("[data-order=ask] button");
    let question = "return document.querySelector('#question').textContent";
    hall.wait_for("the question", question, |it| {
        it.as_str()
            .unwrap()
            .starts_with("Every page asks the server every 2\u{a0}s.")
    });
    hall.click("[data-order=close] button");
    let result = "return document.querySelector('#result').textContent";
    hall.wait_for("the result", result, |it| {
        it.as_str()
            .unwrap()
            .contains("By theory, not measured: 1,000")
    });
    let severe = hall.errors();
    assert!(
        severe.iter().all(|error| error.to_string().contains("401")),
        "{severe:?}"
    );
}

/// As behind the NAT of a hall. Each device has an event stream, and a connection for its reports.
#[test]
fn four_hundred_devices_behind_one_address_get_on() {
    const DEVICES: u64 = 400;
    let server = demo();
    let before = server.rss_bytes();
    let mut streams: Vec<_> = (0..DEVICES)
        .map(|_| server.open_until("/feeds/lobby/sse", "", "\r\n\r\n").0)
        .collect();
    let mut reports: Vec<_> = (0..DEVICES).map(|_| server.connect()).collect();
    for round in 0..3 {
        for (number, stream) in (1..).zip(&mut reports) {
            let lanes = json!({ "sse": { "delay_ms": round } });
            let body = json!({ "device": device(number), "lanes": lanes }).to_string();
            let length = body.len();
            let head = format!("POST /hall/report HTTP/1.1\r\nHost: {}\r\n", server.address);
            let request = format!("{head}{JSON}Content-Length: {length}\r\n\r\n{body}");
            let head = ask(stream, &request);
            assert!(head.starts_with("http/1.1 200 "), "device {number}: {head}");
            let told = read_until(stream, "}");
            assert!(told.contains(&format!("\"device\":{number},")), "{told}");
        }
    }
    server.publish("lobby", "al", "to all");
    for stream in &mut streams {
        read_until(stream, "to all");
    }
    let devices = state(&server)["devices"].as_array().unwrap().len();
    assert_eq!(devices as u64, DEVICES);
    let bytes = server.rss_bytes().saturating_sub(before) / DEVICES;
    println!("{bytes} bytes of the server's memory a device");
    assert!(bytes < 100_000, "{bytes} bytes a device");
}

#[test]
fn the_race_tells_the_hall_what_it_sees_and_obeys_the_teacher() {
    let server = demo();
    let race = Browser::open(&server.at("/"));
    wait_until("the hall knows five delays", || {
        let delays = &state(&server)["devices"][0]["delays"];
        let delays = delays.as_array().map_or(&[][..], Vec::as_slice);
        delays.len() == 5 && delays.iter().all(Value::is_number)
    });
    let interval = json!({ "do": "interval", "ms": 300, "for_s": 3 });
    teacher(&server, "orders", &interval).assert(200, &[]);
    let control = "const select = document.querySelector('#interval');
        return [select.value, select.disabled,
            document.querySelector('.orders')?.textContent ?? '']";
    race.wait_for("the teacher's interval", control, |it| {
        *it == json!(["300", true, "By the teacher: All poll every 300\u{a0}ms."])
    });
    race.wait_for("the visitor's interval again", control, |it| {
        *it == json!(["1000", false, ""])
    });
    let cut = teacher(&server, "orders", &json!({ "do": "cut", "device": 1 }));
    let cut: Value = serde_json::from_str(&cut.body).unwrap();
    // Those of the streams at least; a poll's connection may serve something else just now.
    assert!(cut["cut"].as_u64().unwrap() >= 3, "{cut}");
    let states = "return [...document.querySelectorAll('[data-state]')]
        .filter((one) => one.dataset.state === 'live').length";
    race.wait_for("all transports again", states, |live| *live == 5);
}

#[test]
fn hall_and_vote_look_right_on_projectors_and_phones_in_light_and_dark() {
    let server = demo();
    for number in 1..=3 {
        report(
            &server,
            number,
            &json!({ "sse": { "delay_ms": 3 }, "websocket": {} }),
        );
    }
    let open = json!({ "open": { "kind": "poll-delay", "interval_ms": 2_000 } });
    teacher(&server, "ballot", &open).assert(200, &[]);
    for number in 1..=30 {
        vote(&server, number, 1, number as f64 * 70.0).assert(200, &[]);
    }
    let browser = Browser::open(&server.at(&format!("/hall#key={KEY}")));
    let drawn = "return document.querySelectorAll('.strip circle').length";
    let controls = "return document.querySelectorAll('#controls form').length";
    browser.wait_for("controls", controls, |forms| *forms == 7);
    teacher(&server, "ballot", &json!({ "close": {} })).assert(200, &[]);
    for (size, scheme, language) in [
        ((1280, 720), "light", "en"),
        ((1280, 720), "dark", "pt"),
        ((390, 844), "light", "pt"),
        ((390, 844), "dark", "en"),
    ] {
        show(&browser, size, scheme);
        for path in ["/hall", "/vote"] {
            browser.go(&server.at(&format!("{path}?lang={language}")));
            // One vote lies beyond the axis, and is counted there.
            browser.wait_for("the votes", drawn, |votes| *votes == 29);
            let looks = format!("{path} {language} {size:?} {scheme}");
            assert_readable(&browser, &looks);
        }
    }
    assert_eq!(browser.errors(), Vec::<Value>::new());
}
