//! The gateway, version 10: HELLO, IDENTIFY, RESUME, heartbeats, events by intent.
//!
//! Each session keeps all its events: what was not sent (nobody connected, events held back) or was sent into a dead
//! socket comes with the next RESUME.

use super::Shared;
use super::guild::Guild;
use super::shapes;
use super::world::{World, blank};
use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What a bot asks to be told (bits of IDENTIFY).
pub mod intents {
    /// Channels, threads, roles.
    pub const GUILDS: u64 = 1 << 0;
    /// People who come, go, change. Privileged.
    pub const GUILD_MEMBERS: u64 = 1 << 1;
    /// Who is online. Privileged.
    pub const GUILD_PRESENCES: u64 = 1 << 8;
    /// Messages of the guild.
    pub const GUILD_MESSAGES: u64 = 1 << 9;
    /// Reactions there.
    pub const GUILD_MESSAGE_REACTIONS: u64 = 1 << 10;
    /// Direct messages.
    pub const DIRECT_MESSAGES: u64 = 1 << 12;
    /// Reactions there.
    pub const DIRECT_MESSAGE_REACTIONS: u64 = 1 << 13;
    /// What is in messages that are not for the bot. Privileged.
    pub const MESSAGE_CONTENT: u64 = 1 << 15;
    /// All that exist.
    pub const ALL: u64 = ((1 << 17) - 1) | (0b11 << 20) | (0b11 << 24);
}

/// Something to tell.
pub struct Event {
    /// Its name.
    pub name: &'static str,
    /// Its data.
    pub data: Value,
    /// The intent that it takes; 0 for none.
    pub intent: u64,
    /// Whether its content takes the intent for message content.
    pub private: bool,
}

enum Out {
    Frame(Value),
    Close(u16),
    Cut,
}

struct Session {
    id: String,
    intents: u64,
    /// Events in order; the first has sequence number 1.
    log: Vec<Value>,
    /// How many of them were sent on this connection, or acknowledged by RESUME.
    sent: usize,
    out: Option<UnboundedSender<Out>>,
}

/// Everybody who identified and may still resume.
pub struct Sessions {
    list: Vec<Session>,
    /// Milliseconds between heartbeats, as HELLO says.
    pub heartbeat: u64,
    /// Whether heartbeats are answered.
    pub acknowledge: bool,
    held: bool,
    /// IDENTIFYs that were taken.
    pub identified: u32,
    /// RESUMEs that were taken.
    pub resumed: u32,
    /// Close codes that the server sent, oldest first.
    pub closed: Vec<u16>,
}

impl Sessions {
    /// Nobody yet; a heartbeat every 41.25 s.
    pub fn new() -> Sessions {
        Sessions {
            list: Vec::new(),
            heartbeat: 41_250,
            acknowledge: true,
            held: false,
            identified: 0,
            resumed: 0,
            closed: Vec::new(),
        }
    }

    /// Whether a bot is connected and identified.
    pub fn is_connected(&self) -> bool {
        self.list.iter().any(|session| session.out.is_some())
    }

    /// Tells every session that asked for it.
    pub fn send(&mut self, event: &Event) {
        for session in &mut self.list {
            if event.intent != 0 && session.intents & event.intent == 0 {
                continue;
            }
            let mut data = event.data.clone();
            if event.private && session.intents & intents::MESSAGE_CONTENT == 0 {
                blank(&mut data);
            }
            session.add(event.name, data);
        }
        self.pump();
    }

    /// Keeps events back, or lets them go.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
        self.pump();
    }

    /// Every connection hears this: `None` cuts the line without a word, 4000 and the like close it.
    pub fn close_all(&mut self, code: Option<u16>) {
        for session in &mut self.list {
            if let Some(out) = session.out.take() {
                let _ = out.send(code.map_or(Out::Cut, Out::Close));
            }
        }
        self.closed.extend(code);
        // After these a session cannot be resumed.
        if code.is_some_and(|code| matches!(code, 4004 | 4007 | 4009..=4014)) {
            self.list.clear();
        }
    }

    /// Every connection hears this frame (op 7, op 9). Nothing else follows on it.
    pub fn tell_all(&mut self, frame: &Value) {
        for session in &mut self.list {
            if let Some(out) = session.out.take() {
                let _ = out.send(Out::Frame(frame.clone()));
            }
        }
    }

    /// Nobody may resume any more.
    pub fn forget(&mut self) {
        self.list.clear();
    }

    fn pump(&mut self) {
        if self.held {
            return;
        }
        for session in &mut self.list {
            let Some(out) = &session.out else { continue };
            for event in &session.log[session.sent..] {
                let _ = out.send(Out::Frame(event.clone()));
            }
            session.sent = session.log.len();
        }
    }
}

