//! The rules for frames from the server, which every conversation watches.

use std::str::from_utf8;

use crate::check::websocket::frames::{MAX_CONTROL_BYTES, PONG, ServerFrame, TEXT};

/// How many frames from the server broke which rule, on all connections.
#[derive(Clone, Debug, Default)]
pub struct FrameRules {
    pub frames: usize,
    pub masked: usize,
    pub not_minimal: usize,
    pub reserved_bits: usize,
    /// Opcodes that have no meaning.
    pub bad_opcodes: usize,
    /// Control frames in parts or too long.
    pub bad_control: usize,
    /// Continuations of nothing, and messages within another.
    pub out_of_order: usize,
    /// Texts that are not UTF-8.
    pub bad_texts: usize,
}

impl FrameRules {
    /// Notes which rules a frame breaks. `is_within` a message that has begun.
    pub fn note(&mut self, frame: &ServerFrame, is_within: bool) {
        let is_control = frame.is_control();
        let is_long = frame.payload.len() > MAX_CONTROL_BYTES;
        let continues = frame.opcode == 0;
        let is_known = matches!(frame.opcode, 0..=2 | 8..=PONG);
        self.frames += 1;
        for (count, breaks) in [
            (&mut self.masked, frame.was_masked),
            (&mut self.not_minimal, !frame.is_minimal),
            (&mut self.reserved_bits, frame.reserved_bits != 0),
            (&mut self.bad_opcodes, !is_known),
            (
                &mut self.bad_control,
                is_control && (!frame.is_last || is_long),
            ),
            (
                &mut self.out_of_order,
                !is_control && continues != is_within,
            ),
        ] {
            *count += usize::from(breaks);
        }
    }

    pub fn note_message(&mut self, opcode: u8, payload: &[u8]) {
        self.bad_texts += usize::from(opcode == TEXT && from_utf8(payload).is_err());
    }
}
