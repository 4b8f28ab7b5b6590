//! What the organiser's page asks for. The token stands behind the `#` of the page's address, so it is in no request line, no log
//! and no referrer; the page's script sends it in the header `Authorization: Bearer`, which no foreign page can set.

use super::App;
use super::near::{NearView, near};
use super::problem::{self, Problem};
use crate::control::Command;
use crate::intake::Counts;
use crate::view::{self, Overview, TallyView};
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_judging::count::CountError;
use countersign_keys::Utc;
use countersign_listen::{ConnectionInfo, read_body};
use countersign_node::Status;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::{Arc, PoisonError};
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

    pub(super) fn check(&self, info: &ConnectionInfo, headers: &HeaderMap) -> Result<(), Problem> {
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
    let view = view(&app).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], view).into_response())
}

/// The view that was made last: many organisers who look at once cost one count.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    made: Option<(Duration, u64, String)>,
}

/// At most so often something is counted, however often somebody looks.
const FRESH: Duration = Duration::from_secs(1);

async fn view(app: &Arc<App>) -> Result<String, Problem> {
    let mut seen = app.seen.lock().await;
    let now = app.clock.uptime();
    let entries = app.venue.read().unwrap_or_else(PoisonError::into_inner).entries();
    if let Some((at, of, view)) = &seen.made
        && (now.saturating_sub(*at) < FRESH
            || *of == entries && now.saturating_sub(*at) < 5 * FRESH)
    {
        return Ok(view.clone());
    }
    let status = app.node.status().borrow().clone();
    let (hub, near) = (hub_lines(app, &status), near(&status));
    let venue = Arc::clone(&app.venue);
    let counted = tokio::task::spawn_blocking(move || -> Result<_, CountError> {
        let (overview, ballots) = {
            let venue = venue.read().unwrap_or_else(PoisonError::into_inner);
            (Overview::of(&venue), view::to_count(&venue)?)
        };
        Ok((overview, view::tally(ballots)?))
    });
    let counted = counted.await.map_err(|_| problem::FAILED)?;
    let (overview, tally) = counted.map_err(|error| Problem::refused(error.to_string()))?;
    let said = format!(
        "Hub time {}. {} ballots from {} judges.",
        Utc(app.clock.now()),
        overview.ballots,
        overview.judges.iter().filter(|judge| judge.done > 0).count()
    );
    let page = Page { status: said, hub, near, tally, overview };
    let text = serde_json::to_string(&page).map_err(|_| problem::FAILED)?;
    seen.made = Some((now, entries, text.clone()));
    Ok(text)
}

/// What the page's script gets.
#[derive(Serialize)]
struct Page {
    status: String,
    /// Name and value, for people.
    hub: Vec<(&'static str, String)>,
    near: Vec<NearView>,
    tally: Vec<TallyView>,
    #[serde(flatten)]
    overview: Overview,
}

fn hub_lines(app: &App, status: &Status) -> Vec<(&'static str, String)> {
    let junk = Counts::get(&app.counts.unreadable) + Counts::get(&app.counts.unproven);
    let (entries, root, version) = {
        let venue = app.venue.read().unwrap_or_else(PoisonError::into_inner);
        (venue.entries(), venue.chain().root(), venue.bundle().version)
    };
    vec![
        ("Bundle version", version.to_string()),
        ("Log entries", entries.to_string()),
        ("Log root", root.to_string()),
        ("Links", status.links.len().to_string()),
        ("Neighbours", status.neighbours.len().to_string()),
        ("Vote packets", Counts::get(&app.counts.votes).to_string()),
        ("Packets that are no vote of this event", junk.to_string()),
    ]
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
