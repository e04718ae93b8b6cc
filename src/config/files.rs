//! Files that options name, read whole.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// The text of a file; or, in a few words, why there is none: it cannot be read, has more bytes than `most_bytes`, is
/// not UTF-8, or is no regular file.
pub(super) fn read_text(path: &Path, most_bytes: usize) -> Result<String, String> {
    // Before it is opened: opening a FIFO waits for its other end, and a device may have no end. Who could put one in
    // its place in between could as well have written the file.
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("not a regular file".into());
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut text = String::new();
    // One more than may be, so that what is too large is told from what just fits.
    let read = file.take(most_bytes as u64 + 1).read_to_string(&mut text);
    // What is cut may be cut inside a character.
    if metadata.len() > most_bytes as u64 || text.len() > most_bytes {
        return Err(format!("larger than {most_bytes} bytes"));
    }
    read.map_err(|error| error.to_string())?;
    Ok(text)
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
