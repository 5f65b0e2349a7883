//! A DNS server of our own on loopback, over UDP (RFC 1035): TXT records, names that are not there, and two ways to fail.
//!
//! Strict: what asks must ask one whole question of class IN and want recursion, or gets a format error.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// Codes of an answer (RFC 1035 section 4.1.1).
const FORMAT_ERROR: u8 = 1;
const SERVER_FAILURE: u8 = 2;
const NO_SUCH_NAME: u8 = 3;

const TXT: u16 = 16;
const IN: u16 = 1;
/// The length of the header.
const HEADER: usize = 12;
/// The most that fits an answer to somebody who did not say that they take more.
const PLAIN_ANSWER: usize = 512;

/// What a name has.
#[derive(Debug, Clone)]
pub enum Has {
    /// TXT records, each of at most 255 bytes or in several strings.
    Texts(Vec<String>),
    /// A server that cannot tell.
    Failure,
    /// A server that says nothing.
    Silence,
}

type Names = Arc<Mutex<HashMap<String, Has>>>;

/// A running DNS server; ends when dropped.
pub struct DnsServer {
    /// Where it is.
    pub address: SocketAddr,
    names: Names,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl DnsServer {
    /// Starts one that knows no name.
    pub async fn start() -> DnsServer {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a loopback port can be had");
        let address = socket.local_addr().expect("it is bound");
        let (names, asked) = (Names::default(), Arc::new(Mutex::new(Vec::new())));
        let task = tokio::spawn(serve(socket, names.clone(), asked.clone()));
        DnsServer { address, names, asked, task }
    }

    /// This name has these TXT records, whatever it had.
    pub fn publish(&self, name: &str, texts: &[&str]) {
        self.set(name, Has::Texts(texts.iter().map(|text| (*text).to_owned()).collect()));
    }

    /// This name is answered so.
    pub fn set(&self, name: &str, has: Has) {
        self.names.lock().expect("nobody panics with it").insert(name.to_lowercase(), has);
    }

    /// Nothing is published at this name any more.
    pub fn withdraw(&self, name: &str) {
        self.names.lock().expect("nobody panics with it").remove(&name.to_lowercase());
    }

    /// The names that were asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: UdpSocket, names: Names, asked: Arc<Mutex<Vec<String>>>) {
    let mut buffer = [0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let query = &buffer[..length];
        if length < HEADER || query[2] & 0x80 != 0 {
            // No query at all.
            continue;
        }
        let answer = match question(query) {
            None => Some(header(query, FORMAT_ERROR, 0, 0)),
            Some((name, kind, end)) => {
                asked.lock().expect("nobody panics with it").push(name.clone());
                let has = names.lock().expect("nobody panics with it").get(&name).cloned();
                answer(query, end, kind, has)
            }
        };
        if let Some(answer) = answer {
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

/// The name in small letters, the kind of record, and where the question ends; `None` when it is not whole.
fn question(query: &[u8]) -> Option<(String, u16, usize)> {
    let number = |at: usize| Some(u16::from_be_bytes([*query.get(at)?, *query.get(at + 1)?]));
    let (is_standard, wants_recursion) = (query[2] & 0x78 == 0, query[2] & 1 == 1);
    if !is_standard || !wants_recursion || number(4)? != 1 || number(6)? != 0 || number(8)? != 0 {
        return None;
    }
    let (mut at, mut labels) = (HEADER, Vec::new());
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        match length {
            0 => break,
            1..64 => {
                labels.push(String::from_utf8(query.get(at..at + length)?.to_vec()).ok()?.to_lowercase());
                at += length;
            }
            _ => return None,
        }
    }
    (number(at + 2)? == IN).then_some((labels.join("."), number(at)?, at + 4))
}

fn answer(query: &[u8], end: usize, kind: u16, has: Option<Has>) -> Option<Vec<u8>> {
    let question = &query[HEADER..end];
    let (code, texts) = match has {
        Some(Has::Silence) => return None,
        Some(Has::Failure) => (SERVER_FAILURE, Vec::new()),
        None => (NO_SUCH_NAME, Vec::new()),
        Some(Has::Texts(texts)) if kind == TXT => (0, texts),
        Some(Has::Texts(_)) => (0, Vec::new()),
    };
    let mut answer = header(query, code, 1, texts.len() as u16);
    answer.extend_from_slice(question);
    for text in &texts {
        let mut data = Vec::new();
        for part in text.as_bytes().chunks(255) {
            data.push(part.len() as u8);
            data.extend_from_slice(part);
        }
        // The question's name, by its place.
        answer.extend_from_slice(&[0xc0, HEADER as u8]);
        for number in [TXT, IN, 0, 60, data.len() as u16] {
            answer.extend_from_slice(&number.to_be_bytes());
        }
        answer.extend_from_slice(&data);
    }
    // Who takes more says so in an additional record (RFC 6891).
    let takes_more = query[10..HEADER] != [0, 0];
    assert!(takes_more || answer.len() <= PLAIN_ANSWER, "{} bytes do not fit an answer", answer.len());
    Some(answer)
}

fn header(query: &[u8], code: u8, questions: u16, answers: u16) -> Vec<u8> {
    // A response, as recursion was wanted and is to be had.
    let mut header = vec![query[0], query[1], 0x81, 0x80 | code];
    for number in [questions, answers, 0, 0] {
        header.extend_from_slice(&number.to_be_bytes());
    }
    header
}
