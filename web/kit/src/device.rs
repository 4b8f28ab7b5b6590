//! What a device is called, from what its browser says of itself.

/// Browsers, the more special ones first: most claim to be others too.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
/// Systems, likewise.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
];

/// "Firefox, Android"; as much of it as is known.
pub fn name(user_agent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    let parts: Vec<_> = [find(&BROWSERS), find(&SYSTEMS)].into_iter().flatten().collect();
    match parts.is_empty() {
        true => "Browser".to_owned(),
        false => parts.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_special_name_wins_over_those_that_are_claimed_too() {
        let chrome = "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/156.0.0.0 Mobile Safari/537.36";
        assert_eq!(name(chrome), "Chrome, Android");
        assert_eq!(name(&format!("{chrome} Edg/156.0.0.0")), "Edge, Android");
        assert_eq!(name("Firefox/153.0"), "Firefox");
        assert_eq!(name("<b>curl</b>"), "Browser");
    }
}
