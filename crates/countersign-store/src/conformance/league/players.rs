//! Properties of players and profiles.

use super::*;
use crate::league::{
    AVATAR_MAX, Avatar, AvatarChange, LineKind, ProfileChange, ProfileOutcome, Visibility, Weight,
    Weights,
};

/// Two lines: the rating, and its counterpart.
pub async fn a_player_is_created_once_with_a_first_line(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    assert_eq!(store.find_player(user_id(1)).await?, None);
    let PlayerOutcome::Created(created) = store.player_of(new_player(1)).await? else {
        return Err(unexpected("a new user is no player yet".to_owned()));
    };
    assert_eq!((created.rating(), created.matches, created.season), (FIRST, 0, 1));
    let again = NewPlayer { rating: 9, name: name(8), ..new_player(1) };
    assert_eq!(store.player_of(again).await?, PlayerOutcome::Found(created.clone()));
    assert_eq!(store.find_player(user_id(1)).await?, Some((*created).clone()));
    assert_eq!(store.find_player_by_name("player1".into()).await?, Some(*created));
    assert_eq!(store.find_player_by_name("player8".into()).await?, None);
    let lines = store.ledger_after(0, 9).await?;
    let lines: Vec<_> = lines.iter().map(|line| (line.kind, line.user, line.amount)).collect();
    let first = i64::from(FIRST);
    let expected = [(LineKind::Opening, Some(user_id(1)), first), (LineKind::Bank, None, -first)];
    assert_eq!(lines, expected);
    sound(store.as_ref()).await
}

/// However many phones open the profile at once.
pub async fn parallel_first_calls_create_one_player(store: &Arc<impl LeagueStore>) -> Result<()> {
    let calls =
        shared(store, 20).map(|(_, store)| async move { store.player_of(new_player(1)).await });
    let outcomes = in_parallel(calls).await?;
    let created = |outcome: &&PlayerOutcome| matches!(outcome, PlayerOutcome::Created(_));
    assert_eq!(outcomes.iter().filter(created).count(), 1);
    let named = shared(store, 20).map(|(n, store)| async move {
        store.player_of(NewPlayer { name: name(77), ..new_player(100 + n) }).await
    });
    let outcomes = in_parallel(named).await?;
    assert_eq!(outcomes.iter().filter(created).count(), 1);
    assert_eq!(store.ledger_after(0, 99).await?.len(), 4);
    sound(store.as_ref()).await
}

/// By skeleton; a name that was given up is free.
pub async fn names_that_look_alike_are_taken(store: &Arc<impl LeagueStore>) -> Result<()> {
    store.player_of(new_player(1)).await?;
    let alike = PlayerName { name: "P1ayer 1".to_owned(), ..name(1) };
    let refused = NewPlayer { name: alike.clone(), ..new_player(2) };
    assert_eq!(store.player_of(refused).await?, PlayerOutcome::NameTaken);
    assert_eq!(store.find_player(user_id(2)).await?, None);
    store.player_of(new_player(2)).await?;
    let rename = |name| ProfileChange { name: Some(name), ..ProfileChange::default() };
    let outcome = store.update_profile(user_id(2), rename(alike.clone())).await?;
    assert_eq!(outcome, ProfileOutcome::NameTaken);
    let own = store.update_profile(user_id(1), rename(alike.clone())).await?;
    assert!(matches!(own, ProfileOutcome::Updated(_)), "one may look like oneself");
    store.update_profile(user_id(1), rename(name(5))).await?;
    let free = store.update_profile(user_id(2), rename(alike)).await?;
    assert!(matches!(free, ProfileOutcome::Updated(_)));
    let found = store.find_player_by_name("player1".into()).await?;
    assert_eq!(found.map(|found| (found.user, found.name)), Some((user_id(2), "P1ayer 1".into())));
    Ok(())
}

/// All that is given, or nothing; what is not given stays.
pub async fn a_profile_changes_as_a_whole(store: &Arc<impl LeagueStore>) -> Result<()> {
    store.player_of(new_player(1)).await?;
    store.player_of(new_player(2)).await?;
    let avatar = Avatar { hash: [4; 32], bytes: vec![5; 600] };
    let all = ProfileChange {
        name: Some(name(3)),
        visibility: Some(Visibility::Hidden),
        avatar: AvatarChange::Set(avatar.clone()),
    };
    let taken = ProfileChange { name: Some(name(2)), ..all.clone() };
    let before = player(store.as_ref(), 1).await?;
    assert_eq!(store.update_profile(user_id(1), taken).await?, ProfileOutcome::NameTaken);
    assert_eq!(player(store.as_ref(), 1).await?, before);
    assert_eq!(store.find_avatar(user_id(1)).await?, None);
    store.update_profile(user_id(1), all).await?;
    let after = player(store.as_ref(), 1).await?;
    let shown = (after.name.as_str(), after.visibility, after.avatar);
    assert_eq!(shown, ("Player 3", Visibility::Hidden, Some([4; 32])));
    assert_eq!(store.find_avatar(user_id(1)).await?, Some(avatar.bytes));
    store.update_profile(user_id(1), ProfileChange::default()).await?;
    assert_eq!(player(store.as_ref(), 1).await?, after);
    let none = ProfileChange { avatar: AvatarChange::Remove, ..ProfileChange::default() };
    store.update_profile(user_id(1), none.clone()).await?;
    assert_eq!(store.find_avatar(user_id(1)).await?, None);
    assert_eq!(player(store.as_ref(), 1).await?, Player { avatar: None, ..after });
    assert_eq!(store.update_profile(user_id(9), none).await?, ProfileOutcome::NoPlayer);
    let weights = Weights { flags: Weight::None, votes: Weight::Full };
    assert!(store.set_weights(user_id(2), weights).await?);
    assert!(!store.set_weights(user_id(9), weights).await?);
    let second = player(store.as_ref(), 2).await?;
    assert_eq!((second.flag_weight, second.vote_weight), (Weight::None, Weight::Full));
    Ok(())
}

/// Exactly [`AVATAR_MAX`].
pub async fn an_avatar_has_a_limit(store: &Arc<impl LeagueStore>) -> Result<()> {
    store.player_of(new_player(1)).await?;
    for (bytes, fits) in [(AVATAR_MAX + 1, false), (AVATAR_MAX, true)] {
        let avatar = Avatar { hash: [1; 32], bytes: vec![1; bytes] };
        let change = ProfileChange {
            name: Some(name(40)),
            avatar: AvatarChange::Set(avatar),
            ..ProfileChange::default()
        };
        let outcome = store.update_profile(user_id(1), change).await?;
        assert_eq!(matches!(outcome, ProfileOutcome::Updated(_)), fits, "{outcome:?}");
        assert_eq!(store.find_avatar(user_id(1)).await?.is_some(), fits);
        assert_eq!(player(store.as_ref(), 1).await?.name == "Player 40", fits);
    }
    Ok(())
}

/// Each once, in the order of ids.
pub async fn players_are_scanned_in_pages(store: &Arc<impl LeagueStore>) -> Result<()> {
    for n in (1..=7).rev() {
        store.player_of(new_player(n)).await?;
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.players_after(after, 3).await?;
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = Some(last.user);
        seen.extend(page.iter().map(|player| player.user));
    }
    assert_eq!(seen, (1..=7).map(user_id).collect::<Vec<_>>());
    let some = store.find_players(vec![user_id(5), user_id(99), user_id(2)]).await?;
    assert_eq!(some.iter().map(|p| p.user).collect::<Vec<_>>(), [user_id(5), user_id(2)]);
    Ok(())
}
