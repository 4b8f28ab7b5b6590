//! The whole page as values: what it knows, what happens to it, what it wants done. Time and I/O are outside.

use crate::address::HubAddress;
use crate::device::{Device, Moment, Wish};
use crate::form::Form;
use crate::route::Route;
use crate::said::Invitation;
use countersign::{EventId, Keyset};
use countersign_app::Failure;
use countersign_app::judge::{JudgeEvent, Place};
use countersign_mesh::BleUuid;
use countersign_web_kit::text::Language;

/// What the page knows.
#[derive(Debug)]
pub struct App {
    /// The language.
    pub language: Language,
    /// The place.
    pub route: Route,
    /// How far it is.
    pub phase: Phase,
    /// Said once, until the next thing happens.
    pub notice: Option<Notice>,
    /// The address that is logged in with.
    pub account: Option<String>,
    /// Where this account may judge, once the server said it.
    pub invitations: Option<Vec<Invitation>>,
    /// What was asked and is not answered.
    pub asking: Vec<Ask>,
    /// Where the hub is.
    pub hub: Option<HubAddress>,
    /// Whether this browser lets pages use Bluetooth.
    pub has_bluetooth: bool,
    /// Whether the person chose a device by Bluetooth, and no network since.
    pub by_bluetooth: bool,
    /// What the link does.
    pub link: LinkState,
    /// The form that is filled in.
    pub form: Option<Form>,
    /// A vote as the text of a code.
    pub code: Option<(Place, String)>,
    /// What projects are looked for.
    pub search: String,
    /// What the camera does.
    pub camera: CameraState,
    /// Whether what is to be kept is kept.
    pub keeps: bool,
    /// Where this device's key cannot be registered, because it is or was somebody's.
    pub taken: Option<EventId>,
    /// Whether another tab took over before everything was kept.
    pub has_left_unkept: bool,
    /// What the link is made by.
    pub(crate) linked_by: Option<Way>,
}

/// A way to a hub or a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A WebSocket to this address.
    Network(HubAddress),
    /// The device that was chosen, by this service.
    Bluetooth(BleUuid),
}

/// Why there is no Bluetooth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoBluetooth {
    /// The person chose none, or there was none to choose.
    NotChosen,
    /// Switched off, not allowed, or broken.
    Refused,
}

/// How far the page is.
#[derive(Debug)]
pub enum Phase {
    /// What was kept is being looked for.
    Starting,
    /// Nobody logged in here ever: the server's keys are not known.
    Stranger,
    /// This browser makes no such keys, or does not give out what it keeps.
    Unusable,
    /// Another tab has taken over.
    Elsewhere,
    /// There is a key to vote with.
    Ready(Box<Device>),
}

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Nobody to connect to yet.
    Off,
    /// Being made, or waiting to be made again.
    Connecting,
    /// There.
    Up {
        /// Bytes that a frame carries for sure.
        frame_max: usize,
    },
    /// This browser does not let this page connect.
    Blocked,
}

/// What a camera does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraState {
    /// Nothing.
    Off,
    /// Being opened.
    Opening,
    /// Looking for codes.
    Looking,
    /// Not allowed.
    Denied,
    /// There is none.
    Missing,
}

/// Something to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The event's code is in.
    CodeTaken,
    /// The hub's address is in.
    HubTaken,
    /// This is no address.
    NoAddress,
    /// The event is not here yet.
    NoEvent,
    /// The code of another event, by its id.
    OtherEvent(String),
    /// Nearly an event's code.
    BadCode,
    /// No code of ours.
    NotOurs,
    /// This device is registered.
    Enrolled,
    /// The newest bundle is here.
    Fetched,
    /// No device was chosen, or Bluetooth does not work here.
    NoBluetooth(NoBluetooth),
    /// No new key could be made and kept.
    NoNewKey,
    /// Something did not work.
    Failed(Ask, Failure),
}

