//! Statements: a few signed bytes without an envelope, for carriers where every byte counts.
//!
//! A record's header takes 125 bytes; a vote has to fit one radio frame of 244. A statement sends its content and its signature
//! and nothing else. What a header would say is known to both sides and signed all the same: what kind of statement it is, what
//! it belongs to, and whose key signs. Who reads it verifies the received bytes, never bytes of its own making.

use crate::domain::{Domain, Realm};
use crate::id::Fingerprint;
use crate::key::{BadSignature, Signature, Signer, VerifyingKey};
use crate::wire::{Name, put_lp8};
use alloc::vec::Vec;

/// What a statement is about; signed, never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The kind of statement, as `vote` or `beacon`: no signature of one kind passes for another.
    pub kind: &'a Name,
    /// What it belongs to, as an event's id: up to 255 bytes.
    pub context: &'a [u8],
}

/// `LP8(app-statement-v1) ‖ LP8(audience) ‖ fp ‖ LP8(kind) ‖ LP8(context) ‖ content`: the bytes that the signature covers.
pub fn signing_input(
    realm: &Realm,
    signer: &Fingerprint,
    subject: Subject<'_>,
    content: &[u8],
) -> Vec<u8> {
    let mut about = Vec::with_capacity(2 + subject.context.len() + 64);
    put_lp8(&mut about, subject.kind.as_bytes());
    put_lp8(&mut about, subject.context);
    realm.signing_input(Domain::Statement, signer, &[&about, content])
}

/// Signs with a key at hand.
pub fn sign(realm: &Realm, key: &impl Signer, subject: Subject<'_>, content: &[u8]) -> Signature {
    key.sign(&signing_input(realm, key.verifying_key().fingerprint(), subject, content))
}

/// Whether that key signed these bytes about this subject. `[T1]`
pub fn verify(
    realm: &Realm,
    key: &VerifyingKey,
    subject: Subject<'_>,
    content: &[u8],
    signature: &Signature,
) -> Result<(), BadSignature> {
    key.verify(&signing_input(realm, key.fingerprint(), subject, content), signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;

    #[test]
    fn t1_a_statement_holds_for_its_realm_kind_context_key_and_content_only() {
        let realm = Realm::new("app", "example.org").unwrap();
        let key = SigningKey::from_seed(&[7; 32]);
        let (vote, beacon) = (Name::new("vote").unwrap(), Name::new("beacon").unwrap());
        let subject = Subject { kind: &vote, context: b"FAIR" };
        let signature = sign(&realm, &key, subject, b"9,8,10");
        let holds = |realm: &Realm, key: &VerifyingKey, subject, content| {
            verify(realm, key, subject, content, &signature).is_ok()
        };
        let public = key.verifying_key();
        assert!(holds(&realm, public, subject, b"9,8,10".as_slice()));
        assert!(!holds(&realm, public, subject, b"9,8,11"));
        assert!(!holds(&realm, public, Subject { kind: &beacon, ..subject }, b"9,8,10"));
        assert!(!holds(&realm, public, Subject { context: b"FAI", ..subject }, b"R9,8,10"));
        assert!(!holds(&Realm::new("app", "b").unwrap(), public, subject, b"9,8,10"));
        let other = SigningKey::from_seed(&[8; 32]);
        assert!(!holds(&realm, other.verifying_key(), subject, b"9,8,10"));
    }
}
