//! What is said of the bytes of a connection, in English.

use crate::texts::wire::Note;
use crate::texts::{WireNote as N, WireTexts};

pub(super) const WORDS: WireTexts = WireTexts {
    up: "client → server",
    down: "server → client",
    request: "request",
    response: "response",
    chunk: "chunk",
    body: "body",
    event: "event",
    line: "line",
    frame: "frame",
    rest: "rest",
    payload: "payload",
    envelope: "envelope",
    protocol: "protocol",
    sum: "sum",
    layer: "layer",
    section: "section",
    columns: ["bytes up", "bytes down"],
    below_plain: "The headers of TCP and IP are below these bytes, and are not counted here.",
    below_tls: "These bytes are the plaintext inside TLS. The records of TLS and the headers of \
                TCP and IP are below them, and are not counted here.",
    more_bytes: "bytes more",
};

const FIELD: &str = "header field";

/// Title and sentence of what heads and bodies have.
pub(super) const NOTES: &[Note] = &[
    (
        N::RequestLine,
        "request line",
        "The client says what it wants: a method, a target and its version of HTTP.",
    ),
    (
        N::Method,
        "method",
        "What to do with the target. GET reads, and a WebSocket begins with it too.",
    ),
    (
        N::RequestTarget,
        "target",
        "The path of the endpoint, with its query after the question mark.",
    ),
    (
        N::Version,
        "version",
        "HTTP/1.1 keeps the connection open after an answer unless either side says close.",
    ),
    (
        N::StatusLine,
        "status line",
        "The server says how the request went.",
    ),
    (
        N::StatusCode,
        "status code",
        "1xx goes on, 2xx is a success, 3xx is elsewhere, 4xx is the client's fault, 5xx the \
             server's. 101 switches to the protocol of the Upgrade field.",
    ),
    (
        N::ReasonPhrase,
        "reason phrase",
        "The status code in words, for people. Programs ignore it.",
    ),
    (
        N::EndOfHead,
        "end of the head",
        "An empty line ends the head. What follows is the body, the next message or, after \
             101, the new protocol.",
    ),
    (
        N::EmptyLine,
        "empty line",
        "An empty line before a head is ignored.",
    ),
    (
        N::Host,
        FIELD,
        "Which server is meant, as one address can have several names.",
    ),
    (
        N::Connection,
        FIELD,
        "Whether the connection is kept, closed, or upgraded to the protocol in Upgrade.",
    ),
    (
        N::Upgrade,
        FIELD,
        "The protocol that shall follow HTTP on this connection.",
    ),
    (
        N::WebSocketKey,
        FIELD,
        "16 random bytes in base64. The answer must follow from it, so that no server answers \
             that does not speak WebSocket. It is no secret and protects nothing else.",
    ),
    (
        N::WebSocketVersion,
        FIELD,
        "The version of WebSocket. 13 is the only one in use.",
    ),
    (
        N::WebSocketAccept,
        FIELD,
        "The base64 of the SHA-1 of the key followed by a fixed GUID: the proof that the \
             server understood the request.",
    ),
    (
        N::AcceptWrong,
        FIELD,
        "This does not follow from the key: a client must fail the connection.",
    ),
    (
        N::WebSocketProtocol,
        FIELD,
        "The subprotocols that are offered, or the one that was chosen.",
    ),
    (
        N::WebSocketExtensions,
        FIELD,
        "The extensions that are offered, such as compression, or those in use.",
    ),
    (
        N::Origin,
        FIELD,
        "The page that the request comes from. Browsers send it, and no page can change it.",
    ),
    (
        N::LastEventId,
        FIELD,
        "The last id that the client got: the stream goes on after it.",
    ),
    (
        N::Accept,
        FIELD,
        "The types of content that the client takes.",
    ),
    (
        N::AcceptEncoding,
        FIELD,
        "The compressions that the client understands.",
    ),
    (N::UserAgent, FIELD, "Which program asks."),
    (
        N::Authorization,
        FIELD,
        "A secret that opens the server to this client.",
    ),
    (
        N::ContentType,
        FIELD,
        "What the body is: text/event-stream is SSE, application/x-ndjson is a line of JSON \
             for each message.",
    ),
    (N::ContentLength, FIELD, "The length of the body in bytes."),
    (
        N::TransferEncoding,
        FIELD,
        "chunked: the body comes in pieces, each with its length, as its end is not known yet.",
    ),
    (N::ContentEncoding, FIELD, "The compression of the body."),
    (
        N::CacheControl,
        FIELD,
        "Whether what comes may be stored and used again.",
    ),
    (
        N::Buffering,
        FIELD,
        "no: a proxy such as nginx must pass on each piece at once.",
    ),
    (
        N::AllowOrigin,
        FIELD,
        "The foreign page that may read this answer.",
    ),
    (
        N::Date,
        FIELD,
        "When the answer was made, by the server's clock.",
    ),
    (
        N::KeyBytes,
        "bytes of the key",
        "The length of the decoded key; it must be 16.",
    ),
    (
        N::BodyLength,
        "length",
        "The bytes of the body that follows.",
    ),
    (
        N::HeaderField,
        FIELD,
        "A header field: a name, a colon and a value.",
    ),
    (
        N::ChunkSize,
        "chunk size",
        "The length of the piece that follows, in hexadecimal.",
    ),
    (
        N::ChunkExtension,
        "chunk extension",
        "More about the chunk. Almost nothing uses it.",
    ),
    (
        N::ChunkEnd,
        "end of the chunk",
        "CR and LF after the data, which are not in its length.",
    ),
    (
        N::LastChunk,
        "last chunk",
        "A chunk of length 0: the body is complete.",
    ),
    (
        N::Trailer,
        "trailer field",
        "A header field that comes after the body.",
    ),
    (
        N::EndOfBody,
        "end of the body",
        "An empty line after the last chunk.",
    ),
    (
        N::MessageText,
        "payload",
        "The text of the message: what all the other bytes are there for.",
    ),
    (
        N::Envelope,
        "envelope",
        "The rest of the JSON: sequence number, author and times of the message.",
    ),
    (
        N::CompressedContent,
        "compressed content",
        "The content is compressed, and is not taken apart here.",
    ),
    (N::Content, "content", "What the application sent."),
];
