//! Closing a connection so that the peer gets the answer that it was sent.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

/// How long the server reads on after its last answer.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// Ends a connection whose peer may still be writing. If the server just closed it, the kernel
/// would answer further data with a reset, which could overtake the answer (RFC 9112, section 9.6).
pub async fn drain(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let rest = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, rest).await;
}

/// Answers any request with an error and closes. `fields` are header lines that each end with
/// CR LF.
pub async fn refuse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    status: &str,
    fields: &str,
    error: &str,
) {
    let body = format!("{{\"error\":\"{error}\"}}");
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\n{fields}\
         Content-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    // It fits into the send buffer of a new connection.
    if stream.write_all(answer.as_bytes()).await.is_ok() {
        drain(stream).await;
    }
}
