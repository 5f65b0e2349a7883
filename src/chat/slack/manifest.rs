//! The manifest of our app, to be pasted into Slack: all that it asks for, and nothing more. Pure.

use super::acts::{ADD_TO_TICKET, CREATE_TICKET};
use crate::domain::chat::Platform;
use crate::oauth::accounts::back;
use crate::wording;
use serde_json::{Value, json};

/// The scopes that the bot needs.
pub const SCOPES: [&str; 16] = [
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "links:read",
    "links:write",
    "metadata.message:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
];

/// What is told to us.
const EVENTS: [&str; 20] = [
    "app_home_opened",
    "app_uninstalled",
    "channel_archive",
    "channel_deleted",
    "channel_left",
    "channel_rename",
    "channel_unarchive",
    "group_archive",
    "group_deleted",
    "group_left",
    "group_unarchive",
    "link_shared",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "subteam_members_changed",
    "subteam_updated",
    "tokens_revoked",
    "user_change",
];

/// The manifest. Told `by_request`, Slack calls our public address; else we make a connection, which needs none.
pub fn manifest(brand: &str, public_url: &str, by_request: bool) -> Value {
    let url = format!("{}/slack/events", public_url.trim_end_matches('/'));
    let host =
        public_url.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
    let shortcut = |name: &str, id: &str| {
        let words: String = wording::slash::FROM_A_MESSAGE.french.chars().take(150).collect();
        json!({ "name": name, "type": "message", "callback_id": id, "description": words })
    };
    let mut manifest = json!({
        "display_information": {
            "name": "Guichet",
            "description": wording::slash::about(brand),
            "background_color": "#1f2937",
        },
        "features": {
            "app_home": { "home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": true },
            "bot_user": { "display_name": "Guichet", "always_online": true },
            "shortcuts": [
                shortcut(wording::slash::CREATE_TICKET.french, CREATE_TICKET),
                shortcut(wording::slash::ADD_TO_TICKET.french, ADD_TO_TICKET),
            ],
            "slash_commands": [{
                "command": "/ticket",
                "description": wording::slash::TICKET.french,
                "usage_hint": "status 42 resolved",
                "should_escape": true,
            }],
            "unfurl_domains": [host],
        },
        "oauth_config": { "scopes": { "bot": SCOPES } },
        "settings": {
            "event_subscriptions": { "bot_events": EVENTS },
            "interactivity": { "is_enabled": true },
            "org_deploy_enabled": false,
            "socket_mode_enabled": !by_request,
            "token_rotation_enabled": false,
        },
    });
    // Slack takes no address of this machine alone.
    if host.is_empty() || host == "localhost" || !host.contains('.') {
        manifest["features"]["unfurl_domains"] = json!([]);
    }
    let back = back(public_url.trim_end_matches('/'), Platform::Slack);
    if back.starts_with("https://") {
        manifest["oauth_config"]["redirect_urls"] = json!([back]);
    }
    if by_request {
        manifest["settings"]["event_subscriptions"]["request_url"] = json!(url);
        manifest["settings"]["interactivity"]["request_url"] = json!(url);
        manifest["features"]["slash_commands"][0]["url"] = json!(url);
    }
    manifest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_is_asked_for_once() {
        let distinct: std::collections::BTreeSet<&str> = SCOPES.into_iter().collect();
        assert_eq!(distinct.len(), SCOPES.len());
    }
}
