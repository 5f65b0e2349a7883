//! The stylesheet, the scripts and the icon: in the binary, served under a name that carries their hash, so that
//! a browser may keep them for ever and never keeps an old one. May import: domain.

use crate::domain::hex::hex;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::LazyLock;

struct Asset {
    name: String,
    media_type: &'static str,
    bytes: &'static [u8],
}

/// The addresses of the assets, for the templates.
#[derive(Debug, Clone, Serialize)]
pub struct Addresses {
    /// The stylesheet.
    pub style: String,
    /// The script.
    pub script: String,
    /// The icon.
    pub icon: String,
    /// The script of a requester's preferences.
    pub push: String,
}

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        asset("style", "css", "text/css; charset=utf-8", include_bytes!("../../templates/web/style.css")),
        asset("page", "js", "text/javascript; charset=utf-8", include_bytes!("../../templates/web/page.js")),
        asset("icon", "svg", "image/svg+xml", include_bytes!("../../templates/web/icon.svg")),
        asset("push", "js", "text/javascript; charset=utf-8", include_bytes!("../../templates/web/push.js")),
    ]
});

fn asset(stem: &str, extension: &str, media_type: &'static str, bytes: &'static [u8]) -> Asset {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let hash = hex(&digest.as_ref()[..6]);
    Asset { name: format!("{stem}.{hash}.{extension}"), media_type, bytes }
}

/// Where the assets of this build are found.
pub fn addresses() -> Addresses {
    let [style, script, icon, push] = &*ASSETS;
    let address = |asset: &Asset| format!("/assets/{}", asset.name);
    Addresses { style: address(style), script: address(script), icon: address(icon), push: address(push) }
}

/// `GET /assets/{name}`.
pub async fn serve(Path(name): Path<String>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    (
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type)),
            (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        ],
        asset.bytes,
    )
        .into_response()
}
