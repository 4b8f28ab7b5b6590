//! A browser's camera, looked through a few times a second.

use crate::reader::{Reader, luma};
use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    CanvasRenderingContext2d, Document, HtmlCanvasElement, HtmlVideoElement, MediaStream,
    MediaStreamConstraints, MediaStreamTrack, Window,
};

/// Pixels of the longer side of a picture that is looked at: more costs time, and codes on tables are large.
const SIDE: f64 = 640.0;
/// Milliseconds between two pictures.
const PAUSE_MS: i32 = 120;

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCamera {
    /// The person, or the browser for them, said no.
    Denied,
    /// The device has none, or another program uses it.
    Missing,
    /// The page may not have one: it did not come over HTTPS.
    Insecure,
}

/// An open camera whose pictures are in a video element. Dropping it does not close it: [`Self::close`].
#[derive(Debug, Clone)]
pub struct Camera {
    stream: MediaStream,
    video: HtmlVideoElement,
}

impl Camera {
    /// Opens the one at the back, if there is one, and shows it in `video`.
    pub async fn open(video: HtmlVideoElement) -> Result<Self, NoCamera> {
        let window = web_sys::window().ok_or(NoCamera::Missing)?;
        // On an insecure page the property is not there at all.
        let devices = Reflect::get(&window.navigator(), &"mediaDevices".into());
        if !devices.is_ok_and(|it| it.is_object()) {
            return Err(NoCamera::Insecure);
        }
        let devices = window.navigator().media_devices().map_err(|_| NoCamera::Insecure)?;
        let wish = MediaStreamConstraints::new();
        let which = Object::new();
        let set = Reflect::set(&which, &"facingMode".into(), &"environment".into());
        set.map_err(|_| NoCamera::Missing)?;
        wish.set_video(&which);
        wish.set_audio(&JsValue::FALSE);
        let asked = devices.get_user_media_with_constraints(&wish).map_err(|error| why(&error))?;
        let stream = JsFuture::from(asked).await.map_err(|error| why(&error))?;
        let stream: MediaStream = stream.dyn_into().map_err(|_| NoCamera::Missing)?;
        let camera = Self { stream, video };
        camera.video.set_src_object(Some(&camera.stream));
        match camera.video.play() {
            // It fails when the element is gone before it plays: then nobody looks for codes either.
            Ok(playing) => drop(JsFuture::from(playing).await),
            Err(_) => return Err(NoCamera::Missing),
        }
        Ok(camera)
    }

    /// Gives out the text of each code that it sees, until the camera is closed, its element is gone, or `takes` says `false`.
    pub async fn watch(&self, mut takes: impl FnMut(String) -> bool) {
        let Some(window) = web_sys::window() else { return };
        let Some(document) = window.document() else { return };
        let Some((canvas, context)) = surface(&document) else { return };
        let mut reader = Reader::default();
        while self.stream.active() && self.video.is_connected() {
            let text = self
                .picture(&canvas, &context)
                .and_then(|(width, height, luma)| reader.read(width, height, &luma));
            if text.is_some_and(|text| !takes(text)) {
                return;
            }
            pause(&window).await;
        }
    }

    /// Gives the camera back.
    pub fn close(&self) {
        for track in self.stream.get_tracks().iter() {
            if let Ok(track) = track.dyn_into::<MediaStreamTrack>() {
                track.stop();
            }
        }
        self.video.set_src_object(None);
    }

    fn picture(
        &self,
        canvas: &HtmlCanvasElement,
        context: &CanvasRenderingContext2d,
    ) -> Option<(usize, usize, Vec<u8>)> {
        let (width, height) =
            (f64::from(self.video.video_width()), f64::from(self.video.video_height()));
        if width < 1.0 || height < 1.0 {
            return None;
        }
        let scale = (SIDE / width.max(height)).min(1.0);
        let (width, height) = ((width * scale).floor(), (height * scale).floor());
        canvas.set_width(width as u32);
        canvas.set_height(height as u32);
        let drawn = context.draw_image_with_html_video_element_and_dw_and_dh(
            &self.video,
            0.0,
            0.0,
            width,
            height,
        );
        drawn.ok()?;
        let pixels = context.get_image_data(0.0, 0.0, width, height).ok()?.data();
        Some((width as usize, height as usize, luma(&pixels)))
    }
}

/// A canvas that nobody sees.
fn surface(document: &Document) -> Option<(HtmlCanvasElement, CanvasRenderingContext2d)> {
    let canvas: HtmlCanvasElement = document.create_element("canvas").ok()?.dyn_into().ok()?;
    let often = Object::new();
    Reflect::set(&often, &"willReadFrequently".into(), &JsValue::TRUE).ok()?;
    let context = canvas.get_context_with_context_options("2d", &often).ok()??;
    Some((canvas, context.dyn_into().ok()?))
}

async fn pause(window: &Window) {
    let promise = Promise::new(&mut |resolve, _| {
        drop(window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, PAUSE_MS));
    });
    drop(JsFuture::from(promise).await);
}

fn why(error: &JsValue) -> NoCamera {
    let name = Reflect::get(error, &"name".into()).ok().and_then(|it| it.as_string());
    match name.as_deref() {
        Some("NotAllowedError" | "SecurityError") => NoCamera::Denied,
        Some(_) | None => NoCamera::Missing,
    }
}
