//! Interrupted runs. Processes that are killed are in the tests of the program.

use crate::station::{NOW, Station, chips, order};
use countersign_factory::{MakeError, Order, Shipment, make};
use countersign_league::evidence::Registration;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Every file below a folder with its content.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    all
}

/// Makes a batch and drops everything after so many pairs.
fn interrupted(station: &Station, order: &Order, after: usize) {
    let stopped = catch_unwind(AssertUnwindSafe(|| {
        make(&station.factory(), order, NOW, &mut |done, _| assert!(done < after, "cut"))
    }));
    assert!(stopped.is_err());
}

#[test]
fn the_next_run_goes_on_and_touches_nothing_that_is_whole() {
    let station = Station::new();
    for (number, (order, after)) in [
        (order(5), 1),
        (order(5), 5),
        (Order { count: None, keys: Some(chips(40, 4)), ..order(1) }, 2),
    ]
    .into_iter()
    .enumerate()
    {
        interrupted(&station, &order, after);
        let folder = station.dir().join(format!("batch-{:04}", number + 1));
        let before = files(&folder);
        assert!(!folder.join("manifest.bin").exists());
        // What a cut in the middle of a pair leaves behind.
        let torn = folder.join(".new-GL-00004");
        fs::create_dir_all(torn.join("master")).unwrap();
        fs::write(torn.join("master/master.key"), "half a key").unwrap();
        let made = station.make(&order).unwrap();
        assert_eq!((made.earlier, made.batch.folder.clone()), (after, folder.clone()));
        let now = files(&folder);
        assert!(before.iter().all(|(path, content)| now.get(path) == Some(content)));
        assert!(!torn.exists());
        assert_eq!(station.findings(), Vec::<String>::new());
    }
}

#[test]
fn a_batch_whose_plan_never_got_its_name_is_begun_again() {
    let station = Station::new();
    let torn = station.dir().join(".new-batch-0001");
    fs::create_dir(&torn).unwrap();
    fs::write(torn.join("plan.toml"), "half a pl").unwrap();
    let made = station.make(&order(1)).unwrap();
    assert_eq!((made.batch.name().as_str(), torn.exists()), ("batch-0001", false));
}

#[test]
fn another_order_waits_until_the_first_is_finished() {
    let station = Station::new();
    interrupted(&station, &order(3), 1);
    for other in [
        order(4),
        Order { max_players: 10, ..order(3) },
        Order { prefix: Some("GX".into()), ..order(3) },
        Order { out: Some(station.home()), ..order(3) },
        Order { count: None, keys: Some(chips(10, 3)), ..order(1) },
    ] {
        let error = station.make(&other).unwrap_err();
        assert!(matches!(error, MakeError::Unfinished { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains("--count 3 --max-players 22 --prefix GL"), "{said}");
    }
    let same = Order { prefix: Some("GL".into()), out: Some(station.dir()), ..order(3) };
    assert_eq!(station.make(&same).unwrap().earlier, 1);
}

#[test]
fn a_certificate_of_another_factory_stops_the_run() {
    let (station, other) = (Station::new(), Station::new());
    interrupted(&station, &order(3), 1);
    let theirs = other.make(&order(3)).unwrap().batch;
    let pair = station.dir().join("batch-0001/GL-00001/pair.cert");
    fs::copy(theirs.folder.join("GL-00001/pair.cert"), pair).unwrap();
    let said = station.make(&order(3)).unwrap_err().to_string();
    assert!(said.contains("is not what this factory signed"), "{said}");
}

#[test]
fn a_shipment_goes_on_after_what_was_confirmed() {
    let station = Station::new();
    interrupted(&station, &order(105), 1);
    let unfinished = station.factory().batches().unwrap().remove(0);
    assert!(Shipment::open(&station.factory(), &unfinished).is_err());
    let batch = station.make(&order(105)).unwrap().batch;
    let factory = station.factory();
    let mut shipment = Shipment::open(&factory, &batch).unwrap();
    let first = shipment.next_part().unwrap();
    assert_eq!(Registration::decode(&first.encode()).as_ref(), Ok(&first));
    assert_eq!(first.pairs.len(), Registration::MAX_PAIRS);
    assert_eq!(Shipment::open(&factory, &batch).unwrap().next_part().as_ref(), Some(&first));
    shipment.confirm(&first).unwrap();
    let mut shipment = Shipment::open(&factory, &batch).unwrap();
    assert_eq!((shipment.confirmed(), shipment.total()), (100, 105));
    let second = shipment.next_part().unwrap();
    assert_eq!((second.pairs.len(), &second.manifest), (5, &first.manifest));
    assert!(second.pairs.iter().all(|pair| !first.pairs.contains(pair)));
    shipment.confirm(&second).unwrap();
    assert_eq!(shipment.next_part(), None);
    shipment.again();
    assert_eq!(shipment.next_part(), Some(first));
    fs::write(batch.folder.join("registered.toml"), "confirmed = 106\n").unwrap();
    assert!(Shipment::open(&factory, &batch).is_err());
}
