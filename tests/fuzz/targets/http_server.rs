#![no_main]

use wslab::hostile;

libfuzzer_sys::fuzz_target!(|input: &[u8]| hostile::cut(input, hostile::http_server));
