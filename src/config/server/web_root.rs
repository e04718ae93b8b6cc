//! The files of another page, read into memory: requests never reach the disk.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use crate::files::read_bytes;

const MOST_BYTES: usize = 8 * 1024 * 1024;
const MOST_FILES: usize = 256;

/// Most directories in one another, with the root.
const MOST_DEPTH: usize = 8;

/// The file that the directory itself stands for.
const INDEX: &str = "/index.html";

/// The files of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebRoot {
    /// In no order.
    pub files: Arc<[WebFile]>,
}

/// A file of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebFile {
    /// From the root, which is `/`.
    pub path: String,
    /// The content.
    pub bytes: Arc<[u8]>,
    /// Differs if the bytes differ; with its quotation marks (RFC 9110 §8.8.3).
    pub etag: String,
}

impl WebRoot {
    /// Reads all files below this directory, except those whose names begin with a dot. An error is one line that names
    /// the file.
    pub(crate) fn read(directory: &Path) -> Result<Self, String> {
        let mut reading = Reading { files: Vec::new(), bytes: 0 };
        reading.directory(directory, "", 1)?;
        if !reading.files.iter().any(|file| file.path == INDEX) {
            return Err(format!("{}: there is no index.html in it", directory.display()));
        }
        Ok(Self { files: reading.files.into() })
    }
}

struct Reading {
    files: Vec<WebFile>,
    bytes: usize,
}

impl Reading {
    fn directory(&mut self, directory: &Path, path: &str, depth: usize) -> Result<(), String> {
        let at = |why: &dyn std::fmt::Display| format!("{}: {why}", directory.display());
        if depth > MOST_DEPTH {
            return Err(at(&format_args!("more than {MOST_DEPTH} directories in one another")));
        }
        for entry in fs::read_dir(directory).map_err(|error| at(&error))? {
            let entry = entry.map_err(|error| at(&error))?;
            let name = entry.file_name();
            let name = name.to_str().ok_or_else(|| at(&format_args!("{name:?} is not UTF-8")))?;
            if name.starts_with('.') {
                continue;
            }
            let (entry, path) = (entry.path(), format!("{path}/{name}"));
            // Unlike the entry's own type, this follows links.
            if entry.is_dir() {
                self.directory(&entry, &path, depth + 1)?;
            } else {
                self.file(&entry, path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, file: &Path, path: String) -> Result<(), String> {
        let at = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
        if self.files.len() == MOST_FILES {
            return Err(at(&format_args!("a page has at most {MOST_FILES} files")));
        }
        let bytes = read_bytes(file, MOST_BYTES).map_err(|error| at(&error))?;
        self.bytes += bytes.len();
        if self.bytes > MOST_BYTES {
            return Err(at(&format_args!("with it, the page has more than {MOST_BYTES} bytes")));
        }
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let etag = format!("\"{:016x}\"", hasher.finish());
        self.files.push(WebFile { path, bytes: bytes.into(), etag });
        Ok(())
    }
}
