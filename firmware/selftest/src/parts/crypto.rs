//! What the chip computes most: signatures, the agreement of keys, sealed frames, hashes.

use crate::meter::part;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit};
use core::hint::black_box;
use countersign::{Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};

/// About what a report or an act is.
const MESSAGE: [u8; 200] = [0x6d; 200];

// A frame of its own: what one part keeps on the stack is not there in another.
#[inline(never)]
pub(crate) fn all() {
    ed25519();
    let secrets = [[1; 32], [2; 32]].map(StaticSecret::from);
    let theirs = PublicKey::from(&secrets[1]);
    part("x25519", || secrets[0].diffie_hellman(black_box(&theirs)), |shared| *shared.as_bytes());
    aead();
    part("sha256.200", || Sha256::digest(black_box(MESSAGE)), |hash| *hash);
}

fn ed25519() {
    let key = part(
        "ed25519.derive",
        || SigningKey::from_seed(black_box(&[7; 32])),
        |key| *key.verifying_key().as_bytes(),
    );
    let signature = part("ed25519.sign", || key.sign(black_box(&MESSAGE)), |signature| *signature);
    let bytes = *key.verifying_key().as_bytes();
    let key = part(
        "ed25519.take_key",
        || VerifyingKey::from_bytes(black_box(&bytes)),
        |key| [u8::from(key.is_ok())],
    );
    let Ok(key) = key else { panic!("a good key was refused") };
    let verify = |signature| key.verify(black_box(&MESSAGE), black_box(signature)).is_ok();
    let is_good = part("ed25519.verify", || verify(&signature), |good| [u8::from(*good)]);
    assert!(is_good, "a good signature was refused");
    let mut forged = signature;
    forged[40] ^= 1;
    let is_good = part("ed25519.verify_forged", || verify(&forged), |good| [u8::from(*good)]);
    assert!(!is_good, "a forged signature was accepted");
}

fn aead() {
    let cipher = ChaCha20Poly1305::new(&[3; 32].into());
    let (nonce, header) = ([4; 12].into(), [5; 10]);
    let seal = || {
        let mut body = black_box(MESSAGE);
        let tag = cipher.encrypt_inout_detached(&nonce, &header, body.as_mut_slice().into());
        (body, tag)
    };
    let (sealed, tag) = part("aead.seal_200", seal, |(body, _)| *body);
    let Ok(tag) = tag else { panic!("nothing was sealed") };
    let open = || {
        let mut body = black_box(sealed);
        let opened =
            cipher.decrypt_inout_detached(&nonce, &header, body.as_mut_slice().into(), &tag);
        (body, opened.is_ok())
    };
    let (opened, is_good) = part("aead.open_200", open, |(body, _)| *body);
    assert!(is_good && opened == MESSAGE, "what was sealed is not what was opened");
}
