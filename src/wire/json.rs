//! Which bytes of a JSON value are the text of messages, and which are their envelope. The byte
//! ledger counts them so.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::span::Layer;

/// A JSON value of the known messages.
#[derive(Debug)]
pub struct Split {
    /// All its bytes, in order.
    pub pieces: Vec<(Range<usize>, Layer)>,
    pub messages: usize,
}

/// The members by which a message, or an answer with messages, is known.
#[derive(Deserialize)]
struct Known<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    messages: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    seq: Option<&'a RawValue>,
    #[serde(borrow)]
    reset: Option<&'a RawValue>,
}

/// Splits the JSON of a message, of an answer to a poll, or of a reset. `None` for any other value.
pub fn split(bytes: &[u8]) -> Option<Split> {
    let known: Known<'_> = serde_json::from_slice(bytes).ok()?;
    let (texts, messages) = match &known.messages {
        Some(messages) => {
            let texts = messages.iter().filter_map(|message| {
                let message: Known<'_> = serde_json::from_str(message.get()).ok()?;
                text_of(&message)
            });
            (texts.collect(), messages.len())
        }
        None if known.text.is_some() || known.seq.is_some() => {
            (text_of(&known).into_iter().collect(), 1)
        }
        None if known.reset.is_some() => (Vec::new(), 0),
        None => return None,
    };
    let (mut pieces, mut at) = (Vec::new(), 0);
    for text in texts {
        let start = text.as_ptr() as usize - bytes.as_ptr() as usize;
        pieces.push((at..start, Layer::Envelope));
        at = start + text.len();
        pieces.push((start..at, Layer::Payload));
    }
    pieces.push((at..bytes.len(), Layer::Envelope));
    Some(Split { pieces, messages })
}

/// The characters of a message's text, as they stand in its JSON.
fn text_of<'a>(message: &Known<'a>) -> Option<&'a str> {
    message.text?.get().strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_payload_and_the_rest_is_envelope() {
        for (json, texts, messages) in [
            (
                r#"{"seq":1,"from":"al","text":"o\"i é","n":0}"#,
                &[r#"o\"i é"#][..],
                1,
            ),
            (
                r#"{"messages":[{"text":"a"},{"seq":2,"text":"bc"}],"last":2}"#,
                &["a", "bc"],
                2,
            ),
            (r#"{"messages":[],"last":2}"#, &[], 0),
            (r#"{"reset":{"missed":3}}"#, &[], 0),
            (r#"{"seq":7}"#, &[], 1),
            (r#"{"text":5,"seq":7}"#, &[], 1),
        ] {
            let split = split(json.as_bytes()).unwrap();
            let of_layer = |layer| {
                let pieces = split.pieces.iter().filter(move |piece| piece.1 == layer);
                pieces.map(|(range, _)| &json[range.clone()])
            };
            assert!(of_layer(Layer::Payload).eq(texts.iter().copied()), "{json}");
            assert_eq!(split.messages, messages, "{json}");
            let all: String = split
                .pieces
                .iter()
                .map(|(range, _)| &json[range.clone()])
                .collect();
            assert_eq!(all, json);
        }
        for other in [r#"{"contador":1}"#, "[1]", "oi", "", r#"{"text":"#, "\u{0}"] {
            assert!(split(other.as_bytes()).is_none(), "{other}");
        }
    }
}
