//! The package for OpenWrt, with stand-ins for what OpenWrt brings.

mod package;
mod script;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The config of the package.
const CONFIG: &str = include_str!("../../../contrib/openwrt/parlor/files/parlord.config");
