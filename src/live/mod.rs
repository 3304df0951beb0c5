//! The page fed while it happens: a small HTTP server on loopback.
//!
//! ```text
//!   traces ──▶ Board ──▶ teller: "there is news of question 7"
//!                │
//!                ▼                    GET  page, /events, /floods/7
//!   acceptor ─▶ connection, a thread each
//!                │                    POST /ask, /servent, /links
//!                └──orders──▶ whoever runs the overlay
//! ```
//!
//! Nobody but this page may use it, whatever other pages the same browser shows: [`Token`] and `gate` say how that is told.
//! Who runs the overlay and how, which files the page has and what they show is for others to say.
//!
//! | file | holds |
//! |---|---|
//! | `request` | a request's head, from bytes |
//! | `gate` | who may ask |
//! | `route` | what is asked for |
//! | `orders` | what the page asks to be done |
//! | `pages` | its files |
//! | `status`, `response` | how a request ends |
//! | `log` | what happened, as numbered events |
//! | `floods/` | lines of traces, question by question, and what became of one |
//! | `drawing` | that, as the page gets it |
//! | `board` | all that is known, behind one lock |
//! | `connection` | a connection's thread |
//! | `server` | the threads, started and stopped |
//!
//! **Invariants:** all but the last three have no I/O, no clock and no thread. Nothing grows without bound: heads, bodies,
//! connections, events and questions are limited, and what is left out is counted. Nobody waits for a browser.

mod board;
mod connection;
mod drawing;
mod floods;
mod gate;
mod log;
mod orders;
mod pages;
mod request;
mod response;
mod route;
mod server;
mod status;

pub use board::{Board, Health};
pub use gate::Token;
pub use orders::{Order, Ordered, Refused};
pub use pages::{Page, Pages};
pub use server::Server;
