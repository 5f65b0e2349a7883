//! The way into a mailbox: by password, or by an access token of the desk's, and by another one where the server does
//! not take the first.
//!
//! May import: config, desk, inbound::{fault, imap}.

use super::fault::FetchError;
use super::imap::{Credential, Session};
use crate::config::{self, SignIn};
use crate::desk::Desk;
use crate::desk::tokens::TokenFault;

/// Connects and signs in.
///
/// # Errors
/// Those of [`Session::open`], and [`FetchError::NoToken`].
pub(super) async fn enter(desk: &Desk, settings: &config::Imap) -> Result<Session, FetchError> {
    enter_with(Some(desk), settings).await
}

/// The same, where there may be no desk; then there is no token either.
pub(super) async fn enter_with(desk: Option<&Desk>, settings: &config::Imap) -> Result<Session, FetchError> {
    let oauth2 = match &settings.sign_in {
        SignIn::Password(password) => return Session::open(settings, Credential::Password(password)).await,
        SignIn::OAuth2(oauth2) => oauth2,
    };
    let Some(desk) = desk else {
        return Err(FetchError::NoToken(TokenFault::NeverGiven { key: oauth2.key.clone() }));
    };
    let token = desk.access_token(oauth2).await.map_err(FetchError::NoToken)?;
    match Session::open(settings, Credential::Token(&token)).await {
        // Taken back, or given by a provider whose clock is not ours: a fresh one is asked for, once.
        Err(FetchError::Token { .. }) => {
            let other = desk.token_other_than(oauth2, &token).await.map_err(FetchError::NoToken)?;
            Session::open(settings, Credential::Token(&other)).await
        }
        entered => entered,
    }
}
