//! What the program that takes the place of this one must know of a listener. The descriptor itself travels beside it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use mio::net::{TcpListener, UnixListener};

use super::binding::{SocketFile, adopt};
use super::{Kind, Listener};
use crate::address::Address;
use crate::cbor::{map, numbered};

/// The state of a listener.
#[derive(Clone, Debug)]
pub(in crate::net) struct ListenerHandover {
    is_unix: bool,
    address: Address,
    wanted: Option<Address>,
    /// The device and the inode of a socket file that the server removes in the end.
    file: Option<(u64, u64)>,
    purpose: Purpose,
}

map!(ListenerHandover { 0: is_unix, 1: address, 2: wanted, 3: file, 4: purpose });

/// What newcomers want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::net) enum Purpose {
    Chat,
    ChatOverTls,
    Metrics,
}

numbered!(Purpose, "purpose of a listener" { 0 => Chat, 1 => ChatOverTls, 2 => Metrics });

impl Listener {
    /// The descriptor and the state.
    pub(in crate::net) fn hand_over(&self, purpose: Purpose) -> (BorrowedFd<'_>, ListenerHandover) {
        let (descriptor, is_unix, file) = match &self.kind {
            Kind::Tcp(listener) => (listener.as_fd(), false, None),
            Kind::Unix { listener, file } => {
                (listener.as_fd(), true, file.as_ref().map(SocketFile::identity))
            }
        };
        let (address, wanted) = (self.address.clone(), self.wanted.clone());
        (descriptor, ListenerHandover { is_unix, address, wanted, file, purpose })
    }

    /// Listens where another program did. Its socket file stays until [`Self::own_file`]. Fails when it does not listen.
    pub(in crate::net) fn take_over(
        descriptor: OwnedFd,
        handed: ListenerHandover,
    ) -> io::Result<(Self, Purpose)> {
        let ListenerHandover { is_unix, address, wanted, file, purpose } = handed;
        adopt(&descriptor)?;
        rustix::io::ioctl_fionbio(&descriptor, true)?;
        let kind = if is_unix {
            let file = match (file, &address) {
                (Some(identity), Address::Unix(path)) => Some(SocketFile::handed(path, identity)),
                _ => None,
            };
            Kind::Unix { listener: UnixListener::from_std(descriptor.into()), file }
        } else {
            Kind::Tcp(TcpListener::from_std(descriptor.into()))
        };
        let is_tls = purpose == Purpose::ChatOverTls;
        Ok((Self { wanted, ..Self::new(kind, address).with_tls(is_tls) }, purpose))
    }

    /// Removes the socket file in the end, if it is the server's.
    pub(in crate::net) fn own_file(&mut self) {
        if let Kind::Unix { file: Some(file), .. } = &mut self.kind {
            file.own();
        }
    }

    /// True if a service manager passed the socket.
    pub(in crate::net) fn is_passed(&self) -> bool {
        self.wanted.is_none()
    }

    /// True if it was bound because the config had this address, which need not be the one where it is.
    pub(in crate::net) fn is_for(&self, wanted: &Address) -> bool {
        self.wanted.as_ref() == Some(wanted)
    }
}
