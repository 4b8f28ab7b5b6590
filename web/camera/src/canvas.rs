//! A code on a canvas.

use crate::Modules;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// Draws it, a pixel for each square, dark on light whatever the page's colours: the style makes it larger.
pub fn draw(canvas: &HtmlCanvasElement, modules: &Modules) -> Result<(), JsValue> {
    let size = modules.size();
    canvas.set_width(size as u32);
    canvas.set_height(size as u32);
    let context = canvas.get_context("2d")?.ok_or_else(|| JsValue::from_str("no canvas"))?;
    let context: CanvasRenderingContext2d = context.dyn_into()?;
    context.set_fill_style_str("#ffffff");
    context.fill_rect(0.0, 0.0, size as f64, size as f64);
    context.set_fill_style_str("#000000");
    for row in 0..size {
        for column in (0..size).filter(|column| modules.is_dark(*column, row)) {
            context.fill_rect(column as f64, row as f64, 1.0, 1.0);
        }
    }
    Ok(())
}