impl Session {
    fn add(&mut self, name: &str, data: Value) {
        self.log.push(json!({"op": 0, "s": self.log.len() + 1, "t": name, "d": data}));
    }
}

/// Speaks with one client until one of both leaves.
pub async fn serve(mut socket: WebSocket, shared: Arc<Shared>, version: Option<String>) {
    if version.as_deref() != Some("10") {
        close(&mut socket, &shared, 4012).await;
        return;
    }
    let interval = shared.look(|world| world.sessions.heartbeat);
    let hello = json!({"op": 10, "s": null, "t": null, "d": {"heartbeat_interval": interval}});
    if socket.send(text(&hello)).await.is_err() {
        return;
    }
    let (out, mut outgoing) = unbounded_channel();
    let mut line = Line { out, session: None, received: VecDeque::new() };
    let code = talk(&mut socket, &mut outgoing, &mut line, &shared).await;
    shared.change(|world| line.hang_up(&mut world.sessions));
    if let Some(code) = code {
        close(&mut socket, &shared, code).await;
    }
}

/// Gives back the code to close with; none when the line is cut or the client left.
async fn talk(
    socket: &mut WebSocket,
    outgoing: &mut UnboundedReceiver<Out>,
    line: &mut Line,
    shared: &Arc<Shared>,
) -> Option<u16> {
    loop {
        tokio::select! {
            biased;
            frame = socket.recv() => match frame {
                Some(Ok(Frame::Text(frame))) => {
                    let taken = shared.change(|world| line.take(world, frame.as_str()));
                    match taken {
                        Ok(answers) => for answer in answers {
                            socket.send(text(&answer)).await.ok()?;
                        },
                        Err(code) => return Some(code),
                    }
                }
                Some(Ok(Frame::Close(frame))) => {
                    // A client that says 1000 or 1001 will not be back for this session.
                    if frame.is_none_or(|frame| matches!(frame.code, 1000 | 1001)) {
                        shared.change(|world| line.end(&mut world.sessions));
                    }
                    return None;
                }
                Some(Ok(Frame::Binary(_))) => return Some(4002),
                Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
                None | Some(Err(_)) => return None,
            },
            out = outgoing.recv() => match out {
                Some(Out::Frame(frame)) => socket.send(text(&frame)).await.ok()?,
                Some(Out::Close(code)) => return Some(code),
                Some(Out::Cut) | None => return None,
            },
            () = shared.stopped() => return None,
        }
    }
}

async fn close(socket: &mut WebSocket, shared: &Shared, code: u16) {
    shared.change(|world| {
        if world.sessions.closed.last() != Some(&code) {
            world.sessions.closed.push(code);
        }
    });
    let frame = CloseFrame { code, reason: "closed by the test server".into() };
    let _ = socket.send(Frame::Close(Some(frame))).await;
}

fn text(frame: &Value) -> Frame {
    Frame::Text(frame.to_string().into())
}

/// One connection.
struct Line {
    out: UnboundedSender<Out>,
    session: Option<String>,
    received: VecDeque<Instant>,
}

impl Line {
    /// Takes a frame; gives back what to answer, or the code to close with.
    fn take(&mut self, world: &mut World, frame: &str) -> Result<Vec<Value>, u16> {
        const WINDOW: Duration = Duration::from_secs(60);
        self.received.push_back(Instant::now());
        while self.received.front().is_some_and(|at| at.elapsed() > WINDOW) {
            self.received.pop_front();
        }
        if self.received.len() > 120 {
            return Err(4008);
        }
        if frame.len() > 4096 {
            return Err(4002);
        }
        let frame: Value = serde_json::from_str(frame).map_err(|_| 4002_u16)?;
        let data = &frame["d"];
        match frame["op"].as_u64() {
            Some(1) if world.sessions.acknowledge => {
                Ok(vec![json!({"op": 11, "s": null, "t": null, "d": null})])
            }
            Some(1) => Ok(Vec::new()),
            Some(2 | 6) if self.session.is_some() => Err(4005),
            Some(2) => self.identify(world, data),
            Some(6) => self.resume(world, data),
            Some(3 | 4 | 8 | 31) if self.session.is_none() => Err(4003),
            Some(3 | 4 | 8 | 31) => Ok(Vec::new()),
            _ => Err(4001),
        }
    }

