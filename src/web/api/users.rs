//! Users: the host application knows who they are.

use super::{Bearer, Fault, Said};
use crate::domain::address::usable_address;
use crate::domain::people::normal_address;
use crate::domain::preference::Preference;
use crate::domain::scope::Scope;
use crate::view::host::User;
use crate::web::Web;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is to be known of a user; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// Their name.
    name: Option<String>,
    /// `web_only`, `email_only`, `both` or `none`.
    preference: Option<String>,
}

/// A user.
#[utoipa::path(
    get, path = "/api/v1/users/{email}", tag = "users", security(("token" = [])),
    params(("email" = String, Path, description = "Their address")),
    responses((status = 200, body = User), (status = 404, body = Said))
)]
pub async fn show(
    State(web): State<Web>,
    bearer: Bearer,
    Path(email): Path<String>,
) -> Result<Json<User>, Fault> {
    bearer.may(Scope::Users)?;
    Ok(Json(web.desk().known_user(&email).await?.into()))
}

/// Makes a user known, or changes what is known of them.
#[utoipa::path(
    put, path = "/api/v1/users/{email}", tag = "users", security(("token" = [])), request_body = UserChange,
    params(("email" = String, Path, description = "Their address")),
    responses((status = 200, body = User), (status = 400, body = Said))
)]
pub async fn set(
    State(web): State<Web>,
    bearer: Bearer,
    Path(email): Path<String>,
    change: Result<Json<UserChange>, JsonRejection>,
) -> Result<Json<User>, Fault> {
    bearer.may(Scope::Users)?;
    let Json(change) = change?;
    let email = address(&email)?;
    let preference = match change.preference.as_deref().map(|word| (word, Preference::from_word(word))) {
        Some((_, Some(preference))) => Some(preference),
        None => None,
        Some((word, None)) => {
            let known = Preference::ALL.map(Preference::as_str).join(", ");
            let message = format!("{word:?} is no preference; there are {known}");
            return Err(Fault::new(StatusCode::BAD_REQUEST, "preference", message));
        }
    };
    let name = change.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    web.desk().set_requester(&email, name, preference).await?;
    Ok(Json(web.desk().known_user(&email).await?.into()))
}

/// An address that mail can go to.
pub(super) fn address(given: &str) -> Result<String, Fault> {
    let wrong = || Fault::new(StatusCode::BAD_REQUEST, "email", "this is no e-mail address");
    usable_address(&normal_address(given)).ok_or_else(wrong)
}
