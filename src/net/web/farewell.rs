//! Tells peers that speak HTTP or WebSocket why their connection ends.

use super::response::Response;
use super::status::Status;
use crate::message::CloseReason;
use crate::wire::websocket::CloseCode;

/// The code of the Close frame (RFC 6455 §7.4.1).
pub(super) fn close_code(reason: &CloseReason) -> CloseCode {
    match reason {
        CloseReason::PeerFinished | CloseReason::Quit(_) | CloseReason::Answered => CloseCode::Normal,
        CloseReason::ShuttingDown => CloseCode::GoingAway,
        #[cfg(feature = "upgrade")]
        CloseReason::Upgrading => CloseCode::ServiceRestart,
        CloseReason::Malformed(_) | CloseReason::NotTls | CloseReason::TlsFailed(_) => {
            CloseCode::ProtocolError
        }
        CloseReason::ServerFull(_)
        | CloseReason::NoMemory(_)
        | CloseReason::MemoryFull(_)
        | CloseReason::AddressFull(_)
        | CloseReason::ConnectsTooOften { .. }
        | CloseReason::PasswordNotChecked => CloseCode::TryAgainLater,
        CloseReason::Lost(_)
        | CloseReason::OutboxFull(_)
        | CloseReason::LoginTimeout(_)
        | CloseReason::PingTimeout(_)
        | CloseReason::Stalled
        | CloseReason::WrongPassword
        | CloseReason::Killed { .. }
        | CloseReason::Banned { .. } => CloseCode::PolicyViolation,
        #[cfg(feature = "store")]
        CloseReason::AccountRequired
        | CloseReason::LoginFailed
        | CloseReason::NotEntered(_)
        | CloseReason::AccountDropped => CloseCode::PolicyViolation,
    }
}

/// The response to a request that gets no other, because the connection ends.
pub(super) fn response(reason: &CloseReason) -> Response {
    let status = match reason {
        CloseReason::PeerFinished => Status::BadRequest,
        CloseReason::Banned { .. } => Status::Forbidden,
        CloseReason::AddressFull(_) | CloseReason::ConnectsTooOften { .. } => Status::TooManyRequests,
        CloseReason::Answered | CloseReason::LoginTimeout(_) => Status::RequestTimeout,
        _ => Status::Unavailable,
    };
    let text = match reason {
        CloseReason::PeerFinished => "the request ends before its empty line".to_owned(),
        CloseReason::Answered => "the request was not complete in time".to_owned(),
        _ => reason.to_string(),
    };
    Response::refusal(status, &text)
}
