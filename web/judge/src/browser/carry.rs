//! Effects, one after the other; what takes time outside does not hold up the next.

use super::{Shell, begin, bluetooth, element, outside, window};
use crate::app::{CameraState, Effect, Event};
use crate::device::Wish;
use countersign_app::judge::JudgeEvent;
use countersign_web_camera::{Camera, NoCamera};
use countersign_web_kit::browser::speak;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlVideoElement;

impl Shell {
    /// Does what waits, unless that is being done already.
    pub(super) fn work(self: &Rc<Self>) {
        if self.is_working.replace(true) {
            return;
        }
        let shell = Rc::clone(self);
        spawn_local(async move {
            loop {
                let Some(effect) = shell.queue.borrow_mut().pop_front() else { break };
                shell.carry_out(effect).await;
            }
            shell.is_working.set(false);
        });
    }

    async fn carry_out(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Wish(Wish::Keep { number, event, name, bytes }) => {
                match begin::keep(self, &event, &name, &bytes).await {
                    Ok(true) => self.happened(Event::Kept(name, number, true)),
                    Ok(false) => self.stolen(),
                    Err(_) => self.happened(Event::Kept(name, number, false)),
                }
            }
            Effect::NewKey => match begin::new_key(self).await {
                Ok(true) => self.restart(),
                Ok(false) => self.stolen(),
                Err(_) => self.happened(Event::NoNewKey),
            },
            Effect::Wish(Wish::Frame(frame)) => self.line.send(&frame),
            Effect::Wish(Wish::Ask { id, ask }) => {
                let shell = Rc::clone(self);
                spawn_local(async move {
                    let result = outside::answer(&shell, ask).await;
                    shell.happened(Event::Told(JudgeEvent::Answer { id, result }));
                });
            }
            Effect::Call(ask) => {
                let shell = Rc::clone(self);
                spawn_local(async move {
                    let answer = outside::call(&shell, &ask).await;
                    shell.happened(Event::Answer(ask, answer));
                });
            }
            Effect::Choose(service) => {
                let shell = Rc::clone(self);
                spawn_local(async move {
                    let chosen = bluetooth::choose(service).await;
                    let chosen = chosen.map(|device| drop(shell.chosen.replace(Some(device))));
                    shell.happened(Event::Chosen(chosen));
                });
            }
            Effect::Connect(way) => self.connect(way),
            Effect::Remember(hub) => drop(begin::remember(&hub).await),
            Effect::Speak(language) => speak(language),
            Effect::Go(route) => {
                if let Some(window) = window() {
                    drop(window.location().set_hash(&route.hash()));
                }
            }
            Effect::Camera(is_wanted) => self.look(is_wanted),
            Effect::Restart => self.restart(),
        }
    }

    fn restart(&self) {
        if let Some(window) = window() {
            drop(window.location().reload());
        }
    }

    /// Opens the camera, or closes it.
    fn look(self: &Rc<Self>, is_wanted: bool) {
        let look = self.looks.get().wrapping_add(1);
        self.looks.set(look);
        if let Some(camera) = self.camera.borrow_mut().take() {
            camera.close();
        }
        let video = element::<HtmlVideoElement>("camera").filter(|_| is_wanted);
        let Some(video) = video else { return };
        let shell = Rc::clone(self);
        spawn_local(async move {
            let opened = Camera::open(video).await;
            let is_newest = shell.looks.get() == look;
            match opened {
                Ok(camera) if is_newest => {
                    *shell.camera.borrow_mut() = Some(camera.clone());
                    shell.happened(Event::Camera(CameraState::Looking));
                    shell.watch(&camera).await;
                }
                Ok(camera) => camera.close(),
                Err(_) if !is_newest => {}
                Err(NoCamera::Denied) => shell.happened(Event::Camera(CameraState::Denied)),
                Err(NoCamera::Missing | NoCamera::Insecure) => {
                    shell.happened(Event::Camera(CameraState::Missing));
                }
            }
        });
    }

    async fn watch(self: &Rc<Self>, camera: &Camera) {
        // A code stays in the picture for a while, and is said once.
        let last = RefCell::new(String::new());
        let takes = |text: String| {
            if *last.borrow() != text {
                last.replace(text.clone());
                self.happened(Event::Scanned(text));
            }
            true
        };
        camera.watch(takes).await;
    }
}
