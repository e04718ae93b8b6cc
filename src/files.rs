//! Files of people and of the server itself: read whole within a limit, and written whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// The text of a file. Fails where it cannot be read, has more bytes than `most_bytes`, is not UTF-8, or is no regular
/// file.
pub(crate) fn read_text(path: &Path, most_bytes: usize) -> io::Result<String> {
    // Before it is opened: opening a FIFO waits for its other end, and a device may have no end. Who could put one in
    // its place in between could as well have written the file.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut text = String::new();
    // One more than may be, so that what is too large is told from what just fits.
    let read = File::open(path)?.take(most_bytes as u64 + 1).read_to_string(&mut text);
    // What is cut may be cut inside a character.
    if metadata.len() > most_bytes as u64 || text.len() > most_bytes {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("larger than {most_bytes} bytes")));
    }
    read.map(|_| text)
}

/// Puts a file with this text, which may be used as `mode` says, in place of what is at `path`, if anything. Its
/// directory is made where there is none. Where this fails the old file stands, unless all that failed is to make sure that the new one
/// is on the disk.
pub(crate) fn replace(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = parent.unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let new = path.with_added_extension("new");
    // Left over from a server that died meanwhile.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let written = write(&new, text, mode).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // The reason why it was not written matters more.
        fs::remove_file(&new).ok();
    }
    written?;
    // The new name is on the disk when the directory is.
    File::open(directory)?.sync_all()
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_and_nothing_that_is_no_file() {
        let path = std::env::temp_dir().join(format!("parlor-files-{}", std::process::id()));
        let socket = path.with_extension("socket");
        fs::write(&path, "a杯b").unwrap();
        let _listener = UnixListener::bind(&socket).unwrap();
        let read_text = |path: &Path, most| read_text(path, most).map_err(|error| error.to_string());
        assert_eq!(read_text(&path, 5), Ok("a杯b".into()));
        for most in [0, 1, 2, 4] {
            assert_eq!(read_text(&path, most), Err(format!("larger than {most} bytes")));
        }
        fs::write(&path, [b'a', 0xff]).unwrap();
        assert_eq!(read_text(&path, 9), Err("stream did not contain valid UTF-8".into()));
        for other in [Path::new("/dev/zero"), Path::new("/"), &socket] {
            assert_eq!(read_text(other, 9), Err("not a regular file".into()), "{}", other.display());
        }
        [path, socket].iter().for_each(|path| fs::remove_file(path).unwrap());
    }
}
