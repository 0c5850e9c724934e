//! What is said of the bytes of a connection: a title and a sentence for each kind of field.

use strum::{EnumIter, IntoStaticStr};

use crate::texts::{Locale, en_wire, en_wire_streams, pt_wire, pt_wire_streams};

/// What a field of the bytes is. [`WireNote::title`] names it, [`WireNote::sentence`] explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum WireNote {
    // Heads.
    RequestLine,
    Method,
    RequestTarget,
    Version,
    StatusLine,
    StatusCode,
    ReasonPhrase,
    HeaderField,
    Host,
    Connection,
    Upgrade,
    WebSocketKey,
    KeyBytes,
    WebSocketVersion,
    WebSocketAccept,
    AcceptWrong,
    WebSocketProtocol,
    WebSocketExtensions,
    Origin,
    LastEventId,
    Accept,
    AcceptEncoding,
    UserAgent,
    Authorization,
    ContentType,
    ContentLength,
    BodyLength,
    TransferEncoding,
    ContentEncoding,
    CacheControl,
    Buffering,
    AllowOrigin,
    Date,
    EndOfHead,
    EmptyLine,
    // Bodies.
    ChunkSize,
    ChunkExtension,
    ChunkEnd,
    LastChunk,
    Trailer,
    EndOfBody,
    // Content.
    MessageText,
    Envelope,
    Content,
    CompressedContent,
    // Event streams.
    EventId,
    EventData,
    EventType,
    EventRetry,
    EventBadRetry,
    EventComment,
    EventUnknown,
    EventLineEnd,
    EventEnd,
    ByteOrderMark,
    // Lines of JSON.
    LineEnd,
    LineHeartbeat,
    // Frames.
    Fin,
    Rsv1,
    Rsv2,
    Rsv3,
    Opcode,
    OpcodeReserved,
    MaskedByClient,
    NotMaskedByServer,
    MaskMissing,
    MaskForbidden,
    Length7,
    Length16,
    Length64,
    LengthNotShortest,
    MaskingKey,
    UnmaskedPayload,
    ControlPayload,
    CloseCode,
    CloseReason,
    BadClose,
    BadControl,
    BadUtf8,
    // Of any part.
    PartOf,
    Incomplete,
    BadLineEnd,
    BadRequestLine,
    BadHeaderLine,
    FoldedLine,
    BadLength,
    BadChunkSize,
    BadChunkEnd,
    TlsRecord,
    NotExplained,
}

impl WireNote {
    /// The name by which JSON refers to it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The field's name.
    pub fn title(self, locale: Locale) -> &'static str {
        self.texts(locale).0
    }

    /// What the field is for, or what is wrong with it.
    pub fn sentence(self, locale: Locale) -> &'static str {
        self.texts(locale).1
    }

    fn texts(self, locale: Locale) -> (&'static str, &'static str) {
        let notes = match locale {
            Locale::En => [en_wire::NOTES, en_wire_streams::NOTES],
            Locale::Pt => [pt_wire::NOTES, pt_wire_streams::NOTES],
        };
        let found = notes.into_iter().flatten().find(|(note, ..)| *note == self);
        found.map_or((self.name(), ""), |(_, title, sentence)| (title, sentence))
    }
}

/// A note with its title and its sentence. `tests/languages.rs` checks that none is missing.
pub(super) type Note = (WireNote, &'static str, &'static str);

/// The words of a listing of bytes.
pub struct WireTexts {
    pub up: &'static str,
    pub down: &'static str,
    pub request: &'static str,
    pub response: &'static str,
    pub chunk: &'static str,
    pub body: &'static str,
    pub event: &'static str,
    pub line: &'static str,
    pub frame: &'static str,
    pub rest: &'static str,
    pub payload: &'static str,
    pub envelope: &'static str,
    pub protocol: &'static str,
    pub sum: &'static str,
    pub layer: &'static str,
    pub section: &'static str,
    /// Bytes of a layer up, bytes down.
    pub columns: [&'static str; 2],
    /// Which layers are not in the listing, without and with TLS.
    pub below_plain: &'static str,
    pub below_tls: &'static str,
    /// Follows the number of bytes that are not shown.
    pub more_bytes: &'static str,
}

impl Locale {
    pub const fn wire(self) -> &'static WireTexts {
        match self {
            Locale::En => &en_wire::WORDS,
            Locale::Pt => &pt_wire::WORDS,
        }
    }
}
