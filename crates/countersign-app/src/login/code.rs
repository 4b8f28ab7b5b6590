//! Login codes as people type them.

use alloc::string::String;

/// The code as the server made it: `o` is `0`, `i` and `l` are `1`, upper case, without spaces and `-`.
pub fn normalise(typed: &str) -> String {
    let kept = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
    kept.map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_what_was_sent() {
        assert_eq!(normalise(" 7k3m-9qxa\n"), "7K3M9QXA");
        assert_eq!(normalise("oO iI lL"), "001111");
        assert_eq!(normalise("123 456"), "123456");
    }
}
