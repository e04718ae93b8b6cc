//! Descriptors through a Unix socket.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::sockopt::set_socket_send_buffer_size;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};

/// Most descriptors in a message (`SCM_MAX_FD`, unix(7)).
const AT_ONCE: usize = 253;

const SPACE: usize = rustix::cmsg_space!(ScmRights(AT_ONCE));

/// The send buffer in bytes: nobody reads before everything is sent, and the system counts about a kilobyte for each
/// message. The system may grant less.
const BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// A socket from which `receive` gets these descriptors. They wait in it, also while no program has it open at the other
/// end.
///
/// Fails if the system lets fewer descriptors be on their way, which is about as many as a process may have open.
pub(in crate::net) fn send(descriptors: &[BorrowedFd<'_>]) -> io::Result<OwnedFd> {
    let (ours, theirs) = UnixStream::pair()?;
    set_socket_send_buffer_size(&ours, BUFFER_BYTES)?;
    ours.set_nonblocking(true)?;
    let mut space = vec![MaybeUninit::uninit(); SPACE];
    let mut count = u32::try_from(descriptors.len()).map_err(io::Error::other)?.to_le_bytes().to_vec();
    for some in descriptors.chunks(AT_ONCE) {
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !control.push(SendAncillaryMessage::ScmRights(some)) {
            return Err(io::Error::other("too many descriptors for a message"));
        }
        // Each message has at least a byte, and the first has the number of descriptors.
        sendmsg(&ours, &[IoSlice::new(&count)], &mut control, SendFlags::empty())?;
        count.truncate(1);
    }
    Ok(theirs.into())
}

/// All descriptors that were sent to this socket, in order.
pub(in crate::net) fn receive(socket: BorrowedFd<'_>) -> io::Result<Vec<OwnedFd>> {
    let mut space = vec![MaybeUninit::uninit(); SPACE];
    let mut first = [0; 4];
    let mut all = Vec::new();
    let mut left = receive_some(socket, &mut first, &mut space, &mut all)
        .map(|()| u32::from_le_bytes(first) as usize)?
        .checked_sub(all.len());
    while let Some(1..) = left {
        let before = all.len();
        receive_some(socket, &mut [0], &mut space, &mut all)?;
        left = left.and_then(|left| left.checked_sub(all.len() - before));
    }
    if left.is_none() {
        return Err(io::Error::new(ErrorKind::InvalidData, "more descriptors than announced"));
    }
    Ok(all)
}

/// Checks that this process may open so many descriptors more.
pub(in crate::net) fn have_room(count: usize) -> io::Result<()> {
    let (one, _) = UnixStream::pair()?;
    (1..count).map(|_| one.try_clone()).collect::<io::Result<Vec<_>>>().map(drop)
}

/// Receives one message: fills `bytes`, and appends the descriptors.
fn receive_some(
    socket: BorrowedFd<'_>,
    bytes: &mut [u8],
    space: &mut [MaybeUninit<u8>],
    all: &mut Vec<OwnedFd>,
) -> io::Result<()> {
    let wanted = bytes.len();
    let mut control = RecvAncillaryBuffer::new(space);
    let message = recvmsg(socket, &mut [IoSliceMut::new(bytes)], &mut control, RecvFlags::empty())?;
    let before = all.len();
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = part {
            all.extend(descriptors);
        }
    }
    // Not at once by a flag, which not every system has: nothing else is started meanwhile.
    all[before..].iter().try_for_each(|descriptor| fcntl_setfd(descriptor, FdFlags::CLOEXEC))?;
    if message.bytes != wanted || all.len() == before {
        return Err(io::Error::new(ErrorKind::UnexpectedEof, "some descriptors are missing"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn descriptors_arrive_in_order_however_many_there_are() {
        for count in [1, 2, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE] {
            let pipes: Vec<_> = (0..count).map(|_| io::pipe().unwrap()).collect();
            let readers: Vec<_> = pipes.iter().map(|(reader, _)| reader.as_fd()).collect();
            let socket = send(&readers).unwrap();
            let received = receive(socket.as_fd()).unwrap();
            assert_eq!(received.len(), count);
            for (n, (reader, (_, mut writer))) in received.into_iter().zip(pipes).enumerate() {
                write!(writer, "{n}").unwrap();
                drop(writer);
                let mut text = String::new();
                File::from(reader).read_to_string(&mut text).unwrap();
                assert_eq!(text, n.to_string());
            }
        }
    }

    #[test]
    fn a_socket_without_descriptors_is_an_error_and_nobody_waits() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(receive(theirs.as_fd()).is_err());
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.write_all(&7u32.to_le_bytes()).unwrap();
        assert!(receive(theirs.as_fd()).is_err());
    }
}
