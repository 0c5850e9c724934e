//! The body of a poll's answer, and of history.
//!
//! ```text
//! {"messages":[{"seq":42,…}],"last":42,"epoch":"k3x9"}
//! ```
//!
//! `"missed":N` follows where messages are gone, with `"missed_texts":0` if they are joins and
//! leaves alone; `"more":true` where the feed holds later messages.

use axum::http::StatusCode;
use bytes::Bytes;

use crate::feed::{Batch, Framing};
use crate::service::answer::Whole;

/// How every body begins.
const BEGIN: &[u8] = b"{\"messages\":[";

/// The answer that holds a batch.
pub fn messages(batch: &Batch) -> Whole {
    Whole {
        status: StatusCode::OK,
        fields: "\r\ncontent-type: application/json\r\ncache-control: no-store",
        body: body(batch),
    }
}

fn body(batch: &Batch) -> Bytes {
    match (&batch.messages[..], batch.missed) {
        // Nearly all long polls of a feed get this body: they share it.
        ([message], None) if message.seq == batch.last && !batch.more => message
            .framed(Framing::Answer, |_| encode(batch))
            .into_owned(),
        _ => encode(batch),
    }
}

fn encode(batch: &Batch) -> Bytes {
    let (last, epoch) = (batch.last, batch.epoch);
    let mut end = format!("],\"last\":{last},\"epoch\":\"{epoch}\"");
    if let Some(missed) = batch.missed {
        end += &format!(",\"missed\":{missed}{}", batch.missed_texts());
    }
    if batch.more {
        end += ",\"more\":true";
    }
    end.push('}');
    let commas = batch.messages.len().saturating_sub(1);
    let json: usize = batch.messages.iter().map(|m| m.json.len()).sum();
    let mut body = Vec::with_capacity(BEGIN.len() + json + commas + end.len());
    body.extend_from_slice(BEGIN);
    for (index, message) in batch.messages.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&message.json);
    }
    body.extend_from_slice(end.as_bytes());
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Feed, MAX_MEMORY_BYTES, Memory, Message, NewMessage, Retention};
    use crate::transport::theory::ANSWER_WRAPPING;

    fn body(batch: &Batch) -> String {
        String::from_utf8(messages(batch).body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn answers_are_these_bytes() {
        let retention = Retention {
            messages: 2,
            bytes: usize::MAX,
        };
        let log = Feed::new(retention, "k3x9".into(), &Memory::new(MAX_MEMORY_BYTES));
        assert_eq!(
            body(&log.read_after(0)),
            r#"{"messages":[],"last":0,"epoch":"k3x9"}"#
        );
        let message = |text: &str| NewMessage {
            from: "al".into(),
            text: text.into(),
            intended_at_ns: 5,
        };
        for text in ["a", "b", "c"] {
            log.append(&message(text), 0).await.unwrap();
        }
        let stamp = |batch: &Batch, index: usize| {
            Message::from_json(&batch.messages[index].json)
                .unwrap()
                .published_at_ns
        };
        let batch = log.read_after(0);
        let expected = format!(
            r#"{{"messages":[{{"seq":2,"from":"al","text":"b","intended_at_ns":5,"published_at_ns":{}}},{{"seq":3,"from":"al","text":"c","intended_at_ns":5,"published_at_ns":{}}}],"last":3,"epoch":"k3x9","missed":1}}"#,
            stamp(&batch, 0),
            stamp(&batch, 1),
        );
        assert_eq!(body(&batch), expected);
        for _ in 4..=10 {
            log.append(&message("x"), 0).await.unwrap();
        }
        assert_eq!(
            body(&log.read_after(10)),
            ANSWER_WRAPPING,
            "as predict() has it"
        );
    }
}
