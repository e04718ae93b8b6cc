//! Small files: read whole within a limit, and replaced atomically.

// For certificates, and for bans without a store.
#[cfg(any(feature = "tls", not(feature = "store"), test))]
mod replacing;

#[cfg(any(feature = "tls", not(feature = "store"), test))]
pub(crate) use replacing::replace;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Reads a text file. Fails if it is unreadable, longer than `most_bytes`, not UTF-8, or not a regular file.
pub(crate) fn read_text(path: &Path, most_bytes: usize) -> io::Result<String> {
    let bytes = read_bytes(path, most_bytes)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "not UTF-8"))
}

/// Reads a file. Fails if it is unreadable, longer than `most_bytes`, or not a regular file.
pub(crate) fn read_bytes(path: &Path, most_bytes: usize) -> io::Result<Vec<u8>> {
    // Checked before opening: opening a FIFO blocks until its other end opens, and a device may have no end. The race
    // is harmless, because anybody who can replace the file can also write it.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed, to tell a file that is too long from one that just fits.
    File::open(path)?.take(most_bytes as u64 + 1).read_to_end(&mut bytes)?;
    if metadata.len() > most_bytes as u64 || bytes.len() > most_bytes {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("larger than {most_bytes} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_regular_files_up_to_the_limit_are_read() {
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
        assert_eq!(read_text(&path, 9), Err("not UTF-8".into()));
        for other in [Path::new("/dev/zero"), Path::new("/"), &socket] {
            assert_eq!(read_text(other, 9), Err("not a regular file".into()), "{}", other.display());
        }
        [path, socket].iter().for_each(|path| fs::remove_file(path).unwrap());
    }
}
