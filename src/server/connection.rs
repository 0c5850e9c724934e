//! One connection, from its first byte to its last.
//!
//! The fast engine serves it until a request comes that it does not understand; from then on the
//! connection belongs to the general engine.

use std::sync::Arc;

use crate::server::context::ServerContext;
use crate::server::general;
use crate::server::http1::conn::Http1Conn;
use crate::server::http1::engine;
use crate::service::counters::ConnectionCounters;
use crate::service::rewind::Stream;

/// Serves one connection to its end.
pub fn serve<S: Stream + 'static>(
    stream: S,
    counters: Arc<ConnectionCounters>,
    context: Arc<ServerContext>,
) -> impl Future<Output = ()> + Send {
    let mut conn = Http1Conn::new(stream, context.state.clone(), counters);
    async move {
        if engine::serve(&mut conn, &context).await {
            let peer = conn.peer;
            Box::pin(general::serve(peer.stream, peer.counters, context)).await;
        }
    }
}
