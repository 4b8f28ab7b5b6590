//! `league.ticket`: what the server vouches for about a player, for devices without internet.

use super::{Call, Stop, conflict, id, parse, rate_limited};
use crate::app::Backend;
use crate::league::{Missing, rating_in};
use crate::reply::Reply;
use countersign::{RecordHeader, ResultCode, Timestamp};
use countersign_league::evidence::{DeviceStatus, Ticket, TicketFlags, digest_of};
use countersign_league::{DeviceId, Nonce};
use countersign_store::league::{INJURY_WINDOW, NewTicket, Player, TicketOutcome, Weight};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    device: Option<String>,
    lobby: Option<String>,
    #[serde(default)]
    travel: bool,
}

pub(super) async fn issue<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    let (app, now) = (call.app, call.app.now());
    let (device, lobby) = place(parse(call.admitted, EXPECTED)?)?;
    if device != DeviceId::NONE {
        may_be_joined(call, device).await?;
    }
    let player = call.player().await?;
    call.league.quotas.tickets.take(player.user, now).map_err(rate_limited)?;
    let season = app.store.season().await?.number;
    let settings = &call.league.settings;
    let life = if device == DeviceId::NONE { settings.travel } else { settings.ticket };
    let ticket = Ticket {
        user: player.user,
        key: call.admitted.session.device.key.clone(),
        device,
        lobby,
        season,
        rating: rating_in(&player, season),
        matches: u16::try_from(player.matches).unwrap_or(u16::MAX),
        flags: flags(&player, &Missing::of(&player, now), now),
        barred_until: player.barred_until,
        expires: now.plus(life),
        name: player.name.clone(),
    };
    let frame =
        app.sealer.record(&ticket, RecordHeader::FIRST, now).map_err(super::device::unsigned)?;
    let digest =
        digest_of(app.sealer.realm(), &frame).map_err(|_| Reply::error(ResultCode::INTERNAL))?;
    let Ticket { user, expires, .. } = ticket;
    let issued = NewTicket { digest, user, device, lobby, issued: now, expires };
    match app.store.issue_ticket(issued).await? {
        TicketOutcome::Issued { .. } => Ok(Reply::bytes(frame)),
        TicketOutcome::Known => Ok(Reply::error(ResultCode::INTERNAL)),
        TicketOutcome::NoPlayer => Ok(Reply::error(ResultCode::NOT_FOUND)),
    }
}

const EXPECTED: &str = r#"expected {"device":"<hex>","lobby":"<hex>"} or {"travel":true}"#;

/// A lobby of a device, or neither.
fn place(wish: Wish) -> Result<(DeviceId, Nonce), Reply> {
    let (device, lobby) = match (wish.device, wish.lobby, wish.travel) {
        (Some(device), Some(lobby), false) => (device, lobby),
        (None, None, true) => return Ok((DeviceId::NONE, Nonce::NONE)),
        (Some(_), _, true) | (_, Some(_), true) | (None, _, false) | (_, None, false) => {
            return Err(Reply::invalid(EXPECTED));
        }
    };
    let (device, lobby) = (id(&device, "device", 32)?, id(&lobby, "lobby", 32)?);
    match device == DeviceId::NONE || lobby == Nonce::NONE {
        true => Err(Reply::invalid("device and lobby are not zero")),
        false => Ok((device, lobby)),
    }
}

/// Nobody shall play a match that is refused or frozen by what is known already.
async fn may_be_joined<S: Backend>(call: Call<'_, S>, device: DeviceId) -> Result<(), Stop> {
    let Some(device) = call.app.store.find_device(device).await? else {
        return Err(Reply::error(ResultCode::NOT_FOUND).into());
    };
    match device.status {
        DeviceStatus::Revoked => Err(conflict("this device was withdrawn").into()),
        DeviceStatus::Made
        | DeviceStatus::Sold
        | DeviceStatus::Active
        | DeviceStatus::Suspect
        | DeviceStatus::Rma => Ok(()),
    }
}

fn flags(player: &Player, missing: &Missing, now: Timestamp) -> TicketFlags {
    let injured = player.injured != Timestamp::ZERO && now.since(player.injured) < INJURY_WINDOW;
    let bits = [
        (missing.is_provisional(), TicketFlags::PROVISIONAL),
        (player.flag_weight == Weight::None, TicketFlags::FLAG_WEIGHTLESS),
        (player.vote_weight == Weight::None, TicketFlags::VOTE_WEIGHTLESS),
        (injured, TicketFlags::INJURY_SPENT),
    ];
    TicketFlags(bits.iter().filter(|(holds, _)| *holds).fold(0, |all, (_, bit)| all | bit))
}
