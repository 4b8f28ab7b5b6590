//! What anybody can do with an event's files, without a server: `countersign event verify`.

mod trust;
mod verify;

pub(crate) use trust::TrustArgs;
pub(crate) use verify::Verify;
