//! Encodes and decodes WebSocket frames (RFC 6455 §5).

mod frames;

pub use frames::frame_lines;
