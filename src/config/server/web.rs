//! The page for browsers.

use super::page_origin::PageOrigin;
use super::web_root::WebRoot;

/// The options of the page and of WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebConfig {
    /// Serve the page, and IRC over WebSocket.
    pub is_on: bool,
    /// Another page than the built-in one.
    pub root: Option<WebRoot>,
    /// Pages on other hosts that may connect.
    pub origins: Vec<PageOrigin>,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self { is_on: true, root: None, origins: Vec::new() }
    }
}
