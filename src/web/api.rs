//! The JSON interface of the host application, `/api/v1`: users and their preferences, tickets opened from the application,
//! what users were told on the web. Each request carries a bearer token (RFC 6750) that opens some of it
//! (`guichet agent token NAME`). Its description (OpenAPI) is made from the handlers. May import: desk, domain, view.

mod notifications;
mod push;
mod tickets;
mod users;
mod webhooks;

use super::{LARGEST_FORM, LONGEST, Web};
use crate::desk::Failure;
use crate::domain::refusal::Refusal;
use crate::domain::scope::Scope;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde::Serialize;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::ToSchema;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, Response as Described, ResponseBuilder,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Below this, an address is the host application's.
const ROOT: &str = "/api/";

/// Whether an address is the host application's.
pub fn is_host(path: &str) -> bool {
    path.starts_with(ROOT)
}

/// Whether an answer is one that this interface gives.
pub fn is_told(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

/// What the layers around it refuse, in its own form.
pub fn told(status: StatusCode) -> Response {
    let (code, message) = match status {
        StatusCode::NOT_FOUND => ("not_found", "there is nothing at this address"),
        StatusCode::METHOD_NOT_ALLOWED => ("method", "this address does not take this method"),
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "the request is too large"),
        StatusCode::SERVICE_UNAVAILABLE => ("too_slow", "no answer in time; try again"),
        _ if status.is_server_error() => ("internal", "our fault; the log says more"),
        _ => ("bad_request", "the request cannot be read"),
    };
    Fault::new(status, code, message).into_response()
}

/// Every address of the interface.
pub(super) fn router() -> Router<Web> {
    let (router, description) = described();
    router
        .route("/api/v1/openapi.json", axum::routing::get(async move || Json(description)))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST))
        .layer(RequestBodyLimitLayer::new(LARGEST_FORM))
}

fn described() -> (Router<Web>, OpenApi) {
    let info = InfoBuilder::new().title("Guichet").version("1").description(Some(
        "What the host application may ask of the support desk. Times are RFC 3339 UTC. An error is \
         `{\"error\":{\"code\",\"message\"}}`.",
    ));
    let mut components = Components::new();
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let description = OpenApiBuilder::new().info(info.build()).components(Some(components)).build();
    let (router, mut description) = OpenApiRouter::with_openapi(description)
        .routes(routes!(users::show, users::set))
        .routes(routes!(tickets::list))
        .routes(routes!(tickets::open))
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::read))
        .routes(routes!(notifications::stream))
        .routes(routes!(push::widget))
        .routes(routes!(push::show, push::subscribe, push::unsubscribe))
        .split_for_parts();
    describe_faults(&mut description);
    webhooks::describe(&mut description);
    (router, description)
}

/// Adds what any request may be answered: each needs a token, may take too long, and may have a body that cannot be read.
fn describe_faults(description: &mut OpenApi) {
    let fault = |says: &str| -> Described {
        let body = Content::new(Some(Ref::from_schema_name("Said")));
        ResponseBuilder::new().description(says).content("application/json", body).build()
    };
    for item in description.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            let has_body = operation.request_body.is_some();
            let mut add = |status: &str, says: &str| {
                operation.responses.responses.entry(status.to_owned()).or_insert_with(|| fault(says).into());
            };
            add("401", "No token, or none that is known");
            add("403", "The token lacks the scope");
            add("503", "No answer in time, or too many streams; try again");
            if has_body {
                add("400", "The body cannot be read");
                add("413", "The body is too large");
            }
        }
    }
}

/// Who asks: a token that opens what they ask for.
#[derive(Clone)]
pub(super) struct Bearer {
    token: String,
    scopes: Vec<Scope>,
}

impl Bearer {
    /// Whether the token has not ended since; a database that is away ends nothing.
    async fn stands(&self, web: &Web) -> bool {
        !matches!(web.desk().api_token(&self.token).await, Ok(None))
    }

    fn may(&self, scope: Scope) -> Result<(), Fault> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        Err(Fault::new(
            StatusCode::FORBIDDEN,
            "scope",
            format!("this token lacks the scope `{}`", scope.as_str()),
        ))
    }
}

