//! One peer's conversation: its phases, and the way from its frames through the hub to its replies. It is
//! given the time, and adds what is to be sent to an [`Outgoing`]; of sockets and buffers it knows nothing.

mod crazyit;

pub use crazyit::{Session, encode};

use crate::hub::Hub;
use crate::message::{CloseReason, Now, Outgoing, Peer};

/// What a session works with while it handles something.
pub struct Context<'a> {
    /// Who is here.
    pub hub: &'a mut Hub,
    /// What is to be sent.
    pub out: &'a mut Outgoing,
    /// The time of this turn.
    pub now: Now,
    /// The peer's address, for the log.
    pub peer: &'a Peer,
}

/// What a session came to with the bytes that it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is nothing whole at their beginning. Show them again when there are more.
    NeedMore,
    /// This many of them are done with; go on behind them.
    Used(usize),
    /// The conversation is over.
    Close(CloseReason),
}