/// A question to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Where may I judge?
    Invitations,
    /// Register this device's key at this event.
    Enrol(EventId),
}

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// What was kept here.
    Found(Found),
    /// The address bar changed.
    Went(Route),
    /// Something was pressed.
    Press(Press),
    /// Something was typed into the field of this name.
    Typed(String, String),
    /// A form was sent.
    Submit(Sent),
    /// The server answered.
    Answer(Ask, Result<Vec<u8>, Failure>),
    /// What the judge's program asked for.
    Told(JudgeEvent),
    /// The person chose a device by Bluetooth, or did not.
    Chosen(Result<(), NoBluetooth>),
    /// The link did something.
    Link(LinkState),
    /// A frame came over it.
    Frame(Vec<u8>),
    /// A code was seen, or pasted.
    Scanned(String),
    /// The camera did something.
    Camera(CameraState),
    /// Time has passed.
    Tick,
    /// Another tab has taken over.
    Stolen,
    /// What was to be kept under this name with this number is kept, or is not.
    Kept(String, u32, bool),
    /// Making a new key did not work; nothing was changed.
    NoNewKey,
    /// The server's keys, which may have changed.
    Keyset(Keyset),
}

/// What was kept here.
#[derive(Debug)]
pub struct Found {
    /// How far that is enough for.
    pub phase: Phase,
    /// The address that is logged in with.
    pub account: Option<String>,
    /// Where the hub was.
    pub hub: Option<HubAddress>,
    /// Whether this browser lets pages use Bluetooth.
    pub has_bluetooth: bool,
    /// Whether what is to be kept is kept.
    pub keeps: bool,
}

/// What can be pressed. In the page it stands as text: [`Press::parse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// The other language.
    Language,
    /// Ask the server again.
    Reload,
    /// Register this device.
    Enrol(EventId),
    /// Take the newest bundle along.
    Fetch(EventId),
    /// Give a criterion so many points.
    Points(usize, u16),
    /// One point fewer, or more.
    Step(usize, i8),
    /// A step back.
    Undo,
    /// Vote.
    Cast,
    /// Not judge this project.
    Recuse,
    /// Really.
    RecuseSure,
    /// No, judge it.
    RecuseNot,
    /// Try the camera again.
    Camera,
    /// Judge in this tab.
    Here,
    /// Choose a device by Bluetooth.
    Bluetooth,
    /// Leave it.
    BluetoothOff,
    /// Give this device's key up for a new one.
    NewKey,
    /// No, keep it.
    OldKey,
}

impl Press {
    /// As it stands in the page.
    pub fn name(&self) -> String {
        match self {
            Self::Language => countersign_web_kit::frame::LANGUAGE.to_owned(),
            Self::Reload => "reload".to_owned(),
            Self::Enrol(event) => format!("enrol {event}"),
            Self::Fetch(event) => format!("fetch {event}"),
            Self::Points(criterion, points) => format!("points {criterion} {points}"),
            Self::Step(criterion, by) => format!("step {criterion} {by}"),
            Self::Undo => "undo".to_owned(),
            Self::Cast => "cast".to_owned(),
            Self::Recuse => "recuse".to_owned(),
            Self::RecuseSure => "recuse-sure".to_owned(),
            Self::RecuseNot => "recuse-not".to_owned(),
            Self::Camera => "camera".to_owned(),
            Self::Here => "here".to_owned(),
            Self::Bluetooth => "bluetooth".to_owned(),
            Self::BluetoothOff => "bluetooth-off".to_owned(),
            Self::NewKey => "new-key".to_owned(),
            Self::OldKey => "old-key".to_owned(),
        }
    }

    /// Reads it.
    pub fn parse(name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.split(' ').collect();
        Some(match parts.as_slice() {
            [countersign_web_kit::frame::LANGUAGE] => Self::Language,
            ["reload"] => Self::Reload,
            ["enrol", event] => Self::Enrol(EventId::new(event).ok()?),
            ["fetch", event] => Self::Fetch(EventId::new(event).ok()?),
            ["points", criterion, points] => {
                Self::Points(criterion.parse().ok()?, points.parse().ok()?)
            }
            ["step", criterion, by] => Self::Step(criterion.parse().ok()?, by.parse().ok()?),
            ["undo"] => Self::Undo,
            ["cast"] => Self::Cast,
            ["recuse"] => Self::Recuse,
            ["recuse-sure"] => Self::RecuseSure,
            ["recuse-not"] => Self::RecuseNot,
            ["camera"] => Self::Camera,
            ["here"] => Self::Here,
            ["bluetooth"] => Self::Bluetooth,
            ["bluetooth-off"] => Self::BluetoothOff,
            ["new-key"] => Self::NewKey,
            ["old-key"] => Self::OldKey,
            _ => return None,
        })
    }
}

