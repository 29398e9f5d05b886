#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidewater_properties::document(bytes));
