#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wslab::hostile::cut(input, wslab::hostile::websocket_frames));
