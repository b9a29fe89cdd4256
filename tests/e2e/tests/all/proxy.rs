//! A node that lies, or is gone: a proxy that exchanges words in the answers of a real node, or
//! ends at one.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc, Mutex,
    },
    thread,
};

/// The exchanged words, of the same length, so that WebSocket frames stay whole.
type Words = Arc<Mutex<Option<(Vec<u8>, Vec<u8>)>>>;

/// The proxy; it listens until the test ends.
pub struct Proxy {
    /// Where it listens.
    pub url: String,
    words: Words,
    end: Arc<End>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

/// When a proxy is gone.
#[derive(Default)]
struct End {
    /// The word after which it is.
    word: Mutex<Option<Vec<u8>>>,
    /// Whether it is.
    is_reached: AtomicBool,
}

impl End {
    /// Whether these are the bytes after which the proxy is gone.
    fn is_in(&self, bytes: &[u8]) -> bool {
        let word = self.word.lock().unwrap();
        let found = word
            .as_ref()
            .is_some_and(|word| bytes.windows(word.len()).any(|part| part == word.as_slice()));
        self.is_reached.fetch_or(found, Ordering::SeqCst);
        found
    }
}

impl Proxy {
    /// A proxy in front of the node at `url`, which exchanges nothing yet.
    pub fn start(url: &str) -> Self {
        let node = url.strip_prefix("ws://").expect("a WebSocket address").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            url: format!("ws://{}", listener.local_addr().unwrap()),
            words: Words::default(),
            end: Arc::default(),
            connections: Arc::default(),
        };
        let (words, connections) = (proxy.words.clone(), proxy.connections.clone());
        let end = proxy.end.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if end.is_reached.load(Ordering::SeqCst) {
                    continue;
                }
                let node = TcpStream::connect(&node).expect("the node is there");
                let both = [client.try_clone().unwrap(), node.try_clone().unwrap()];
                connections.lock().unwrap().extend(both);
                let (mut from, mut to) = (client.try_clone().unwrap(), node.try_clone().unwrap());
                thread::spawn(move || std::io::copy(&mut from, &mut to));
                let (words, end) = (words.clone(), end.clone());
                thread::spawn(move || forward(node, client, &words, &end));
            }
        });
        proxy
    }

    /// Replaces `old` by `new` in all answers from now on.
    pub fn exchange(&self, old: &str, new: &str) {
        assert_eq!(old.len(), new.len());
        *self.words.lock().unwrap() = Some((old.into(), new.into()));
    }

    /// Breaks the connection in whose answers this word comes, and takes no other one.
    pub fn end_at(&self, word: &str) {
        *self.end.word.lock().unwrap() = Some(word.into());
    }

    /// Breaks every connection.
    pub fn cut(&self) {
        for connection in self.connections.lock().unwrap().drain(..) {
            // This fails for a connection that has ended already.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

fn forward(mut node: TcpStream, mut client: TcpStream, words: &Words, end: &End) {
    let mut buffer = vec![0; 1 << 16];
    let mut waiting = Vec::new();
    while let Ok(count @ 1..) = node.read(&mut buffer) {
        waiting.extend_from_slice(&buffer[..count]);
        if end.is_in(&waiting) {
            break;
        }
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
    let _ = node.shutdown(Shutdown::Both);
}
