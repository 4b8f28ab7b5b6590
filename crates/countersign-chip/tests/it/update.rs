//! Updates that phones carry.

use crate::nor::{Nor, PowerCut};
use countersign::evidence::{Artefact, EvidenceError, Stamp, seal};
use countersign::{Realm, RecordHeader, RecordId, Signer, SigningKey, Timestamp};
use countersign_boot::layout::{APP_SLOT_MAX, APP_SLOTS, BOOT_STATE, DEVICE_RECORD, RESERVED};
use countersign_boot::slots::ChangeError;
use countersign_boot::{Chip, Refusal, SecureVersion, Slot, SlotState, State, choose};
use countersign_chip::flash::{STORE, Store};
use countersign_chip::update::boot_state::{self, ConfirmError};
use countersign_chip::update::{
    BLOCK, CHUNK, ChunkError, ImageKind, OfferError, Places, Progress, Publisher, Release, Reply,
    Request, Running, TRIES_MAX, Updater, with_hashes,
};
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::rc::Rc;

const SECTORS: usize = 1024;
const SLOT_ONE: usize = APP_SLOTS[1] as usize;

/// One flash, seen twice: as applications see it, and as it is.
#[derive(Clone)]
struct Shared(Rc<RefCell<Nor>>);

impl ErrorType for Shared {
    type Error = PowerCut;
}

impl ReadNorFlash for Shared {
    const READ_SIZE: usize = Nor::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), PowerCut> {
        self.0.borrow_mut().read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.borrow().capacity()
    }
}

impl NorFlash for Shared {
    const WRITE_SIZE: usize = Nor::WRITE_SIZE;
    const ERASE_SIZE: usize = Nor::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), PowerCut> {
        self.0.borrow_mut().erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), PowerCut> {
        self.0.borrow_mut().write(offset, bytes)
    }
}

/// A slave of version 7 that runs from slot 0 and has confirmed itself.
struct Board {
    flash: Shared,
    running: Running,
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[0x4e; 32])
}

fn realm() -> Realm {
    Realm::new("countersign", "firmware").unwrap()
}

fn secure(number: u32) -> SecureVersion {
    SecureVersion::new(number).unwrap()
}

/// Two blocks and a sector: padded, with a signature sector behind. No two chunks are the same.
fn image(byte: u8) -> Vec<u8> {
    let mixed = |at: u32| (at.wrapping_mul(at) >> 5) as u8 ^ (at / CHUNK) as u8;
    (0..2 * BLOCK + CHUNK).map(|at| byte ^ mixed(at)).collect()
}

fn release(image: &[u8]) -> Release {
    Release {
        kind: ImageKind::Slave,
        chip: Chip::Esp32C3,
        version: 8,
        secure_version: secure(2),
        length: image.len() as u32,
        hash: Sha256::digest(image).into(),
        blocks: Release::blocks_of(image),
    }
}

fn signed_by(realm: &Realm, key: &SigningKey, release: &Release) -> Vec<u8> {
    let id = RecordId::from_bytes([release.version as u8; 16]);
    let created = Timestamp::from_millis(1_790_000_000_000);
    seal(realm, key, Stamp { id, created, previous: RecordHeader::FIRST }, release).unwrap()
}

fn signed(release: &Release) -> Vec<u8> {
    signed_by(&realm(), &key(), release)
}

impl Board {
    fn new() -> Self {
        let mut flash = Shared(Rc::new(RefCell::new(Nor::new(SECTORS))));
        flash.write(APP_SLOTS[0], &image(0)).unwrap();
        flash.write(DEVICE_RECORD, b"GLR1").unwrap();
        let running = Running {
            kind: ImageKind::Slave,
            chip: Chip::Esp32C3,
            slot: Slot::Zero,
            version: 7,
            secure_version: secure(2),
        };
        let mut board = Self { flash, running };
        board.reset();
        board.confirm().unwrap();
        assert_eq!(board.reset(), Slot::Zero, "and there is nothing in slot 1");
        board
    }

