//! The index against looking at every name.

use countersign::UserId;
use countersign_ranks::name::Name;
use countersign_ranks::search::{Entry, Full, Hit, Index, Key, Query, QueryError, RESULTS_MAX};
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::BTreeMap;

fn user(number: u32) -> UserId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    UserId::from_bytes(bytes)
}

fn key(text: &str) -> Key {
    Key::of(&Name::parse(text).unwrap())
}

fn found(index: &Index, query: &str) -> Vec<UserId> {
    index.search(&Query::parse(query).unwrap()).iter().map(|hit| hit.user).collect()
}

/// Everything by looking. Names here have no look-alikes and no accents, so their letters are their keys.
#[derive(Default)]
struct Model(BTreeMap<(String, UserId), i32>);

impl Model {
    fn search(&self, query: &str) -> Vec<Hit> {
        let fitting = self.0.iter().filter(|((name, _), _)| name.starts_with(query));
        let mut hits: Vec<_> = fitting
            .map(|((name, user), weight)| {
                let hit = Hit { user: *user, exact: name == query, weight: *weight };
                ((Reverse(hit.exact), Reverse(*weight), name.clone(), *user), hit)
            })
            .collect();
        hits.sort_by(|one, two| one.0.cmp(&two.0));
        hits.into_iter().map(|(_, hit)| hit).take(RESULTS_MAX).collect()
    }
}

/// Few letters, so that many names begin alike.
fn some_name() -> impl Strategy<Value = String> {
    "[abc]{3,6}"
}

/// Names of several scripts, with marks that a prefix can cut off.
fn world_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Zà-öÀ-Ö0-9ıſß]{3,12}",
        "[a-z\u{301}\u{323}]{3,12}",
        "[а-яА-Яйё]{3,12}",
        "[가-힣]{3,12}",
        "[क-ह\u{93c}-\u{94d}]{3,12}",
        "[א-ת]{3,12}",
        "[α-ωάέΑ-Ω]{3,12}",
        "[ぁ-んァ-ヶ一-龠]{3,12}",
    ]
}

