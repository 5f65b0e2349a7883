//! What Slack tells us, by whichever road it comes, and the word that it waits for. Pure.

use serde_json::Value;
use tokio::sync::oneshot;

/// What kind of thing Slack tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody used `/ticket`.
    Command,
    /// Somebody pressed a button, chose, filled a form in, or used a shortcut.
    Interaction,
    /// Something happened.
    Event,
}

/// One thing that Slack tells.
#[derive(Debug)]
pub struct Delivery {
    /// What kind.
    pub kind: Kind,
    /// What it says.
    pub payload: Value,
    /// Where the word goes that Slack waits for within three seconds: nothing to say, or what it is to show. Dropped, Slack
    /// is told that we did not take it, and tells again.
    pub acknowledge: oneshot::Sender<Option<Value>>,
}
