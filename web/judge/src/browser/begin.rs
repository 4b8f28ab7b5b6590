//! What an earlier visit left here: keys, the event, every vote.

use super::{Own, Shell, bluetooth, fill, lock, now};
use crate::address::HubAddress;
use crate::app::{Found, Phase};
use crate::device::Device;
use countersign::EventId;
use countersign_app::judge::JudgeConfig;
use countersign_web_kit::browser::keys::Key;
use countersign_web_kit::browser::link::{Before, Link};
use countersign_web_kit::browser::{random, store, trust};
use js_sys::Uint8Array;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::{IdbKeyRange, IdbObjectStore};

/// The key pair that votes are signed with: another than the session's, which ends with a logout.
const KEY: &str = "judging/key";
/// A secret of this device, see [`JudgeConfig::device_secret`].
const SECRET: &str = "judging/secret";
/// Which event this device judges at.
const CURRENT: &str = "judging/current";
/// Where each event has what is kept of it.
const SHELVES: &str = "judging/at/";
/// Where the hub is.
const HUB: &str = "judging/hub";

/// Looks for everything.
pub(super) async fn look(shell: &Rc<Shell>) -> Found {
    let link = match Link::resume().await {
        Ok(Before::Session(link)) => Some(*link),
        Ok(Before::Lost(_) | Before::Nothing) | Err(_) => None,
    };
    let account = link.as_ref().map(|link| link.kept().address.clone());
    let hub = store::get(HUB).await.ok().and_then(|it| HubAddress::parse(&it.as_string()?));
    let has_bluetooth = bluetooth::is_there();
    match device(shell, link).await {
        Ok(Some((device, keeps))) => {
            Found { phase: Phase::Ready(Box::new(device)), account, hub, has_bluetooth, keeps }
        }
        Ok(None) => Found { phase: Phase::Stranger, account, hub, has_bluetooth, keeps: true },
        Err(_) => Found { phase: Phase::Unusable, account, hub, has_bluetooth, keeps: true },
    }
}

/// The device, and whether it is kept; `None` if the server's keys were never seen here.
async fn device(shell: &Rc<Shell>, link: Option<Link>) -> Result<Option<(Device, bool)>, JsValue> {
    let Some(trust) = trust::remembered().await? else { return Ok(None) };
    let keyset = trust.keyset().map_err(|error| JsValue::from_str(&error.to_string()))?;
    let realm = trust.realm().clone();
    let (key, keeps) = own_key().await?;
    let config = JudgeConfig {
        realm: realm.clone(),
        keyset,
        key: key.public().clone(),
        entropy: random()?,
        device_secret: secret().await?,
    };
    let mut device = Device::new(config, fill);
    let current = store::get(CURRENT).await?.as_string();
    if let Some(event) = current.and_then(|text| EventId::new(&text).ok()) {
        for (name, bytes) in store::all(&prefix(&event)).await? {
            device.restore(&name, bytes, now());
        }
    }
    *shell.own.borrow_mut() = Some(Rc::new(Own { realm, key, link }));
    Ok(Some((device, keeps)))
}

/// The kept key, or a new one, and whether it is kept: what is read back has to be the same.
async fn own_key() -> Result<(Key, bool), JsValue> {
    let pair = store::get(KEY).await?;
    if pair.is_object() {
        return Ok((Key::kept(pair).await?, true));
    }
    let key = Key::generate().await?;
    // Another tab may have made one meanwhile: its key stays.
    let becomes = |there: JsValue| there.is_undefined().then(|| key.pair().clone());
    if store::change(KEY, &becomes).await.is_err() {
        return Ok((key, false));
    }
    match Key::kept(store::get(KEY).await?).await {
        Ok(kept) => Ok((kept, true)),
        Err(_) => Ok((key, false)),
    }
}

async fn secret() -> Result<[u8; 32], JsValue> {
    let read = |value: JsValue| hex::decode(value.as_string()?).ok()?.try_into().ok();
    if let Some(secret) = read(store::get(SECRET).await?) {
        return Ok(secret);
    }
    let secret: [u8; 32] = random()?;
    let becomes = |there: JsValue| there.is_undefined().then(|| hex::encode(secret).into());
    // Without storage it lasts as long as the page, and so does the key.
    drop(store::change(SECRET, &becomes).await);
    Ok(read(store::get(SECRET).await.unwrap_or_default()).unwrap_or(secret))
}

fn prefix(event: &EventId) -> String {
    format!("{SHELVES}{event}/")
}

/// Keeps what the device wants kept, unless another tab has taken over. With a bundle its event is the one that this device judges at.
pub(super) async fn keep(
    shell: &Shell,
    event: &EventId,
    name: &str,
    bytes: &[u8],
) -> Result<bool, JsValue> {
    let is_bundle = name == "judge/bundle";
    let place = format!("{}{name}", prefix(event)).into();
    let puts = |kept: &IdbObjectStore| {
        kept.put_with_key(&Uint8Array::from(bytes), &place)?;
        if is_bundle {
            kept.put_with_key(&event.as_str().into(), &CURRENT.into())?;
        }
        Ok(())
    };
    let kept = write(shell, &puts).await?;
    if is_bundle {
        store::ask_to_persist();
    }
    Ok(kept)
}

/// A new key in place of the one that is here, and nothing any more of what belongs to that; unless another tab has taken over.
pub(super) async fn new_key(shell: &Shell) -> Result<bool, JsValue> {
    let key = Key::generate().await?;
    let shelves = IdbKeyRange::bound(&SHELVES.into(), &format!("{SHELVES}\u{ffff}").into())?;
    let replaces = |kept: &IdbObjectStore| {
        kept.put_with_key(key.pair(), &KEY.into())?;
        kept.delete(&shelves)?;
        kept.delete(&CURRENT.into())?;
        Ok(())
    };
    write(shell, &replaces).await
}

async fn write(
    shell: &Shell,
    does: &dyn Fn(&IdbObjectStore) -> Result<(), JsValue>,
) -> Result<bool, JsValue> {
    let tab = shell.tab.borrow().clone();
    let owner = tab.as_deref().map(|is| store::Owner { name: lock::OWNER, is });
    store::write(owner, does).await
}

/// Remembers where the hub is.
pub(super) async fn remember(hub: &HubAddress) -> Result<(), JsValue> {
    store::change(HUB, &|_| Some(hub.to_string().into())).await
}