fn assert_same(index: &Index, model: &Model) {
    assert_eq!(index.len(), model.0.len());
    for a in ["a", "b", "c"] {
        for rest in ["aa", "ab", "bc", "cc", "aba", "bcab", "zzz"] {
            let query = format!("{a}{rest}");
            assert_eq!(index.search(&Query::parse(&query).unwrap()), model.search(&query));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_index_finds_what_looking_finds(
        start in prop::collection::vec((some_name(), 0..3_u32, -9..9), 0..900),
        steps in prop::collection::vec((some_name(), 0..3_u32, prop::option::weighted(0.6, -9..9)), 0..900),
    ) {
        let mut model = Model::default();
        let mut entries = Vec::new();
        for (name, who, weight) in start {
            entries.push(Entry { key: key(&name), user: user(who), weight });
            model.0.entry((name, user(who))).or_insert(weight);
        }
        let mut index = Index::rebuild(10_000, entries).unwrap();
        assert_same(&index, &model);
        for (name, who, weight) in steps {
            if let Some(weight) = weight {
                index.set(&key(&name), user(who), weight).unwrap();
                model.0.insert((name, user(who)), weight);
            } else {
                let was_there = model.0.remove(&(name.clone(), user(who))).is_some();
                prop_assert_eq!(index.remove(&key(&name), &user(who)), was_there);
            }
        }
        assert_same(&index, &model);
    }

    #[test]
    fn every_beginning_of_a_name_finds_it(text in world_name()) {
        let Ok(name) = Name::parse(&text) else { return Ok(()) };
        let mut index = Index::new(1);
        index.set(&Key::of(&name), user(1), 0).unwrap();
        for (end, c) in name.as_str().char_indices() {
            let beginning = &name.as_str()[..end + c.len_utf8()];
            if let Ok(query) = Query::parse(beginning) {
                prop_assert_eq!(index.search(&query).len(), 1, "{:?} in {:?}", beginning, name);
            }
        }
    }
}

#[test]
fn an_index_grows_and_shrinks_one_by_one() {
    let (mut index, mut model) = (Index::new(30_000), Model::default());
    let letters = |mut number: u32| {
        let mut name = String::new();
        for _ in 0..6 {
            name.push(char::from(b"abc"[(number % 3) as usize]));
            number /= 3;
        }
        name
    };
    for number in (0..30_000_u32).map(|number| number.wrapping_mul(7_919) % 30_000) {
        let weight = (number.wrapping_mul(2_654_435_761) >> 20) as i32;
        index.set(&key(&letters(number)), user(number), weight).unwrap();
        model.0.insert((letters(number), user(number)), weight);
    }
    assert_same(&index, &model);
    assert_eq!(index.set(&key("abc"), user(1), 1), Err(Full(30_000)));
    index.set(&key(&letters(5)), user(5), 1_000_000).unwrap();
    model.0.insert((letters(5), user(5)), 1_000_000);
    assert_same(&index, &model);
    let full = index.memory();
    for number in 0..29_900 {
        assert!(index.remove(&key(&letters(number)), &user(number)));
        model.0.remove(&(letters(number), user(number)));
    }
    assert_same(&index, &model);
    assert!(index.memory() < full / 10, "{} of {full}", index.memory());
    for number in 29_900..30_000 {
        assert!(index.remove(&key(&letters(number)), &user(number)));
    }
    assert!(index.is_empty());
    assert_eq!(found(&index, "abc"), []);
}

#[test]
fn what_is_typed_need_not_be_what_is_written() {
    let names = [
        "José",
        "Jos",
        "O'Brien",
        "Ngọc Ánh",
        "Olivia",
        "Йосип",
        "김민준",
        "Straße",
        "田中さくら",
        "modric",
    ];
    let entries = (0..).zip(names).map(|(number, name)| Entry {
        key: key(name),
        user: user(number),
        weight: 0,
    });
    let index = Index::rebuild(10, entries).unwrap();
    for (query, numbers) in [
        ("jos", vec![1, 0]),
        ("JOSÉ", vec![0]),
        ("o\u{2019}br", vec![2]),
        ("obr", vec![2]),
        ("ngoc a", vec![3]),
        ("0l1", vec![]),
        ("0liv", vec![4]),
        ("ОLI", vec![4]),
        ("иос", vec![5]),
        ("김미ㄴ", vec![6]),
        ("김민주", vec![6]),
        ("strasse", vec![7]),
        ("田中さ", vec![8]),
        ("rnod", vec![9]),
        ("<b>x", vec![]),
    ] {
        let users: Vec<_> = numbers.into_iter().map(user).collect();
        assert_eq!(found(&index, query), users, "{query}");
    }
    assert!(index.search(&Query::parse("jos").unwrap())[0].exact);
}

#[test]
fn a_renamed_or_hidden_player_is_not_found() {
    let mut index = Index::new(2);
    index.set(&key("Anna"), user(1), 5).unwrap();
    assert!(index.remove(&key("Anna"), &user(1)));
    index.set(&key("Berta"), user(1), 5).unwrap();
    assert_eq!(found(&index, "ann"), []);
    assert_eq!(found(&index, "ber"), [user(1)]);
    assert!(index.remove(&key("Berta"), &user(1)));
    assert!(!index.remove(&key("Berta"), &user(1)));
    assert_eq!(found(&index, "ber"), []);
}

#[test]
fn queries_have_three_letters_and_an_end() {
    for short in ["", "ab", "a.b", "  a  ", "e\u{301}\u{301}\u{301}f", "---"] {
        assert_eq!(Query::parse(short), Err(QueryError::TooShort), "{short:?}");
    }
    assert_eq!(Query::parse(&"a".repeat(129)), Err(QueryError::TooLong));
    assert!(Query::parse("a b c").is_ok());
    assert!(Query::parse(&"ﷺ".repeat(42)).is_ok(), "what becomes long is cut");
}
