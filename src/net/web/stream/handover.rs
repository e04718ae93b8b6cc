//! What the program that takes the place of this one must know of the layer.

use std::rc::Rc;

use super::{State, WebStream};
use crate::cbor::{Bytes, cases, map};
use crate::net::web::messages::Messages;
use crate::net::web::page::Page;
use crate::net::web::request::HEAD_BYTES;
use crate::net::web::response::Body;
use crate::net::web::site::Site;
use crate::net::web::unsent::Unsent;

/// The state of a layer.
#[derive(Clone, Debug)]
pub(in crate::net) struct WebHandover {
    is_shared: bool,
    conversation: Conversation,
    unsent: Bytes,
    body: Option<Rest>,
}

map!(WebHandover { 0: is_shared, 1: conversation, 2: unsent, 3: body });

#[derive(Clone, Debug)]
enum Conversation {
    Unknown(Bytes),
    Other(Bytes),
    Requests { head: Bytes, answered: u8 },
    Answered,
    Messages(Messages),
}

cases!(Conversation, "state of a layer for HTTP" {
    0 => Unknown(0: first),
    1 => Other(0: held),
    2 => Requests { 0: head, 1: answered },
    3 => Answered,
    4 => Messages(0: messages),
});

/// What follows the unsent bytes.
#[derive(Clone, Debug)]
enum Rest {
    /// A file of the page, of which this many bytes are sent. Files are large, and any number of peers may read one slowly.
    File {
        etag: String,
        sent: u64,
    },
    Bytes(Bytes),
}

cases!(Rest, "rest of a response" { 0 => File { 0: etag, 1: sent }, 1 => Bytes(0: bytes) });

impl<S> WebStream<S> {
    pub(in crate::net::web) fn hand_over(&self) -> WebHandover {
        let (unsent, body) = self.unsent.parts();
        WebHandover {
            is_shared: self.is_shared,
            conversation: Conversation::of(&self.state),
            unsent: Bytes(unsent.to_vec()),
            body: body.map(|(body, sent)| Rest::of(body, *sent, self.site.page())),
        }
    }

    /// A layer that goes on where one of another program was. `None` if the page no longer has the file that it sends.
    pub(in crate::net::web) fn take_over(inner: S, handed: WebHandover, site: Rc<Site>) -> Option<Self> {
        let WebHandover { is_shared, conversation, unsent, body } = handed;
        let body = match body {
            Some(rest) => Some(rest.body(site.page())?),
            None => None,
        };
        let unsent = Unsent::from_parts(unsent.0, body)?;
        Some(Self { inner: Some(inner), site, is_shared, state: conversation.state()?, unsent })
    }
}

impl Conversation {
    fn of(state: &State) -> Self {
        match state {
            State::Unknown(first) => Self::Unknown(Bytes(first.clone())),
            State::Other(held) => Self::Other(Bytes(held.clone())),
            State::Requests { head, answered } => {
                Self::Requests { head: Bytes(head.clone()), answered: *answered }
            }
            State::Answered => Self::Answered,
            State::Messages(messages) => Self::Messages(messages.clone()),
        }
    }

    /// `None` if these are more bytes than a layer keeps.
    fn state(self) -> Option<State> {
        let within = |Bytes(bytes): Bytes| (bytes.len() <= HEAD_BYTES + 1).then_some(bytes);
        Some(match self {
            Self::Unknown(first) => State::Unknown(within(first).filter(|first| first.len() < HEAD_BYTES)?),
            Self::Other(held) => State::Other(within(held)?),
            Self::Requests { head, answered } => State::Requests { head: within(head)?, answered },
            Self::Answered => State::Answered,
            Self::Messages(messages) => State::Messages(messages),
        })
    }
}

impl Rest {
    fn of(body: &Body, sent: usize, page: &Page) -> Self {
        match page.etag(body) {
            Some(etag) => Self::File { etag: etag.to_owned(), sent: sent as u64 },
            None => Self::Bytes(Bytes(body.get(sent..).unwrap_or_default().to_vec())),
        }
    }

    /// The body, and how many of its bytes are sent. `None` if the page does not have the file.
    fn body(self, page: &Page) -> Option<(Body, usize)> {
        match self {
            Self::File { etag, sent } => Some((page.body(&etag)?, usize::try_from(sent).ok()?)),
            Self::Bytes(Bytes(rest)) => Some((Body::Shared(rest.into()), 0)),
        }
    }
}
