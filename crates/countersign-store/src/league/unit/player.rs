//! Players, their tickets and penalties, and their erasure.

use super::book::post;
use super::{misuse, notify};
use crate::league::{
    AVATAR_MAX, AvatarChange, Conduct, DisputeId, DisputeQueue, HistoryCursor, IssuedTicket,
    LineKind, NO_START_WINDOW, NewPenalty, NewPlayer, NewTicket, NoticeKind, PardonOutcome,
    Penalty, PenaltyCause, PenaltyId, PenaltyKind, Player, PlayerExport, PlayerName, PlayerOutcome,
    ProfileChange, ProfileOutcome, Tables, TicketOutcome, TicketState, Visibility, Weight, Weights,
    bar_of_level, bar_of_no_starts, climb, finish_clean,
};
use countersign::{Timestamp, UserId};
use countersign_league::MatchId;

/// See [`crate::LeagueStore::player_of`].
pub fn player_of<T: Tables>(tables: &mut T, new: &NewPlayer) -> Result<PlayerOutcome, T::Error> {
    match tables.player(new.user)? {
        Some(player) if player.erased.is_none() => {
            return Ok(PlayerOutcome::Found(Box::new(player)));
        }
        Some(_) => return Ok(PlayerOutcome::Erased),
        None if tables.is_erased(new.user)? => return Ok(PlayerOutcome::Erased),
        None => {}
    }
    check_name(&new.name)?;
    if tables.player_by_skeleton(&new.name.skeleton)?.is_some() {
        return Ok(PlayerOutcome::NameTaken);
    }
    let player = Player {
        user: new.user,
        name: new.name.name.clone(),
        skeleton: Some(new.name.skeleton.clone()),
        visibility: Visibility::Public,
        avatar: None,
        season: tables.season()?.number,
        balance: i64::from(new.rating),
        matches: 0,
        season_matches: 0,
        opponents: 0,
        last_match: Timestamp::ZERO,
        leaver_level: 0,
        clean: 0,
        barred_until: Timestamp::ZERO,
        joined: 0,
        finished: 0,
        injured: Timestamp::ZERO,
        frivolous: 0,
        flag_weight: Weight::Full,
        vote_weight: Weight::Full,
        created: new.now,
        erased: None,
    };
    tables.put_player(&player)?;
    post(tables, new.now, None, &[(LineKind::Opening, new.user, player.balance)])?;
    Ok(PlayerOutcome::Created(Box::new(player)))
}

/// See [`crate::LeagueStore::update_profile`].
pub fn update_profile<T: Tables>(
    tables: &mut T,
    user: UserId,
    change: &ProfileChange,
) -> Result<ProfileOutcome, T::Error> {
    let Some(mut player) = tables.player(user)?.filter(|player| player.erased.is_none()) else {
        return Ok(ProfileOutcome::NoPlayer);
    };
    if let Some(name) = &change.name {
        check_name(name)?;
        if tables.player_by_skeleton(&name.skeleton)?.is_some_and(|holder| holder.user != user) {
            return Ok(ProfileOutcome::NameTaken);
        }
        player.name.clone_from(&name.name);
        player.skeleton = Some(name.skeleton.clone());
    }
    if let Some(visibility) = change.visibility {
        player.visibility = visibility;
    }
    match &change.avatar {
        AvatarChange::Set(avatar) if avatar.bytes.len() > AVATAR_MAX => {
            return Ok(ProfileOutcome::AvatarTooLarge);
        }
        AvatarChange::Keep => tables.put_player(&player)?,
        AvatarChange::Set(avatar) => {
            player.avatar = Some(avatar.hash);
            tables.put_player(&player)?;
            tables.put_avatar(user, Some(avatar))?;
        }
        AvatarChange::Remove => {
            player.avatar = None;
            tables.put_player(&player)?;
            tables.put_avatar(user, None)?;
        }
    }
    Ok(ProfileOutcome::Updated(Box::new(player)))
}

fn check_name<E: From<crate::StoreError>>(name: &PlayerName) -> Result<(), E> {
    match name.name.is_empty()
        || name.name.len() > 64
        || name.skeleton.is_empty()
        || name.skeleton.len() > 256
    {
        true => Err(misuse("a name has 1 to 64 bytes, its skeleton 1 to 256")),
        false => Ok(()),
    }
}

/// See [`crate::LeagueStore::set_weights`].
pub fn set_weights<T: Tables>(
    tables: &mut T,
    user: UserId,
    weights: Weights,
) -> Result<bool, T::Error> {
    let Some(mut player) = tables.player(user)? else {
        return Ok(false);
    };
    player.flag_weight = weights.flags;
    player.vote_weight = weights.votes;
    tables.put_player(&player)?;
    Ok(true)
}

/// See [`crate::LeagueStore::issue_ticket`].
pub fn issue_ticket<T: Tables>(
    tables: &mut T,
    ticket: &NewTicket,
) -> Result<TicketOutcome, T::Error> {
    if tables.ticket(ticket.digest)?.is_some() {
        return Ok(TicketOutcome::Known);
    }
    if tables.player(ticket.user)?.is_none_or(|player| player.erased.is_some()) {
        return Ok(TicketOutcome::NoPlayer);
    }
    let before = match ticket.is_travel() {
        true => tables.travel_ticket(ticket.user)?,
        false => None,
    };
    if let Some(before) = before {
        tables.update_tickets(&[IssuedTicket { state: TicketState::Superseded, ..before }])?;
    }
    tables.add_ticket(&IssuedTicket { ticket: *ticket, state: TicketState::Unused })?;
    Ok(TicketOutcome::Issued { superseded: before.map(|before| before.ticket.digest) })
}

