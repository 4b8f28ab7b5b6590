//! Randomness of the operating system, and nothing else.

/// The operating system has no random bytes to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes ({0}); without them no key can be made")]
pub struct RandomError(getrandom::Error);

/// A fresh array of random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(RandomError)?;
    Ok(bytes)
}

/// Characters that nobody mistakes for another, in print or by word of mouth.
const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// A passphrase of four groups of four characters: 79 bits.
pub(crate) fn passphrase() -> Result<String, RandomError> {
    let mut text = String::with_capacity(19);
    while text.len() < 19 {
        if text.len() % 5 == 4 {
            text.push('-');
        }
        let [byte] = random::<1>()?;
        // 248 is the largest multiple of 31: every character is as likely as every other.
        if byte < 248 {
            text.push(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
        } else if text.ends_with('-') {
            text.pop();
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passphrases_are_groups_of_clear_characters() {
        for _ in 0..200 {
            let text = passphrase().unwrap();
            let groups: Vec<_> = text.split('-').collect();
            assert!(groups.len() == 4 && groups.iter().all(|group| group.len() == 4), "{text}");
            let clear = |byte: u8| byte == b'-' || LETTERS.contains(&byte);
            assert!(text.bytes().all(clear), "{text}");
        }
    }
}
