//! WebSocket (RFC 6455).
//!
//! - [`frames`]: frames, right and wrong ones · [`rules`]: which rules those of the server break
//! - [`conversation`]: a client's end · [`language`], [`behaviour`]: how the server takes
//!   messages, and what it does with them · [`delivery`]: whether one arrives
//! - [`handshake`], [`origin`], [`messages`], [`from_server`], [`control`], [`violations`],
//!   [`closing`], [`clients`]: the checks

pub mod behaviour;
pub mod clients;
pub mod closing;
pub mod control;
pub mod conversation;
pub mod delivery;
pub mod frames;
pub mod from_server;
pub mod handshake;
pub mod language;
pub mod messages;
pub mod origin;
pub mod rules;
pub mod violations;
