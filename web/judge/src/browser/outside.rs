//! What the device cannot know by itself: signatures, the newest bundle, the server's word.

use super::{Own, Shell};
use crate::address::HubAddress;
use crate::app::{Ask, Event, LinkState};
use countersign::statement::{self, Subject};
use countersign::{EventId, Name, SessionId};
use countersign_app::Failure;
use countersign_app::judge::JudgeAsk;
use countersign_judging::JudgeId;
use countersign_judging::auth::{AuthMessage, Hello, Proof};
use countersign_web_kit::browser::{describe, http, random, store, trust};
use serde_json::json;
use std::rc::Rc;

/// A type that a browser sends to another origin without asking there first; hubs do not look at it.
const PLAIN: &str = "text/plain";

/// An answer to the judge's program.
pub(super) async fn answer(shell: &Rc<Shell>, ask: JudgeAsk) -> Result<Vec<u8>, Failure> {
    let own = own(shell)?;
    match ask {
        JudgeAsk::Sign(input) => sign(&own, &input).await.map(|it| it.to_vec()),
        JudgeAsk::Bundle(event) => bundle(shell, &own, event).await,
    }
}

/// An answer of the server.
pub(super) async fn call(shell: &Rc<Shell>, ask: &Ask) -> Result<Vec<u8>, Failure> {
    let own = own(shell)?;
    match ask {
        Ask::Invitations => request(shell, &own, "event.list", "{}").await,
        Ask::Enrol(event) => {
            let proof = proof_of_key(&own, event).await?;
            let wish = json!({
                "event": event.as_str(),
                "key": hex::encode(own.key.public().as_bytes()),
                "proof": hex::encode(proof),
            });
            store::ask_to_persist();
            request(shell, &own, "event.enrol", &wish.to_string()).await
        }
    }
}

/// The hub first: on the day there is no internet.
async fn bundle(shell: &Rc<Shell>, own: &Own, event: EventId) -> Result<Vec<u8>, Failure> {
    let (hub, judge) = {
        let app = shell.app.borrow();
        let judge = app.device().and_then(|device| {
            let screen = device.screen();
            screen.judge.filter(|_| screen.event.is_some_and(|it| it.id == event))
        });
        let is_up = matches!(app.link, LinkState::Up { .. }) && !app.by_bluetooth;
        (app.hub.clone().filter(|_| is_up), judge)
    };
    if let (Some(hub), Some(judge)) = (hub, judge)
        && let Ok(frame) = from_hub(own, &hub, event, judge).await
    {
        return Ok(frame);
    }
    let wish = json!({ "event": event.as_str() }).to_string();
    request(shell, own, "event.bundle", &wish).await
}

/// The handshake of the day, over HTTP and not sealed: whoever proves a judge's key gets the bundle.
async fn from_hub(
    own: &Own,
    hub: &HubAddress,
    event: EventId,
    judge: JudgeId,
) -> Result<Vec<u8>, Failure> {
    let nonce = random().map_err(|error| refused("no_key", &describe(&error)))?;
    let said = post(hub, "/bundle/challenge", &Hello { judge, nonce }.encode()).await?;
    let challenge = match AuthMessage::decode(&said) {
        Ok(AuthMessage::Challenge(challenge)) if challenge.nonce == nonce => challenge,
        Ok(_) | Err(_) => return Err(refused("unreadable", "no challenge of a hub")),
    };
    // The hub's own time: the bundle does not depend on this device's clock.
    let proof = Proof { challenge, clock: challenge.time, bundle_version: 0 };
    let input = proof.signing_input(&own.realm, &event, own.key.public().fingerprint());
    let input = input.map_err(|error| refused("invalid", &error.to_string()))?;
    let signature = sign(own, &input).await?;
    post(hub, "/bundle", &proof.seal(&signature)).await
}

async fn post(hub: &HubAddress, path: &str, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let answer = http::post(&hub.page(path), PLAIN, body).await;
    let answer = answer.map_err(|http::Unreachable(why)| Failure::Unreachable(why))?;
    match answer.status {
        200 => Ok(answer.body),
        status => Err(Failure::Unreachable(format!("status {status}"))),
    }
}

async fn request(
    shell: &Rc<Shell>,
    own: &Own,
    message_type: &str,
    payload: &str,
) -> Result<Vec<u8>, Failure> {
    let Some(link) = &own.link else { return Err(Failure::LoggedOut) };
    let answer = link.call_for_reason(message_type, payload.as_bytes()).await;
    link.keep().await;
    // The server may have changed its keys, and what it signed with the new ones is to be believed.
    let trust = trust::remembered().await.ok().flatten();
    if let Some(Ok(keyset)) = trust.map(|it| it.keyset()) {
        shell.happened(Event::Keyset(keyset));
    }
    answer
}

/// Nobody registers a key that they do not hold: it signs the session that registers it.
async fn proof_of_key(own: &Own, event: &EventId) -> Result<countersign::Signature, Failure> {
    let link = own.link.as_ref().ok_or(Failure::LoggedOut)?;
    let session: SessionId = link.kept().session_id.parse().map_err(|_| Failure::LoggedOut)?;
    let kind = Name::new("judge.key").map_err(|error| refused("invalid", &error.to_string()))?;
    let subject = Subject { kind: &kind, context: event.as_str().as_bytes() };
    let signer = own.key.public().fingerprint();
    sign(own, &statement::signing_input(&own.realm, signer, subject, session.as_bytes())).await
}

async fn sign(own: &Own, input: &[u8]) -> Result<countersign::Signature, Failure> {
    own.key.sign(input).await.map_err(|error| refused("no_key", &describe(&error)))
}

fn own(shell: &Rc<Shell>) -> Result<Rc<Own>, Failure> {
    shell.own.borrow().clone().ok_or_else(|| refused("no_key", "nothing was found yet"))
}

fn refused(code: &str, detail: &str) -> Failure {
    Failure::Refused { code: code.to_owned(), detail: detail.to_owned() }
}
