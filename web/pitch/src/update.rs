//! What an event changes, and what is to be done because of it.

use crate::address::Device;
use crate::app::{App, Door, Effect, Event, Out, Permission, Phase, Press};
use countersign::Timestamp;
use countersign_app::{Event as CoreEvent, Failure, Player, Screen, Tap, Trouble};
use countersign_league::game::Refusal;

/// How often a device is asked again that knows a newer act of this player than the join.
const OLD_JOINS_MAX: u8 = 5;

impl App {
    /// Takes in one event; `now` is the server's time, as well as it is known.
    pub fn update(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        self.server_now = now;
        match event {
            Event::Found { player, memory_only, device } => {
                (self.player, self.memory_only, self.phase) =
                    (Some(*player), memory_only, Phase::In);
                let mut effects = self.core(CoreEvent::Tick, now);
                // Whoever was at a device is there again: the core asks it anew who it is.
                if let Some(device) = device.as_deref().and_then(Device::parse) {
                    self.device = Some(device);
                    effects.extend(self.core(CoreEvent::Tap(Tap::Approach), now));
                }
                effects
            }
            Event::NotFound(why) => {
                self.phase = Phase::Out(why);
                Vec::new()
            }
            Event::Core(event) => self.happened(event, now),
            Event::Deaf => {
                self.is_deaf = true;
                Vec::new()
            }
            Event::Press(press) => self.pressed(press, now),
            Event::Named(text) => self.named(&text),
            Event::Permission(Permission::Granted) => self.approach(now),
            Event::Permission(Permission::Prompt) => {
                self.door = Door::Permission;
                Vec::new()
            }
            Event::Permission(Permission::Denied) => {
                self.door = Door::Denied;
                Vec::new()
            }
            Event::Online(is_online) => {
                self.offline = !is_online;
                if is_online { self.came_online(now) } else { Vec::new() }
            }
            Event::Reached(is_reached) => {
                let came_back = self.offline && is_reached;
                self.offline = !is_reached;
                if came_back { self.came_online(now) } else { Vec::new() }
            }
            Event::Awake(is_awake) => {
                self.is_awake = is_awake;
                Vec::new()
            }
            Event::Clock => Vec::new(),
        }
    }

    fn happened(&mut self, event: CoreEvent, now: Timestamp) -> Vec<Effect> {
        if matches!(event, CoreEvent::View(_)) {
            self.seen_ms = self.now_ms;
            self.is_deaf = false;
        }
        let is_over = matches!(&event, CoreEvent::Answer { result: Err(Failure::LoggedOut), .. });
        let mut effects = self.core(event, now);
        if self.wants_ticket() {
            // With it, a page that is loaded again without internet gets back into the match.
            self.has_prepared = true;
            effects.extend(self.core(CoreEvent::Tap(Tap::Prepare), now));
        }
        if self.is_refused_as_old() {
            self.old_joins += 1;
            effects.extend(self.core(CoreEvent::Tap(Tap::Approach), now));
        } else if self.is_there() {
            self.old_joins = 0;
        }
        match is_over {
            true => self.log_out(),
            false => effects,
        }
    }

    /// Acts are numbered by the second: a page that is loaded again within the second of its last act has to count on.
    fn is_refused_as_old(&self) -> bool {
        let old = format!("refused_{}", Refusal::Stale.code());
        let is_old = |it: &Trouble| matches!(it, Trouble::Refused { code, .. } if *code == old);
        let is_before = !self.is_there() && self.old_joins < OLD_JOINS_MAX;
        is_before && self.trouble().is_some_and(is_old)
    }

    fn is_there(&self) -> bool {
        self.player.as_ref().is_some_and(|it| matches!(it.screen(), Screen::There { .. }))
    }

    fn wants_ticket(&self) -> bool {
        let is_there = |it: &Player| matches!(it.screen(), Screen::There { view: Some(_), .. });
        let lacks = |it: &Player| it.travel_ticket().is_none() && it.trouble().is_none();
        let player = self.player.as_ref();
        !self.has_prepared && !self.offline && player.is_some_and(|it| is_there(it) && lacks(it))
    }

    /// What waits for a network does not wait any longer; neither does whoever stood before a device for want of a ticket.
    fn came_online(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut effects = self.core(CoreEvent::Online, now);
        let is_stuck = |it: &Player| {
            matches!(it.screen(), Screen::Approaching { .. }) && it.trouble().is_some()
        };
        if self.player.as_ref().is_some_and(is_stuck) {
            effects.extend(self.core(CoreEvent::Tap(Tap::Approach), now));
        }
        effects
    }

    fn log_out(&mut self) -> Vec<Effect> {
        self.player = None;
        self.memory_only = false;
        self.phase = Phase::Out(Out::Ended);
        vec![Effect::Forget, Effect::KeepAwake(false)]
    }

    fn core(&mut self, event: CoreEvent, now: Timestamp) -> Vec<Effect> {
        let Some(player) = &mut self.player else { return Vec::new() };
        player.update(event, now).into_iter().map(Effect::Core).collect()
    }

    fn pressed(&mut self, press: Press, now: Timestamp) -> Vec<Effect> {
        match press {
            Press::Language => {
                self.language = self.language.other();
                vec![Effect::Speak(self.language)]
            }
            Press::Joined => vec![Effect::LookAtPermission],
            Press::Allow => self.approach(now),
            Press::OtherDevice => {
                self.door = Door::Which { is_wrong: false };
                self.device = None;
                self.depart(now)
            }
            Press::Awake => vec![Effect::KeepAwake(!self.is_awake)],
            Press::Tap(Tap::Depart) => self.depart(now),
            Press::Tap(tap) => self.core(CoreEvent::Tap(tap), now),
        }
    }

    fn named(&mut self, text: &str) -> Vec<Effect> {
        self.device = Device::parse(text);
        match &self.device {
            None => {
                self.door = Door::Which { is_wrong: true };
                Vec::new()
            }
            Some(Device { wifi: Some(_), .. }) => {
                self.door = Door::Wifi;
                Vec::new()
            }
            Some(Device { wifi: None, .. }) => vec![Effect::LookAtPermission],
        }
    }

    fn approach(&mut self, now: Timestamp) -> Vec<Effect> {
        let Some(device) = &self.device else { return Vec::new() };
        let mut effects = vec![Effect::Remember(Some(device.base.clone()))];
        self.door = Door::Which { is_wrong: false };
        effects.extend(self.core(CoreEvent::Tap(Tap::Approach), now));
        effects
    }

    fn depart(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut effects = self.core(CoreEvent::Tap(Tap::Depart), now);
        effects.extend([Effect::Remember(None), Effect::KeepAwake(false)]);
        effects
    }

    /// What the core says is wrong.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.player.as_ref()?.trouble()
    }

    /// Whether this phone is at a device, or on its way into its lobby.
    pub fn is_at_a_device(&self) -> bool {
        self.player.as_ref().is_some_and(|it| !matches!(it.screen(), Screen::Away))
    }
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
