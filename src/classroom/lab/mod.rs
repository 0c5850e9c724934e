//! The servers that the course's exercises expect, so that a student's client and page work
//! unchanged: a WebSocket that confirms each text, and an event stream at `/eventos`.
//!
//! - [`confirm`]: the WebSocket · [`events`]: the event stream, and [`readings`] in it

pub mod confirm;
pub mod events;
pub mod readings;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::str::FromStr;
use std::sync::Arc;

use axum::Router;

use crate::error::UsageError;
use crate::feed::{Feeds, Retention};
use crate::service::limits::Limits;
use crate::service::state::AppState;
use crate::system::files::SystemFiles;
use crate::system::server_process;

/// The ports of the exercises, on this machine alone. Written `8765,8000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabPorts {
    pub websocket: u16,
    pub events: u16,
}

impl Default for LabPorts {
    fn default() -> Self {
        LabPorts {
            websocket: 8765,
            events: 8000,
        }
    }
}

impl FromStr for LabPorts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let port = |text: &str| text.trim().parse().ok();
        let ports = text.split_once(',');
        let ports = ports.and_then(|(one, other)| Some((port(one)?, port(other)?)));
        match ports {
            Some((websocket, events)) if websocket != events || websocket == 0 => {
                Ok(LabPorts { websocket, events })
            }
            _ => Err("write two ports, WebSocket and events: 8765,8000".to_owned()),
        }
    }
}

/// The two servers, which listen and do not serve yet.
#[derive(Debug)]
pub struct LabServers {
    websocket: TcpListener,
    events: TcpListener,
    pub websocket_address: SocketAddr,
    pub events_address: SocketAddr,
}

impl LabServers {
    /// Listens on the ports.
    ///
    /// # Errors
    /// A port is taken; the text says by which process, if that is known, and what to write.
    pub fn bind(ports: LabPorts) -> Result<Self, UsageError> {
        let (websocket, events) = (listen(ports.websocket)?, listen(ports.events)?);
        let address = |listener: &TcpListener| listener.local_addr().map_err(unusable);
        Ok(LabServers {
            websocket_address: address(&websocket)?,
            events_address: address(&events)?,
            websocket,
            events,
        })
    }

    /// Serves in tasks of their own, as long as the runtime lives. Must be called within one.
    ///
    /// # Errors
    /// The runtime takes no further sockets.
    pub fn serve(self) -> std::io::Result<()> {
        let feeds = Feeds::new(Retention::default(), 0);
        let state = Arc::new(AppState::new(feeds, Limits::default()));
        spawn(self.websocket, confirm::router(state))?;
        spawn(self.events, events::router())
    }
}

fn spawn(listener: TcpListener, router: Router) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Ok(())
}

fn listen(port: u16) -> Result<TcpListener, UsageError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let bound = TcpListener::bind(address);
    let listener = bound.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => UsageError(format!(
            "--lab: {} listens on {address}: end it, or name other ports: --lab-ports {}",
            holder(address),
            elsewhere(port)
        )),
        _ => unusable(error),
    })?;
    listener.set_nonblocking(true).map_err(unusable)?;
    Ok(listener)
}

fn unusable(error: std::io::Error) -> UsageError {
    UsageError(format!(
        "--lab: {error}: name other ports: --lab-ports 8766,8001"
    ))
}

/// The program that listens at an address, as far as it is known.
fn holder(address: SocketAddr) -> String {
    let Some(pid) = server_process::find(address).pid else {
        return "another program".to_owned();
    };
    match SystemFiles::host().process_stat(pid) {
        Ok(stat) => format!("{} (process {pid})", stat.comm),
        Err(_) => format!("process {pid}"),
    }
}

/// Other ports than one that is taken.
fn elsewhere(taken: u16) -> String {
    let LabPorts { websocket, events } = LabPorts::default();
    let other = |port: u16| if port == taken { port + 1 } else { port };
    format!("{},{}", other(websocket), other(events))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ports_are_read_and_all_else_is_refused() {
        let ports = |text: &str| text.parse::<LabPorts>();
        assert_eq!(ports("8765,8000"), Ok(LabPorts::default()));
        assert!(ports("0,0").is_ok() && ports("9000, 9001").is_ok());
        for bad in ["", "8765", "8765,8765", "8765,80000", "a,b", "1,2,3"] {
            assert!(ports(bad).unwrap_err().contains("8765,8000"), "{bad}");
        }
        assert_eq!(elsewhere(8765), "8766,8000");
        assert_eq!(elsewhere(8000), "8765,8001");
    }
}
