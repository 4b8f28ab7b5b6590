//! `event.enrol`: a judge registers the key that their device votes with.

use super::{Call, Stop, event_id, refused};
use crate::app::Backend;
use crate::commands::{audit, parse};
use crate::reply::Reply;
use countersign::statement::{self, Subject};
use countersign::{EventId, Name, Realm, ResultCode, SessionId, Signature, VerifyingKey};
use countersign_store::event::{EnrolOutcome, NewEnrolment};
use serde::Deserialize;
use serde_json::json;

/// The kind of statement that proves that a judge holds the key.
const KIND: &str = "judge.key";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    event: String,
    key: String,
    proof: String,
}

/// The address is on the roster; the key is proven, nobody else's, and replaces no published one unasked. `[E1]` `[E2]` `[E3]` `[E4]`
pub(super) async fn enrol<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    const EXPECTED: &str = r#"expected {"event":"<id>","key":"<64 hex>","proof":"<128 hex>"}"#;
    let wish: Wish = parse(call.admitted, EXPECTED)?;
    let event = event_id(&wish.event)?;
    let session = call.admitted.session.device.id;
    let proven = proven(call.app.sealer.realm(), &event, &session, &wish);
    let key = proven.map_err(|why| Reply::invalid(why))?;
    let user = call.user().await?;
    let fingerprint = *key.fingerprint();
    let enrolment = NewEnrolment {
        event,
        address: user.address,
        user: user.id,
        key: *key.as_bytes(),
        fingerprint,
        now: call.app.now(),
    };
    let conflict = |reason, message| refused(ResultCode::CONFLICT, reason, message);
    let (judge, is_new) = match call.app.store.enrol_judge(enrolment).await? {
        EnrolOutcome::Enrolled { judge } => (judge, true),
        EnrolOutcome::Same { judge } => (judge, false),
        EnrolOutcome::NotInvited => {
            let message = "no event of this id has the address of this account on its roster; ask \
                           the organiser";
            return Ok(refused(ResultCode::NOT_FOUND, "not_invited", message));
        }
        EnrolOutcome::KeyTaken => {
            let message = "another judge has this key, or it was replaced before; make a new one";
            return Ok(conflict("key_taken", message));
        }
        EnrolOutcome::Published { .. } => {
            let message = "a published bundle names the key that is enrolled; the organiser has to \
                           allow another with `countersign event judges --replace`";
            return Ok(conflict("published", message));
        }
        EnrolOutcome::TooMany { .. } => {
            let message = "a judge has at most 8 keys at one event, and this one has had them";
            return Ok(conflict("too_many", message));
        }
    };
    let said = json!({
        "event": event.as_str(),
        "judge": judge.as_str(),
        "fingerprint": fingerprint.to_string(),
        "new": is_new,
    });
    if is_new {
        audit(call.app, call.admitted, "event.enrol", said.clone()).await;
    }
    Ok(Reply::json(&said))
}

/// The key, if whoever holds it said so in this session and for this event. `[E2]`
fn proven(
    realm: &Realm,
    event: &EventId,
    session: &SessionId,
    wish: &Wish,
) -> Result<VerifyingKey, &'static str> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(&wish.key, &mut bytes).map_err(|_| "key has 64 hexadecimal digits")?;
    let key = VerifyingKey::from_bytes(&bytes)
        .map_err(|_| "key is no Ed25519 key, or a weak one; make a new one")?;
    let mut signature: Signature = [0; 64];
    hex::decode_to_slice(&wish.proof, &mut signature)
        .map_err(|_| "proof has 128 hexadecimal digits")?;
    let kind = Name::new(KIND).map_err(|_| "the server cannot check proofs")?;
    let subject = Subject { kind: &kind, context: event.as_str().as_bytes() };
    statement::verify(realm, &key, subject, session.as_bytes(), &signature)
        .map(|()| key)
        .map_err(|_| "proof is not this key's statement judge.key over this session and event")
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::{Signer, SigningKey};

    #[test]
    fn e2_a_proof_holds_for_its_key_session_and_event_only() {
        let realm = Realm::new("app", "example.org").unwrap();
        let key = SigningKey::from_seed(&[7; 32]);
        let (fair, other) = (EventId::new("FAIR").unwrap(), EventId::new("OTHER").unwrap());
        let (here, there) = (SessionId::from_bytes([1; 16]), SessionId::from_bytes([2; 16]));
        let kind = Name::new(KIND).unwrap();
        let subject = Subject { kind: &kind, context: b"FAIR" };
        let proof = hex::encode(statement::sign(&realm, &key, subject, here.as_bytes()));
        let wish = |key: &[u8; 32], proof: &str| Wish {
            event: "FAIR".into(),
            key: hex::encode(key),
            proof: proof.to_owned(),
        };
        let public = key.verifying_key();
        let right = wish(public.as_bytes(), &proof);
        assert_eq!(proven(&realm, &fair, &here, &right).as_ref(), Ok(public));
        assert!(proven(&realm, &fair, &there, &right).is_err());
        assert!(proven(&realm, &other, &here, &right).is_err());
        let elsewhere = Realm::new("app", "example.net").unwrap();
        assert!(proven(&elsewhere, &fair, &here, &right).is_err());
        let stranger = SigningKey::from_seed(&[8; 32]);
        let taken = wish(stranger.verifying_key().as_bytes(), &proof);
        assert!(proven(&realm, &fair, &here, &taken).is_err());
        // The neutral element, whose signatures anybody can make.
        let mut weak = [0; 32];
        weak[0] = 1;
        let said = proven(&realm, &fair, &here, &wish(&weak, &proof)).unwrap_err();
        assert!(said.contains("weak"), "{said}");
        assert!(proven(&realm, &fair, &here, &wish(public.as_bytes(), "00")).is_err());
    }
}
