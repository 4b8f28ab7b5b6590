//! Properties of devices.

use super::*;
use crate::Store;
use crate::league::{Device, DeviceFilter, PairOutcome, may_become};

const ALL: [DeviceStatus; 6] = [
    DeviceStatus::Made,
    DeviceStatus::Sold,
    DeviceStatus::Active,
    DeviceStatus::Suspect,
    DeviceStatus::Revoked,
    DeviceStatus::Rma,
];

/// With every field as it was certified.
pub async fn a_pair_is_registered_once_and_found_by_each_key(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    let outcomes = store.register_pairs(vec![pair(1), pair(2)], at(3)).await?;
    assert_eq!(outcomes, [PairOutcome::Registered; 2]);
    let again = store.register_pairs(vec![pair(2), pair(3)], at(9)).await?;
    assert_eq!(again, [PairOutcome::Known, PairOutcome::Registered]);
    let expected = Device {
        pair: pair(2),
        status: DeviceStatus::Made,
        registered: at(3),
        changed: at(3),
        seq_high: 0,
        seq_missing: 0,
    };
    for found in [
        store.find_device(device_id(2)).await?,
        store.find_device_by_key(pair(2).master_key).await?,
        store.find_device_by_key(pair(2).slave_key).await?,
    ] {
        assert_eq!(found.as_ref(), Some(&expected));
    }
    assert_eq!(store.find_device(device_id(9)).await?, None);
    assert_eq!(store.find_device_by_key(pair(9).master_key).await?, None);
    Ok(())
}

/// The others of the batch are registered.
pub async fn another_certificate_of_a_device_stops_only_itself(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    store.register_pairs(vec![pair(1)], at(0)).await?;
    let other = NewPair { certificate: vec![9; 9], digest: digest(9, 9), ..pair(1) };
    let outcomes = store.register_pairs(vec![pair(2), other, pair(3)], at(1)).await?;
    let expected = [PairOutcome::Registered, PairOutcome::DeviceTaken, PairOutcome::Registered];
    assert_eq!(outcomes, expected);
    assert_eq!(store.find_device(device_id(1)).await?.map(|device| device.pair), Some(pair(1)));
    Ok(())
}

/// Neither as master nor as slave, nor twice in one pair.
pub async fn a_key_belongs_to_one_pair(store: &Arc<impl LeagueStore>) -> Result<()> {
    store.register_pairs(vec![pair(1)], at(0)).await?;
    let (one, taken) = (pair(1), PairOutcome::KeyTaken(device_id(1)));
    for (thief, expected) in [
        (NewPair { master_key: one.master_key, ..pair(2) }, taken),
        (NewPair { slave_key: one.master_key, ..pair(2) }, taken),
        (NewPair { master_key: one.slave_key, ..pair(2) }, taken),
        (NewPair { slave_key: pair(2).master_key, ..pair(2) }, PairOutcome::KeyTaken(device_id(2))),
    ] {
        assert_eq!(store.register_pairs(vec![thief], at(1)).await?, [expected]);
        assert_eq!(store.find_device(device_id(2)).await?, None);
    }
    Ok(())
}

/// All pairs of statuses; what changes is in the audit log, what does not is not.
pub async fn a_device_changes_only_as_its_life_allows<S: LeagueStore + Store>(
    store: &Arc<S>,
) -> Result<()> {
    let mut n = 0;
    for from in ALL {
        for to in ALL {
            n += 1;
            store.register_pairs(vec![pair(n)], at(0)).await?;
            let change = |to| StatusChange { device: device_id(n), to, by: None, now: at(5) };
            let way = match from {
                DeviceStatus::Active => vec![DeviceStatus::Sold, DeviceStatus::Active],
                DeviceStatus::Made
                | DeviceStatus::Sold
                | DeviceStatus::Suspect
                | DeviceStatus::Revoked
                | DeviceStatus::Rma => vec![from],
            };
            for step in way {
                store.set_device_status(change(step)).await?;
            }
            let before = store.audit_after(0, 1_000).await?.len();
            let expected = match () {
                () if from == to => StatusOutcome::Same,
                () if may_become(from, to) => StatusOutcome::Changed { from },
                () => StatusOutcome::NotAllowed { from },
            };
            assert_eq!(store.set_device_status(change(to)).await?, expected, "{from:?} to {to:?}");
            let changed = matches!(expected, StatusOutcome::Changed { .. });
            let found = store.find_device(device_id(n)).await?.map(|device| device.status);
            assert_eq!(found, Some(if changed { to } else { from }));
            let audit = store.audit_after(0, 1_000).await?;
            assert_eq!(audit.len(), before + usize::from(changed));
            if changed {
                let last = audit.last().map(|entry| entry.event.detail.clone());
                let expected = format!(
                    r#"{{"device":"{}","from":"{}","to":"{}"}}"#,
                    device_id(n),
                    from.as_str(),
                    to.as_str()
                );
                assert_eq!(last, Some(expected));
            }
        }
    }
    let nobody =
        StatusChange { device: device_id(99), to: DeviceStatus::Sold, by: None, now: at(5) };
    assert_eq!(store.set_device_status(nobody).await?, StatusOutcome::NoDevice);
    Ok(())
}

/// By status, by batch, by both, page by page.
pub async fn devices_are_listed_by_filter_and_page(store: &Arc<impl LeagueStore>) -> Result<()> {
    store.register_pairs((1..=9).rev().map(pair).collect(), at(0)).await?;
    for n in [2, 4, 5, 6] {
        let change =
            StatusChange { device: device_id(n), to: DeviceStatus::Sold, by: None, now: at(1) };
        store.set_device_status(change).await?;
    }
    let (sold, batch) = (Some(DeviceStatus::Sold), Some(pair(4).batch));
    for (status, batch, after, limit, expected) in [
        (None, None, None, 4, vec![1, 2, 3, 4]),
        (None, None, Some(4), 9, vec![5, 6, 7, 8, 9]),
        (sold, None, None, 3, vec![2, 4, 5]),
        (sold, None, Some(5), 3, vec![6]),
        (None, batch, None, 9, vec![4, 5, 6, 7]),
        (sold, batch, Some(4), 9, vec![5, 6]),
        (Some(DeviceStatus::Rma), None, None, 9, vec![]),
    ] {
        let filter = DeviceFilter { status, batch, has_gaps: false };
        let found = store.list_devices(filter, after.map(device_id), limit).await?;
        let ids: Vec<_> = found.iter().map(|device| device.pair.device).collect();
        assert_eq!(ids, expected.into_iter().map(device_id).collect::<Vec<_>>());
    }
    Ok(())
}
