//! One tab votes at a time: the one that was opened last. Two would number their votes alike.

use super::Shell;
use countersign_web_kit::browser::{random, store};
use js_sys::{Function, Object, Promise, Reflect};
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

const NAME: &str = "countersign-judging";
/// Where the tab that may write stands.
pub(super) const OWNER: &str = "judging/tab";

/// Takes the lock from whoever has it, and hears when another tab takes it from here. A browser without locks has none to take.
pub(super) async fn take(shell: &Rc<Shell>) {
    let asked = Promise::new(&mut |resolve, _| {
        // Held until the page is gone, or another tab steals it.
        let held = Closure::once_into_js(move || {
            drop(resolve.call0(&JsValue::UNDEFINED));
            Promise::new(&mut |_, _| {})
        });
        let ended = request(&held).map(JsFuture::from);
        let shell = Rc::clone(shell);
        match ended {
            Ok(ended) => spawn_local(async move {
                if ended.await.is_err() {
                    shell.stolen();
                }
            }),
            Err(_) => drop(held.unchecked_ref::<Function>().call0(&JsValue::UNDEFINED)),
        }
    });
    drop(JsFuture::from(asked).await);
    // From here on what the tab before still writes is refused: it may be in the middle of it.
    let Ok(tab) = random::<16>().map(hex::encode) else { return };
    if store::change(OWNER, &|_| Some(tab.as_str().into())).await.is_ok() {
        *shell.tab.borrow_mut() = Some(tab);
    }
}

fn request(held: &JsValue) -> Result<Promise, JsValue> {
    let window = super::window().ok_or(JsValue::UNDEFINED)?;
    let locks = Reflect::get(&window.navigator(), &"locks".into())?;
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"steal".into(), &JsValue::TRUE)?;
    request.call3(&locks, &NAME.into(), &options, held)?.dyn_into()
}
