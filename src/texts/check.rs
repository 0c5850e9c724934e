//! What `wslab check` prints around the texts of its checks.

use std::time::Duration;

/// What a check saw.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// The first line of an answer.
    Answer(String),
    /// A header field and its value.
    Field(&'static str, String),
    NoField(&'static str),
    /// A line that should not be there.
    Line(String),
    /// The type of a body, and how it begins.
    Body(String, String),
    /// A key, and the value that follows from it.
    RightAccept(String, String),
    /// An answer without a WebSocket.
    NoWebSocket(String),
    /// How an answer begins that is not HTTP.
    NoHttp(String),
    /// Why no connection can be made.
    Unreachable(String),
    NoAnswer(Duration),
    EndedWithoutAnswer,
    EndedWithoutClose,
    Reset,
    /// A close frame, with its code and reason.
    Closed(Option<u16>, String),
    /// The code of a close frame that the check sent.
    SentClose(u16),
    StillOpen(Duration),
    SecondClose,
    MessageAfterClose,
    NotHeard(Duration),
    /// A message that is not the one that was sent: its length, and how it begins.
    OtherMessage(usize, String),
    NoPong,
    OtherPong(String),
    ChecksAtEnd,
    WantsJson,
    NoFrames,
    /// Frames that break a rule, of all.
    BrokenFrames(usize, usize),
    AnswersNothing,
    AnswersAuthorOnly,
    AuthorGetsIt,
    AuthorGetsNothing,
    LaterGetsIt,
    LaterGetsNothing,
    BlockedByOne,
    RefusesOrigins,
    /// The origin of a page that a WebSocket opened for.
    ForeignPage(&'static str),
    SetsCookie,
    NothingCame,
    StreamEnded(Duration),
    BadChunk,
    NoChunks,
    NoEvent,
    /// Lines of an event that does not end.
    OpenEvent(usize),
    StrayMark,
    NotUtf8,
    NoRetry,
    NoIds,
    SameId(String),
    /// The id, or cursor, after which something came again.
    Twice(String),
    /// An id that did not come, and the one after which it should have.
    Lost(String, String),
    OutOfOrder,
    Silent(Duration),
    CameAfter(Duration),
    NoPublishing,
    NotPublished(String),
    PublishedNotHeard,
    NoCursor,
    HadMessages,
    CutOff(usize),
    /// Bytes behind a body.
    Behind(usize),
    ClosesEach,
}

/// The words of a check's report.
#[derive(Debug)]
pub struct CheckTexts {
    /// The URL, and the transport.
    pub heading: fn(&str, &str) -> String,
    /// Whether the author of a message gets it, exactly so, and whether others do.
    pub behaviour: fn(bool, bool, bool) -> &'static str,
    pub certificate: &'static str,
    /// The verdicts, of at most 9 characters.
    pub right: &'static str,
    pub wrong: &'static str,
    pub note: &'static str,
    pub unknown: &'static str,
    pub not_applicable: &'static str,
    pub seen_label: &'static str,
    pub means_label: &'static str,
    pub mend_label: &'static str,
    pub seen: fn(&Seen) -> String,
    /// Right ones, of how many; notes; ones that could not be told; and seconds.
    pub summary: fn(usize, usize, usize, usize, f64) -> String,
}
