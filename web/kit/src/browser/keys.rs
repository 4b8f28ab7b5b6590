//! The session key: made by the browser, used by the browser, seen by nobody.

use super::{random, store, window};
use countersign::{Signature, VerifyingKey};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

/// The name of the only algorithm.
const ALGORITHM: &str = "Ed25519";

/// A key pair whose private half cannot be exported.
#[derive(Clone)]
pub struct Key {
    pair: JsValue,
    private: CryptoKey,
    public: VerifyingKey,
}

impl Key {
    /// Makes one.
    pub async fn generate() -> Result<Self, JsValue> {
        let usages = store::list(&["sign", "verify"]);
        let made = subtle()?.generate_key_with_str(ALGORITHM, false, &usages)?;
        Self::of(JsFuture::from(made).await?).await
    }

    /// The one that was kept as this pair, if it still signs.
    pub async fn kept(pair: JsValue) -> Result<Self, JsValue> {
        let key = Self::of(pair).await?;
        key.check().await?;
        Ok(key)
    }

    /// As it is kept: the browser writes it down and shows it to nobody.
    pub fn pair(&self) -> &JsValue {
        &self.pair
    }

    /// The public half.
    pub fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs.
    pub async fn sign(&self, message: &[u8]) -> Result<Signature, JsValue> {
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

fn subtle() -> Result<SubtleCrypto, JsValue> {
    let crypto = window().and_then(|it| it.crypto().ok());
    let crypto = crypto.ok_or_else(|| JsValue::from_str("no WebCrypto"))?;
    Ok(crypto.subtle())
}
