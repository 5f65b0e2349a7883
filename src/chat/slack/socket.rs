//! Socket Mode: connections that we make, over which Slack tells what happens. Another is made before Slack closes one; what
//! happened while there was none is caught up with.

use super::api::Api;
use super::delivery::{Delivery, Kind};
use super::fault::fault;
use super::heard::Look;
use super::listener::Listener;
use super::post::GATEWAY;
use crate::chat::fault::{Barred, Fault};
use crate::desk::Desk;
use crate::domain::alert::AlertKind;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tokio_util::sync::CancellationToken;

type Line = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(20);
/// How often we ask whether the other side is there, and how long it may be silent.
const ASK_EVERY: Duration = Duration::from_secs(10);
const SILENT_AT_MOST: Duration = Duration::from_secs(30);
/// The pauses between attempts: doubled up to the longest; one that lasted begins anew.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));
const LASTING: Duration = Duration::from_secs(30);
/// The most connections at once while one takes over from another; Slack allows ten.
const MOST: usize = 4;

/// What a connection tells of itself.
enum News {
    /// It is there, and Slack tells us over it; whether there was no other.
    Open { is_first: bool },
    /// Slack is about to close it: another is wanted.
    Refresh,
}

/// Listens until `cancel`.
pub async fn listen_until(listener: &Listener, cancel: &CancellationToken) {
    let (news, mut told) = mpsc::unbounded_channel();
    let mut lines = JoinSet::new();
    let mut pause = PAUSES.0;
    let mut said: Option<String> = None;
    let open = Arc::new(AtomicUsize::new(0));
    let mut began = Instant::now();
    let connect = |lines: &mut JoinSet<_>| {
        let (listener, news, open) = (listener.clone(), news.clone(), Arc::clone(&open));
        let cancel = cancel.clone();
        lines.spawn(async move { line(&listener, &news, &open, &cancel).await });
    };
    connect(&mut lines);
    while !cancel.is_cancelled() {
        let ended = tokio::select! {
            biased;
            () = cancel.cancelled() => break,
            Some(news) = told.recv() => {
                match news {
                    News::Open { is_first } => {
                        tracing::info!("Slack: connected");
                        said = None;
                        began = Instant::now();
                        if is_first {
                            listener.begun().await;
                        }
                    }
                    News::Refresh if lines.len() < MOST => connect(&mut lines),
                    News::Refresh => {}
                }
                continue;
            }
            Some(ended) = lines.join_next() => ended,
        };
        let (was_open, trouble) = ended.unwrap_or_else(|_| {
            (false, Some(Fault::Later { why: "a connection panicked".into(), wait: None }))
        });
        if let Some(trouble) = &trouble {
            say(&listener.room.desk, trouble, &mut said).await;
        }
        if !lines.is_empty() {
            continue;
        }
        if was_open && began.elapsed() > LASTING {
            pause = PAUSES.0;
        }
        let wait = match &trouble {
            Some(Fault::Later { wait: Some(wait), .. }) => *wait,
            _ => pause,
        };
        tokio::select! {
            () = cancel.cancelled() => break,
            () = tokio::time::sleep(wait) => {}
        }
        pause = (pause * 2).min(PAUSES.1);
        connect(&mut lines);
    }
    // Each of them ends by the same word, once what it took is acknowledged.
    while lines.join_next().await.is_some() {}
}

/// Says once why there is no connection: an alert where somebody must act, and the log.
async fn say(desk: &Desk, trouble: &Fault, said: &mut Option<String>) {
    let (why, word) = match trouble {
        Fault::Barred(Barred::Token) => {
            ("Slack does not take the app-level token".to_owned(), Some("bad_token".to_owned()))
        }
        Fault::Barred(Barred::Other(word)) => (format!("Slack refuses: {word}"), Some(word.clone())),
        Fault::Refused(word) => (format!("Slack refuses: {word}"), Some(format!("socket:{word}"))),
        Fault::Later { why, .. } => (why.clone(), None),
        other => (format!("{other:?}"), None),
    };
    if let Some(word) = &word
        && let Err(failure) = desk.raise_alert(AlertKind::ChatRefused, GATEWAY, word).await
    {
        tracing::warn!(error = %failure, "an alert could not be raised");
    }
    if said.as_ref() != Some(&why) {
        match word {
            Some(_) => tracing::error!(why, "Slack cannot be listened to; trying again"),
            None => tracing::warn!(why, "the connection to Slack was lost; trying again"),
        }
    }
    *said = Some(why);
}

/// One connection, from its beginning to its end: whether it was ever open, and what ended it.
async fn line(
    listener: &Listener,
    news: &mpsc::UnboundedSender<News>,
    open_lines: &AtomicUsize,
    cancel: &CancellationToken,
) -> (bool, Option<Fault>) {
    let opened = tokio::select! {
        () = cancel.cancelled() => return (false, None),
        opened = tokio::time::timeout(CONNECT_WITHIN, open(&listener.poster.api)) => opened,
    };
    let socket = match opened {
        Ok(Ok(socket)) => socket,
        Ok(Err(trouble)) => return (false, Some(trouble)),
        Err(_) => {
            return (false, Some(Fault::Later { why: "Slack does not open a socket".into(), wait: None }));
        }
    };
    let (mut sink, mut stream) = socket.split();
    let mut talk = Talk { acks: JoinSet::new(), was_open: false, open_lines };
    let trouble = talk.talk(listener, &mut sink, &mut stream, news, cancel).await;
    if talk.was_open {
        open_lines.fetch_sub(1, Ordering::SeqCst);
    }
    // What was taken is acknowledged before the connection goes, or Slack would tell it again.
    while let Some(Ok(Some(ack))) = talk.acks.join_next().await {
        if sink.send(Message::text(ack)).await.is_err() {
            break;
        }
    }
    let _ = tokio::time::timeout(Duration::from_secs(2), sink.close()).await;
    (talk.was_open, trouble)
}

