//! Shell commands that derive a value again. They need printf, base64, openssl and python3.

use std::fmt::Write;

/// The most bytes of a value that a command derives, or that is shown of it.
pub const MAX_SHOWN_BYTES: usize = 256;

/// What the key is followed by before it is hashed (RFC 6455, section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Bytes as two hexadecimal digits each.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A text as one word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The answer to a WebSocket's key.
pub fn accept(key: &str) -> String {
    let input = quoted(&format!("{key}{GUID}"));
    format!("printf '%s' {input} | openssl sha1 -binary | base64")
}

/// The length of a decoded key.
pub fn key_length(key: &str) -> String {
    format!("printf '%s' {} | base64 -d | wc -c", quoted(key))
}

/// The length of a text in bytes; none if it is too long for a command.
pub fn length(text: &[u8]) -> Option<String> {
    let text = str::from_utf8(text).ok()?;
    let fits = text.len() <= MAX_SHOWN_BYTES && !text.contains('\0');
    fits.then(|| format!("printf '%s' {} | wc -c", quoted(text)))
}

/// A number that is written in hexadecimal.
pub fn number(hexadecimal: &str) -> String {
    format!("printf '%d\\n' 0x{hexadecimal}")
}

/// Bits of a byte: shifted right, then masked.
pub fn bits(byte: u8, shift: u8, mask: u8) -> String {
    match shift {
        0 => format!("printf '%d\\n' $((0x{byte:02x} & {mask}))"),
        _ => format!("printf '%d\\n' $((0x{byte:02x} >> {shift} & {mask}))"),
    }
}

/// The text of a masked payload, which begins at byte 0 of `key`.
pub fn unmask(masked: &[u8], key: [u8; 4]) -> String {
    let masked = &masked[..masked.len().min(MAX_SHOWN_BYTES)];
    format!(
        "python3 -c \"k=bytes.fromhex('{}'); d=bytes.fromhex('{}'); \
         print(bytes(b^k[i%4] for i,b in enumerate(d)).decode(errors='replace'))\"",
        hex(&key),
        hex(masked)
    )
}

/// The number in the first two bytes of a masked payload.
pub fn unmask_number(masked: [u8; 2], key: [u8; 4]) -> String {
    let (masked, key) = (hex(&masked), hex(&key[..2]));
    format!("printf '%d\\n' $((0x{masked} ^ 0x{key}))")
}

/// Bytes as text, for people: without control characters, and cut where it is long.
pub fn shown(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(MAX_SHOWN_BYTES)];
    let text = String::from_utf8_lossy(cut);
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    if cut.len() < bytes.len() {
        shown.push('…');
    }
    shown
}
