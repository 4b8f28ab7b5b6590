//! What goes out once it is durable: receipts in batches, orders and new keys at once, the beacon every ten seconds.

use crate::clock::Clock;
use crate::desk::{Effect, SharedVenue};
use crate::intake::Counts;
use crate::papers::Papers;
use crate::voice::Voice;
use countersign_mesh::receipt::ITEMS_MAX;
use countersign_mesh::{EventKeys, Packet, ReceiptItem};
use countersign_node::NodeHandle;
use countersign_node::link::Ended;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// How often everybody hears the hub's time.
const BEACON: Duration = Duration::from_secs(10);
/// A receipt waits for others at most so long; the first after a pause does not wait.
const GATHER: Duration = Duration::from_millis(500);

/// Says things on the mesh until the desk has ended.
pub(crate) struct Announcer {
    pub(crate) node: NodeHandle,
    pub(crate) voice: Arc<Voice>,
    pub(crate) venue: SharedVenue,
    pub(crate) clock: Clock,
    pub(crate) counts: Arc<Counts>,
    pub(crate) papers: Arc<Papers>,
}

impl Announcer {
    pub(crate) async fn run(self, mut effects: mpsc::Receiver<Effect>) {
        // Only an ended node ends this early; the program ends with it.
        let _ended = self.carry_out(&mut effects).await;
    }

    async fn carry_out(&self, effects: &mut mpsc::Receiver<Effect>) -> Result<(), Ended> {
        let mut beacon = interval(BEACON);
        beacon.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut items: Vec<ReceiptItem> = Vec::new();
        // Far enough back that the first one does not wait.
        let mut due = Instant::now();
        loop {
            tokio::select! {
                biased;
                // First, or a flood of receipts would stop the clock of everybody.
                _ = beacon.tick() => self.beacon().await?,
                () = sleep_until(due), if !items.is_empty() => {
                    self.receipts(&mut items).await?;
                    due = Instant::now() + GATHER;
                }
                effect = effects.recv() => match effect {
                    Some(Effect::Receipt(item)) => {
                        if let Some(count) = self.counts.receipts.get(item.status as usize) {
                            Counts::add(count);
                        }
                        items.push(item);
                    }
                    Some(Effect::Say(packet)) => self.say(packet).await?,
                    Some(Effect::Keys(changed)) => {
                        self.papers.set_code(&changed.0);
                        self.change_keys(changed.1).await?;
                    }
                    None => return Ok(()),
                },
            }
            if items.len() >= ITEMS_MAX {
                self.receipts(&mut items).await?;
                due = Instant::now() + GATHER;
            }
        }
    }

    async fn receipts(&self, items: &mut Vec<ReceiptItem>) -> Result<(), Ended> {
        let made = self.voice.receipts(items, self.clock.now());
        items.clear();
        match made {
            Ok(made) => {
                for (receipt, packet) in made {
                    self.node.settle(receipt).await?;
                    self.say(packet).await?;
                }
            }
            // Their senders ask again.
            Err(error) => tracing::error!(%error, "receipts are not sent"),
        }
        Ok(())
    }

    async fn say(&self, packet: Packet) -> Result<(), Ended> {
        self.node.originate(packet).await.map(drop)
    }

    /// The mesh takes nothing more that was made with the old key. What was said with it just before goes out first.
    async fn change_keys(&self, keys: EventKeys) -> Result<(), Ended> {
        let added = self.node.call(move |relay, _| {
            let epoch = keys.net.epoch();
            let added = relay.add_keys(keys.net);
            if added.is_ok()
                && let Some(old) = epoch.get().checked_sub(1)
            {
                relay.retire_keys(countersign_mesh::KeyEpoch::new(old));
            }
            added
        });
        if let Err(error) = added.await? {
            tracing::error!(%error, "the node does not take the new key; restart the hub");
        }
        self.beacon().await
    }

    async fn beacon(&self) -> Result<(), Ended> {
        let version = self.venue.read().unwrap_or_else(PoisonError::into_inner).bundle().version;
        let (now, start) = (self.clock.now(), self.voice.start);
        self.node.call(move |relay, mono| relay.set_time(now, start, mono)).await?;
        match self.voice.beacon(version, now) {
            Ok(packet) => self.say(packet).await,
            Err(error) => {
                tracing::error!(%error, "no beacon");
                Ok(())
            }
        }
    }
}
