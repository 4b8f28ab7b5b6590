//! How much waits for an operator.

use countersign_league::evidence::{DeviceStatus, Settlement};
use countersign_store::Result;
use countersign_store::league::{DeviceFilter, DisputeId, DisputeQueue, GameFilter, LeagueStore};

/// Rows that are read at once.
const PAGE: u32 = 200;

/// How much waits in each queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Queues {
    /// Open disputes.
    pub disputes: u64,
    /// Matches that count only after a ruling.
    pub frozen: u64,
    /// Matches that count by themselves when their time has come.
    pub pending: u64,
    /// Devices under suspicion.
    pub suspect: u64,
    /// Devices with matches that never arrived.
    pub gaps: u64,
}

impl Queues {
    /// Counts, each queue up to `cap`: that many means "or more".
    pub async fn count(store: &impl LeagueStore, cap: u64) -> Result<Self> {
        let mut queues = Self {
            frozen: games(store, Settlement::Frozen, cap).await?,
            pending: games(store, Settlement::Pending, cap).await?,
            ..Self::default()
        };
        let mut after = DisputeId(0);
        while queues.disputes < cap {
            let page = store.disputes(DisputeQueue::Open, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            queues.disputes += page.len() as u64;
        }
        let suspect = Some(DeviceStatus::Suspect);
        queues.suspect =
            devices(store, DeviceFilter { status: suspect, ..DeviceFilter::default() }, cap)
                .await?;
        queues.gaps =
            devices(store, DeviceFilter { has_gaps: true, ..DeviceFilter::default() }, cap).await?;
        Ok(queues)
    }
}

async fn devices(store: &impl LeagueStore, filter: DeviceFilter, cap: u64) -> Result<u64> {
    let (mut count, mut after) = (0, None);
    while count < cap {
        let page = store.list_devices(filter, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.pair.device);
        count += page.len() as u64;
    }
    Ok(count)
}

async fn games(store: &impl LeagueStore, settlement: Settlement, cap: u64) -> Result<u64> {
    let filter = GameFilter { settlement: Some(settlement), ..GameFilter::ALL };
    let (mut count, mut before) = (0, u64::MAX);
    while count < cap {
        let page = store.games_before(filter, before, PAGE).await?;
        let Some(last) = page.last() else { break };
        before = last.no;
        count += page.len() as u64;
    }
    Ok(count)
}
