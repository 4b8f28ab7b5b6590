//! `league.settle`: a match is checked again from its evidence, settled once, and countersigned.

use super::device::key;
use super::{Call, Stop, conflict, rate_limited};
use crate::app::Backend;
use crate::gateway::Admitted;
use crate::league::{NotReady, Played};
use crate::reply::Reply;
use countersign::{Frame, ResultCode, Timestamp, UserId};
use countersign_league::MatchId;
use countersign_league::evidence::{Artefact, Bundle, MatchResult, digest_of};
use countersign_league::settlement::{self, Checked, Context, KnownDevice, Refusal};
use countersign_store::StoreError;
use countersign_store::league::{Device, SettleOutcome};
use std::sync::Arc;

pub(super) async fn settle<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    let now = call.app.now();
    let Admitted { request, session, .. } = call.admitted;
    call.league.quotas.bundles.take(session.user, now).map_err(rate_limited)?;
    let bundle = settlement::read(&request.content).map_err(refused)?;
    if let Some(receipt) = known_receipt(call, &bundle).await? {
        return Ok(Reply::bytes(receipt));
    }
    if !call.league.is_ready() {
        return Err(NotReady.into());
    }
    let signer = settlement::signer(&bundle).map_err(refused)?;
    let device = call.app.store.find_device_by_key(signer).await?;
    let device = device.filter(|device| device.pair.master_key == signer);
    let device = device.as_ref().map(known).transpose()?;
    let checked = check(call, bundle, device, now).await?;
    let users: Vec<UserId> = checked.start.value.roster.iter().map(|line| line.user).collect();
    let match_id = checked.start.value.match_id;
    let referee = call.league.referee(checked, call.app.sealer.clone(), now);
    let game = referee.game(request.content.clone());
    let outcome = call.app.store.settle_game(game, referee).await?;
    settled(call, match_id, users, outcome).await
}

/// What is known of it is asked before it is verified, which costs more. The digest alone decides: whoever names a result
/// gets its receipt, which says nothing that the result does not.
async fn known_receipt<S: Backend>(
    call: Call<'_, S>,
    bundle: &Bundle,
) -> Result<Option<Vec<u8>>, Stop> {
    let malformed = |error: countersign::Malformed| refused(error.into());
    let digest = digest_of(call.app.sealer.realm(), &bundle.result).map_err(malformed)?;
    let frame = Frame::split(&bundle.result).map_err(malformed)?;
    let result = MatchResult::decode(frame.payload).map_err(malformed)?;
    Ok(call.app.store.find_receipt(result.match_id, digest).await?)
}

/// G1 to G16, where requests are verified.
async fn check<S: Backend>(
    call: Call<'_, S>,
    bundle: Bundle,
    device: Option<KnownDevice>,
    now: Timestamp,
) -> Result<Checked, Stop> {
    let rules = Arc::clone(&call.league.settings.rules);
    let sealer = call.app.sealer.clone();
    let job = move || {
        let keys = sealer.keys();
        let server_key = |signer: &countersign::Fingerprint, at: Timestamp| {
            keys.keyset.record_key(signer, at).ok().cloned()
        };
        let context = Context {
            realm: sealer.realm(),
            device: device.as_ref(),
            server_key: &server_key,
            rules: &rules,
        };
        settlement::check(&bundle, &context, now)
    };
    let checked = call.app.gateway.compute(job).await.map_err(|_| Stop::from(NotReady))?;
    Ok(checked.map_err(refused)?)
}

async fn settled<S: Backend>(
    call: Call<'_, S>,
    match_id: MatchId,
    users: Vec<UserId>,
    outcome: SettleOutcome,
) -> Result<Reply, Stop> {
    match outcome {
        SettleOutcome::Settled { receipt, settlement, ratings, .. } => {
            tracing::info!(%match_id, settlement = settlement.as_str(), "a match was settled");
            let played = if ratings.is_empty() { Played::No } else { Played::Rated };
            // The match is settled whatever happens now: a board that could not follow is built again at the next start.
            if let Err(error) = call.league.follow(call.app, users, played).await {
                tracing::error!(%error, "the board could not follow a match");
            }
            call.league.wake();
            Ok(Reply::bytes(receipt))
        }
        SettleOutcome::Before { receipt } => Ok(Reply::bytes(receipt)),
        SettleOutcome::Fork { receipt, first } => {
            tracing::warn!(%match_id, %first, "a device signed two results of one match");
            // What the first one moved is taken back: boards and players hear of it.
            call.league.wake();
            Ok(Reply::bytes(receipt))
        }
        SettleOutcome::TooManyForks => Ok(conflict(
            "more than eight results of this match were signed; they prove nothing new",
        )),
        SettleOutcome::UnknownDevice => Ok(refused(Refusal::UnknownDevice)),
        SettleOutcome::UnknownPlayer(user) => {
            tracing::error!(%match_id, %user, "a ticket names a user who is no player");
            Ok(conflict("a ticket names a user who is no player here"))
        }
    }
}

fn known(device: &Device) -> Result<KnownDevice, StoreError> {
    Ok(KnownDevice {
        device: device.pair.device,
        master: key(&device.pair.master)?,
        slave: key(&device.pair.slave)?,
        status: device.status,
        max_players: device.pair.max_players,
    })
}

fn refused(refusal: Refusal) -> Reply {
    let message = refusal.to_string();
    let members = [("check", refusal.check().into()), ("message", message.into())];
    Reply::error_with(ResultCode::EVIDENCE_INVALID, &members)
}
