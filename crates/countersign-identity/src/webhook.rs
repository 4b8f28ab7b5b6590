//! Standard Webhooks (standardwebhooks.com): how a service knows that a call is ours, and we that it is theirs.
//!
//! `webhook-signature: v1,<base64(HMAC-SHA-256(secret, id "." timestamp "." body))>`, several separated by spaces
//! while a secret is being changed.

use crate::mac::MacKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::Timestamp;
use std::str::FromStr;
use std::time::Duration;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Header with the id of the message: the same in every repetition, so that the receiver can drop the second.
pub const ID_HEADER: &str = "webhook-id";
/// Header with the time of this transmission in seconds since the Unix epoch.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Header with the signatures.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// How far the timestamp may lie from the receiver's clock, as in the reference implementations.
pub const TOLERANCE: Duration = Duration::from_secs(300);

/// The shared secret of two ends of a webhook. `Debug` hides it; its memory is wiped.
#[derive(Clone)]
pub struct WebhookSecret(MacKey);

/// The values of the three headers of a signed webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookHeaders {
    /// Value of [`ID_HEADER`].
    pub id: String,
    /// Value of [`TIMESTAMP_HEADER`].
    pub timestamp: String,
    /// Value of [`SIGNATURE_HEADER`].
    pub signature: String,
}

/// A text that is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is \"whsec_\" and 24 to 64 bytes in base64")]
pub struct SecretError;

/// An id that cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook id is 1 to 255 visible ASCII characters without a full stop")]
pub struct IdError;

/// Why a webhook is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The id could be read in two ways.
    #[error(transparent)]
    Id(#[from] IdError),
    /// Not a number of seconds.
    #[error("the webhook timestamp is not a number of seconds")]
    Timestamp,
    /// Too old or too far ahead.
    #[error("the webhook timestamp lies more than the tolerance from this clock")]
    Stale,
    /// None of the signatures is ours.
    #[error("no webhook signature is valid under this secret")]
    Signature,
}

impl WebhookSecret {
    /// Signs a body. `id` stays the same when the message is sent again.
    pub fn sign(&self, id: &str, now: Timestamp, body: &[u8]) -> Result<WebhookHeaders, IdError> {
        check_id(id)?;
        let timestamp = (now.as_millis() / 1000).to_string();
        let signature = format!("v1,{}", STANDARD.encode(self.mac(id, &timestamp, body)));
        Ok(WebhookHeaders { id: id.to_owned(), timestamp, signature })
    }

    /// Whether these headers sign this body, now. Compares in constant time.
    pub fn verify(
        &self,
        headers: &WebhookHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), VerifyError> {
        check_id(&headers.id)?;
        if !headers.timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(VerifyError::Timestamp);
        }
        let seconds: u64 = headers.timestamp.parse().map_err(|_| VerifyError::Timestamp)?;
        let sent = Timestamp::from_millis(seconds.saturating_mul(1000));
        let expected = self.mac(&headers.id, &headers.timestamp, body);
        let valid =
            headers.signature.split(' ').filter_map(|it| it.strip_prefix("v1,")).any(|it| {
                STANDARD.decode(it).is_ok_and(|given| bool::from(given.ct_eq(&expected)))
            });
        if !valid {
            return Err(VerifyError::Signature);
        }
        if now.since(sent) > TOLERANCE || sent.since(now) > TOLERANCE {
            return Err(VerifyError::Stale);
        }
        Ok(())
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
        self.0.mac(&[id.as_bytes(), b".", timestamp.as_bytes(), b".", body])
    }
}

impl FromStr for WebhookSecret {
    type Err = SecretError;

    /// Reads `whsec_<base64>`; the `v1,` that some dashboards put before it is skipped.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let text = text.strip_prefix("v1,").unwrap_or(text);
        let encoded = text.strip_prefix("whsec_").ok_or(SecretError)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| SecretError)?);
        if bytes.len() < 24 {
            return Err(SecretError);
        }
        MacKey::new(&bytes).map(Self).ok_or(SecretError)
    }
}

impl core::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

/// The full stop separates the signed parts: an id that contains one would let `id.1` + `2` pass for `id` + `1.2`.
fn check_id(id: &str) -> Result<(), IdError> {
    let visible = id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.');
    if visible && (1..=255).contains(&id.len()) { Ok(()) } else { Err(IdError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const NOW: Timestamp = Timestamp::from_millis(1_614_265_330_999);

    fn secret() -> Result<WebhookSecret, SecretError> {
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse()
    }

    fn published() -> WebhookHeaders {
        WebhookHeaders {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek".into(),
            timestamp: "1614265330".into(),
            signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".into(),
        }
    }

    #[test]
    fn the_published_vector_is_reproduced_and_accepted() -> Result<(), SecretError> {
        let secret = secret()?;
        assert_eq!(secret.sign(&published().id, NOW, BODY), Ok(published()));
        assert_eq!(secret.verify(&published(), BODY, NOW), Ok(()));
        let rotating = WebhookHeaders {
            signature: format!("v1a,xyz v1,AAAA {}", published().signature),
            ..published()
        };
        assert_eq!(secret.verify(&rotating, BODY, NOW), Ok(()));
        Ok(())
    }

    #[test]
    fn every_changed_part_is_refused() -> Result<(), SecretError> {
        let secret = secret()?;
        let check = |headers, body: &[u8], now| secret.verify(&headers, body, now);
        let changed = |change: fn(&mut WebhookHeaders)| {
            let mut headers = published();
            change(&mut headers);
            headers
        };
        assert_eq!(check(published(), b"{}", NOW), Err(VerifyError::Signature));
        let other_id = changed(|it| it.id = "msg_other".into());
        assert_eq!(check(other_id, BODY, NOW), Err(VerifyError::Signature));
        let dotted = changed(|it| it.id = "msg.1".into());
        assert_eq!(check(dotted, BODY, NOW), Err(VerifyError::Id(IdError)));
        for bad in ["", "+1614265330", "x"] {
            let mut headers = published();
            headers.timestamp = bad.into();
            assert_eq!(check(headers, BODY, NOW), Err(VerifyError::Timestamp), "{bad}");
        }
        let unsigned = changed(|it| it.signature = "v2,AAAA".into());
        assert_eq!(check(unsigned, BODY, NOW), Err(VerifyError::Signature));
        let later = NOW.plus(TOLERANCE).plus(Duration::from_secs(1));
        assert_eq!(check(published(), BODY, later), Err(VerifyError::Stale));
        let earlier = NOW.minus(TOLERANCE).minus(Duration::from_secs(2));
        assert_eq!(check(published(), BODY, earlier), Err(VerifyError::Stale));
        Ok(())
    }

    #[test]
    fn secrets_are_long_enough_and_stay_hidden() -> Result<(), SecretError> {
        for bad in ["", "whsec_", "whsec_AAAA", "whsec_!!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(bad.parse::<WebhookSecret>().is_err(), "{bad}");
        }
        let prefixed: WebhookSecret = "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse()?;
        assert_eq!(format!("{prefixed:?}"), "WebhookSecret(..)");
        assert_eq!(prefixed.verify(&published(), BODY, NOW), Ok(()));
        Ok(())
    }
}
