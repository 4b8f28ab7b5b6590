//! What is to be shown.

use crate::event::Failure;
use crate::player::{Place, Player};
use alloc::string::String;
use countersign::Timestamp;
use countersign_league::Seat;
use countersign_league::evidence::{DeviceCertificate, DeviceStatus, Ticket};
use countersign_league::game::View;

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Under way.
    Running,
    /// Done.
    Done,
}

/// A step on the way into the lobby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The device proves itself, and the server vouches for it.
    DeviceProven,
    /// The server certifies the player.
    Ticket,
    /// The device takes the player in.
    Admitted,
}

/// What is to be shown. Holds no decision of its own.
#[derive(Debug)]
pub enum Screen<'a> {
    /// At no device.
    Away,
    /// Getting to know a device.
    Approaching {
        /// The three steps, in order.
        steps: [(Step, StepState); 3],
        /// The device, as soon as it is known.
        device: Option<&'a DeviceCertificate>,
    },
    /// In a lobby or match.
    There {
        /// The device.
        device: &'a DeviceCertificate,
        /// The ticket in use.
        ticket: &'a Ticket,
        /// The newest view, if one came yet.
        view: Option<&'a View>,
        /// The player's own seat, once there is a roster.
        seat: Option<Seat>,
        /// When browsers stop to believe the device's certificate; `None` if it has none, or is not yet known.
        tls_until: Option<Timestamp>,
    },
}

/// What went wrong, and what can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Nobody was reached.
    #[error("not reachable: {0}; stay near the device, or come back online, and try again")]
    Unreachable(String),
    /// Refused with a reason.
    #[error("refused ({code}): {detail}")]
    Refused {
        /// The code.
        code: String,
        /// The sentence.
        detail: String,
    },
    /// The session is over.
    #[error("this session has ended; log in again")]
    LoggedOut,
    /// The device does not hold the key that the server knows.
    #[error("this is not the device that it claims to be: do not play here, and tell the operator")]
    NotThisDevice,
    /// What the device showed was not signed by the server.
    #[error("what the device shows is not signed by the league's server: do not play here")]
    NotByServer,
    /// Too old to be believed, and the server could not be asked.
    #[error("the device's certificate is too old; somebody with internet must bring it a new one")]
    CertificateExpired,
    /// The server does not want matches on this device.
    #[error("the league has marked this device as {}; it cannot be used now", .0.as_str())]
    DeviceStatus(DeviceStatus),
    /// The device has no certificate, and the server cannot be reached.
    #[error("this device has no certificate yet; go online once so that the server can confirm it")]
    DeviceUnknownOffline,
    /// No ticket and no server.
    #[error(
        "there is no internet and no ticket on this phone; fetch one before coming to the pitch"
    )]
    NoTicketOffline,
    /// A penalty is running.
    #[error("you may not start a rated match before {until}")]
    Barred {
        /// Until when.
        until: Timestamp,
    },
    /// The device refused an act.
    #[error("the device did not take that: {0}")]
    ActRefused(String),
    /// Too many questions are open.
    #[error("too much is under way at once; wait a moment")]
    Busy,
    /// Something does not speak the protocol.
    #[error("the protocol was broken: {0}")]
    Protocol(&'static str),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable(why) => Self::Unreachable(why),
            Failure::Refused { code, detail } => Self::Refused { code, detail },
            Failure::LoggedOut => Self::LoggedOut,
        }
    }
}

impl Player {
    /// What is to be shown now.
    pub fn screen(&self) -> Screen<'_> {
        match self.place() {
            Place::Away => Screen::Away,
            Place::Approaching(approach) => {
                let done = |done: bool, before: bool| match (done, before) {
                    (true, _) => StepState::Done,
                    (false, true) => StepState::Running,
                    (false, false) => StepState::Waiting,
                };
                let (known, ticket) = (approach.known.is_some(), approach.ticket.is_some());
                Screen::Approaching {
                    steps: [
                        (Step::DeviceProven, done(known, true)),
                        (Step::Ticket, done(ticket, known)),
                        (Step::Admitted, done(false, ticket)),
                    ],
                    device: approach.known.as_ref().map(|known| &known.certificate.value),
                }
            }
            Place::There(field) => Screen::There {
                device: &field.known.certificate.value,
                ticket: &field.held.ticket.value,
                view: field.view.as_ref(),
                seat: field.seat(),
                tls_until: field.tls_until,
            },
        }
    }

    /// What went wrong last, until the next tap.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.last_trouble()
    }
}
