//! Which names there may be, and which may not be there together.

use countersign_ranks::name::{BYTES_MAX, CHARS_MAX, INPUT_MAX, Name, NameError, Skeleton};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[test]
fn names_of_the_world() {
    for text in [
        "Anna",
        "Zoë",
        "O'Brien",
        "jan_kowalski",
        "J.R.R.Tolkien",
        "Łukasz-2",
        "Čeněk",
        "Иван",
        "Ελένη",
        "שלומית",
        "محمد",
        "अनुष्का",
        "ทองดี",
        "김민준",
        "田中さくら",
        "メッシ10",
        "王小明",
        "Ngọc Ánh",
        "Əliyev",
        "Ingólfur",
        "Straße",
        "Rin凛子",
        "ქეთევანი",
        "Արմեն",
        "அருண்",
        "মিতালী",
    ] {
        assert_eq!(name(text).as_str(), text);
    }
}

#[test]
fn what_is_stored_is_normalized() {
    for (text, stored) in [
        ("Ａｎｎａ", "Anna"),
        ("e\u{301}lan", "élan"),
        ("ﬁnn", "finn"),
        ("O\u{2019}Brien", "O'Brien"),
        ("mⅣrie", "mIVrie"),
        ("ｶﾞｸﾄさん", "ガクトさん"),
    ] {
        assert_eq!(name(text).as_str(), stored);
        assert_eq!(name(stored).as_str(), stored);
    }
}

#[test]
fn what_is_no_name() {
    use NameError::{Character, Marks, MixedScripts, NoLetter, Separator, TooLong, TooShort};
    let long = "a".repeat(CHARS_MAX + 1);
    let heavy = "한".repeat(BYTES_MAX / 3 + 1);
    let huge = "e\u{301}".repeat(INPUT_MAX / 3 + 1);
    for (text, error) in [
        ("", TooShort),
        ("ab", TooShort),
        ("e\u{323}\u{301}f", TooShort),
        (&long, TooLong),
        (&heavy, TooLong),
        (&huge, TooLong),
        (" anna", Separator),
        ("anna ", Separator),
        ("an  na", Separator),
        ("an-_na", Separator),
        (".anna", Separator),
        ("J. R. Tolkien", Separator),
        ("...", Separator),
        ("an\u{a0} na", Separator),
        ("12345", NoLetter),
        ("anna\u{202e}gpj", Character('\u{202e}')),
        ("anna\u{200b}", Character('\u{200b}')),
        ("an\u{200d}na", Character('\u{200d}')),
        ("an\u{ad}na", Character('\u{ad}')),
        ("an\u{fe0f}na", Character('\u{fe0f}')),
        ("an\u{3164}na", Character('\u{1160}')),
        ("an\u{e0041}na", Character('\u{e0041}')),
        ("an\nna", Character('\n')),
        ("an\0na", Character('\0')),
        ("anna<b>", Character('<')),
        ("anna/x", Character('/')),
        ("an:na", Character(':')),
        ("anna⚽", Character('⚽')),
        ("𓀀𓀀𓀀", Character('𓀀')),
        ("\u{301}anna", Marks),
        ("ann-\u{301}a", Marks),
        ("z\u{335}\u{336}\u{337}\u{338}\u{339}algo", Character('\u{335}')),
        ("क\u{93c}\u{94d}\u{93c}\u{94d}\u{93c}खग", Marks),
        ("pаypal", MixedScripts),
        ("Иvan", MixedScripts),
        ("Ελένηна", MixedScripts),
    ] {
        assert_eq!(Name::parse(text), Err(error), "{text:?}");
    }
}

#[test]
fn names_that_pass_for_each_other_clash() {
    for (one, other) in [
        ("Ivan", "ivan"),
        ("Ivan", "lvan"),
        ("PAYPAL", "PAYPAI"),
        ("EIla", "Ella"),
        ("zero", "zer0"),
        ("bill", "bi11"),
        ("coco", "сосо"),
        ("Hooligan", "H00LIGAN"),
        ("modern", "rnodem"),
        ("Straße", "STRASSE"),
        ("ſam", "Sam"),
        ("Άρης", "ΆΡΗΣ"),
        ("scope", "ѕсоре"),
        ("İstanbul", "i̇stanbul"),
    ] {
        let (one, other) = (name(one), name(other));
        assert!(one.clashes(&other), "{one} {other}");
        assert!(other.clashes(&one), "{other} {one}");
    }
}

#[test]
fn names_that_differ_to_the_eye_do_not_clash() {
    for (one, other) in [
        ("Ella", "Elia"),
        ("Jose", "José"),
        ("Jan_K", "JanK"),
        ("Anna", "Anne"),
        ("Иван", "Ivan"),
        ("Max1", "Max2"),
        ("Müller", "Muller"),
    ] {
        assert!(!name(one).clashes(&name(other)), "{one} {other}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_name_or_is_not(text in "\\PC{0,40}") {
        if let Ok(name) = Name::parse(&text) {
            prop_assert!(name.as_str().len() <= BYTES_MAX);
            prop_assert_eq!(Name::parse(name.as_str()).unwrap(), name.clone());
            prop_assert!(name.letters().as_str().len() <= Skeleton::BYTES_MAX);
            prop_assert!(name.shape().as_str().len() <= Skeleton::BYTES_MAX);
            prop_assert!(!name.as_str().chars().any(char::is_control));
        }
    }

    #[test]
    fn case_makes_no_other_name(text in "[A-Za-zÀ-ÖØ-öø-ÿА-я0-9]{3,12}") {
        if let (Ok(name), Ok(upper), Ok(lower)) =
            (Name::parse(&text), Name::parse(&text.to_uppercase()), Name::parse(&text.to_lowercase()))
        {
            let skeletons: BTreeSet<_> = [name, upper, lower].iter().map(Name::letters).collect();
            prop_assert_eq!(skeletons.len(), 1);
        }
    }
}
