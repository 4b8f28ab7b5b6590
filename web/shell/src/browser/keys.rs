//! The session key: made by the browser, used by the browser, seen by nobody.

use super::{random, store, window};
use countersign::{Signature, VerifyingKey};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

/// The name of the only algorithm.
const ALGORITHM: &str = "Ed25519";
/// Where the key is kept.
const KEY: &str = "key";

/// A key pair whose private half cannot be exported.
#[derive(Clone)]
pub(super) struct Key {
    pair: JsValue,
    private: CryptoKey,
    public: VerifyingKey,
}

/// Where a key is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the browser's storage.
    Kept,
    /// In this page only.
    Memory,
}

impl Key {
    /// Makes one.
    pub(super) async fn generate() -> Result<Self, JsValue> {
        let usages = store::list(&["sign", "verify"]);
        let made = subtle()?.generate_key_with_str(ALGORITHM, false, &usages)?;
        Self::of(JsFuture::from(made).await?).await
    }

    /// The one that is kept, if it is there and still signs.
    pub(super) async fn kept() -> Option<Self> {
        let pair = store::get(KEY).await.ok().filter(JsValue::is_object)?;
        let key = Self::of(pair).await.ok()?;
        key.check().await.ok()?;
        Some(key)
    }

    /// Keeps it, and looks whether what was kept can be used: some browsers say yes and keep nothing.
    pub(super) async fn keep(&self) -> Place {
        let kept = match store::put(KEY, &self.pair).await {
            Ok(()) => Self::kept().await,
            Err(_) => None,
        };
        match kept {
            Some(kept) if kept.public == self.public => Place::Kept,
            Some(_) | None => Place::Memory,
        }
    }

    /// The public half.
    pub(super) fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs.
    pub(super) async fn sign(&self, message: &[u8]) -> Result<Signature, JsValue> {
        let signed = subtle()?.sign_with_str_and_u8_array(ALGORITHM, &self.private, message)?;
        let signature = Uint8Array::new(&JsFuture::from(signed).await?).to_vec();
        signature.try_into().map_err(|_| JsValue::from_str("a signature has 64 bytes"))
    }

    async fn of(pair: JsValue) -> Result<Self, JsValue> {
        let private: CryptoKey = Reflect::get(&pair, &"privateKey".into())?.dyn_into()?;
        let public: CryptoKey = Reflect::get(&pair, &"publicKey".into())?.dyn_into()?;
        let raw = JsFuture::from(subtle()?.export_key("raw", &public)?).await?;
        let raw = Uint8Array::new(&raw).to_vec();
        let raw = raw.try_into().map_err(|_| JsValue::from_str("a key has 32 bytes"))?;
        let public = VerifyingKey::from_bytes(&raw)
            .map_err(|error| JsValue::from_str(&error.to_string()))?;
        Ok(Self { pair, private, public })
    }

    /// The core believes its signature.
    async fn check(&self) -> Result<(), JsValue> {
        let message: [u8; 16] = random()?;
        let signature = self.sign(&message).await?;
        let verified = self.public.verify(&message, &signature);
        verified.map_err(|_| JsValue::from_str("the key does not sign"))
    }
}

/// Forgets the kept key.
pub(super) async fn forget() {
    drop(store::forget(&[KEY]).await);
}

fn subtle() -> Result<SubtleCrypto, JsValue> {
    let crypto = window().and_then(|it| it.crypto().ok());
    let crypto = crypto.ok_or_else(|| JsValue::from_str("no WebCrypto"))?;
    Ok(crypto.subtle())
}
