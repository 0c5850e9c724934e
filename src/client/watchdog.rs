//! A client's watchdog: takes a server for gone that has been silent for too long.

use std::rc::Rc;
use std::time::Duration;

use crate::client::socket::{Ledger, tcp_info};
use crate::client::socket_faults::close_both_ways;
use crate::runtime::event_loop;

/// Looks in the longest allowed silence. A silence is noticed by so much later at the most.
const LOOKS: u32 = 20;

/// Ends each connection of a client on which the server has sent nothing for `silence`, by the
/// kernel's count (tcp(7), `tcpi_last_data_recv`). Never returns.
pub async fn watch(ledger: Rc<Ledger>, silence: Duration) {
    loop {
        event_loop::sleep(silence / LOOKS).await;
        for (_, fd) in ledger.sockets_of(|_| true) {
            let info = tcp_info(fd);
            let silent = info.map(|info| Duration::from_millis(info.tcpi_last_data_recv.into()));
            if silent.is_some_and(|silent| silent > silence) {
                // One that is already closing needs nothing.
                let _ = close_both_ways(fd);
            }
        }
    }
}
