//! Where a request comes from.

use axum::extract::FromRequestParts;
use countersign_listen::ConnectionInfo;
use http::request::Parts;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

/// The client's address as far as it can be believed; the listener has looked at trusted proxies already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caller(pub(super) IpAddr);

impl<State: Sync> FromRequestParts<State> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Infallible> {
        let info = parts.extensions.get::<ConnectionInfo>();
        Ok(Self(info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.client_ip)))
    }
}
