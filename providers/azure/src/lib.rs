//! Azure for cloudfw.
