//! All checks. One is an entry beside its function.

use strum::IntoEnumIterator;

use crate::check::entry::{Check, Section};
use crate::check::http::{answer, clients as http_clients, polling, stream};
use crate::check::websocket::{
    clients, closing, control, from_server, handshake, messages, origin, violations,
};
use crate::transport::Transport;

/// Every check, in the order in which they are shown.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    let lists = [
        handshake::CHECKS,
        origin::CHECKS,
        messages::CHECKS,
        from_server::CHECKS,
        control::CHECKS,
        violations::CHECKS,
        closing::CHECKS,
        clients::CHECKS,
        answer::CHECKS,
        stream::CHECKS,
        polling::CHECKS,
        http_clients::CHECKS,
    ];
    Section::iter().flat_map(move |section| {
        let all = lists.into_iter().flatten();
        all.filter(move |check| check.section == section)
    })
}

/// Those of a transport.
pub fn of(kind: Transport) -> impl Iterator<Item = &'static Check> {
    checks().filter(move |check| check.of.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_within_a_transport_and_every_entry_is_complete() {
        for kind in Transport::CHOICES {
            let mut names: Vec<&str> = of(kind).map(|check| check.name).collect();
            let count = names.len();
            assert!(count >= 10, "{kind}: {count}");
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{kind}");
        }
        for check in checks() {
            let texts = [check.title, check.means, check.clause, check.mend];
            let is_complete = texts.iter().all(|text| !text.is_empty());
            assert!(is_complete, "{}", check.name);
            assert!(
                check.mend.ends_with('.') && check.means.ends_with('.'),
                "{}",
                check.name
            );
        }
    }
}
