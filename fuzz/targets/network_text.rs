#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cloudfw_fuzz::feed(cloudfw_fuzz::network_text, bytes));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    cloudfw_fuzz::replay(cloudfw_fuzz::network_text)
}
