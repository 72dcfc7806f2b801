#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cloudfw_fuzz::feed(cloudfw_fuzz::documents, bytes));

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    cloudfw_fuzz::json::mutate(data, size, max_size, seed, libfuzzer_sys::fuzzer_mutate)
});

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    cloudfw_fuzz::replay(cloudfw_fuzz::documents)
}