    fn with<T>(
        &self,
        go: impl FnOnce(&mut Updater, &mut Places<'_, Shared, Shared>) -> T,
    ) -> Result<T, PowerCut> {
        let (mut app, mut data) = (self.flash.clone(), self.flash.clone());
        let mut store = Store::open(&mut data, STORE).map_err(|_| PowerCut)?;
        let mut places = Places { app: &mut app, data: &mut data, store: &mut store };
        let publisher = Publisher { realm: realm(), key: key().verifying_key().clone() };
        let updater = Updater::open(publisher, self.running, &mut places);
        Ok(go(&mut updater.map_err(|_| PowerCut)?, &mut places))
    }

    /// The image that runs says that it runs well.
    fn confirm(&self) -> Result<(), ConfirmError<PowerCut>> {
        boot_state::confirm(&mut self.flash.clone(), self.running.slot)
    }

    fn erases(&self, slot: Slot) -> Vec<u32> {
        let first = APP_SLOTS[slot.index()] as usize / CHUNK as usize;
        self.flash.0.borrow().erases[first..first + 33].to_vec()
    }

    fn offer(&self, frame: &[u8]) -> Result<Progress, OfferError<PowerCut>> {
        self.with(|updater, places| updater.offer(frame, places)).unwrap()
    }

    /// A courier who brings what is asked for until all is there.
    fn carry(&self, frame: &[u8], image: &[u8]) -> Result<(), PowerCut> {
        self.with(|updater, places| {
            let mut progress = updater.offer(frame, places).map_err(|_| PowerCut)?;
            while let Progress::Wanted { chunk, .. } = progress {
                let bytes = with_hashes(image, chunk).unwrap();
                progress = updater.chunk(chunk, &bytes, places).map_err(|_| PowerCut)?;
            }
            Ok(())
        })?
    }

    fn state(&self) -> State {
        *boot_state::read(&mut self.flash.clone()).unwrap().state()
    }

    /// What the second stage starts: the slot, and whether it is on trial.
    fn reset(&mut self) -> Slot {
        let state = self.state();
        let choice = choose(&state, |slot| match self.slot_is_one_of(slot) {
            true => Ok(()),
            false => Err(Refusal::Unsigned),
        });
        let choice = choice.unwrap_or_else(|halt| unreachable!("{halt:?}"));
        if let Some(state) = choice.write {
            boot_state::write(&mut self.flash.clone(), &state).unwrap();
        }
        self.running.slot = choice.slot;
        choice.slot
    }

    fn slot_is_one_of(&self, slot: Slot) -> bool {
        let nor = self.flash.0.borrow();
        let bytes = &nor.bytes()[APP_SLOTS[slot.index()] as usize..];
        [image(0), image(1)].iter().any(|image| bytes[..image.len()] == image[..])
    }

    /// Everything that an update must not touch.
    fn rest(&self) -> Vec<u8> {
        let nor = self.flash.0.borrow();
        let (start, end) = (BOOT_STATE[0] as usize, RESERVED as usize);
        let (slot, store) = (SLOT_ONE, STORE.end as usize);
        let bytes = nor.bytes();
        [&bytes[..start], &bytes[end..slot], &bytes[store..]].concat()
    }
}

#[test]
fn an_update_arrives_is_tried_and_confirms_itself() {
    let mut board = Board::new();
    let (new, rest) = (image(1), board.rest());
    board.carry(&signed(&release(&new)), &new).unwrap();
    assert_eq!(board.state().of(Slot::One), SlotState::New);
    assert_eq!(board.offer(&signed(&release(&new))), Ok(Progress::Ready), "told again");
    assert_eq!(board.reset(), Slot::One);
    board.confirm().unwrap();
    assert_eq!((board.state().current(), board.reset()), (Slot::One, Slot::One));
    let calls = board.flash.0.borrow().calls;
    board.confirm().unwrap();
    assert_eq!(board.flash.0.borrow().calls, calls, "confirmed once");
    assert!(board.rest() == rest, "nothing but slot, record of slots and store was written");
}

#[test]
fn an_update_that_does_not_confirm_itself_is_left_and_not_taken_again() {
    let mut board = Board::new();
    let new = image(1);
    board.carry(&signed(&release(&new)), &new).unwrap();
    let starts: Vec<Slot> = (0..5).map(|_| board.reset()).collect();
    assert_eq!(starts, [Slot::One, Slot::One, Slot::One, Slot::Zero, Slot::Zero]);
    assert_eq!(board.offer(&signed(&release(&new))), Err(OfferError::RolledBack));
    let better = Release { version: 9, ..release(&new) };
    assert_eq!(board.offer(&signed(&better)), Ok(Progress::Wanted { chunk: 0, of: 33 }));
}

#[test]
fn power_may_fail_in_every_write_of_an_update() {
    let (new, whole) = (image(1), Board::new());
    let frame = signed(&release(&new));
    let before = whole.flash.0.borrow().calls;
    whole.carry(&frame, &new).unwrap();
    let calls = whole.flash.0.borrow().calls - before;
    assert!(calls > 70, "33 chunks of an erase and a write each: {calls}");
    for call in 0..calls {
        for steps in [0, 1, 3, 30, 2_000] {
            let mut board = Board::new();
            let rest = board.rest();
            board.flash.0.borrow_mut().cut_in(call, steps);
            let outcome = board.carry(&frame, &new);
            board.flash.0.borrow_mut().power();
            let state = board.state().of(Slot::One);
            match outcome {
                Ok(()) => assert_eq!(state, SlotState::New),
                // The record of slots may be whole although nobody was told.
                Err(PowerCut) if state == SlotState::New => {
                    assert!(board.slot_is_one_of(Slot::One), "only a whole image starts");
                }
                Err(PowerCut) => {
                    assert_eq!(board.reset(), Slot::Zero, "call {call}, {steps} steps");
                    board.carry(&frame, &new).unwrap();
                }
            }
            assert_eq!(board.reset(), Slot::One, "call {call}, {steps} steps");
            assert!(board.slot_is_one_of(Slot::One) && board.rest() == rest);
        }
    }
}

#[test]
fn after_a_loss_of_power_it_goes_on_with_the_block() {
    let board = Board::new();
    let new = image(1);
    let frame = signed(&release(&new));
    let bring = |from: u32, count: u32| {
        board
            .with(|updater, places| {
                updater.offer(&frame, places).unwrap();
                (from..from + count)
                    .map(|n| updater.chunk(n, &with_hashes(&new, n).unwrap(), places))
                    .last()
            })
            .unwrap()
    };
    assert_eq!(bring(0, 20), Some(Ok(Progress::Wanted { chunk: 20, of: 33 })));
    // The next start knows of whole blocks.
    assert_eq!(board.offer(&frame), Ok(Progress::Wanted { chunk: 16, of: 33 }));
    assert_eq!(bring(20, 1), Some(Err(ChunkError::Order(16))));
    assert_eq!(bring(16, 17), Some(Ok(Progress::Ready)));
}

#[test]
fn rubbish_of_couriers_erases_nothing() {
    let mut board = Board::new();
    let new = image(1);
    let good = with_hashes(&new, 20).unwrap();
    board
        .with(|updater, places| {
            updater.offer(&signed(&release(&new)), places).unwrap();
            for n in 0..20 {
                updater.chunk(n, &with_hashes(&new, n).unwrap(), places).unwrap();
            }
            let before = board.flash.0.borrow().calls;
            for at in (0..good.len()).step_by(7) {
                let mut bad = good.clone();
                bad[at] ^= 1 << (at % 8);
                assert_eq!(updater.chunk(20, &bad, places), Err(ChunkError::Rubbish(20)), "{at}");
            }
            // Another chunk of the same block, and hashes that fit it.
            let other = with_hashes(&new, 21).unwrap();
            assert_eq!(updater.chunk(20, &other, places), Err(ChunkError::Rubbish(20)));
            let own = with_hashes(&image(3), 20).unwrap();
            assert_eq!(updater.chunk(20, &own, places), Err(ChunkError::Rubbish(20)));
            assert_eq!(board.flash.0.borrow().calls, before, "nothing was erased or written");
        })
        .unwrap();
    board.carry(&signed(&release(&new)), &new).unwrap();
    assert_eq!(board.reset(), Slot::One);
}

#[test]
fn a_chunk_without_release_or_of_another_length_is_refused() {
    let board = Board::new();
    let new = image(1);
    let first = with_hashes(&new, 0).unwrap();
    let none = board.with(|updater, places| updater.chunk(0, &first, places)).unwrap();
    assert_eq!(none, Err(ChunkError::NotBegun));
    for found in [0, 4_096, first.len() - 1, first.len() + 1] {
        let outcome = board.with(|updater, places| {
            updater.offer(&signed(&release(&new)), places).unwrap();
            updater.chunk(0, &[&first[..], &[0]].concat()[..found], places)
        });
        assert_eq!(outcome, Ok(Err(ChunkError::Length { found, expected: 512 + 4_096 })));
    }
    assert_eq!(with_hashes(&new, 32).unwrap().len(), 32 + 4_096, "the last block is short");
    assert_eq!(with_hashes(&new, 33), None);
}

#[test]
fn a_flash_that_does_not_keep_what_is_written_is_not_worn_out() {
    let board = Board::new();
    let new = image(1);
    board
        .with(|updater, places| {
            updater.offer(&signed(&release(&new)), places).unwrap();
            board.flash.0.borrow_mut().stuck = Some(APP_SLOTS[1] as usize + 77);
            let first = with_hashes(&new, 0).unwrap();
            for _ in 0..8 {
                assert_eq!(updater.chunk(0, &first, places), Err(ChunkError::NotKept(0)));
            }
            assert_eq!(updater.chunk(0, &first, places), Err(ChunkError::Worn));
        })
        .unwrap();
    assert_eq!(board.erases(Slot::One)[0], 8);
    assert_eq!(board.state().of(Slot::One), SlotState::Empty);
}

#[test]
fn one_release_is_begun_so_often_and_no_more() {
    let board = Board::new();
    let new = image(1);
    let frame = signed(&release(&new));
    for _ in 0..TRIES_MAX {
        board.carry(&frame, &new).unwrap();
        // It was confirmed once, and then its signature was read wrongly: it may be repaired.
        let state = board.state();
        let confirmed = choose(&state, |_| Ok(())).unwrap().write.unwrap();
        let confirmed = confirmed.confirm(Slot::One).unwrap();
        let bad = |slot| if slot == Slot::One { Err(Refusal::Changed) } else { Ok(()) };
        let back = choose(&confirmed, bad).unwrap().write.unwrap();
        boot_state::write(&mut board.flash.clone(), &back).unwrap();
    }
    assert_eq!(board.offer(&frame), Err(OfferError::Spent));
    assert!(board.erases(Slot::One).iter().all(|erases| *erases == u32::from(TRIES_MAX)));
    let better = Release { version: 9, ..release(&new) };
    assert_eq!(board.offer(&signed(&better)), Ok(Progress::Wanted { chunk: 0, of: 33 }));
}

#[test]
fn a_release_of_another_key_or_realm_is_refused() {
    let (board, release) = (Board::new(), release(&image(1)));
    let other = signed_by(&realm(), &SigningKey::from_seed(&[1; 32]), &release);
    assert!(matches!(board.offer(&other), Err(OfferError::Release(EvidenceError::Record(_)))));
    let other = signed_by(&Realm::new("countersign", "staging").unwrap(), &key(), &release);
    assert!(matches!(board.offer(&other), Err(OfferError::Release(EvidenceError::Record(_)))));
}

#[test]
fn every_changed_bit_of_a_release_is_refused() {
    let board = Board::new();
    let frame = signed(&release(&image(1)));
    for at in 0..frame.len() {
        let mut changed = frame.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(matches!(board.offer(&changed), Err(OfferError::Release(_))), "byte {at}");
        assert!(matches!(board.offer(&frame[..at]), Err(OfferError::Release(_))), "cut at {at}");
    }
    let long = vec![0; Release::MAX_FRAME + 1];
    let too_long = EvidenceError::TooLong(Release::MAX_FRAME);
    assert_eq!(board.offer(&long), Err(OfferError::Release(too_long)));
}

#[test]
fn a_release_for_another_application_is_refused() {
    let release = Release { kind: ImageKind::Master, ..release(&image(1)) };
    let (found, ours) = (ImageKind::Master, ImageKind::Slave);
    assert_eq!(Board::new().offer(&signed(&release)), Err(OfferError::Kind { found, ours }));
}

#[test]
fn a_release_for_another_chip_is_refused() {
    let release = Release { chip: Chip::Esp32C6, ..release(&image(1)) };
    assert_eq!(Board::new().offer(&signed(&release)), Err(OfferError::Chip(Chip::Esp32C3)));
}

#[test]
fn an_older_secure_version_is_refused() {
    let release = Release { secure_version: secure(1), ..release(&image(1)) };
    let refusal = OfferError::SecureVersion { found: 1, floor: 2 };
    assert_eq!(Board::new().offer(&signed(&release)), Err(refusal));
}

#[test]
fn a_version_that_is_not_newer_is_refused() {
    for version in [0, 6, 7] {
        let release = Release { version, ..release(&image(1)) };
        let refusal = OfferError::NotNewer { found: version, running: 7 };
        assert_eq!(Board::new().offer(&signed(&release)), Err(refusal));
    }
}

#[test]
fn of_two_couriers_the_one_with_the_newer_release_goes_on() {
    let (board, new) = (Board::new(), image(1));
    let (eight, nine) = (release(&new), Release { version: 9, ..release(&new) });
    board.offer(&signed(&eight)).unwrap();
    assert_eq!(board.offer(&signed(&nine)), Ok(Progress::Wanted { chunk: 0, of: 33 }));
    let refusal = OfferError::Superseded { found: 8, begun: 9 };
    assert_eq!(board.offer(&signed(&eight)), Err(refusal));
    board.carry(&signed(&nine), &new).unwrap();
}

#[test]
fn an_image_that_does_not_fit_a_slot_is_refused() {
    let mut release = release(&image(1));
    release.length = APP_SLOT_MAX + CHUNK;
    release.blocks = vec![[0; 32]; 25];
    let refusal = OfferError::TooLong(APP_SLOT_MAX + CHUNK);
    assert_eq!(Board::new().offer(&signed(&release)), Err(refusal));
    release.length = APP_SLOT_MAX;
    assert_eq!(Board::new().offer(&signed(&release)), Ok(Progress::Wanted { chunk: 0, of: 400 }));
    release.blocks.push([0; 32]);
    assert!(matches!(
        Board::new().offer(&signed(&release)),
        Err(OfferError::Release(EvidenceError::Content(_)))
    ));
}

#[test]
fn a_length_that_does_not_belong_to_its_blocks_is_refused() {
    for length in [0, 1, CHUNK - 1, 2 * BLOCK, 3 * BLOCK + CHUNK, 2 * BLOCK + CHUNK + 1] {
        let release = Release { length, ..release(&image(1)) };
        assert_eq!(Board::new().offer(&signed(&release)), Err(OfferError::Shape), "{length}");
    }
}

#[test]
fn chunks_that_are_right_do_not_make_a_wrong_hash_right() {
    let (mut board, new) = (Board::new(), image(1));
    let frame = signed(&Release { hash: [9; 32], ..release(&new) });
    assert_eq!(board.carry(&frame, &new), Err(PowerCut), "refused");
    assert_eq!(board.state().of(Slot::One), SlotState::Empty);
    assert_eq!(board.offer(&frame), Err(OfferError::Spent), "it will never be right");
    assert_eq!(board.offer(&frame), Err(OfferError::Spent), "after another start as well");
    assert!(board.erases(Slot::One).iter().all(|erases| *erases == 1));
    assert_eq!(board.reset(), Slot::Zero);
}

#[test]
fn what_was_rolled_back_is_not_tried_again_whatever_comes_after_it() {
    let mut board = Board::new();
    let (bad, worse) = (image(1), image(1));
    let (eight, nine) = (release(&bad), Release { version: 9, ..release(&worse) });
    for release in [&eight, &nine] {
        board.carry(&signed(release), &bad).unwrap();
        let starts: Vec<Slot> = (0..4).map(|_| board.reset()).collect();
        assert_eq!(starts, [Slot::One, Slot::One, Slot::One, Slot::Zero]);
    }
    assert_eq!(board.offer(&signed(&nine)), Err(OfferError::RolledBack));
    let superseded = |begun| Err(OfferError::Superseded { found: 8, begun });
    assert_eq!(board.offer(&signed(&eight)), superseded(9), "not only the last one is remembered");
    // Nor while the next one is on its way, waits for its reset, or was signed twice under one number.
    let ten = Release { version: 10, ..release(&bad) };
    board.offer(&signed(&ten)).unwrap();
    assert_eq!(board.offer(&signed(&eight)), superseded(10));
    board.carry(&signed(&ten), &bad).unwrap();
    assert_eq!(board.offer(&signed(&eight)), superseded(10));
    let twin = Release { version: 10, ..release(&image(5)) };
    let refusal = OfferError::Superseded { found: 10, begun: 10 };
    assert_eq!(board.offer(&signed(&twin)), Err(refusal));
    assert_eq!(board.state().of(Slot::One), SlotState::New, "ten still waits");
}

#[test]
fn a_power_cut_while_the_next_release_begins_does_not_bring_back_the_one_before() {
    let mut board = Board::new();
    let new = image(1);
    let (eight, nine) = (signed(&release(&new)), Release { version: 9, ..release(&new) });
    board.carry(&eight, &new).unwrap();
    assert_eq!((0..4).map(|_| board.reset()).last(), Some(Slot::Zero));
    let kept = board.flash.0.borrow().clone();
    for call in 0..8 {
        for steps in [0, 1, 40, 4_000] {
            board.flash.0.borrow_mut().cut_in(call, steps);
            let _ = board.with(|updater, places| updater.offer(&signed(&nine), places));
            board.flash.0.borrow_mut().power();
            assert_eq!(board.reset(), Slot::Zero);
            let refused = board.offer(&eight);
            assert!(
                matches!(refused, Err(OfferError::RolledBack | OfferError::Superseded { .. })),
                "call {call}, {steps} steps: {refused:?}"
            );
            board.carry(&signed(&nine), &new).unwrap();
            assert_eq!(board.state().of(Slot::One), SlotState::New);
            *board.flash.0.borrow_mut() = kept.clone();
        }
    }
}

/// An update was tried for the last time, and at the next reset the second stage could not write that it goes back.
#[test]
fn an_image_confirms_nothing_but_itself_and_writes_no_update_over_itself() {
    let mut board = Board::new();
    let new = image(1);
    board.carry(&signed(&release(&new)), &new).unwrap();
    assert_eq!((0..3).map(|_| board.reset()).last(), Some(Slot::One));
    assert_eq!(board.state().of(Slot::One), SlotState::Trying { attempts: 3 });
    board.running.slot = Slot::Zero;
    let before = board.flash.0.borrow().calls;
    assert_eq!(board.confirm(), Err(ConfirmError::Slots(ChangeError::OtherSlot)));
    let nine = signed(&Release { version: 9, ..release(&new) });
    assert_eq!(board.offer(&nine), Err(OfferError::Slots(ChangeError::OtherSlot)));
    assert_eq!(board.flash.0.borrow().calls, before, "nothing was written");
    assert_eq!(board.state().of(Slot::One), SlotState::Trying { attempts: 3 });
    assert_eq!(board.reset(), Slot::Zero, "and the next reset writes it down");
    assert_eq!(board.state().of(Slot::One), SlotState::Refused);
    board.confirm().unwrap();
}

#[test]
fn only_an_image_that_came_since_the_start_is_worth_a_reset() {
    let board = Board::new();
    let new = image(1);
    let frame = signed(&release(&new));
    let ready = board.with(|updater, places| {
        assert!(!updater.is_ready());
        updater.offer(&frame, places).unwrap();
        for n in 0..33 {
            assert!(!updater.is_ready());
            updater.chunk(n, &with_hashes(&new, n).unwrap(), places).unwrap();
        }
        let is_ready = updater.is_ready();
        updater.offer(&signed(&Release { version: 9, ..release(&new) }), places).unwrap();
        (is_ready, updater.is_ready())
    });
    assert_eq!(ready, Ok((true, false)), "a newer one was begun");
    // A flash that takes no record starts no trial: the image waits for ever, and a reset would not help.
    let board = Board::new();
    board.carry(&frame, &new).unwrap();
    assert_eq!(board.with(|updater, _| updater.is_ready()), Ok(false));
}

#[test]
fn what_couriers_say_where_no_http_goes_is_read_as_it_was_written() {
    let (board, new) = (Board::new(), image(1));
    let frame = signed(&release(&new));
    let say = |request: Request<'_>| {
        let bytes = request.encode();
        assert!(bytes.len() <= Request::MAX);
        assert_eq!(Request::decode(&bytes), Ok(request));
        let reply = board.with(|updater, places| request.answer(Some(updater), places)).unwrap();
        let reply = reply.unwrap();
        assert!(reply.encode().len() <= Reply::MAX);
        assert_eq!(Reply::decode(&reply.encode()), Ok(reply.clone()));
        reply
    };
    let wanted = |chunk| Reply::Progress(Progress::Wanted { chunk, of: 33 });
    assert_eq!(say(Request::Release(&frame)), wanted(0));
    let bytes = with_hashes(&new, 0).unwrap();
    assert_eq!(say(Request::Chunk { number: 0, bytes: &bytes }), wanted(1));
    let Reply::Refused(why) = say(Request::Chunk { number: 3, bytes: &bytes }) else {
        panic!("out of order")
    };
    assert_eq!(why, "chunk 0 comes next");
    assert!(matches!(say(Request::Release(&frame[1..])), Reply::Refused(_)));
    assert_eq!(Reply::decode(&Reply::NoUpdates.encode()), Ok(Reply::NoUpdates));
    let ready = Reply::Progress(Progress::Ready);
    assert_eq!(Reply::decode(&ready.encode()), Ok(ready));
    let Reply::Refused(long) = Reply::refused(&"ö".repeat(500)) else { panic!("refused") };
    assert_eq!(long.len(), Reply::WHY_MAX);
    for bytes in [&[][..], &[0], &[9, 1], &[2, 0, 0, 0]] {
        assert!(Request::decode(bytes).is_err() && Reply::decode(&[bytes, &[1]].concat()).is_err());
    }
    assert!(Request::decode(&vec![2; Request::MAX + 1]).is_err());
    assert!(Request::decode(&vec![1; 1_400]).is_err(), "longer than any release");
    assert!(Reply::decode(&[3; Reply::MAX + 1]).is_err());
}

#[test]
fn an_image_that_has_not_confirmed_itself_takes_no_update() {
    let mut board = Board::new();
    let (new, newer) = (image(1), Release { version: 9, ..release(&image(0)) });
    board.carry(&signed(&release(&new)), &new).unwrap();
    assert_eq!(board.reset(), Slot::One);
    let refusal = OfferError::Slots(ChangeError::Unconfirmed);
    assert_eq!(board.offer(&signed(&newer)), Err(refusal));
}