impl<S> FromRequestParts<S> for Bearer
where
    Web: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Bearer, Fault> {
        let web = Web::from_ref(state);
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(|given| given.split_once(' '));
        let token =
            token.filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let unknown = || Fault::new(StatusCode::UNAUTHORIZED, "token", "a known bearer token is needed");
        let token = token.ok_or_else(unknown)?;
        let scopes = web.desk().api_token(token).await?.ok_or_else(unknown)?;
        Ok(Bearer { token: token.to_owned(), scopes })
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    said: Said,
}

/// What is told of a fault.
#[derive(Debug, Serialize, ToSchema)]
struct Said {
    error: Told,
}

/// Its word for programs, and a sentence for whoever writes them.
#[derive(Debug, Serialize, ToSchema)]
struct Told {
    code: &'static str,
    message: String,
}

impl Fault {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Fault {
        Fault { status, said: Said { error: Told { code, message: message.into() } } }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Fault {
        match failure {
            Failure::Refused(Refusal::NoSuchRequester(_)) => {
                Fault::new(StatusCode::NOT_FOUND, "unknown_user", "no user has this address")
            }
            Failure::Refused(refusal) => Fault::new(StatusCode::CONFLICT, "refused", format!("{refusal:?}")),
            Failure::Broken(error) => error.into(),
        }
    }
}

impl From<anyhow::Error> for Fault {
    fn from(error: anyhow::Error) -> Fault {
        let reference = crate::desk::reference();
        tracing::error!(reference, error = format!("{error:#}"), "a request of the host application failed");
        let message = format!("our fault; the log says more under {reference}");
        Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }
}

impl From<super::Problem> for Fault {
    fn from(problem: super::Problem) -> Fault {
        match problem {
            super::Problem::Broken(error) => error.into(),
            _ => Fault::new(StatusCode::BAD_REQUEST, "bad_request", "this cannot be read"),
        }
    }
}

impl From<JsonRejection> for Fault {
    fn from(rejection: JsonRejection) -> Fault {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the request is too large")
            }
            _ => Fault::new(StatusCode::BAD_REQUEST, "bad_request", rejection.body_text()),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.said)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhook::{HookEvent, PING};

    #[test]
    fn the_description_names_every_address_and_what_each_takes() {
        let description = serde_json::to_value(described().1).unwrap();
        let paths: Vec<&String> = description["paths"].as_object().unwrap().keys().collect();
        assert_eq!(
            paths,
            [
                "/api/v1/tickets",
                "/api/v1/users/{email}",
                "/api/v1/users/{email}/notifications",
                "/api/v1/users/{email}/notifications/read",
                "/api/v1/users/{email}/notifications/stream",
                "/api/v1/users/{email}/push",
                "/api/v1/users/{email}/tickets",
                "/api/v1/users/{email}/widget",
            ]
        );
        assert!(description["components"]["schemas"]["User"]["properties"]["preference"].is_object());
        assert!(description["components"]["schemas"]["Said"].is_object());
        for (path, item) in description["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let has_body = operation["requestBody"].is_object();
                let faults =
                    if has_body { &["400", "401", "403", "413", "503"][..] } else { &["401", "403", "503"] };
                for status in faults {
                    let body = &operation["responses"][*status]["content"]["application/json"]["schema"];
                    assert_eq!(body["$ref"], "#/components/schemas/Said", "{method} {path} {status}");
                }
            }
        }
        let webhooks = description["webhooks"].as_object().unwrap();
        let names: Vec<&str> = webhooks.keys().map(String::as_str).collect();
        let mut known = HookEvent::ALL.map(HookEvent::as_str).to_vec();
        known.push(PING);
        known.sort_unstable();
        assert_eq!(names, known);
        let body =
            &webhooks["ticket.created"]["post"]["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(body["$ref"], "#/components/schemas/Webhook");
        let told = &description["components"]["schemas"]["WebhookData"]["properties"];
        assert!(told["message"].is_object() && description["components"]["schemas"]["Message"].is_object());
    }
}
