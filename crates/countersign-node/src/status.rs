//! What a node tells of itself.

use core::time::Duration;
use countersign::Timestamp;
use countersign_mesh::Bearer;
use countersign_mesh::relay::Counters;

/// A picture of a node, a second old at most.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Since the node started.
    pub running: Duration,
    /// What the relay did and dropped.
    pub counters: Counters,
    /// Frames that came in while the node was behind with their link.
    pub lost_heard: u64,
    /// Frames that a link was too slow for.
    pub lost_said: u64,
    /// Packets that the owner was too slow for. They are kept and forwarded all the same.
    pub lost_events: u64,
    /// Packets that are kept: votes until the hub has answered them, and what hubs said in the last two hours.
    pub stored: usize,
    /// Links to the hub, as its beacons tell.
    pub hops: Option<u8>,
    /// The hub's time, once it is known.
    pub hub_time: Option<Timestamp>,
    /// Every link that is up, oldest first.
    pub links: Vec<LinkStatus>,
    /// Who is near; none of it is proved.
    pub neighbours: Vec<NeighbourStatus>,
    /// Snapshots that were written.
    pub saved: u64,
    /// Why the last snapshot was not written.
    pub save_error: Option<String>,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkStatus {
    /// Where it leads.
    pub place: String,
    /// What kind it is.
    pub bearer: Bearer,
    /// Bytes of its frames.
    pub mtu: usize,
    /// How long it has been up.
    pub up: Duration,
    /// Frames that came over it.
    pub frames_in: u64,
    /// Frames that were given to it.
    pub frames_out: u64,
}

/// Somebody near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighbourStatus {
    /// Over which link.
    pub place: String,
    /// Since it was heard last.
    pub quiet: Duration,
    /// Packets of this event that came from it.
    pub packets: u64,
    /// Packets that came from it first.
    pub first: u64,
    /// Packets of ours that it was heard forwarding.
    pub echoes: u64,
}
