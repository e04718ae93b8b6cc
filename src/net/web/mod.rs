//! HTTP requests and WebSocket connections at the same listeners as the chat.

#![expect(dead_code, reason = "newcomers do not get the layer that answers requests yet")]

mod page;
mod request;
mod response;
mod site;
mod status;
mod upgrade;
