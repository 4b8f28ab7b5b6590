//! Randomness of the operating system, and nothing else.

use countersign::SigningKey;
use zeroize::Zeroizing;

/// The operating system has no random bytes to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes ({0}); without them no key can be made")]
pub struct RandomError(#[from] getrandom::Error);

/// A fresh array of random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A fresh key.
pub fn generate_key() -> Result<SigningKey, RandomError> {
    let seed = Zeroizing::new(random::<32>()?);
    Ok(SigningKey::from_seed(&seed))
}
