//! What the system would have for a program.
#![expect(clippy::disallowed_methods, reason = "it tries to")]

use std::io::Read as _;
use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};

use wharf_plugin::*;

use crate::guest;

pub(crate) const GUESTS: Resource = Resource::new(
    "wasi",
    &[
        guest("looks-for-files", |_| {
            Ok(Output::json(&json!([
                std::fs::read_to_string("/etc/passwd").is_ok(),
                std::fs::read_dir("/").is_ok(),
                std::fs::write("/tmp/rogue", "x").is_ok(),
            ])))
        }),
        guest("opens-sockets", |_| {
            Ok(Output::json(&json!([
                TcpStream::connect("127.0.0.1:80").is_ok(),
                TcpListener::bind("127.0.0.1:0").is_ok(),
                UdpSocket::bind("127.0.0.1:0").is_ok(),
                "localhost:80".to_socket_addrs().is_ok(),
            ])))
        }),
        guest("reads-the-environment", |_| {
            let mut input = String::new();
            let read = std::io::stdin().read_to_string(&mut input).unwrap_or_default();
            Ok(Output::json(&json!([std::env::vars().count(), std::env::args().count(), read])))
        }),
        guest("exits", |_| std::process::exit(0)),
    ],
);
