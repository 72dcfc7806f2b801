//! How fast an Azure estate (10,000 interfaces, 500 groups of 200 rules, 200 virtual networks) opens
//! and answers: `cargo bench -p cloudfw-lab --bench azure`.

mod opening;

/// The allocator of the `cloudfw` binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    opening::run("azure")
}
