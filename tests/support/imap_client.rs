//! Somebody else at the mailbox: a second mail program, which flags, expunges, appends and recreates folders while
//! ours is reading. Speaks plain IMAP, shares no code with the program. May import: tokio.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A logged-in session.
pub struct ImapClient {
    stream: BufReader<TcpStream>,
}

impl ImapClient {
    /// Logs in.
    ///
    /// # Panics
    /// When the server does not let it in; so do the others, when it does not do as told.
    pub async fn open(port: u16, user: &str, password: &str) -> ImapClient {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the server listens");
        let mut client = ImapClient { stream: BufReader::new(stream) };
        client.line().await;
        client.say(&format!("LOGIN {user} {password}")).await;
        client
    }

    /// Says a command; all that is answered, before the tagged OK.
    pub async fn say(&mut self, command: &str) -> String {
        self.write(format!("x {command}\r\n").as_bytes()).await;
        let mut answer = String::new();
        loop {
            let line = self.line().await;
            if line.starts_with("x ") {
                assert!(line.starts_with("x OK"), "{command}: {line}");
                return answer;
            }
            answer.push_str(&line);
            if let Some(length) = line.trim_end().strip_suffix('}').and_then(|line| line.rsplit_once('{')) {
                let mut literal = vec![0; length.1.parse().expect("a length")];
                self.stream.read_exact(&mut literal).await.expect("the server goes on");
                answer.push_str(&String::from_utf8_lossy(&literal));
            }
        }
    }

    /// Puts a mail into a folder.
    pub async fn append(&mut self, folder: &str, raw: &[u8]) {
        self.write(format!("x APPEND {folder} {{{}}}\r\n", raw.len()).as_bytes()).await;
        let answer = loop {
            let line = self.line().await;
            // News of the folder may come before the answer (RFC 3501 section 7).
            if !line.starts_with("* ") {
                break line;
            }
        };
        assert!(answer.starts_with('+'), "the server takes the mail: {answer}");
        self.write(&[raw, b"\r\n"].concat()).await;
        while !self.line().await.starts_with("x OK") {}
    }

    /// Removes one mail of a folder for good.
    pub async fn expunge(&mut self, folder: &str, uid: u32) {
        self.say(&format!("SELECT {folder}")).await;
        self.say(&format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)")).await;
        self.say(&format!("UID EXPUNGE {uid}")).await;
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("the server listens");
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).await.expect("the server answers");
        assert_ne!(read, 0, "the server hung up");
        line
    }
}
