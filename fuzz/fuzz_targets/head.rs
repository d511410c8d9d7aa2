//! Looks for bytes that are two different requests to two readers.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    proxy::agreement::compare(bytes);
});
