//! The least that taking in mail can be: fetch everything over IMAP, append it to one file, fsync after each batch.
//! Reads nothing, decides nothing, indexes nothing. `scripts/bench fetch` holds Guichet against it.
//! May import: std.
//!
//! Usage: `downloader HOST:PORT USER PASSWORD FILE`; prints how many mails it wrote.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Mails of one FETCH and one fsync: about what Guichet puts in one transaction, for mails of 10 kB.
const BATCH_MAILS: usize = 400;
/// What is read from the connection at once.
const READ_BYTES: usize = 256 << 10;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, user, password, path] = arguments.as_slice() else {
        return Err(io::Error::other("usage: downloader HOST:PORT USER PASSWORD FILE"));
    };
    let mut server = Server::connect(address)?;
    server.command(&format!("LOGIN {user} {password}"), &mut Vec::new())?;
    let count = server.command("EXAMINE INBOX", &mut Vec::new())?.exists;
    let mut file = File::create_new(path)?;
    let (mut written, mut first, mut bytes) = (0, 1, Vec::new());
    while first <= count {
        let last = count.min(first + BATCH_MAILS - 1);
        bytes.clear();
        written += server.command(&format!("FETCH {first}:{last} (UID BODY.PEEK[])"), &mut bytes)?.mails;
        file.write_all(&bytes)?;
        file.sync_data()?;
        first = last + 1;
    }
    server.command("LOGOUT", &mut Vec::new())?;
    println!("{written}");
    Ok(())
}

struct Server {
    lines: BufReader<TcpStream>,
}

/// What the answer to a command said.
#[derive(Default)]
struct Answer {
    /// How many mails the mailbox holds, if it was told.
    exists: usize,
    /// How many mails came.
    mails: usize,
}

impl Server {
    fn connect(address: &str) -> io::Result<Server> {
        let connection = TcpStream::connect(address)?;
        connection.set_nodelay(true)?;
        let mut lines = BufReader::with_capacity(READ_BYTES, connection);
        lines.read_until(b'\n', &mut Vec::new())?;
        Ok(Server { lines })
    }

    /// Sends a command and reads its whole answer; the literals are appended to `bytes`.
    fn command(&mut self, words: &str, bytes: &mut Vec<u8>) -> io::Result<Answer> {
        self.lines.get_mut().write_all(format!("a {words}\r\n").as_bytes())?;
        let mut answer = Answer::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            if self.lines.read_until(b'\n', &mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let text = String::from_utf8_lossy(line.trim_ascii_end());
            if let Some(outcome) = text.strip_prefix("a ") {
                return if outcome.starts_with("OK") {
                    Ok(answer)
                } else {
                    Err(io::Error::other(outcome.to_owned()))
                };
            }
            let literal = text.strip_suffix('}').and_then(|text| text.rsplit_once('{'));
            if let Some(length) = literal.and_then(|(_, length)| length.parse().ok()) {
                let got = (&mut self.lines).take(length).read_to_end(bytes)?;
                if got as u64 != length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                answer.mails += 1;
            }
            let told = text.strip_prefix("* ").and_then(|text| text.strip_suffix(" EXISTS"));
            if let Some(count) = told.and_then(|count| count.parse().ok()) {
                answer.exists = count;
            }
        }
    }
}
