//! From the words of one part into those of another.

use crate::evidence::Artefact;
use crate::game::{self, View};
use crate::goal;
use crate::pair::{self, Mapped, Report};
use crate::team::End;
use alloc::vec::Vec;
use countersign::push::UnsignedPush;
use countersign::{
    Epoch, Flags, Name, PayloadHash, PushHeader, Realm, Signer, StreamId, Timestamp,
};

/// The push frame of a view; see `docs/league.md` section 3.
pub(super) fn view_frame(
    realm: &Realm,
    signer: &impl Signer,
    view: &View,
    now: Timestamp,
) -> Option<Vec<u8>> {
    let fingerprint = signer.verifying_key().fingerprint();
    let header = PushHeader {
        flags: Flags::NONE,
        stream: StreamId::from_bytes(*view.lobby.as_bytes()),
        timestamp: now,
        seq: view.number,
        server_key_id: fingerprint.server_key_id(),
        epoch: Epoch::NONE,
        payload_hash: PayloadHash::from_bytes([0; 32]),
        event_type: Name::new(View::TYPE).ok()?,
    };
    Some(UnsignedPush::new(realm, fingerprint, header, view.encode()).sign(signer))
}

/// A goal that the master's own sheet felt: on its own clock, so only rounding is in doubt.
pub(super) fn northern(hit: &goal::Hit, boot: u16, seq: u32) -> game::Hit {
    game::Hit {
        end: End::North,
        at: hit.at,
        uncertainty: 1,
        boot,
        seq,
        peak: hit.peak,
        duration: narrow(hit.duration),
        spread: [hit.rows.count_ones() as u8, hit.cols.count_ones() as u8],
    }
}

/// A goal that the slave reports; `None` if it was before the master started.
pub(super) fn southern(report: &Report, at: Mapped) -> Option<game::Hit> {
    Some(game::Hit {
        end: End::South,
        at: u64::try_from(at.at).ok()?,
        uncertainty: narrow(at.uncertainty),
        boot: report.boot,
        seq: report.seq,
        peak: report.peak,
        duration: narrow(report.duration),
        spread: [report.rows.count_ones() as u8, report.cols.count_ones() as u8],
    })
}

/// What the slave's lamp shows while the master's lights show this.
pub(super) const fn slave_light(light: game::Light) -> pair::Light {
    match light {
        game::Light::Off | game::Light::Searching => pair::Light::Off,
        game::Light::GoalCheck
        | game::Light::Lobby
        | game::Light::Countdown
        | game::Light::Review
        | game::Light::Done => pair::Light::Ready,
        game::Light::Play => pair::Light::Playing,
        game::Light::Amber => pair::Light::Amber,
        game::Light::Red | game::Light::Disarmed(_) | game::Light::Void => pair::Light::Red,
        game::Light::Error => pair::Light::Locked,
    }
}

fn narrow(value: u32) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}
