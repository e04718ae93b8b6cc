//! Printing and logging that never wait: lines go through a bounded queue, and a separate thread writes them. When
//! standard error is blocked, lines are dropped and counted, and the server continues.

mod peer_log;
mod queue;

use std::io::{self, ErrorKind, Write};
use std::panic::{self, PanicHookInfo};
use std::thread;
use std::time::Duration;

use env_logger::{Env, Target};

pub use peer_log::PeerLog;
use queue::{Output, Queue};

/// Stack of the writing thread in bytes. It formats one number and calls the system.
const STACK_BYTES: usize = 64 * 1024;

/// How long the end of the program waits for the last lines to be written.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Interval of retries on a non-blocking stream that accepts nothing.
const RETRY: Duration = Duration::from_millis(50);

static QUEUE: Queue = Queue::new();

/// Starts the writing thread, and routes log lines and panic messages to it. Call it once.
pub fn start() -> io::Result<()> {
    let builder = thread::Builder::new().name("parlord-log".into()).stack_size(STACK_BYTES);
    builder.spawn(|| {
        #[cfg(feature = "upgrade")]
        crate::held_signals::leave_to_main();
        QUEUE.run(write)
    })?;
    let filter = Env::default().default_filter_or("info");
    env_logger::Builder::from_env(filter).target(Target::Pipe(Box::new(Lines))).init();
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Prints a line to standard output.
pub fn print(line: &str) {
    QUEUE.push(Output::Stdout, format!("{line}\n").as_bytes());
}

/// Prints a line to standard error, regardless of `RUST_LOG`.
pub fn complain(line: &str) {
    QUEUE.push(Output::Stderr, format!("{line}\n").as_bytes());
}

/// Waits until everything is written, but at most a second: a blocked stream must not keep the program from ending.
pub fn flush() {
    QUEUE.flush(FLUSH_TIMEOUT);
}

/// Number of log lines lost since the program started.
pub fn lost_lines() -> u64 {
    QUEUE.lost_lines()
}

/// Receives whole lines from the logger.
struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        QUEUE.push(Output::Stderr, line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs why the program panics, through the queue: the standard hook would wait for standard error. There is no
/// backtrace, because a stripped program has no names for it.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let thread = thread::current();
    let name = thread.name().unwrap_or_default();
    complain(&format!("parlord: thread '{name}' {panic}"));
    flush();
}

fn write(output: Output, bytes: &[u8]) -> io::Result<()> {
    match output {
        Output::Stdout => write_to(&mut io::stdout().lock(), bytes),
        Output::Stderr => write_to(&mut io::stderr().lock(), bytes),
    }
}

/// Writes everything, even if another program has made the stream non-blocking.
fn write_to(stream: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY),
            Err(error) => return Err(error),
        }
    }
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Alternately takes three bytes and blocks.
    struct Reluctant {
        taken: Vec<u8>,
        is_ready: bool,
    }

    impl Write for Reluctant {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.is_ready = !self.is_ready;
            if !self.is_ready {
                return Err(ErrorKind::WouldBlock.into());
            }
            let count = bytes.len().min(3);
            self.taken.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_non_blocking_stream_gets_every_byte() {
        let mut stream = Reluctant { taken: Vec::new(), is_ready: false };
        write_to(&mut stream, b"eight by").unwrap();
        assert_eq!(stream.taken, b"eight by");
    }
}
