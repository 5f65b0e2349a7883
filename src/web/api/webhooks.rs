//! What the host application is told by webhooks, in the description of the interface (OpenAPI 3.1, `webhooks`).

use crate::domain::webhook::{HookEvent, PING};
use crate::view::host::Webhook;
use serde_json::{Map, Value, json};
use utoipa::openapi::{Components, OpenApi};
use utoipa::{PartialSchema, ToSchema};

/// Adds every event, and what its body is made of.
pub(super) fn describe(description: &mut OpenApi) {
    let mut schemas = vec![(Webhook::name().into_owned(), Webhook::schema())];
    Webhook::schemas(&mut schemas);
    let components = description.components.get_or_insert_with(Components::new);
    for (name, schema) in schemas {
        components.schemas.entry(name).or_insert(schema);
    }
    let mut webhooks = Map::new();
    for event in HookEvent::ALL {
        webhooks.insert(event.as_str().to_owned(), item(event.as_str(), says(event)));
    }
    let ping = "A message that tells nothing, sent by `guichet webhook test` and `guichet check`.";
    webhooks.insert(PING.to_owned(), item(PING, ping));
    // The library has no word for it; what it calls extensions stands beside the paths.
    let extensions = description.extensions.get_or_insert_default();
    extensions.insert("webhooks".to_owned(), Value::Object(webhooks));
}

fn item(name: &str, says: &str) -> Value {
    let header = |name: &str, says: &str, example: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": says, "schema": { "type": "string" },
            "example": example,
        })
    };
    json!({
        "post": {
            "operationId": name,
            "tags": ["webhooks"],
            "description": says,
            "security": [],
            "parameters": [
                header("webhook-id", "The same at each attempt: drop what was seen before.", "msg_7d0e"),
                header("webhook-timestamp", "When this attempt was signed, in seconds since 1970.", "1764493200"),
                header(
                    "webhook-signature",
                    "`v1,` and base64 of the HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}`, by the bytes behind \
                     `whsec_` of the secret.",
                    "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
                ),
            ],
            "requestBody": {
                "required": true,
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Webhook" } } },
            },
            "responses": {
                "2XX": { "description": "Taken" },
                "410": { "description": "No more webhooks are wanted here: the endpoint is switched off" },
                "default": { "description": "Not taken; it comes again, later each time. `Retry-After` is obeyed with 429 and 5xx" },
            },
        }
    })
}

fn says(event: HookEvent) -> &'static str {
    match event {
        HookEvent::TicketCreated => "A ticket was opened; `message` is its first.",
        HookEvent::TicketStatusChanged => "The status of a ticket changed, `from` … `to` ….",
        HookEvent::TicketResolved => "A ticket was resolved; told beside `ticket.status_changed`.",
        HookEvent::TicketReopened => {
            "A ticket that was resolved or closed is worked on again; told beside `ticket.status_changed`."
        }
        HookEvent::TicketClosed => "A ticket was closed; told beside `ticket.status_changed`.",
        HookEvent::TicketReplied => "The team wrote `message` to the user.",
        HookEvent::TicketMessageReceived => "The user, or somebody else who takes part, wrote `message`.",
        HookEvent::TicketMerged => {
            "A ticket goes on as another of the same user, `into`, which has its messages."
        }
        HookEvent::TicketFeedbackGiven => "The user said what they think of the help: `feedback`.",
        HookEvent::NotificationCreated => "The user was told something on the web: `notification`.",
        HookEvent::NotificationRead => "The user said that they read `notification`.",
    }
}
