//! Numbers that people can say aloud: "le ticket 42". One type for each kind, so they cannot be mixed up.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// One request and its conversation. Counted from 1, never reused.
    TicketId,
    /// One entry of a conversation.
    MessageId,
    /// Something to post to chat.
    PostId,
    /// A reply being written.
    DraftId,
    /// A form in chat that was refused, and is filled in again.
    FormId,
    /// A person who asks for help.
    RequesterId,
    /// A person who answers.
    AgentId,
    /// One line of a ticket's history.
    EventId,
    /// One notice by one channel to one address.
    DeliveryId,
    /// One notice on the web.
    NotificationId,
    /// Something to tell an endpoint by webhook.
    HookPostId,
    /// One browser that is told by push.
    SubscriptionId,
    /// One mail as it was received, in the journal.
    RawMailId,
    /// One line of the audit log.
    AuditId,
}
