//! Lines of standard input.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread;

use super::failure::Failure;
use super::note::Note;

/// Longest line of the input, in bytes.
const INPUT_BYTES: usize = 1024 * 1024;

/// Most lines in one note.
const BATCH: usize = 64;

/// Reads lines on a thread of its own: a batch for each value in `credits`, so that no more is read than can be sent.
pub(super) fn start<T: Send + 'static>(notes: SyncSender<Note>, credits: Receiver<T>) -> Result<(), Failure> {
    let reader = thread::Builder::new().name("parlor-input".into()).spawn(move || {
        let mut input = BufReader::new(io::stdin());
        for _ in credits {
            let note = match batch(&mut input) {
                Ok(lines) if lines.is_empty() => Note::InputEnded(Ok(())),
                Ok(lines) => Note::Typed(lines),
                Err(failure) => Note::InputEnded(Err(failure)),
            };
            let is_last = matches!(note, Note::InputEnded(_));
            if notes.send(note).is_err() || is_last {
                return;
            }
        }
    });
    reader.map(|_| ()).map_err(|error| Failure::new(1, error.to_string()))
}

/// The next line, and further lines that are already buffered. Empty at the end of the input.
fn batch(input: &mut BufReader<impl Read>) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    while let Some(line) = read_line(input)? {
        lines.push(line);
        if lines.len() == BATCH || !input.buffer().contains(&b'\n') {
            break;
        }
    }
    Ok(lines)
}

/// The next line without its end; `None` at the end of the input. The length is limited, because input such as
/// `/dev/zero` has no line ends.
pub(super) fn read_line(input: &mut impl BufRead) -> Result<Option<String>, Failure> {
    let mut line = Vec::new();
    match input.take(INPUT_BYTES as u64 + 1).read_until(b'\n', &mut line) {
        Ok(0) => Ok(None),
        Ok(_) if line.len() > INPUT_BYTES => {
            let message = format!("standard input: a line has at most {INPUT_BYTES} bytes");
            Err(Failure::new(2, message))
        }
        Ok(_) => {
            let text = String::from_utf8_lossy(&line);
            let text = text.strip_suffix('\n').unwrap_or(&text);
            Ok(Some(text.strip_suffix('\r').unwrap_or(text).to_owned()))
        }
        Err(error) => Err(Failure::new(2, format!("standard input: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_line_of_input_is_an_error() {
        let mut zeros = BufReader::new(io::repeat(0));
        assert!(read_line(&mut zeros).is_err_and(|failure| failure.status == 2));
        let longest = "x".repeat(INPUT_BYTES - 1);
        let mut input = io::Cursor::new(format!("{longest}\r\n{longest}\nlast"));
        assert!(read_line(&mut input).is_err());
        let mut input = io::Cursor::new(format!("{longest}\nlast"));
        for line in [Some(longest.as_str()), Some("last"), None] {
            assert_eq!(read_line(&mut input).unwrap().as_deref(), line);
        }
    }
}
