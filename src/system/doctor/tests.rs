use crate::system::activity::Activity;
use crate::system::doctor::Level::{Bad, Warn};
use crate::system::doctor::*;
use crate::system::files::Boost;

/// A machine without a fault.
fn sound() -> SystemInfo {
    SystemInfo {
        profile: "release",
        open_files: Some(20_000),
        one_table: true,
        local_ports: Some((32_768, 60_999)),
        somaxconn: Some(4_096),
        tcp_tw_reuse: Some(2),
        governor: Some("performance".to_owned()),
        boost: Some(Boost {
            on: false,
            off_by: "switch",
        }),
        cpus: Some(2),
        cpu_quota: None,
        load_average: Some(0.4),
        virtual_machine: Some(false),
        memory_available_bytes: Some(1 << 30),
        swap_used_bytes: Some(0),
        clock_source: Some("tsc".to_owned()),
        timer_slack_ns: Some(50_000),
        time_wait: Some(100),
        activity: Some(activity(3.0, 0.0)),
    }
}

fn activity(busy_percent: f64, steal_percent: f64) -> Activity {
    Activity {
        busy_percent,
        steal_percent: Some(steal_percent),
        top: Some(("cc1".to_owned(), 42, 97.3)),
    }
}

#[test]
fn a_sound_machine_has_no_doubts_and_an_unknown_one_no_findings() {
    let all = findings(&sound(), &Requirements::of(5_000));
    assert_eq!(all.len(), 16, "all but the quota, which is absent: {all:?}");
    for finding in &all {
        assert_eq!((finding.level, &*finding.fix), (Level::Ok, ""), "{finding}");
    }
    let nothing = findings(&SystemInfo::default(), &Requirements::of(5_000));
    let names: Vec<_> = nothing.iter().map(|finding| finding.name).collect();
    assert_eq!(names, ["build"], "which is always known");
}

type Change = fn(&mut SystemInfo);

/// A fault, its weight and name, and a part of what the doctor says of it.
const FAULTS: [(Change, Level, &str, &str); 24] = [
    (|f| f.profile = "debug", Bad, "build", "--release"),
    (|f| f.profile = "quick", Warn, "build", "profile quick"),
    (|f| f.cpus = Some(1), Bad, "cores", "--target"),
    (|f| f.cpu_quota = Some(1.5), Warn, "cpu-quota", "1.5 CPUs"),
    (
        |f| f.activity = Some(activity(11.0, 0.0)),
        Warn,
        "busy",
        "cc1 (pid 42, 97 %",
    ),
    (
        |f| f.activity = Some(activity(51.0, 0.0)),
        Bad,
        "busy",
        "wait",
    ),
    (
        |f| f.activity = Some(activity(0.0, 2.5)),
        Warn,
        "steal",
        "2.5 %",
    ),
    (
        |f| f.activity = Some(activity(0.0, 11.0)),
        Bad,
        "steal",
        "neighbours",
    ),
    (|f| f.load_average = Some(1.1), Warn, "load-average", "1.10"),
    (
        |f| f.virtual_machine = Some(true),
        Warn,
        "virtual-machine",
        "--repeats",
    ),
    (
        |f| f.open_files = Some(5_099),
        Bad,
        "open-files",
        "at most 4999 clients",
    ),
    (|f| f.open_files = Some(50), Bad, "open-files", "ulimit -Hn"),
    (
        |f| f.memory_available_bytes = Some(260 << 20),
        Bad,
        "memory",
        "324 MiB",
    ),
    (
        |f| f.swap_used_bytes = Some(65 << 20),
        Warn,
        "swap",
        "swapoff",
    ),
    (
        |f| f.clock_source = Some("hpet".to_owned()),
        Bad,
        "clock-source",
        "echo tsc",
    ),
    (
        |f| f.timer_slack_ns = Some(1_000_000),
        Warn,
        "timer-slack",
        "1000 µs",
    ),
    (
        |f| f.governor = Some("powersave".to_owned()),
        Warn,
        "cpu-governor",
        "cpupower",
    ),
    (
        |f| f.boost.as_mut().unwrap().on = true,
        Warn,
        "cpu-boost",
        "→ switch",
    ),
    (
        |f| f.somaxconn = Some(128),
        Warn,
        "somaxconn",
        "somaxconn=4096",
    ),
    (
        |f| f.local_ports = Some((1, 4_999)),
        Warn,
        "local-ports",
        "4999",
    ),
    (|f| f.local_ports = Some((9, 8)), Warn, "local-ports", "0: "),
    (
        |f| f.tcp_tw_reuse = Some(0),
        Warn,
        "time-wait",
        "tcp_tw_reuse=2",
    ),
    (
        |f| f.time_wait = Some(7_059),
        Warn,
        "time-wait",
        "wait a minute",
    ),
    (
        |f| f.time_wait = Some(u64::MAX),
        Warn,
        "time-wait",
        "hold their ports",
    ),
];

#[test]
fn each_fault_is_found_alone_with_its_weight_and_what_fixes_it() {
    for (change, level, name, says) in FAULTS {
        let mut info = sound();
        change(&mut info);
        let all = findings(&info, &Requirements::of(5_000));
        let doubts: Vec<_> = all.iter().filter(|f| f.level > Level::Ok).collect();
        let mut named = doubts.iter().filter(|finding| finding.name == name);
        let found = named.next().unwrap_or_else(|| panic!("{name}: {doubts:?}"));
        // Without any port, those at rest are too many as well.
        assert!(doubts.len() == 1 || says == "0: ", "{name}: {doubts:?}");
        assert_eq!(found.level, level, "{found}");
        let line = found.to_string();
        assert!(line.contains(says) && line.contains(" → "), "{line}");
        assert!(line.starts_with(&format!("{level:<4}  {name}: ")), "{line}");
        assert_eq!(line.lines().count(), 1);
    }
}

#[test]
fn limits_are_those_of_what_is_to_be_measured() {
    let level = |clients, one_address, name| {
        let requirements = Requirements {
            one_address,
            ..Requirements::of(clients)
        };
        let all = findings(&sound(), &requirements);
        let found = all.iter().find(|finding| finding.name == name);
        found.unwrap().level
    };
    assert_eq!(level(19_900, true, "open-files"), Level::Ok);
    assert_eq!(level(19_901, true, "open-files"), Level::Bad);
    assert_eq!(level(28_233, true, "local-ports"), Level::Warn);
    assert_eq!(level(28_233, false, "local-ports"), Level::Ok);
    assert_eq!(level(1_000_000, false, "memory"), Level::Bad);
}

#[test]
fn a_run_prints_its_doubts_in_a_line() {
    let hint = |doubts: &[&str]| {
        let doubts: Vec<_> = doubts.iter().map(|doubt| (*doubt).to_owned()).collect();
        hint(&doubts)
    };
    assert_eq!(hint(&[]), None);
    assert_eq!(
        hint(&["build"]).unwrap(),
        "doctor: 1 doubt about this machine: build; see wslab doctor"
    );
    let two = hint(&["build", "swap"]).unwrap();
    assert!(
        two.starts_with("doctor: 2 doubts about this machine: build, swap;"),
        "{two}"
    );
}
