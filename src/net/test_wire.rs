//! A stream in memory, for tests.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use crate::server::Stream;

#[derive(Debug)]
pub(in crate::net) struct Wire {
    pub(in crate::net) arrived: VecDeque<u8>,
    pub(in crate::net) ended: bool,
    pub(in crate::net) most: usize,
    pub(in crate::net) written: Vec<u8>,
    /// Bytes that can be written before a write blocks.
    pub(in crate::net) room: usize,
    pub(in crate::net) is_shut: bool,
}

impl Default for Wire {
    fn default() -> Self {
        let (arrived, written) = (VecDeque::new(), Vec::new());
        Self { arrived, ended: false, most: usize::MAX, written, room: usize::MAX, is_shut: false }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.most);
        match self.arrived.read(&mut buffer[..most])? {
            0 if !self.ended => Err(ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.room);
        if taken == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.room -= taken;
        self.written.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Wire {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.is_shut = true;
        Ok(())
    }
}
