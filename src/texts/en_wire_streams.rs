//! What is said of the bytes of event streams and WebSockets, and of malformed ones, in English.

use crate::texts::WireNote as N;
use crate::texts::wire::Note;

/// Title and sentence of each.
pub(super) const NOTES: &[Note] = &[
    (
        N::EventId,
        "id",
        "Where the event stands in the stream. After a break the browser sends it as \
             Last-Event-ID.",
    ),
    (
        N::EventData,
        "data",
        "What follows is the content of the event.",
    ),
    (
        N::EventType,
        "event",
        "The type of the event: the name of the listener in the page.",
    ),
    (
        N::EventRetry,
        "retry",
        "How many milliseconds a client waits before it connects again.",
    ),
    (
        N::EventBadRetry,
        "retry",
        "A time must be written in digits alone; clients ignore this line.",
    ),
    (
        N::EventComment,
        "comment",
        "A line that begins with a colon is ignored. Servers send it so that proxies do not \
             cut a silent connection.",
    ),
    (N::EventUnknown, "field", "A field of this name is ignored."),
    (
        N::EventLineEnd,
        "end of the line",
        "A field of an event ends with its line.",
    ),
    (
        N::EventEnd,
        "end of the event",
        "An empty line: the browser hands the event to the page.",
    ),
    (
        N::ByteOrderMark,
        "byte order mark",
        "U+FEFF at the start of the stream; it is ignored.",
    ),
    (
        N::LineHeartbeat,
        "heartbeat",
        "An empty line keeps the connection alive and carries no message.",
    ),
    (
        N::LineEnd,
        "end of the line",
        "A line feed ends the message.",
    ),
    (
        N::Fin,
        "FIN",
        "1: this frame is the last of its message. 0: more frames follow.",
    ),
    (
        N::Rsv1,
        "RSV1",
        "0, unless an extension uses it: compression marks messages by it.",
    ),
    (N::Rsv2, "RSV2", "0: reserved for extensions."),
    (N::Rsv3, "RSV3", "0: reserved for extensions."),
    (
        N::Opcode,
        "opcode",
        "What the frame is: 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong.",
    ),
    (
        N::OpcodeReserved,
        "opcode",
        "This opcode is reserved: the receiver must fail the connection.",
    ),
    (
        N::MaskedByClient,
        "MASK",
        "1: a client masks all its frames, so that a page cannot choose the bytes that a \
             proxy sees.",
    ),
    (N::NotMaskedByServer, "MASK", "0: a server does not mask."),
    (
        N::MaskMissing,
        "MASK",
        "0, but a client must mask: the server must close the connection.",
    ),
    (
        N::MaskForbidden,
        "MASK",
        "1, but a server must not mask: the client must close the connection.",
    ),
    (
        N::Length7,
        "payload length",
        "Up to 125 it is the length. 126: the next 2 bytes are. 127: the next 8 bytes are.",
    ),
    (
        N::Length16,
        "payload length, 16 bits",
        "The length in 2 bytes, the highest first.",
    ),
    (
        N::Length64,
        "payload length, 64 bits",
        "The length in 8 bytes, the highest first.",
    ),
    (
        N::LengthNotShortest,
        "payload length",
        "A shorter form has room for this length, and must be used.",
    ),
    (
        N::MaskingKey,
        "masking key",
        "4 random bytes. Byte i of the payload is XORed with byte i mod 4 of the key.",
    ),
    (
        N::UnmaskedPayload,
        "unmasked",
        "The bytes after the XOR with the masking key.",
    ),
    (
        N::ControlPayload,
        "payload of ping or pong",
        "Up to 125 bytes. A pong returns those of the ping.",
    ),
    (
        N::CloseCode,
        "close code",
        "Why the connection ends: 1000 is done, 1001 going away, 1002 a protocol error, 1007 \
             bad data, 1009 too big.",
    ),
    (
        N::CloseReason,
        "close reason",
        "The same in words, for people.",
    ),
    (
        N::BadClose,
        "close code",
        "A close frame has no payload, or one that begins with a code of 2 bytes.",
    ),
    (
        N::BadControl,
        "control frame",
        "A control frame must be whole, with a payload of at most 125 bytes.",
    ),
    (
        N::BadUtf8,
        "not UTF-8",
        "A text must be UTF-8: the receiver must fail the connection with 1007.",
    ),
    (
        N::PartOf,
        "in parts",
        "Chunks or frames cut this in parts; the value is that of the whole.",
    ),
    (
        N::Incomplete,
        "cut off",
        "The connection or its recording ends within this.",
    ),
    (
        N::BadLineEnd,
        "end of the line",
        "LF without CR: many programs accept it, but a sender must write both.",
    ),
    (
        N::BadRequestLine,
        "not HTTP",
        "This does not begin as a message of HTTP/1.1 does, so nothing after it is understood.",
    ),
    (
        N::BadHeaderLine,
        "not a header field",
        "A header line is a name, a colon directly after it, and a value.",
    ),
    (
        N::FoldedLine,
        "folded line",
        "A value that goes on in a second line: obsolete, and refused by many programs.",
    ),
    (
        N::BadLength,
        "unclear length",
        "The length of the body is not a number, so its end is unknown.",
    ),
    (
        N::BadChunkSize,
        "not a chunk size",
        "A chunk must begin with its length in hexadecimal, so nothing after it is understood.",
    ),
    (
        N::BadChunkEnd,
        "no end of the chunk",
        "CR and LF must follow the data of a chunk, so nothing after it is understood.",
    ),
    (
        N::TlsRecord,
        "TLS",
        "This looks like a record of TLS where HTTP was expected: use https or wss.",
    ),
    (
        N::NotExplained,
        "not explained",
        "More fields than are explained at once. The bytes are complete.",
    ),
];
