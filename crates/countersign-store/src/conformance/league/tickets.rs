//! Properties of tickets.

use super::*;
use crate::league::{TicketOutcome, TicketState};

fn travel(n: u32, user: u32) -> NewTicket {
    NewTicket { device: DeviceId::NONE, lobby: Nonce::NONE, ..ticket(n, user, at(900)) }
}

async fn state(store: &impl LeagueStore, digest: RecordDigest) -> Result<Option<TicketState>> {
    Ok(store.find_ticket(digest).await?.map(|issued| issued.state))
}

/// A new one takes the place of the old one, of the same user.
pub async fn a_user_has_one_unused_travel_ticket(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &[1, 2]).await?;
    let issued = |superseded| TicketOutcome::Issued { superseded };
    assert_eq!(store.issue_ticket(travel(1, 1)).await?, issued(None));
    assert_eq!(store.issue_ticket(travel(1, 2)).await?, issued(None));
    assert_eq!(store.issue_ticket(travel(1, 1)).await?, TicketOutcome::Known);
    let first = travel(1, 1).digest;
    assert_eq!(store.issue_ticket(travel(2, 1)).await?, issued(Some(first)));
    assert_eq!(state(store.as_ref(), first).await?, Some(TicketState::Superseded));
    let found = store.find_ticket(travel(2, 1).digest).await?;
    assert_eq!(
        found.map(|found| (found.ticket, found.state)),
        Some((travel(2, 1), TicketState::Unused))
    );
    assert_eq!(state(store.as_ref(), travel(1, 2).digest).await?, Some(TicketState::Unused));
    assert_eq!(store.issue_ticket(travel(1, 9)).await?, TicketOutcome::NoPlayer);
    assert_eq!(store.find_ticket(travel(1, 9).digest).await?, None);
    Ok(())
}

/// A player may look at several lobbies.
pub async fn a_ticket_of_a_lobby_replaces_nothing(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &[1]).await?;
    for new in [travel(1, 1), ticket(2, 1, at(900)), ticket(3, 1, at(900))] {
        let outcome = store.issue_ticket(new).await?;
        assert_eq!(outcome, TicketOutcome::Issued { superseded: None });
    }
    for n in 1..=3 {
        let found = state(store.as_ref(), ticket(n, 1, at(0)).digest).await?;
        assert_eq!(found, Some(TicketState::Unused));
    }
    Ok(())
}

/// In the second, the seat's line is taken back, and the bank has it.
pub async fn a_ticket_counts_in_one_match(store: &Arc<impl LeagueStore>) -> Result<()> {
    let users = [1, 2, 3, 4, 5, 6];
    league(store.as_ref(), 1, &users).await?;
    for user in users {
        store.issue_ticket(ticket(1, user, at(900))).await?;
    }
    settled(store.as_ref(), game(1, &users)).await?;
    let used = Some(TicketState::Used(match_id(1)));
    assert_eq!(state(store.as_ref(), ticket(1, 4, at(0)).digest).await?, used);
    let mut second = game(2, &users);
    second.lineup.seats[3].ticket = ticket(1, 4, at(0)).digest;
    let referee = told(Settlement::Settled);
    let SettleOutcome::Settled { receipt, reused, .. } =
        store.settle_game(second, referee.clone()).await?
    else {
        return Err(unexpected("the second match was not settled".to_owned()));
    };
    assert_eq!(reused, [(3, match_id(1))]);
    let tickets: Vec<_> = referee.shown()[0].players.iter().map(|known| known.ticket).collect();
    assert_eq!(tickets, [None, None, None, used, None, None]);
    let receipt = String::from_utf8(receipt).expect("the receipt is text");
    assert!(receipt.contains("(-10000, 10000, 1492000)"), "{receipt}");
    let expected = [1_516_000, 1_516_000, 1_516_000, 1_492_000, 1_484_000, 1_484_000];
    assert_eq!(ratings(store.as_ref(), &users).await?, expected);
    assert_eq!(state(store.as_ref(), ticket(1, 4, at(0)).digest).await?, used);
    sound(store.as_ref()).await
}

/// Used ones stay as evidence.
pub async fn tickets_that_expired_unused_are_purged(store: &Arc<impl LeagueStore>) -> Result<()> {
    let users = [1, 2, 3, 4, 5, 6];
    league(store.as_ref(), 1, &users).await?;
    for user in users {
        store.issue_ticket(ticket(1, user, at(900))).await?;
    }
    settled(store.as_ref(), game(1, &users)).await?;
    store.issue_ticket(ticket(2, 1, at(900))).await?;
    store.issue_ticket(ticket(3, 1, at(901))).await?;
    assert_eq!(store.purge_tickets(at(900)).await?, 0);
    assert_eq!(store.purge_tickets(at(901)).await?, 1);
    for (n, there) in [(1, true), (2, false), (3, true)] {
        let found = store.find_ticket(ticket(n, 1, at(0)).digest).await?;
        assert_eq!(found.is_some(), there, "ticket {n}");
    }
    Ok(())
}
