//! HTTP requests and WebSocket connections at the same listeners as the chat.
