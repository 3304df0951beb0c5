//! What other pages in the same browser, and other programs, get: nothing.

use super::Web;
use crate::overlay::topology::Topology;
use crate::support::ports;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;

#[test]
fn only_the_page_itself_is_served() {
    let web = Web::start(Topology::chain(1), &[]);
    let (token, port) = (web.token.clone(), web.port);
    let own = format!("Host: 127.0.0.1:{port}\r\n");
    let ask = |headers: &str, body: &str| {
        format!("POST {token}ask HTTP/1.1\r\n{own}{headers}Content-Length: {}\r\n\r\n{body}", body.len())
    };
    let json = "Content-Type: application/json\r\n";
    let question = json!({"key": "key", "entry": web.address(0)}).to_string();
    for (name, code, request) in [
        ("DNS rebinding", 421, format!("GET {token} HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n")),
        ("another port's name", 421, format!("GET {token} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", port ^ 1)),
        ("no host", 421, format!("GET {token} HTTP/1.1\r\n\r\n")),
        ("no host in HTTP/1.0", 421, format!("GET {token} HTTP/1.0\r\n\r\n")),
        ("two hosts", 421, format!("GET {token} HTTP/1.1\r\n{own}Host: evil.example\r\n\r\n")),
        ("another site's page", 403, format!("GET {token} HTTP/1.1\r\n{own}Sec-Fetch-Site: cross-site\r\n\r\n")),
        ("another port's page", 403, format!("GET {token}page.js HTTP/1.1\r\n{own}Sec-Fetch-Site: same-site\r\n\r\n")),
        ("an old browser's other page", 403, ask(&format!("{json}Origin: http://evil.example\r\n"), &question)),
        ("no token", 404, format!("GET / HTTP/1.1\r\n{own}\r\n")),
        ("a guess", 404, format!("GET /{}/ HTTP/1.1\r\n{own}\r\n", "0".repeat(32))),
        ("a form", 415, ask("Content-Type: text/plain\r\n", &question)),
        ("another method", 405, format!("PUT {token}ask HTTP/1.1\r\n{own}\r\n")),
        ("a preflight", 405, format!("OPTIONS {token}ask HTTP/1.1\r\n{own}\r\n")),
        ("long headers", 431, format!("GET {token} HTTP/1.1\r\n{own}Cookie: {}\r\n\r\n", "c".repeat(100_000))),
        ("many headers", 431, format!("GET {token} HTTP/1.1\r\n{own}{}\r\n", "A: b\r\n".repeat(100))),
        ("a long body", 413, format!("POST {token}ask HTTP/1.1\r\n{own}{json}Content-Length: 9999999\r\n\r\n")),
        ("no request", 400, "\x16\x03\x01\x02\x00\x01\r\n\r\n".to_owned()),
        ("a proxy's request", 400, format!("GET http://127.0.0.1:{port}{token} HTTP/1.1\r\n{own}\r\n")),
    ] {
        let response = web.send(request.as_bytes());
        assert_eq!(response.code, code, "{name}: {}", response.body);
        assert!(!response.body.contains("127.0.0.1") && !response.head.contains(&token), "{name}: {}", response.body);
        for header in [
            "Content-Security-Policy: default-src 'none';",
            "Cross-Origin-Resource-Policy: same-origin",
            "nosniff",
            "no-referrer",
        ] {
            assert!(response.head.contains(header), "{name}: {}", response.head);
        }
        assert!(!response.head.contains("Access-Control"), "{name}: {}", response.head);
    }
    // One that does not say where it comes from, and knows both, is served.
    assert_eq!(web.get("", "").code, 200);
    assert_eq!(web.get("page.css", "Sec-Fetch-Site: same-origin\r\n").code, 200);
}

#[test]
fn it_listens_on_loopback_alone() {
    let web = Web::start(Topology::chain(1), &[]);
    // All of 127.0.0.0/8 is this machine's.
    assert!(TcpStream::connect(("127.0.0.2", web.port)).is_err());
}

#[test]
fn a_seventeenth_connection_is_turned_away_and_has_a_place_once_one_is_free() {
    let web = Web::start(Topology::chain(1), &[]);
    let mut open: Vec<_> = (0..16).map(|_| web.events("")).collect();
    let mut more = web.connect();
    let mut response = String::new();
    more.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
    drop(open.pop());
    // Whether its browser is gone is looked at once a second.
    crate::support::until("a free place", || {
        let mut stream = web.connect();
        let request = format!("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", web.token, web.port);
        stream.write_all(request.as_bytes()).is_ok() && {
            let mut response = Vec::new();
            stream.read_to_end(&mut response).ok();
            response.starts_with(b"HTTP/1.1 200 ")
        }
    });
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let topology = Topology::chain(1);
    let finished = crate::overlay::run(&topology, &["--web", &port]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains(&format!("port {port} is in use")), "{}", finished.stderr);
    assert!(finished.stdout.is_empty());
    let free = ports::free().to_string();
    let web = Web::start(topology, &[]);
    assert_ne!(web.port.to_string(), port);
    drop(web);
    let finished = crate::overlay::run(&Topology::chain(1), &["--web", &free, "key"]);
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
}
