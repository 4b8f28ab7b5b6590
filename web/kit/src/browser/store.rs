//! What survives a reload: IndexedDB, because it keeps keys that no script can read.
//!
//! The database is open only during an operation, so that nothing stands in the way of a browser that clears it.

use super::window;
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    IdbDatabase, IdbKeyRange, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction,
    IdbTransactionMode,
};

const DATABASE: &str = "countersign";
const KEPT: &str = "kept";

/// What is kept under this name; undefined if nothing is.
pub async fn get(name: &str) -> Result<JsValue, JsValue> {
    let database = open().await?;
    let read = async {
        let transaction = database.transaction_with_str(KEPT)?;
        settled(&transaction.object_store(KEPT)?.get(&name.into())?).await
    };
    let value = read.await;
    database.close();
    value
}

/// Makes what is kept under this name what `becomes` says: nothing if that is undefined, and no change if it is `None`. One transaction,
/// so that no other tab comes in between; done when it is on its way to the disk.
pub async fn change(
    name: &str,
    becomes: &dyn Fn(JsValue) -> Option<JsValue>,
) -> Result<(), JsValue> {
    let database = open().await?;
    let changed = async {
        let mode = IdbTransactionMode::Readwrite;
        let transaction = database.transaction_with_str_and_mode(KEPT, mode)?;
        let kept = transaction.object_store(KEPT)?;
        let there = settled(&kept.get(&name.into())?).await?;
        // Nothing else may be waited for here: a transaction ends when there is nothing more to do in it.
        drop(match becomes(there) {
            None => return Ok(()),
            Some(value) if value.is_undefined() => kept.delete(&name.into())?,
            Some(value) => kept.put_with_key(&value, &name.into())?,
        });
        completed(&transaction).await
    };
    let changed = changed.await;
    database.close();
    changed
}

/// Who is the only one that may write: see [`write`].
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// Under which name that is kept.
    pub name: &'a str,
    /// What is kept there as long as it is this tab.
    pub is: &'a str,
}

/// Does what `does` says with what is kept, all or nothing, unless somebody else is the owner: whoever takes over says so first. Whether it
/// was done; done when it is on its way to the disk.
pub async fn write(
    owner: Option<Owner<'_>>,
    does: &dyn Fn(&IdbObjectStore) -> Result<(), JsValue>,
) -> Result<bool, JsValue> {
    let database = open().await?;
    let written = async {
        let mode = IdbTransactionMode::Readwrite;
        let transaction = database.transaction_with_str_and_mode(KEPT, mode)?;
        let kept = transaction.object_store(KEPT)?;
        if let Some(owner) = owner {
            let there = settled(&kept.get(&owner.name.into())?).await?;
            // Nothing there: somebody cleared it, and nobody took over.
            if there.as_string().is_some_and(|it| it != owner.is) {
                return Ok(false);
            }
        }
        does(&kept)?;
        completed(&transaction).await.map(|()| true)
    };
    let written = written.await;
    database.close();
    written
}

/// Everything that is kept under names that begin so, without the beginning: bytes only.
pub async fn all(beginning: &str) -> Result<Vec<(String, Vec<u8>)>, JsValue> {
    let range = IdbKeyRange::bound(&beginning.into(), &format!("{beginning}\u{ffff}").into())?;
    let database = open().await?;
    let read = async {
        let kept = database.transaction_with_str(KEPT)?.object_store(KEPT)?;
        let (names, values) = (kept.get_all_keys_with_key(&range)?, kept.get_all_with_key(&range)?);
        Ok::<_, JsValue>((settled(&names).await?, settled(&values).await?))
    };
    let found = read.await;
    database.close();
    let (names, values) = found?;
    let (names, values) = (Array::from(&names), Array::from(&values));
    let pairs = names.iter().zip(values.iter());
    let pair = |(name, value): (JsValue, JsValue)| {
        let name = name.as_string()?.strip_prefix(beginning)?.to_owned();
        Some((name, value.dyn_into::<Uint8Array>().ok()?.to_vec()))
    };
    Ok(pairs.filter_map(pair).collect())
}

/// Keeps bytes under a name instead of what is there, or nothing any more.
pub async fn put(name: &str, bytes: Option<&[u8]>) -> Result<(), JsValue> {
    let value = bytes.map_or(JsValue::UNDEFINED, |bytes| Uint8Array::from(bytes).into());
    change(name, &|_| Some(value.clone())).await
}

async fn open() -> Result<IdbDatabase, JsValue> {
    let factory = window().and_then(|it| it.indexed_db().ok().flatten());
    let factory = factory.ok_or_else(|| JsValue::from_str("no IndexedDB"))?;
    let request = factory.open_with_u32(DATABASE, 1)?;
    let asked = request.clone();
    let make = Closure::once_into_js(move || make_store(&asked));
    request.set_onupgradeneeded(Some(make.unchecked_ref()));
    settled(&request).await?.dyn_into()
}

/// What fails here fails again, with a reason, at the first transaction.
fn make_store(request: &IdbOpenDbRequest) {
    let database = request.result().ok().and_then(|it| it.dyn_into::<IdbDatabase>().ok());
    drop(database.map(|it| it.create_object_store(KEPT)));
}

async fn settled(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let promise = Promise::new(&mut |resolve, reject| {
        let (done, failed) = (request.clone(), request.clone());
        let succeed = Closure::once_into_js(move || {
            let value = done.result().unwrap_or(JsValue::UNDEFINED);
            drop(resolve.call1(&JsValue::UNDEFINED, &value));
        });
        let fail = Closure::once_into_js(move || {
            let error = failed.error().ok().flatten().map_or(JsValue::UNDEFINED, Into::into);
            drop(reject.call1(&JsValue::UNDEFINED, &error));
        });
        request.set_onsuccess(Some(succeed.unchecked_ref()));
        request.set_onerror(Some(fail.unchecked_ref()));
    });
    JsFuture::from(promise).await
}

async fn completed(transaction: &IdbTransaction) -> Result<(), JsValue> {
    let promise = Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
        transaction.set_onerror(Some(&reject));
    });
    JsFuture::from(promise).await.map(drop)
}

/// Asks the browser not to clear this by itself. It may say no; then a login follows one day.
pub fn ask_to_persist() {
    let Some(window) = window() else { return };
    if let Ok(asked) = window.navigator().storage().persist() {
        wasm_bindgen_futures::spawn_local(async move {
            drop(JsFuture::from(asked).await);
        });
    }
}

/// The usages of a key, as WebCrypto wants them.
pub fn list(items: &[&str]) -> JsValue {
    items.iter().map(|item| JsValue::from_str(item)).collect::<Array>().into()
}
