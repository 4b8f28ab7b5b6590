//! `factory.register`: pairs that a known factory made.

use super::{Call, Stop};
use crate::app::Backend;
use crate::commands::audit;
use crate::reply::Reply;
use countersign::{Realm, ResultCode, VerifyingKey};
use countersign_league::evidence::{
    Artefact, BatchManifest, EvidenceError, PairCertificate, Received, Registration, Signed,
};
use countersign_store::league::{NewPair, PairOutcome};
use serde_json::{Value, json};

/// Who may register batches.
const SCOPE: &str = "factory";

pub(super) async fn register<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    if !call.admitted.session.scopes.iter().any(|scope| scope == SCOPE) {
        return Ok(Reply::error(ResultCode::FORBIDDEN));
    }
    let registration = Registration::decode(&call.admitted.request.content)
        .map_err(|error| Reply::invalid(&error.to_string()))?;
    let (realm, keys) =
        (call.app.sealer.realm().clone(), call.league.settings.factory_keys.clone());
    let verified = call.app.gateway.compute(move || verified(&registration, &realm, &keys)).await;
    let (batch, pairs) = verified
        .map_err(|_| super::not_ready(crate::league::NotReady))?
        .map_err(|refused| Reply::invalid(&refused.to_string()))?;
    let serials: Vec<String> = pairs.iter().map(|pair| pair.serial.clone()).collect();
    let outcomes = call.app.store.register_pairs(pairs, call.app.now()).await?;
    let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    let (registered, known) = (count(PairOutcome::Registered), count(PairOutcome::Known));
    let conflicts: Vec<Value> =
        serials.iter().zip(&outcomes).filter_map(|(serial, it)| conflict(serial, *it)).collect();
    let detail = json!({ "batch": batch, "registered": registered, "known": known,
        "conflicts": conflicts.len() });
    audit(call.app, call.admitted, "factory.register", detail).await;
    if conflicts.is_empty() {
        return Ok(Reply::json(&json!({ "registered": registered, "known": known })));
    }
    let members = [
        ("message", "some pairs are known with another certificate or key; see conflicts".into()),
        ("registered", registered.into()),
        ("known", known.into()),
        ("conflicts", conflicts.into()),
    ];
    Ok(Reply::error_with(ResultCode::CONFLICT, &members))
}

fn conflict(serial: &str, outcome: PairOutcome) -> Option<Value> {
    let why = match outcome {
        PairOutcome::Registered | PairOutcome::Known => return None,
        PairOutcome::DeviceTaken => "the device id is registered with another certificate".into(),
        PairOutcome::KeyTaken(device) => format!("a key of it belongs to the device {device}"),
    };
    Some(json!({ "serial": serial, "why": why }))
}

/// Why a registration is refused as a whole.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the manifest: {0}")]
    Manifest(Unproven),
    #[error("certificate number {0}: {1}")]
    Certificate(usize, Unproven),
    #[error("the pair {0} is not in the manifest of its batch")]
    Stranger(String),
}

#[derive(Debug, thiserror::Error)]
enum Unproven {
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error(
        "no factory that is known here signed it; its public key goes into league.factory_keys"
    )]
    Factory,
}

fn verified(
    registration: &Registration,
    realm: &Realm,
    keys: &[VerifyingKey],
) -> Result<(String, Vec<NewPair>), Refused> {
    let manifest: Signed<BatchManifest> =
        by_factory(&registration.manifest, realm, keys).map_err(Refused::Manifest)?;
    let pair = |(index, frame): (usize, &Vec<u8>)| {
        let pair: Signed<PairCertificate> =
            by_factory(frame, realm, keys).map_err(|why| Refused::Certificate(index + 1, why))?;
        let listed = pair.value.batch == manifest.value.batch
            && manifest.value.pairs.binary_search(&pair.digest).is_ok();
        match listed {
            true => Ok(new_pair(pair, frame)),
            false => Err(Refused::Stranger(pair.value.serial)),
        }
    };
    let pairs = registration.pairs.iter().enumerate().map(pair).collect::<Result<_, _>>()?;
    Ok((manifest.value.batch.to_string(), pairs))
}

fn by_factory<T: Artefact>(
    frame: &[u8],
    realm: &Realm,
    keys: &[VerifyingKey],
) -> Result<Signed<T>, Unproven> {
    let received = Received::decode(frame)?;
    let signer = received.signer();
    let key = keys.iter().find(|key| *key.fingerprint() == signer).ok_or(Unproven::Factory)?;
    Ok(received.verify(realm, key)?)
}

fn new_pair(pair: Signed<PairCertificate>, frame: &[u8]) -> NewPair {
    let PairCertificate { device, batch, serial, mark, master, slave, max_players } = pair.value;
    NewPair {
        device,
        batch,
        serial,
        mark,
        master_key: *master.fingerprint(),
        slave_key: *slave.fingerprint(),
        master: *master.as_bytes(),
        slave: *slave.as_bytes(),
        max_players,
        digest: pair.digest,
        certificate: frame.to_vec(),
    }
}
