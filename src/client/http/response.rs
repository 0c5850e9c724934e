//! Responses: their heads, and whole ones.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use super::chunked::ChunkedDecoder;
use crate::client::error::ClientError;

/// The most header fields of one response.
const MAX_HEADERS: usize = 64;

/// The longest head of a response in bytes, all interim responses before it included.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// Where a body ends (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    Length(usize),
    Chunked,
    UntilClose,
}

/// The head of a response.
#[derive(Debug, PartialEq, Eq)]
pub struct ResponseHead {
    pub status: u16,
    pub framing: BodyFraming,
    /// The server will not take another request on this connection.
    pub closes: bool,
    /// `Sec-WebSocket-Accept`, if there is one.
    pub websocket_accept: Option<String>,
}

impl ResponseHead {
    /// The head at the start of `bytes` and its length, once it is whole.
    pub fn parse(bytes: &[u8]) -> Result<Option<(ResponseHead, usize)>, ClientError> {
        let within = &bytes[..bytes.len().min(MAX_HEAD_BYTES)];
        let mut used = 0;
        while let Some((head, length)) = ResponseHead::parse_one(&within[used..])? {
            used += length;
            if !head.is_interim() {
                return Ok(Some((head, used)));
            }
        }
        match within.len() {
            MAX_HEAD_BYTES => Err(ClientError::protocol("a head without end")),
            _ => Ok(None),
        }
    }

    /// Whether the final response is still to come (RFC 9110, section 15.2).
    fn is_interim(&self) -> bool {
        matches!(self.status, 100 | 102..=199)
    }

    fn parse_one(bytes: &[u8]) -> Result<Option<(ResponseHead, usize)>, ClientError> {
        let mut fields = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut []);
        let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
            &mut response,
            bytes,
            &mut fields,
        );
        let httparse::Status::Complete(length) = parsed.map_err(ClientError::protocol)? else {
            return Ok(None);
        };
        let mut head = ResponseHead {
            status: response.code.unwrap_or(0),
            framing: BodyFraming::UntilClose,
            closes: response.version == Some(0),
            websocket_accept: None,
        };
        for field in response.headers.iter() {
            head.take(field.name, field.value)?;
        }
        if matches!(head.status, 101 | 204 | 304) {
            head.framing = BodyFraming::Length(0);
        }
        head.closes |= head.framing == BodyFraming::UntilClose;
        Ok(Some((head, length)))
    }

    fn take(&mut self, name: &str, value: &[u8]) -> Result<(), ClientError> {
        let text = || str::from_utf8(value).unwrap_or_default().trim();
        if name.eq_ignore_ascii_case("content-length") {
            let bad = || ClientError::protocol("Content-Length");
            let text = text();
            // `parse` alone would accept a sign.
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let length = text.parse().ok().filter(|_| digits).ok_or_else(bad)?;
            match self.framing {
                BodyFraming::Chunked => {}
                BodyFraming::Length(other) if other != length => return Err(bad()),
                _ => self.framing = BodyFraming::Length(length),
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if !text().eq_ignore_ascii_case("chunked") {
                return Err(ClientError::protocol("a Transfer-Encoding but chunked"));
            }
            self.framing = BodyFraming::Chunked;
        } else if name.eq_ignore_ascii_case("connection") {
            self.closes |= text()
                .split(',')
                .any(|token| token.trim().eq_ignore_ascii_case("close"));
        } else if name.eq_ignore_ascii_case("sec-websocket-accept") {
            self.websocket_accept = Some(text().to_owned());
        }
        Ok(())
    }
}

/// A response with its whole body.
#[derive(Debug)]
pub struct Response<'a> {
    pub head: ResponseHead,
    pub body: Cow<'a, [u8]>,
}

impl<'a> Response<'a> {
    /// The response at the start of `bytes` and its length, once it is whole.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<(Response<'a>, usize)>, ClientError> {
        let Some((head, start)) = ResponseHead::parse(bytes)? else {
            return Ok(None);
        };
        let rest = &bytes[start..];
        Ok(match head.framing {
            BodyFraming::Length(length) => rest.get(..length).map(|body| {
                let body = Cow::Borrowed(body);
                (Response { head, body }, start + length)
            }),
            BodyFraming::Chunked => {
                let (mut chunked, mut body) = (ChunkedDecoder::default(), Vec::new());
                let used = chunked.decode(rest, |data| {
                    body.extend_from_slice(data);
                    Ok(())
                })?;
                let body = Cow::Owned(body);
                chunked
                    .ended()
                    .then_some((Response { head, body }, start + used))
            }
            BodyFraming::UntilClose => {
                return Err(ClientError::protocol("an answer of unknown length"));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_whole_only_at_its_last_byte() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nConnection: Keep-Alive, Close\r\n\r\nbodyNEXT";
        for cut in 0..bytes.len() - 4 {
            assert!(
                Response::parse(&bytes[..cut]).unwrap().is_none(),
                "cut at {cut}"
            );
        }
        let (response, used) = Response::parse(bytes).unwrap().unwrap();
        assert_eq!((&*response.body, used), (&b"body"[..], bytes.len() - 4));
        assert_eq!((response.head.status, response.head.closes), (200, true));
    }

    #[test]
    fn a_chunked_response_is_whole_after_its_trailer() {
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                      4;x=y\r\nbody\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\nNEXT";
        for cut in 0..bytes.len() - 4 {
            assert!(
                Response::parse(&bytes[..cut]).unwrap().is_none(),
                "cut at {cut}"
            );
        }
        let (response, used) = Response::parse(bytes).unwrap().unwrap();
        assert_eq!(
            (&*response.body, used),
            (&b"body0123456789"[..], bytes.len() - 4)
        );
    }

    #[test]
    fn interim_responses_are_passed_over() {
        let bytes =
            b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
        let (head, length) = ResponseHead::parse(bytes).unwrap().unwrap();
        assert_eq!((head.status, length), (204, bytes.len()));
        assert!(ResponseHead::parse(&bytes[..40]).unwrap().is_none());
        let endless = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000_000);
        assert!(ResponseHead::parse(&endless).is_err(), "but not for ever");
    }

    #[test]
    fn bad_heads_are_refused() {
        for field in [
            "Content-Length: -1",
            "Content-Length: +1",
            "Content-Length: 1\r\nContent-Length: 2",
            "Transfer-Encoding: gzip, chunked",
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\n");
            assert!(ResponseHead::parse(head.as_bytes()).is_err(), "{field}");
        }
        assert!(ResponseHead::parse(b"SSH-2.0-OpenSSH\r\n").is_err());
    }
}
