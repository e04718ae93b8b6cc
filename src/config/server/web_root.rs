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
    /// In the order of their paths.
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
        // In an order that a reload finds again.
        reading.files.sort_by(|a, b| a.path.cmp(&b.path));
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::*;

    /// A directory that is removed at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("parlor-web-root-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self, path: &str, content: &[u8]) {
            let file = self.0.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }

        /// The error, without the path of this directory.
        fn error(&self) -> String {
            let error = WebRoot::read(&self.0).unwrap_err();
            error.replace(self.0.to_str().unwrap(), "DIR")
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    #[test]
    fn all_files_but_hidden_ones_are_read() {
        let scratch = Scratch::new("all");
        scratch.file("index.html", b"page");
        scratch.file("lib/deep/\u{676f} 1.js", b"\xff\0");
        scratch.file(".git/config", b"secret");
        scratch.file("lib/.htaccess", b"secret");
        symlink(scratch.0.join("index.html"), scratch.0.join("same.html")).unwrap();
        let root = WebRoot::read(&scratch.0).unwrap();
        let files: Vec<_> = root.files.iter().map(|file| (&*file.path, &*file.bytes)).collect();
        let expected: [(&str, &[u8]); 3] =
            [("/index.html", b"page"), ("/lib/deep/\u{676f} 1.js", b"\xff\0"), ("/same.html", b"page")];
        assert_eq!(files, expected);
        let etag = |path: &str| root.files.iter().find(|file| file.path == path).unwrap().etag.clone();
        assert_eq!(etag("/index.html"), etag("/same.html"));
        assert_ne!(etag("/index.html"), etag("/lib/deep/\u{676f} 1.js"));
        assert_eq!(WebRoot::read(&scratch.0), Ok(root));
    }

    #[test]
    fn a_page_has_an_index_and_limits() {
        let scratch = Scratch::new("limits");
        assert_eq!(scratch.error(), "DIR: there is no index.html in it");
        scratch.file("index.html", b"page");
        assert!(WebRoot::read(&scratch.0).is_ok());
        scratch.file("a/large", &vec![0; MOST_BYTES + 1]);
        assert_eq!(scratch.error(), "DIR/a/large: larger than 8388608 bytes");
        scratch.file("a/large", &vec![0; MOST_BYTES - 4]);
        assert!(WebRoot::read(&scratch.0).is_ok());
        scratch.file("a/large", &vec![0; MOST_BYTES - 3]);
        assert!(scratch.error().ends_with(": with it, the page has more than 8388608 bytes"));
        scratch.file("a/large", b"");
        (2..MOST_FILES).for_each(|n| scratch.file(&format!("many/{n}"), b""));
        assert!(WebRoot::read(&scratch.0).is_ok());
        scratch.file("one more", b"");
        assert!(scratch.error().ends_with(": a page has at most 256 files"));
        fs::remove_file(scratch.0.join("one more")).unwrap();
        scratch.file("2/3/4/5/6/7/8/file", b"");
        fs::remove_file(scratch.0.join("a/large")).unwrap();
        assert!(WebRoot::read(&scratch.0).is_ok());
        fs::create_dir(scratch.0.join("2/3/4/5/6/7/8/9")).unwrap();
        assert_eq!(scratch.error(), "DIR/2/3/4/5/6/7/8/9: more than 8 directories in one another");
    }

    #[test]
    fn only_regular_files_are_read_and_circles_end() {
        let scratch = Scratch::new("odd");
        scratch.file("index.html", b"page");
        symlink("/dev/zero", scratch.0.join("zero")).unwrap();
        assert_eq!(scratch.error(), "DIR/zero: not a regular file");
        fs::remove_file(scratch.0.join("zero")).unwrap();
        symlink(&scratch.0, scratch.0.join("me")).unwrap();
        assert!(scratch.error().ends_with("/me: more than 8 directories in one another"));
        let error = WebRoot::read(Path::new("/nowhere")).unwrap_err();
        assert!(error.starts_with("/nowhere: "), "{error}");
    }
}