/// See [`crate::LeagueStore::penalize`].
pub fn penalize<T: Tables>(tables: &mut T, new: &NewPenalty) -> Result<Option<Penalty>, T::Error> {
    let Some(mut player) = tables.player(new.user)? else {
        return Ok(None);
    };
    let penalty = punish(tables, &mut player, new)?;
    tables.put_player(&player)?;
    Ok(Some(penalty))
}

/// Writes the penalty; the caller writes the player.
fn punish<T: Tables>(
    tables: &mut T,
    player: &mut Player,
    new: &NewPenalty,
) -> Result<Penalty, T::Error> {
    let (kind, until) = match new.cause {
        PenaltyCause::Left => {
            climb(player);
            (PenaltyKind::Left, bar(new.now, bar_of_level(player.leaver_level)))
        }
        PenaltyCause::NoStart => {
            let since = new.now.minus(NO_START_WINDOW);
            let all = tables.penalties(new.user, PenaltyId(0), u32::MAX)?;
            let counts = |known: &&Penalty| {
                known.kind == PenaltyKind::NoStart && known.pardoned.is_none() && known.at > since
            };
            let count = all.iter().filter(counts).count() as u32 + 1;
            (PenaltyKind::NoStart, bar(new.now, bar_of_no_starts(count)))
        }
        PenaltyCause::Operator { until } => (PenaltyKind::Operator, until),
    };
    player.barred_until = player.barred_until.max(until);
    let mut penalty = Penalty {
        id: PenaltyId(0),
        user: new.user,
        kind,
        match_id: new.match_id,
        at: new.now,
        level: player.leaver_level,
        until,
        pardoned: None,
    };
    penalty.id = tables.add_penalty(&penalty)?;
    notify(tables, &[new.user], NoticeKind::Penalty, new.match_id, new.now)?;
    Ok(penalty)
}

/// A bar of no time is a warning.
fn bar(now: Timestamp, span: std::time::Duration) -> Timestamp {
    if span.is_zero() { Timestamp::ZERO } else { now.plus(span) }
}

/// See [`crate::LeagueStore::pardon`].
pub fn pardon<T: Tables>(
    tables: &mut T,
    id: PenaltyId,
    now: Timestamp,
) -> Result<PardonOutcome, T::Error> {
    let Some(mut penalty) = tables.penalty(id)? else {
        return Ok(PardonOutcome::NoPenalty);
    };
    if penalty.pardoned.is_some() {
        return Ok(PardonOutcome::Already);
    }
    penalty.pardoned = Some(now);
    tables.put_penalty(&penalty)?;
    if let Some(mut player) = tables.player(penalty.user)? {
        if penalty.kind == PenaltyKind::Left {
            player.leaver_level = player.leaver_level.saturating_sub(1);
        }
        let all = tables.penalties(penalty.user, PenaltyId(0), u32::MAX)?;
        let bars = all.iter().filter(|known| known.pardoned.is_none()).map(|known| known.until);
        player.barred_until = bars.max().unwrap_or(Timestamp::ZERO);
        tables.put_player(&player)?;
        notify(tables, &[penalty.user], NoticeKind::Penalty, penalty.match_id, now)?;
    }
    Ok(PardonOutcome::Pardoned)
}

/// What a match says about one player's behaviour. The caller writes the player.
pub(super) fn blame<T: Tables>(
    tables: &mut T,
    player: &mut Player,
    conduct: Conduct,
    match_id: Option<MatchId>,
    now: Timestamp,
) -> Result<(), T::Error> {
    match conduct {
        Conduct::Unjudged | Conduct::Excused => Ok(()),
        Conduct::Finished => {
            player.joined = player.joined.saturating_add(1);
            player.finished = player.finished.saturating_add(1);
            finish_clean(player);
            Ok(())
        }
        Conduct::Left => {
            player.joined = player.joined.saturating_add(1);
            let (user, cause) = (player.user, PenaltyCause::Left);
            punish(tables, player, &NewPenalty { user, cause, match_id, now }).map(drop)
        }
    }
}

/// Makes a player anonymous: the name is free again, picture, words, notices and unused tickets are gone. Lines, seats and
/// penalties stay with the random id, so that the ledger still sums up.
pub fn erase<T: Tables>(tables: &mut T, user: UserId, now: Timestamp) -> Result<(), T::Error> {
    let Some(mut player) = tables.player(user)? else {
        return Ok(());
    };
    if player.erased.is_some() {
        return Ok(());
    }
    let id = user.to_string();
    player.name = format!("erased-{}", id.get(..8).unwrap_or(&id));
    player.skeleton = None;
    player.visibility = Visibility::Hidden;
    player.avatar = None;
    player.erased = Some(now);
    tables.put_player(&player)?;
    tables.put_avatar(user, None)?;
    tables.drop_tickets_of(user)?;
    tables.drop_notices_of(user)?;
    for mut entry in tables.disputes(DisputeQueue::OfUser(user), DisputeId(0), u32::MAX)? {
        entry.text.clear();
        tables.put_dispute(&entry)?;
    }
    Ok(())
}

/// See [`crate::LeagueStore::export_player`].
pub fn export<T: Tables>(tables: &T, user: UserId) -> Result<Option<PlayerExport>, T::Error> {
    let Some(player) = tables.player(user)?.filter(|player| player.erased.is_none()) else {
        return Ok(None);
    };
    Ok(Some(PlayerExport {
        player,
        avatar: tables.avatar(user)?,
        seasons: tables.seasons_of(user)?,
        history: tables.history(user, HistoryCursor::NEWEST, u32::MAX)?,
        ledger: tables.lines_of(user, 0, u32::MAX)?,
        penalties: tables.penalties(user, PenaltyId(0), u32::MAX)?,
        disputes: tables.disputes(DisputeQueue::OfUser(user), DisputeId(0), u32::MAX)?,
    }))
}
