//! The same players in every run, those of the example of `countersign-ranks`, with names and matches.

#[path = "../../../countersign-ranks/examples/ranks/players.rs"]
mod same;

pub(crate) use same::{Random, all, rating, user};

/// A match: up or down by at most 24 points, in thousandths.
pub(crate) fn change(call: u32) -> i32 {
    let by = (call.wrapping_mul(2_654_435_761) >> 8) % 48_000;
    by as i32 - 24_000
}

const FIRST: [&str; 40] = [
    "Maria",
    "Mario",
    "Marta",
    "Martin",
    "Marko",
    "Anna",
    "Andre",
    "Andrea",
    "Alex",
    "Ali",
    "Ahmed",
    "Jan",
    "Jana",
    "Jose",
    "José",
    "Juan",
    "Julia",
    "Lukas",
    "Luis",
    "Luka",
    "Max",
    "Mohamed",
    "Nikola",
    "Olga",
    "Paul",
    "Paula",
    "Peter",
    "Rafael",
    "Sara",
    "Sofia",
    "Stefan",
    "Tom",
    "Tomas",
    "Viktor",
    "Zoë",
    "Иван",
    "Анна",
    "김민",
    "田中さ",
    "Ελένη",
];
const PARTS: [&str; 16] = [
    "ba", "co", "den", "fi", "gar", "ho", "kin", "lo", "mer", "nov", "os", "per", "ri", "son",
    "tov", "wal",
];

/// Most begin like many others; the few letters of the first names make the worst case for a search.
pub(crate) fn name(random: &mut Random) -> String {
    let mut name = String::new();
    // A third is common, as names are.
    let first = if random.below(3) == 0 { random.below(5) } else { random.below(40) };
    if random.below(4) > 0 {
        name.push_str(FIRST[first as usize]);
    }
    let is_latin = name.chars().all(|c| c < '\u{370}');
    for _ in 0..if is_latin { 2 + random.below(3) } else { 0 } {
        name.push_str(PARTS[random.below(16) as usize]);
    }
    name + &random.below(10_000).to_string()
}
