//! The files of a page: those in the program, or those of `--web-root`.

#[cfg(feature = "upgrade")]
use std::ptr;

use super::response::Body;
use crate::config::WebRoot;

include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The files of a page.
#[derive(Debug)]
pub(super) enum Page {
    /// In the program, compressed with gzip.
    BuiltIn,
    /// Read from a directory.
    Root(WebRoot),
}

/// A file of a page.
#[derive(Debug)]
pub(super) struct File<'a> {
    pub(super) content_type: &'static str,
    pub(super) etag: &'a str,
    pub(super) is_gzip: bool,
    pub(super) body: Body,
}

impl Page {
    /// The file at this path, which begins with a slash and is not percent-encoded.
    pub(super) fn file(&self, path: &str) -> Option<File<'_>> {
        let content_type = content_type(path);
        match self {
            Self::BuiltIn => {
                let &(_, etag, bytes) = FILES.iter().find(|(name, ..)| *name == path)?;
                Some(File { content_type, etag, is_gzip: true, body: Body::Static(bytes) })
            }
            Self::Root(root) => {
                let file = root.files.iter().find(|file| file.path == path)?;
                let body = Body::Shared(file.bytes.clone());
                Some(File { content_type, etag: &file.etag, is_gzip: false, body })
            }
        }
    }

    /// The ETag of the file with this content, if the page has it.
    #[cfg(feature = "upgrade")]
    pub(super) fn etag(&self, body: &Body) -> Option<&str> {
        match self {
            Self::BuiltIn => {
                FILES.iter().find(|(.., bytes)| ptr::eq(*bytes, &**body)).map(|(_, etag, _)| *etag)
            }
            Self::Root(root) => {
                let file = root.files.iter().find(|file| ptr::eq(&*file.bytes, &**body));
                file.map(|file| file.etag.as_str())
            }
        }
    }

    /// The content of the file with this ETag.
    #[cfg(feature = "upgrade")]
    pub(super) fn body(&self, etag: &str) -> Option<Body> {
        match self {
            Self::BuiltIn => {
                FILES.iter().find(|(_, its, _)| *its == etag).map(|(.., bytes)| Body::Static(bytes))
            }
            Self::Root(root) => {
                let file = root.files.iter().find(|file| file.etag == etag);
                file.map(|file| Body::Shared(file.bytes.clone()))
            }
        }
    }
}

/// The media type of a file, by its extension.
fn content_type(path: &str) -> &'static str {
    let (_, extension) = path.rsplit_once('.').unwrap_or_default();
    match extension {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/vnd.microsoft.icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        _ => "application/octet-stream",
    }
}
