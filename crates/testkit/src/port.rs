//! Ports for servers that cannot choose one by themselves.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

// Below the ports that kernels give to outgoing connections, so that a stopped server's port stays free for it.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

static NEXT: LazyLock<AtomicU32> = LazyLock::new(|| AtomicU32::new(uuid::Uuid::new_v4().as_fields().0));

/// A port of 127.0.0.1 that nobody listens on now and that this process has not handed out lately.
///
/// Another process may still take it first: who starts a server on it tries another when the server says so.
pub fn unused_port() -> u16 {
    for _ in 0..COUNT {
        let port = (FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no port of 127.0.0.1 from {FIRST} to {} is free", FIRST + COUNT - 1);
}
