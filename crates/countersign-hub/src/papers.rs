//! What is shown and printed: the event's QR code, the projects' cards, the bundle.

use crate::desk::SharedVenue;
use countersign_judging::package::Package;
use countersign_judging::project_code::{Sign, signs};
use countersign_mesh::EventCode;
use countersign_sheets::{
    Card, Correction, PerPage, PngError, PrintError, Qr, TooLong, cards, poster,
};
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// Dots of a module in the PNG: sharp on a projector.
const PNG_SCALE: u8 = 12;

/// Everything that can be fetched without a token.
pub(crate) struct Papers {
    /// The newest package: what a device checks and keeps.
    pub(crate) package: Vec<u8>,
    /// The record `event.bundle` in it.
    pub(crate) bundle: Vec<u8>,
    code: Mutex<Zeroizing<String>>,
}

/// What is made on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Print {
    /// The event's code as an image.
    EventPng,
    /// The event's code on a page.
    EventPdf,
    /// A card with a code for each project and category.
    ProjectsPdf,
}

/// Why nothing comes out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PapersError {
    /// The code.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// The image.
    #[error(transparent)]
    Png(#[from] PngError),
    /// The page.
    #[error(transparent)]
    Print(#[from] PrintError),
}

impl Papers {
    pub(crate) fn new(package: &Package, code: &EventCode) -> Self {
        Self {
            package: package.encode(),
            bundle: package.bundle.clone(),
            code: Mutex::new(code.to_text()),
        }
    }

    /// Another key: another code.
    pub(crate) fn set_code(&self, code: &EventCode) {
        *self.code.lock().unwrap_or_else(PoisonError::into_inner) = code.to_text();
    }

    /// The event's code, ready to be drawn.
    pub(crate) fn qr(&self) -> Result<Qr, TooLong> {
        let code = self.code.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Qr::new(&code, Correction::M)
    }

    /// Makes it. Takes up to a second for thousands of projects.
    pub(crate) fn print(&self, what: Print, venue: &SharedVenue) -> Result<Vec<u8>, PapersError> {
        let code = self.code.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let venue = venue.read().unwrap_or_else(PoisonError::into_inner);
        let event = venue.bundle().event().clone();
        drop(venue);
        match what {
            Print::EventPng => Ok(self.qr()?.png(PNG_SCALE)?),
            Print::EventPdf => {
                let lines = ["Scan this with the judging app."];
                Ok(poster(&event.title, &code, &lines)?.pdf)
            }
            Print::ProjectsPdf => {
                let card = |sign: Sign| {
                    let Sign { code, id, title, place } = sign;
                    Card { code, id, title, table: place }
                };
                let all: Vec<Card> = signs(&event).into_iter().map(card).collect();
                Ok(cards(&event.title, &all, PerPage::Eight)?.pdf)
            }
        }
    }
}
