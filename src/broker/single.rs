//! A connection to one server.

use std::io::{self, BufReader, Read, Write};
use std::time::Duration;

use super::command::Command;
use super::error::BrokerError;
use super::tls::{self, TlsSocket};
use super::value::{Value, broken, read_value};
use super::{Broker, TIMEOUT};
use crate::address::Address;
use crate::blocking_socket::{BlockingSocket, ConnectError};

/// Bytes read at once.
const READ_BYTES: usize = 16 * 1024;

/// A buffer for sending that has grown beyond this is given back, in bytes.
const SPARE_BYTES: usize = 64 * 1024;

pub(super) struct Single {
    socket: BufReader<Socket>,
    out: Vec<u8>,
}

enum Socket {
    Plain(BlockingSocket),
    Tls(TlsSocket),
}

impl Single {
    /// Connects to this server and logs in.
    pub(super) fn open(server: &Address, broker: &Broker) -> Result<Self, BrokerError> {
        let mut single = Self::open_without_login(server, broker)?;
        single.authenticate(broker)?;
        if broker.database != 0 {
            single.ask(&Command::new("SELECT").arg(broker.database))?;
        }
        Ok(single)
    }

    /// Connects to this server.
    pub(super) fn open_without_login(server: &Address, broker: &Broker) -> Result<Self, BrokerError> {
        let socket = BlockingSocket::connect(server, TIMEOUT).map_err(unreachable)?;
        socket.set_read_timeout(Some(TIMEOUT)).map_err(broken)?;
        socket.set_write_timeout(Some(TIMEOUT)).map_err(broken)?;
        let socket = match broker.is_tls {
            true => Socket::Tls(tls::wrap(server, socket, broker.authorities.as_ref())?),
            false => Socket::Plain(socket),
        };
        Ok(Self { socket: BufReader::with_capacity(READ_BYTES, socket), out: Vec::new() })
    }

    /// Logs in, if the broker has users or a password.
    pub(super) fn authenticate(&mut self, broker: &Broker) -> Result<(), BrokerError> {
        let Some(login) = &broker.login else { return Ok(()) };
        let command = login.user.iter().fold(Command::new("AUTH"), Command::arg);
        self.ask(&command.arg(&login.password)).map(drop)
    }

    /// Asks one question.
    pub(super) fn ask(&mut self, command: &Command) -> Result<Value, BrokerError> {
        self.send([command].into_iter())?;
        self.answer()?
    }

    /// How long the server may take to answer.
    pub(super) fn set_patience(&self, time: Duration) -> Result<(), BrokerError> {
        let socket = match self.socket.get_ref() {
            Socket::Plain(socket) => socket,
            Socket::Tls(socket) => tls::socket(socket),
        };
        socket.set_read_timeout(Some(time)).map_err(broken)
    }

    /// Sends commands. Then receive as many answers.
    pub(super) fn send<'a>(
        &mut self,
        commands: impl Iterator<Item = &'a Command>,
    ) -> Result<(), BrokerError> {
        commands.for_each(|command| command.write(&mut self.out));
        let socket = self.socket.get_mut();
        let sent = socket.write_all(&self.out).and_then(|()| socket.flush());
        self.out.clear();
        self.out.shrink_to(SPARE_BYTES);
        sent.map_err(broken)
    }

    /// Receives the next answer, which may be a refusal.
    pub(super) fn answer(&mut self) -> Result<Result<Value, BrokerError>, BrokerError> {
        match read_value(&mut self.socket) {
            Err(error @ BrokerError::Broken(_)) => Err(error),
            answer => Ok(answer),
        }
    }
}

fn unreachable(error: ConnectError) -> BrokerError {
    match error {
        ConnectError::Lookup(error) => BrokerError::broken(format_args!("cannot find it: {error}")),
        ConnectError::Socket(error) => BrokerError::broken(format_args!("cannot connect: {error}")),
    }
}

impl Read for Socket {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(bytes),
            Self::Tls(socket) => socket.read(bytes),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(socket) => socket.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(socket) => socket.flush(),
        }
    }
}
