//! `scripts/class-load`: visitors of the race at a small scale, all behind one address.

use support::process::{command, text};

mod support;

#[test]
fn ten_visitors_behind_one_address_miss_nothing() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/class-load");
    let mut script = command(script);
    script.args(["--visitors", "10", "--quick"]);
    script.env("WSLAB", env!("CARGO_BIN_EXE_wslab"));
    let output = script.output().unwrap();
    let (table, notes) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{table}{notes}");
    for told in [
        "10 visitors, 6 connections each, all from 127.0.0.2",
        "the hall saw 10 devices",
        "p99 of push: ",
        "% of a CPU",
    ] {
        assert!(table.contains(told), "{told}: {table}");
    }
    let transports = table.lines().filter(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        matches!(words[..], [_, _, _, "0", of, ..] if of.parse::<u32>().is_ok_and(|of| of >= 20))
    });
    assert_eq!(transports.count(), 5, "{table}");
}
