//! A connection without sockets: the test scripts short reads and writes, blocking, failures and ends.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::rc::Rc;

use parlor::server::Stream;

/// What a read or a write does instead of succeeding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Transfers one byte.
    Short,
    /// Would block once.
    Block,
    /// Fails. Unless only interrupted, the connection is broken afterwards.
    Fail(ErrorKind),
    /// Returns 0: the end of the input, or a write that takes nothing, which breaks the connection.
    End,
}

/// Planned faults, by the number of the operation.
#[derive(Debug, Default)]
pub struct Faults {
    done: usize,
    planned: BTreeMap<usize, Fault>,
}

impl Faults {
    pub fn done(&self) -> usize {
        self.done
    }

    /// Plans a fault for the operation after `n` further ones.
    pub fn plan(&mut self, n: usize, fault: Fault) {
        self.planned.insert(self.done + n, fault);
    }

    pub fn forget(&mut self) {
        self.planned.clear();
    }

    fn next(&mut self) -> Option<Fault> {
        let fault = self.planned.remove(&self.done);
        self.done += 1;
        fault
    }
}

/// The server's end of a connection: what it will do, and what was done to it.
#[derive(Debug)]
pub struct Wire {
    pub arrived: VecDeque<u8>,
    /// The peer sends no more.
    pub ended: bool,
    /// Writes fail, and so does the first read after the input. As with real sockets, the error is reported once; later
    /// reads return the end.
    pub broken: bool,
    told: bool,
    /// Everything the server wrote.
    pub written: Vec<u8>,
    pub read_size: usize,
    pub write_size: usize,
    /// Bytes that can be written before a write blocks.
    pub room: usize,
    pub shut: bool,
    pub reads: Faults,
    pub writes: Faults,
    /// The next poll reports readability, once, as the system does.
    pub readable: bool,
    /// The next poll reports writability.
    pub writable: bool,
    /// The server still holds its end.
    pub is_held: bool,
    /// The connection counts as encrypted.
    pub is_secure: bool,
    /// Another program can take the connection over.
    pub is_portable: bool,
    /// The certificate whose key the peer has.
    pub certificate: Option<[u8; 32]>,
    /// Reads that the handshake still takes. Each takes a byte.
    pub opening_reads: usize,
    pub is_declined: bool,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            arrived: VecDeque::new(),
            ended: false,
            broken: false,
            told: false,
            written: Vec::new(),
            read_size: usize::MAX,
            write_size: usize::MAX,
            room: usize::MAX,
            shut: false,
            reads: Faults::default(),
            writes: Faults::default(),
            readable: false,
            writable: false,
            is_held: false,
            is_secure: false,
            is_portable: true,
            certificate: None,
            opening_reads: 0,
            is_declined: false,
        }
    }
}

impl Wire {
    fn break_off(&mut self) {
        (self.broken, self.told) = (true, true);
        self.readable = true;
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut size = self.read_size;
        match self.reads.next() {
            None => {}
            Some(Fault::Short) => size = 1,
            Some(Fault::Block) => {
                self.readable = true;
                return Err(ErrorKind::WouldBlock.into());
            }
            Some(Fault::Fail(kind)) => {
                if kind != ErrorKind::Interrupted {
                    self.arrived.clear();
                    self.break_off();
                }
                return Err(kind.into());
            }
            Some(Fault::End) => {
                self.arrived.clear();
                self.ended = true;
            }
        }
        if self.opening_reads > 0 && self.arrived.pop_front().is_some() {
            self.opening_reads -= 1;
            return Err(ErrorKind::Interrupted.into());
        }
        if !self.arrived.is_empty() {
            let most = buffer.len().min(size);
            return self.arrived.read(&mut buffer[..most]);
        }
        if self.broken && !self.told {
            self.told = true;
            return Err(ErrorKind::ConnectionReset.into());
        }
        if self.broken || self.ended { Ok(0) } else { Err(ErrorKind::WouldBlock.into()) }
    }

    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        assert!(!self.shut && !self.is_declined, "written behind the end");
        let mut size = self.write_size;
        match self.writes.next() {
            None => {}
            Some(Fault::Short) => size = 1,
            Some(Fault::Block) => {
                self.writable = true;
                return Err(ErrorKind::WouldBlock.into());
            }
            Some(Fault::Fail(kind)) => {
                if kind != ErrorKind::Interrupted {
                    self.break_off();
                }
                return Err(kind.into());
            }
            Some(Fault::End) => {
                self.break_off();
                return Ok(0);
            }
        }
        if self.broken {
            self.told = true;
            return Err(ErrorKind::BrokenPipe.into());
        }
        if self.room == 0 || self.opening_reads > 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let before = self.written.len();
        let most = size.min(self.room);
        for buffer in buffers {
            let left = most - (self.written.len() - before);
            self.written.extend_from_slice(&buffer[..buffer.len().min(left)]);
        }
        let taken = self.written.len() - before;
        self.room -= taken;
        Ok(taken)
    }
}

#[derive(Debug)]
pub struct End(Rc<RefCell<Wire>>);

impl End {
    pub fn new(wire: &Rc<RefCell<Wire>>) -> Self {
        wire.borrow_mut().is_held = true;
        Self(Rc::clone(wire))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.0.borrow_mut().is_held = false;
    }
}

impl Read for End {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.borrow_mut().write(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for End {
    fn is_secure(&self) -> bool {
        self.0.borrow().is_secure
    }

    #[cfg(feature = "upgrade")]
    fn is_portable(&self) -> bool {
        let wire = self.0.borrow();
        wire.is_portable || wire.shut
    }

    #[cfg(feature = "store")]
    fn certificate(&self) -> Option<[u8; 32]> {
        self.0.borrow().certificate
    }

    fn is_opening(&self) -> bool {
        self.0.borrow().opening_reads > 0
    }

    fn decline(&mut self) {
        let mut wire = self.0.borrow_mut();
        (wire.is_declined, wire.opening_reads) = (true, 0);
    }

    fn is_mute(&self) -> bool {
        self.0.borrow().is_declined
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        let mut wire = self.0.borrow_mut();
        wire.shut = true;
        if wire.broken { Err(ErrorKind::NotConnected.into()) } else { Ok(()) }
    }
}
