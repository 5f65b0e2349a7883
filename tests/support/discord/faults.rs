//! What goes wrong on demand: answers that fail, get lost or come late; and the rate limits.

use super::http::Call;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What happens to a request instead of an answer, or before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not carried out; this status comes back.
    Status(u16),
    /// It is carried out; the connection is cut instead of the answer.
    CutAfter,
    /// It is not carried out; the connection is cut.
    CutBefore,
    /// It is carried out; the answer waits until the test lets it go.
    Hold,
}

struct Planned {
    method: String,
    path: Vec<String>,
    fault: Fault,
    left: u32,
}

/// Faults to come, delays, and buckets.
#[derive(Default)]
pub struct Faults {
    planned: Vec<Planned>,
    /// How late every answer is.
    pub delay: Duration,
    strict: bool,
    /// How often answers that are held were let go.
    pub releases: u64,
    windows: HashMap<String, Window>,
    together: Option<Window>,
}

/// Requests in a second, all together.
const TOGETHER: (u32, Duration) = (50, Duration::from_secs(1));

struct Window {
    began: Instant,
    used: u32,
}

/// The bucket of a request, for the headers.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Requests for each window.
    pub limit: u32,
    /// Requests left.
    pub remaining: u32,
    /// Until the window is over.
    pub reset_after: Duration,
    /// Whether this request was one too many.
    pub exceeded: bool,
    /// Whether it was so among all requests, whatever they are for.
    pub is_global: bool,
}

impl Faults {
    /// The next `count` requests like this meet the fault. In `path` (`/channels/*/messages`), `*` is any one part.
    pub fn plan(&mut self, method: &str, path: &str, fault: Fault, count: u32) {
        let path = path.split('/').filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect();
        self.planned.push(Planned { method: method.to_uppercase(), path, fault, left: count });
    }

    /// The fault that this request meets, which is then used up.
    pub fn meet(&mut self, call: &Call) -> Option<Fault> {
        let like = |planned: &&mut Planned| {
            planned.left > 0
                && planned.method == call.method
                && planned.path.len() == call.path.len()
                && planned.path.iter().zip(&call.path).all(|(wanted, part)| wanted == "*" || wanted == part)
        };
        let planned = self.planned.iter_mut().find(like)?;
        planned.left -= 1;
        Some(planned.fault)
    }

    /// Enforces the buckets, which begin empty.
    pub fn be_strict(&mut self) {
        self.strict = true;
        self.windows.clear();
        self.together = None;
    }

    /// Counts a request in its bucket. `advanced` is what tests moved the clock by.
    pub fn count(&mut self, call: &Call, advanced: Duration) -> Bucket {
        let (limit, length) = limit(call);
        let name = bucket_name(call);
        let now = Instant::now() + advanced;
        if let Some(reset_after) = self.too_many_together(call, now) {
            return Bucket { name, limit, remaining: 0, reset_after, exceeded: true, is_global: true };
        }
        let window = self.windows.entry(name.clone()).or_insert(Window { began: now, used: 0 });
        if now.duration_since(window.began) >= length {
            *window = Window { began: now, used: 0 };
        }
        let exceeded = self.strict && window.used >= limit;
        // Where buckets are not enforced, no client may be led to wait.
        if !exceeded && (self.strict || window.used + 1 < limit) {
            window.used += 1;
        }
        let reset_after = length.saturating_sub(now.duration_since(window.began));
        let remaining = limit.saturating_sub(window.used);
        Bucket { name, limit, remaining, reset_after, exceeded, is_global: false }
    }

    /// Counts a request among all; where it is one too many, until when. Answers to interactions are free of this.
    fn too_many_together(&mut self, call: &Call, now: Instant) -> Option<Duration> {
        let is_free = matches!(call.path.first().map(String::as_str), Some("interactions" | "webhooks"));
        if !self.strict || is_free {
            return None;
        }
        let (limit, length) = TOGETHER;
        let window = self.together.get_or_insert(Window { began: now, used: 0 });
        if now.duration_since(window.began) >= length {
            *window = Window { began: now, used: 0 };
        }
        if window.used == limit {
            return Some(length.saturating_sub(now.duration_since(window.began)));
        }
        window.used += 1;
        None
    }
}

/// Requests in a window, and its length. Discord publishes none of these; they are what is widely seen.
fn limit(call: &Call) -> (u32, Duration) {
    let parts: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (call.method.as_str(), parts.as_slice()) {
        ("POST", ["channels", _, "messages"]) => (5, Duration::from_secs(5)),
        ("PATCH", ["channels", _, "messages", _]) => (5, Duration::from_secs(5)),
        // The famous one: a name or a topic may change twice in ten minutes.
        ("PATCH", ["channels", _]) if !call.body["name"].is_null() || !call.body["topic"].is_null() => {
            (2, Duration::from_secs(600))
        }
        ("PUT" | "DELETE", ["channels", _, "messages", _, "reactions", ..]) => {
            (1, Duration::from_millis(250))
        }
        _ => (50, Duration::from_secs(1)),
    }
}

/// Method, path with its first number (channel, guild, webhook and token), and stars for the others.
fn bucket_name(call: &Call) -> String {
    let mut name = call.method.clone();
    for (index, part) in call.path.iter().enumerate() {
        let number = part.chars().all(|c| c.is_ascii_digit());
        name.push('/');
        name.push_str(if number && index > 1 { "*" } else { part });
    }
    if call.method == "PATCH" && call.path.len() == 2 && limit(call).0 == 2 {
        name.push_str("?name");
    }
    name
}
