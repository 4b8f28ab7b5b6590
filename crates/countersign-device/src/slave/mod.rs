//! `countersign-device slave`.

mod half;

use crate::disk::Slots;
use crate::display::Display;
use crate::error::DeviceError;
use crate::link;
use crate::options::LinkSpec;
use crate::random::Random;
use crate::start::{Common, Running, Started, prepare};
use countersign_league::goal::{Detector, Rules};
use countersign_league::pair::{Pair, Slave};
use countersign_provision::{Half, NetworkConfig};
use half::SlaveHalf;
use std::net::Ipv4Addr;

/// Watches the south goal and tells the master.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  countersign-device slave GL-00001/slave --link udp:127.0.0.1:7002,127.0.0.1:7001
  countersign-device slave GL-00001/slave --link serial:/dev/ttyUSB0@921600 --sensor serial:/dev/ttyACM0@115200
`countersign-device master --help` shows a whole match.")]
pub(crate) struct SlaveArgs {
    #[command(flatten)]
    common: Common,

    /// How the halves talk: udp:OWN,OTHER or serial:PATH@BAUD; by default udp to network.address and network.link of device.toml
    #[arg(long, value_name = "LINK")]
    link: Option<LinkSpec>,
}

/// Runs until told to end.
pub(crate) async fn run(args: SlaveArgs) -> Result<(), DeviceError> {
    let Started { provision, key, state, clock, calibration, felt, control, ending } =
        prepare(&args.common, Half::Slave).await?;
    let network = &provision.config.network;
    let link = link::open(&args.link.unwrap_or_else(|| default_link(network))).await?;
    let (slots, found) = Slots::open(&state.path().join("slots.bin"))?;
    let pair = Pair::from(&provision.pair.value);
    let now = clock.now();
    let found = found.iter().map(|(number, bytes)| (*number, bytes.as_slice()));
    let slave = Slave::new(pair, key, &calibration, found, now);
    let detector = Detector::new(Rules::from(&provision.params), calibration, now);
    let mut half = SlaveHalf {
        slave,
        detector,
        slots,
        entropy: Random::start()?,
        display: Display::new(args.common.display),
        lamp: countersign_league::pair::Light::Off,
        score: [0; 2],
        match_id: None,
        epoch: 0,
        config: provision.config,
        place: link.place.clone(),
        _state: state,
    };
    half.greet();
    Running::start(half, clock, link, felt, control)?.wait(ending).await
}

/// The master is its own access point, at an address that we know.
fn default_link(network: &NetworkConfig) -> LinkSpec {
    let remote = Some((network.address, network.link).into());
    LinkSpec::Udp { local: (Ipv4Addr::UNSPECIFIED, network.link).into(), remote }
}