async fn open(api: &Api) -> Result<Line, Fault> {
    let url = api.open_socket().await.map_err(fault)?;
    // Without Nagle's algorithm: a second acknowledgement would wait until the first has arrived.
    match connect_async_with_config(url, None, true).await {
        Ok((socket, _)) => Ok(socket),
        Err(error) => Err(Fault::Later { why: format!("the socket of Slack: {}", kind(&error)), wait: None }),
    }
}

/// What went wrong, without the address, which is a secret of its own.
fn kind(error: &tokio_tungstenite::tungstenite::Error) -> String {
    use tokio_tungstenite::tungstenite::Error;
    match error {
        Error::Io(error) => error.kind().to_string(),
        Error::Http(response) => format!("answered {}", response.status().as_u16()),
        Error::Tls(_) => "TLS".to_owned(),
        _ => "closed".to_owned(),
    }
}

struct Talk<'a> {
    /// What will be acknowledged, each when it is ready.
    acks: JoinSet<Option<String>>,
    was_open: bool,
    /// How many connections are open.
    open_lines: &'a AtomicUsize,
}

impl Talk<'_> {
    /// Hears and acknowledges until the connection ends; why it does, where that is no one's wish.
    async fn talk(
        &mut self,
        listener: &Listener,
        sink: &mut SplitSink<Line, Message>,
        stream: &mut SplitStream<Line>,
        news: &mpsc::UnboundedSender<News>,
        cancel: &CancellationToken,
    ) -> Option<Fault> {
        let lost = |why: &str| Some(Fault::Later { why: why.to_owned(), wait: None });
        let mut heard = Instant::now();
        let mut ask = tokio::time::interval(ASK_EVERY);
        let mut is_leaving = false;
        loop {
            let message = tokio::select! {
                () = cancel.cancelled() => return None,
                Some(ack) = self.acks.join_next(), if !self.acks.is_empty() => {
                    if let Ok(Some(ack)) = ack
                        && sink.send(Message::text(ack)).await.is_err()
                    {
                        return lost("an acknowledgement did not leave");
                    }
                    continue;
                }
                _ = ask.tick() => {
                    if heard.elapsed() > SILENT_AT_MOST {
                        return lost("Slack has been silent");
                    }
                    if sink.send(Message::Ping(Vec::new().into())).await.is_err() {
                        return lost("the connection broke");
                    }
                    continue;
                }
                message = stream.next() => message,
            };
            heard = Instant::now();
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(_))) | None => {
                    return if is_leaving { None } else { lost("Slack closed the connection") };
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) => return lost("the connection broke"),
            };
            let Ok(envelope) = serde_json::from_str::<Value>(&text) else { continue };
            match envelope["type"].as_str() {
                Some("hello") if !self.was_open => {
                    self.was_open = true;
                    let is_first = self.open_lines.fetch_add(1, Ordering::SeqCst) == 0;
                    // Whether another line is open or not: reading once more costs a few calls, a gap costs a message.
                    listener.missed(if is_first { Look::Everywhere } else { Look::Latest });
                    let _ = news.send(News::Open { is_first });
                }
                Some("disconnect") if envelope["reason"] == "link_disabled" => {
                    return Some(Fault::Barred(Barred::Other("link_disabled".to_owned())));
                }
                // Slack goes on telling over it until it closes.
                Some("disconnect") if !is_leaving => {
                    is_leaving = true;
                    let _ = news.send(News::Refresh);
                }
                _ => self.take(listener, envelope),
            }
        }
    }

    /// Hands an envelope on; the word for Slack is sent when it is there.
    fn take(&mut self, listener: &Listener, mut envelope: Value) {
        let Some(id) = envelope["envelope_id"].as_str().map(str::to_owned) else { return };
        let kind = match envelope["type"].as_str() {
            Some("slash_commands") => Kind::Command,
            Some("interactive") => Kind::Interaction,
            // What we do not know is acknowledged like what happens: it would only come again.
            _ => Kind::Event,
        };
        let takes_payload = envelope["accepts_response_payload"] == true;
        let (acknowledge, word) = oneshot::channel();
        let payload = envelope["payload"].take();
        listener.take(Delivery { kind, payload, acknowledge });
        self.acks.spawn(async move {
            // Not taken: Slack tells it again.
            let payload = word.await.ok()?;
            let mut ack = json!({ "envelope_id": id });
            if let Some(payload) = payload.filter(|_| takes_payload) {
                ack["payload"] = payload;
            }
            Some(ack.to_string())
        });
    }
}
