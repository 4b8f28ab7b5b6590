use super::*;
use countersign_store::league::Weight;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn player(number: u8, rating: i64) -> Player {
    Player {
        user: UserId::from_bytes([number; 16]),
        name: format!("Player {}", char::from(b'A' + number)),
        skeleton: None,
        visibility: Visibility::Public,
        avatar: None,
        season: 1,
        balance: rating,
        matches: 10,
        season_matches: 10,
        opponents: 15,
        last_match: NOW,
        leaver_level: 0,
        clean: 0,
        barred_until: Timestamp::ZERO,
        joined: 10,
        finished: 10,
        injured: Timestamp::ZERO,
        frivolous: 0,
        flag_weight: Weight::Full,
        vote_weight: Weight::Full,
        created: Timestamp::ZERO,
        erased: None,
    }
}

fn five() -> Vec<Player> {
    (1..=5).map(|number| player(number, 1_000_000 + i64::from(number) * 100_000)).collect()
}

fn rank(standings: &Standings, number: u8) -> Option<u32> {
    let place = standings.place(&UserId::from_bytes([number; 16]));
    place.map(|place| place.standing.rank)
}

#[test]
fn built_at_once_or_one_by_one_is_the_same() {
    let players = five();
    let at_once = Standings::build(1, &players, NOW).unwrap();
    let mut slowly = Standings::build(1, &[], NOW).unwrap();
    // Each comes twice, first with another name and rating.
    for player in &players {
        let before = Player { name: format!("{} X", player.name), balance: 1, ..player.clone() };
        slowly.put(&before, NOW);
        slowly.put(player, NOW);
    }
    for standings in [&at_once, &slowly] {
        assert_eq!([1, 2, 3, 4, 5].map(|n| rank(standings, n)), [5, 4, 3, 2, 1].map(Some));
        let found = standings.search(&Query::parse("player").unwrap());
        assert_eq!(found.len(), 5);
        assert!(standings.search(&Query::parse("playerbx").unwrap()).is_empty());
        let shape = |text| standings.holder_of_shape(&Name::parse(text).unwrap());
        assert_eq!(shape("Player B"), Some(players[0].user));
        assert_eq!(shape("Player B X"), None, "the old name is free again");
    }
}

#[test]
fn who_is_ranked() {
    let mut standings = Standings::build(1, &five(), NOW).unwrap();
    let lacks: [fn(&mut Player); 6] = [
        |it| it.matches = 9,
        |it| it.opponents = 14,
        |it| it.season_matches = 2,
        |it| it.season = 0,
        |it| it.last_match = NOW.minus(DORMANT),
        |it| it.erased = Some(NOW),
    ];
    for lack in lacks {
        let mut one = player(3, 1_300_000);
        lack(&mut one);
        standings.put(&one, NOW);
        assert_eq!((rank(&standings, 3), rank(&standings, 2)), (None, Some(3)), "{one:?}");
        standings.put(&player(3, 1_300_000), NOW);
        assert_eq!((rank(&standings, 3), rank(&standings, 2)), (Some(3), Some(4)));
    }
}

#[test]
fn who_does_not_play_fades_and_comes_back() {
    let mut players = five();
    players[4].last_match = NOW.minus(DORMANT / 2);
    let mut standings = Standings::build(1, &players, NOW).unwrap();
    standings.fade(NOW);
    assert_eq!((rank(&standings, 5), rank(&standings, 4)), (Some(1), Some(2)));
    standings.fade(NOW.plus(DORMANT / 2));
    assert_eq!((rank(&standings, 5), rank(&standings, 4)), (None, Some(1)));
    standings.fade(NOW.plus(DORMANT));
    assert!(standings.board().is_empty() && standings.fading.is_empty());
    let later = NOW.plus(DORMANT * 2);
    players[4].last_match = later;
    standings.put(&players[4], later);
    assert_eq!(rank(&standings, 5), Some(1));
}

#[test]
fn hidden_players_are_ranked_and_not_found() {
    let mut players = five();
    players[0].visibility = Visibility::Hidden;
    players[1].visibility = Visibility::Opponents;
    let standings = Standings::build(1, &players, NOW).unwrap();
    assert_eq!(standings.search(&Query::parse("player").unwrap()).len(), 3);
    assert_eq!(standings.board().len(), 5);
}

#[test]
fn ranks_of_a_receipt_are_those_of_the_board_that_comes_of_it() {
    let players = five();
    let mut standings = Standings::build(1, &players, NOW).unwrap();
    let after = [(1, 1_450_000), (3, 1_200_000), (5, 1_050_000), (9, 1_900_000)];
    let lines: Vec<(UserId, i32)> =
        after.iter().map(|(n, rating)| (UserId::from_bytes([*n; 16]), *rating)).collect();
    let told = standings.ranks_with(&lines);
    for (number, rating) in &after[..3] {
        standings.put(&player(*number, i64::from(*rating)), NOW);
    }
    let are = after.map(|(number, _)| rank(&standings, number).unwrap_or(0));
    assert_eq!((told, are), (are.to_vec(), [1, 3, 5, 0]));
}

#[test]
fn a_tier_is_kept_for_three_matches() {
    let players = five();
    let mut standings = Standings::build(1, &players, NOW).unwrap();
    let five = UserId::from_bytes([5; 16]);
    standings.note_match(&five);
    let tier = |standings: &Standings| standings.place(&five).unwrap().tier;
    for expected in [Tier::Icon, Tier::Icon, Tier::Bronze] {
        standings.put(&player(5, 1_000_000), NOW);
        standings.note_match(&five);
        assert_eq!(tier(&standings), expected);
    }
}
