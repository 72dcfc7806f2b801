//! LocalStack, seeded, recorded and asked.

fn main() {}
