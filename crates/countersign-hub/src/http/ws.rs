//! `/ws`: a phone or a relay on the venue's Wi-Fi joins the mesh.

use super::App;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Extension, State};
use axum::response::Response;
use countersign_listen::ConnectionInfo;
use countersign_node::link::ws;
use std::sync::Arc;

pub(super) async fn upgrade(
    State(app): State<Arc<App>>,
    Extension(info): Extension<ConnectionInfo>,
    upgrade: WebSocketUpgrade,
) -> Response {
    ws::upgrade(upgrade, app.node.links(), info)
}