    fn identify(&mut self, world: &mut World, data: &Value) -> Result<Vec<Value>, u16> {
        if !right_token(world, data) {
            return Err(4004);
        }
        let wanted = data["intents"].as_u64().ok_or(4013_u16)?;
        if wanted & !intents::ALL != 0 {
            return Err(4013);
        }
        let given = world.guild.application_flags;
        let privileged = [
            (intents::GUILD_PRESENCES, 1 << 12 | 1 << 13),
            (intents::GUILD_MEMBERS, 1 << 14 | 1 << 15),
            (intents::MESSAGE_CONTENT, 1 << 18 | 1 << 19),
        ];
        if privileged.iter().any(|(intent, flags)| wanted & intent != 0 && given & flags == 0) {
            return Err(4014);
        }
        if ["os", "browser", "device"].iter().any(|key| !data["properties"][*key].is_string()) {
            return Err(4002);
        }
        let shard = data.get("shard").cloned().unwrap_or(json!([0, 1]));
        if shard != json!([0, 1]) {
            return Err(4010);
        }
        world.sessions.identified += 1;
        let id = format!("session-{}", world.sessions.identified);
        self.session = Some(id.clone());
        let mut session = Session {
            id: id.clone(),
            intents: wanted,
            log: Vec::new(),
            sent: 0,
            out: Some(self.out.clone()),
        };
        session.add("READY", ready(&world.guild, &world.base, &id, &shard));
        if wanted & intents::GUILDS != 0 {
            let with_members = wanted & intents::GUILD_MEMBERS != 0;
            session.add("GUILD_CREATE", shapes::guild_create(&world.guild, with_members));
        }
        world.sessions.list.push(session);
        world.sessions.pump();
        Ok(Vec::new())
    }

    fn resume(&mut self, world: &mut World, data: &Value) -> Result<Vec<Value>, u16> {
        if !right_token(world, data) {
            return Err(4004);
        }
        let id = data["session_id"].as_str().unwrap_or_default();
        let Some(session) = world.sessions.list.iter_mut().find(|session| session.id == id) else {
            return Ok(vec![json!({"op": 9, "s": null, "t": null, "d": false})]);
        };
        let seen = usize::try_from(data["seq"].as_u64().unwrap_or(0)).map_err(|_| 4007_u16)?;
        if seen > session.log.len() {
            return Err(4007);
        }
        if let Some(other) = session.out.replace(self.out.clone()) {
            let _ = other.send(Out::Cut);
        }
        session.sent = seen;
        session.add("RESUMED", json!({}));
        self.session = Some(id.to_owned());
        world.sessions.resumed += 1;
        world.sessions.pump();
        Ok(Vec::new())
    }

    /// This connection is over; its session may be resumed on another.
    fn hang_up(&self, sessions: &mut Sessions) {
        for session in &mut sessions.list {
            if session.out.as_ref().is_some_and(|out| out.same_channel(&self.out)) {
                session.out = None;
            }
        }
    }

    /// The client ended its session for good.
    fn end(&self, sessions: &mut Sessions) {
        sessions.list.retain(|session| Some(&session.id) != self.session.as_ref());
    }
}

fn right_token(world: &World, data: &Value) -> bool {
    let token = data["token"].as_str().unwrap_or_default();
    token.strip_prefix("Bot ").unwrap_or(token) == world.token
}

fn ready(guild: &Guild, base: &str, session: &str, shard: &Value) -> Value {
    let mut user = shapes::user_of(guild, guild.bot);
    user["verified"] = json!(true);
    user["mfa_enabled"] = json!(true);
    user["email"] = Value::Null;
    user["flags"] = json!(0);
    json!({
        "v": 10, "user": user, "session_id": session, "shard": shard, "private_channels": [],
        "resume_gateway_url": gateway_url(base), "session_type": "normal", "user_settings": {},
        "guilds": [{"id": guild.id.to_string(), "unavailable": true}],
        "application": {"id": guild.application.to_string(), "flags": guild.application_flags},
    })
}

/// Where the gateway is.
pub fn gateway_url(base: &str) -> String {
    format!("{}/gw", base.replacen("http", "ws", 1))
}
