//! What makes of datagrams that may be lost messages that are not: one peer's end of a connection.

mod congestion;
