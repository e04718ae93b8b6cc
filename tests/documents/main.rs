//! What is written about the programs is true: pages, man pages, completions, and examples in `contrib`.

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "cluster")]
mod cluster;
mod contrib;
mod manuals;
mod pages;
