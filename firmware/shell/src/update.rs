//! Updates of this half: what takes them, and when the new image starts.

use crate::fault;
use crate::flash::{App, Raw};
use crate::keep::{Keep, NotKept};
use crate::release;
use alloc::vec::Vec;
use countersign_chip::update::{ImageKind, Places, Reply, Request, Restart, Updater};
use countersign_league::pair::PARCEL_MAX;

/// The updater with the flash that it writes to.
pub struct Updates {
    app: App,
    /// `None`: this image takes no updates.
    updater: Option<Updater>,
    restart: Restart,
}

impl Updates {
    /// Finds an update that was begun before the power failed.
    pub fn open(kind: ImageKind, mut app: App, keep: &mut Keep) -> Result<Self, NotKept> {
        let updater = match (release::publisher(), release::running(kind)) {
            (Some(publisher), Some(running)) => {
                let mut places = places(&mut app, keep);
                Some(Updater::open(publisher, running, &mut places)?)
            }
            (None, _) | (_, None) => None,
        };
        Ok(Self { app, updater, restart: Restart::new() })
    }

    /// What this half says to a courier.
    pub fn answer(&mut self, request: &Request<'_>, keep: &mut Keep) -> Result<Reply, NotKept> {
        let Self { app, updater, .. } = self;
        Ok(request.answer(updater.as_mut(), &mut places(app, keep))?)
    }

    /// The same for a courier without HTTP.
    pub fn answer_parcel(&mut self, bytes: &[u8], keep: &mut Keep) -> Result<Vec<u8>, NotKept> {
        let reply = match Request::decode(bytes) {
            Ok(request) => self.answer(&request, keep)?,
            Err(error) => Reply::refused(&error),
        };
        Ok(reply.encode())
    }

    /// Starts a new image, if one has come and all was quiet for a while. `is_safe`: nothing would be lost now.
    pub fn start_new(&mut self, is_safe: bool, now: u64) {
        let is_ready = self.updater.as_ref().is_some_and(Updater::is_ready);
        if self.restart.handle(is_ready, is_safe, now) {
            fault::restart();
        }
    }
}

fn places<'f>(app: &'f mut App, keep: &'f mut Keep) -> Places<'f, App, Raw> {
    Places { app, data: &mut keep.flash, store: &mut keep.store }
}

const _: () = assert!(Request::MAX <= PARCEL_MAX, "a request is one parcel");
