//! Properties of erasing and exporting players; with [`Store`], where accounts are erased.

use super::*;
use crate::Store;
use crate::conformance::{new_session, register};
use crate::league::{
    Avatar, AvatarChange, DisputeId, DisputeKind, DisputeQueue, HistoryCursor, NewDispute,
    ProfileChange, ProfileOutcome, TicketOutcome, Visibility,
};

const USERS: [u32; 6] = [1, 2, 3, 4, 5, 6];

/// Player 1 with an account, a picture, a match, a dispute, a ticket.
async fn busy_player(store: &(impl LeagueStore + Store)) -> Result<()> {
    register(store, "ana@example.org", new_session(1), at(0)).await?;
    league(store, 1, &USERS).await?;
    let avatar = Avatar { hash: [3; 32], bytes: vec![3; 300] };
    let change = ProfileChange { avatar: AvatarChange::Set(avatar), ..ProfileChange::default() };
    store.update_profile(user_id(1), change).await?;
    settled(store, game(1, &USERS)).await?;
    let dispute = NewDispute {
        match_id: match_id(1),
        user: user_id(1),
        kind: DisputeKind::Goal,
        text: "I, Ana, saw it.".to_owned(),
        now: at(5),
    };
    store.open_dispute(dispute).await?;
    let issued = store.issue_ticket(ticket(7, 1, at(900))).await?;
    assert_eq!(issued, TicketOutcome::Issued { superseded: None });
    Ok(())
}

/// The name is free; nothing that identifies is left; matches and sums are as they were.
pub async fn an_erased_player_is_anonymous_and_the_ledger_stays<S: LeagueStore + Store>(
    store: &Arc<S>,
) -> Result<()> {
    busy_player(store.as_ref()).await?;
    let before = player(store.as_ref(), 1).await?;
    let lines = store.ledger_after(0, 999).await?;
    let mut notices = store.notices_after(0, 99).await?;
    assert!(notices.iter().any(|notice| notice.user == user_id(1)));
    notices.retain(|notice| notice.user != user_id(1));
    store.erase_account(user_id(1), at(9)).await?;
    let after = player(store.as_ref(), 1).await?;
    assert!(!after.name.contains("Player"), "{}", after.name);
    let gone = (after.skeleton.clone(), after.avatar, after.visibility, after.erased);
    assert_eq!(gone, (None, None, Visibility::Hidden, Some(at(9))));
    assert_eq!((after.balance, after.matches), (before.balance, before.matches));
    assert_eq!(store.find_avatar(user_id(1)).await?, None);
    assert_eq!(store.find_player_by_name("player1".into()).await?, None);
    assert_eq!(store.find_ticket(ticket(7, 1, at(0)).digest).await?, None);
    assert_eq!(store.notices_after(0, 99).await?, notices);
    let disputes = store.disputes(DisputeQueue::OfUser(user_id(1)), DisputeId(0), 9).await?;
    assert_eq!(disputes.iter().map(|entry| entry.text.as_str()).collect::<Vec<_>>(), [""]);
    assert!(store.players_after(None, 99).await?.iter().all(|player| player.user != user_id(1)));
    assert_eq!(store.ledger_after(0, 999).await?, lines);
    let reborn = NewPlayer { name: name(1), ..new_player(8) };
    assert!(matches!(store.player_of(reborn).await?, PlayerOutcome::Created(_)));
    // A match that was played before and arrives after still counts for the others.
    settled(store.as_ref(), game(2, &USERS)).await?;
    sound(store.as_ref()).await
}

/// Under the same id: neither as a player nor with a ticket.
pub async fn an_erased_player_does_not_come_back<S: LeagueStore + Store>(
    store: &Arc<S>,
) -> Result<()> {
    busy_player(store.as_ref()).await?;
    register(store.as_ref(), "bob@example.org", new_session(9), at(0)).await?;
    for n in [1, 9] {
        store.erase_account(user_id(n), at(9)).await?;
        let outcome = store.player_of(NewPlayer { name: name(50), ..new_player(n) }).await?;
        assert_eq!(outcome, PlayerOutcome::Erased);
        let issued = store.issue_ticket(ticket(8, n, at(900))).await?;
        assert_eq!(issued, TicketOutcome::NoPlayer);
        let change = ProfileChange { name: Some(name(51)), ..ProfileChange::default() };
        let updated = store.update_profile(user_id(n), change).await?;
        assert_eq!(updated, ProfileOutcome::NoPlayer);
        assert_eq!(store.export_player(user_id(n)).await?, None);
    }
    Ok(())
}

/// And nothing of others.
pub async fn an_export_holds_everything_of_a_player<S: LeagueStore + Store>(
    store: &Arc<S>,
) -> Result<()> {
    busy_player(store.as_ref()).await?;
    let Some(export) = store.export_player(user_id(1)).await? else {
        return Err(unexpected("no export".to_owned()));
    };
    assert_eq!(export.player, player(store.as_ref(), 1).await?);
    assert_eq!(export.avatar, Some(vec![3; 300]));
    assert_eq!(export.history, store.history(user_id(1), HistoryCursor::NEWEST, 9).await?);
    assert_eq!(export.history.len(), 1);
    assert_eq!(export.ledger, store.ledger_of(user_id(1), 0, 99).await?);
    assert_eq!(export.ledger.len(), 3);
    assert_eq!(export.seasons, store.season_rows(1, vec![user_id(1)]).await?);
    assert_eq!((export.disputes.len(), export.penalties.len()), (1, 0));
    assert_eq!(store.export_player(user_id(99)).await?, None);
    Ok(())
}
