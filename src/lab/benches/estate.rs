//! How fast an AWS estate (10,000 interfaces, 1,000 groups of 60 rules, 200 VPCs) opens
//! and answers: `cargo bench -p cloudfw-lab --bench estate`.

mod opening;

/// The allocator of the `cloudfw` binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    opening::run("aws")
}