/// A form that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The text of a code.
    Paste(String),
    /// Where the hub is.
    Hub(String),
}

impl Sent {
    /// Reads it; `value` gives the value of a field.
    pub fn read(name: &str, value: impl Fn(&str) -> String) -> Option<Self> {
        match name {
            "paste" => Some(Self::Paste(value("text"))),
            "hub" => Some(Self::Hub(value("address"))),
            _ => None,
        }
    }
}

/// Something to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the server.
    Call(Ask),
    /// What the device wants.
    Wish(Wish),
    /// Let the person choose a device that offers this service.
    Choose(BleUuid),
    /// Keep a link this way, or none.
    Connect(Option<Way>),
    /// Make a new key in place of the one that is here, forget what belongs to that, and begin again.
    NewKey,
    /// Remember where the hub is.
    Remember(HubAddress),
    /// Remember the language.
    Speak(Language),
    /// Go to another place.
    Go(Route),
    /// Open the camera, or close it.
    Camera(bool),
    /// Begin again from what is kept: another event, or this tab instead of another.
    Restart,
}

impl App {
    /// A page that has just been loaded.
    pub fn new(language: Language, route: Route) -> Self {
        Self {
            language,
            route,
            phase: Phase::Starting,
            notice: None,
            account: None,
            invitations: None,
            asking: Vec::new(),
            hub: None,
            has_bluetooth: false,
            by_bluetooth: false,
            link: LinkState::Off,
            form: None,
            code: None,
            search: String::new(),
            camera: CameraState::Off,
            keeps: true,
            taken: None,
            has_left_unkept: false,
            linked_by: None,
        }
    }

    /// The device, if there is a key.
    pub fn device(&self) -> Option<&Device> {
        match &self.phase {
            Phase::Ready(device) => Some(device),
            Phase::Starting | Phase::Stranger | Phase::Unusable | Phase::Elsewhere => None,
        }
    }

    /// Whether what is shown may have changed since this was asked last, though nobody touched anything.
    pub fn take_changed(&mut self) -> bool {
        match &mut self.phase {
            Phase::Ready(device) => device.take_changed(),
            Phase::Starting | Phase::Stranger | Phase::Unusable | Phase::Elsewhere => false,
        }
    }

    /// When it wants [`Event::Tick`], in milliseconds from now.
    pub fn next_tick(&self, now: Moment) -> Option<u64> {
        self.device()?.next_tick(now)
    }

    /// Whether such a question is open.
    pub fn is_asking(&self, ask: &Ask) -> bool {
        self.asking.contains(ask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_pressed_is_found_again_by_its_name() {
        let event = EventId::new("FAIR_2027").unwrap();
        for press in [
            Press::Language,
            Press::Reload,
            Press::Enrol(event),
            Press::Fetch(event),
            Press::Points(3, 10),
            Press::Step(1, -1),
            Press::Undo,
            Press::Cast,
            Press::Recuse,
            Press::RecuseSure,
            Press::RecuseNot,
            Press::Camera,
            Press::Here,
            Press::Bluetooth,
            Press::BluetoothOff,
            Press::NewKey,
            Press::OldKey,
        ] {
            assert_eq!(Press::parse(&press.name()), Some(press));
        }
        for wrong in [
            "",
            "points",
            "points 1",
            "points -1 3",
            "points 1 70000",
            "enrol a b",
            "enrol ",
            "nothing",
        ] {
            assert_eq!(Press::parse(wrong), None, "{wrong}");
        }
    }
}
