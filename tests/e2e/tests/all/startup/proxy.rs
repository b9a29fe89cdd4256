//! A node that lies: a proxy that exchanges words in the answers of a real node.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// The exchanged words, of the same length, so that WebSocket frames stay whole.
type Words = Arc<Mutex<Option<(Vec<u8>, Vec<u8>)>>>;

/// The proxy; it listens until the test ends.
pub struct Proxy {
    /// Where it listens.
    pub url: String,
    words: Words,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    /// A proxy in front of the node at `url`, which exchanges nothing yet.
    pub fn start(url: &str) -> Self {
        let node = url.strip_prefix("ws://").expect("a WebSocket address").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            url: format!("ws://{}", listener.local_addr().unwrap()),
            words: Words::default(),
            connections: Arc::default(),
        };
        let (words, connections) = (proxy.words.clone(), proxy.connections.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let node = TcpStream::connect(&node).expect("the node is there");
                let both = [client.try_clone().unwrap(), node.try_clone().unwrap()];
                connections.lock().unwrap().extend(both);
                let (mut from, mut to) = (client.try_clone().unwrap(), node.try_clone().unwrap());
                thread::spawn(move || std::io::copy(&mut from, &mut to));
                let words = words.clone();
                thread::spawn(move || forward(node, client, &words));
            }
        });
        proxy
    }

    /// Replaces `old` by `new` in all answers from now on.
    pub fn exchange(&self, old: &str, new: &str) {
        assert_eq!(old.len(), new.len());
        *self.words.lock().unwrap() = Some((old.into(), new.into()));
    }

    /// Breaks every connection.
    pub fn cut(&self) {
        for connection in self.connections.lock().unwrap().drain(..) {
            // This fails for a connection that has ended already.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

fn forward(mut node: TcpStream, mut client: TcpStream, words: &Words) {
    let mut buffer = vec![0; 1 << 16];
    let mut waiting = Vec::new();
    while let Ok(count @ 1..) = node.read(&mut buffer) {
        waiting.extend_from_slice(&buffer[..count]);
        let mut ready = waiting.len();
        if let Some((old, new)) = &*words.lock().unwrap() {
            for at in 0..waiting.len().saturating_sub(old.len() - 1) {
                if waiting[at..].starts_with(old) {
                    waiting[at..at + new.len()].copy_from_slice(new);
                }
            }
            // The beginning of a word waits for its end.
            let begins = |length: &usize| waiting.ends_with(&old[..*length]);
            ready -= (1..old.len().min(ready)).rev().find(begins).unwrap_or(0);
        }
        if client.write_all(&waiting[..ready]).is_err() {
            break;
        }
        waiting.drain(..ready);
    }
    let _ = client.shutdown(Shutdown::Both);
}
