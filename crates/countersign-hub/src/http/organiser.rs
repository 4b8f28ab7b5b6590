//! What the organiser's page asks for. The token stands behind the `#` of the page's address, so it is in no request line, no log
//! and no referrer; the page's script sends it in the header `Authorization: Bearer`, which no foreign page can set.

use super::App;
use super::problem::{self, Problem};
use crate::control::Command;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_listen::{ConnectionInfo, read_body};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Longest command.
const BODY_MAX: usize = 4 * 1024;
/// Time for it to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Who may be an organiser.
pub(crate) struct Door {
    /// Digest of the token.
    token: [u8; 32],
    /// From other machines, too.
    pub(crate) anywhere: bool,
}

impl Door {
    pub(crate) fn new(token: &str, anywhere: bool) -> Self {
        Self { token: Sha256::digest(token.as_bytes()).into(), anywhere }
    }

    fn check(&self, info: &ConnectionInfo, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.anywhere && !info.peer.ip().is_loopback() {
            return Err(problem::ELSEWHERE);
        }
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let digest: [u8; 32] = Sha256::digest(given.as_bytes()).into();
        match bool::from(digest.ct_eq(&self.token)) {
            true => Ok(()),
            false => Err(problem::NO_TOKEN),
        }
    }
}

/// The token as it stands in the address.
pub(crate) fn token_text(token: &[u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(URL_SAFE_NO_PAD.encode(token))
}

/// The commands of the page. What names files of this machine is for the control socket only.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum PageCommand {
    Open { round: u8 },
    Close { round: u8 },
    Revoke { judge: String },
    Rekey,
}

impl From<PageCommand> for Command {
    fn from(command: PageCommand) -> Self {
        match command {
            PageCommand::Open { round } => Self::Open { round },
            PageCommand::Close { round } => Self::Close { round },
            PageCommand::Revoke { judge } => Self::Revoke { judge },
            PageCommand::Rekey => Self::Rekey,
        }
    }
}

pub(super) async fn state(
    State(app): State<Arc<App>>,
    Extension(info): Extension<ConnectionInfo>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.door.check(&info, &headers)?;
    let view = app.view().await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], view).into_response())
}

pub(super) async fn command(
    State(app): State<Arc<App>>,
    Extension(info): Extension<ConnectionInfo>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    app.door.check(&info, &headers)?;
    let body = read_body(body, BODY_MAX, BODY_TIME).await?;
    let command: PageCommand =
        serde_json::from_slice(&body).map_err(|error| Problem::malformed(&error))?;
    let answer = app.handle.obey(command.into()).await;
    if !answer.ok {
        return Err(Problem::refused(answer.text));
    }
    let text = serde_json::json!({ "text": answer.text }).to_string();
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
