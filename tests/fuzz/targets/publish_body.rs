#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wslab::hostile::publish_body(input));
