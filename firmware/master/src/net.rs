//! The phones' network: addresses without a way to the internet, one name, and doors.
//!
//! Phones that get no router and no name server from us keep both from the mobile network: they reach the device and the server at
//! the same time (docs/league.md, mode "dual").

use crate::host::{CONNECTIONS, Shared};
use crate::web;
use alloc::boxed::Box;
use alloc::string::String;
use core::net::Ipv4Addr;
use countersign_chip::AccessPoint;
use countersign_chip::names;
use edge_dhcp::server::{Server, ServerOptions};
use edge_dhcp::{DhcpOption, Packet};
use embassy_executor::Spawner;
use embassy_net::udp::{PacketMetadata, UdpMetadata, UdpSocket};
use embassy_net::{Config, IpEndpoint, Ipv4Cidr, Runner, Stack, StackResources, StaticConfigV4};
use embassy_time::Instant;
use esp_hal::rng::Rng;
use esp_radio::wifi::Interface;

/// Sockets: the connections, DHCP, DNS, and one to spare.
const SOCKETS: usize = CONNECTIONS + 3;
/// Addresses that are given at a time.
const LEASES: usize = 64;
/// Seconds: an evening.
const LEASE: u32 = 4 * 3600;
const DHCP: u16 = 67;
const DHCP_CLIENT: u16 = 68;
const DNS: u16 = 53;
/// Longest DHCP message, and room for its options.
const DHCP_MAX: usize = 600;
const DHCP_OPTIONS: usize = 8;
/// The network has 254 addresses.
const PREFIX: u8 = 24;

/// Opens the network and everything on it.
pub(crate) fn start(spawner: Spawner, host: Shared, access_point: &AccessPoint) {
    let address = access_point.address;
    let cidr = Ipv4Cidr::new(address, PREFIX);
    let config = Config::ipv4_static(StaticConfigV4 {
        address: cidr,
        gateway: None,
        dns_servers: Default::default(),
    });
    let resources: &'static mut StackResources<SOCKETS> =
        Box::leak(Box::new(StackResources::new()));
    // Port numbers and the like need no secret randomness.
    let seed = u64::from(Rng::new().random()) << 32 | u64::from(Rng::new().random());
    let (stack, runner) = embassy_net::new(Interface::access_point(), config, resources, seed);
    let _ = carry(runner).map(|task| spawner.spawn(task));
    let _ = give_addresses(stack, host, address).map(|task| spawner.spawn(task));
    let _ = answer_names(stack, access_point.host.clone(), address).map(|task| spawner.spawn(task));
    for _ in 0..CONNECTIONS {
        let _ = web::serve(stack, host, access_point.http).map(|task| spawner.spawn(task));
    }
}

#[embassy_executor::task]
async fn carry(mut runner: Runner<'static, Interface>) {
    runner.run().await
}

#[embassy_executor::task]
async fn give_addresses(stack: Stack<'static>, host: Shared, address: Ipv4Addr) {
    let (mut rx_meta, mut tx_meta) = ([PacketMetadata::EMPTY; 4], [PacketMetadata::EMPTY; 4]);
    let (mut rx, mut tx) = ([0; 2 * DHCP_MAX], [0; 2 * DHCP_MAX]);
    let mut socket = UdpSocket::new(stack, &mut rx_meta, &mut rx, &mut tx_meta, &mut tx);
    if socket.bind(DHCP).is_err() {
        return;
    }
    let mut server = Server::<_, LEASES>::new(|| Instant::now().as_secs(), address);
    let mut settings = ServerOptions::new(address, None);
    settings.lease_duration_secs = LEASE;
    let mut bytes = [0; DHCP_MAX];
    loop {
        let Ok((len, _)) = socket.recv_from(&mut bytes).await else { continue };
        let mut out = [0; DHCP_MAX];
        let Some(reply) =
            lease(&mut server, &settings, host, bytes.get(..len).unwrap_or_default(), &mut out)
        else {
            continue;
        };
        // A phone without an address hears only what is for everybody.
        let everybody = IpEndpoint::new(Ipv4Addr::BROADCAST.into(), DHCP_CLIENT);
        let _ = socket.send_to(reply, UdpMetadata::from(everybody)).await;
    }
}

fn lease<'o, F: FnMut() -> u64>(
    server: &mut Server<F, LEASES>,
    settings: &ServerOptions<'_>,
    host: Shared,
    bytes: &[u8],
    out: &'o mut [u8],
) -> Option<&'o [u8]> {
    let request = Packet::decode(bytes).ok()?;
    let mut options = [const { DhcpOption::SubnetMask(Ipv4Addr::UNSPECIFIED) }; DHCP_OPTIONS];
    let reply = server.handle_request(&mut options, settings, &request)?;
    if let Some(hardware) = request.chaddr.first_chunk::<6>() {
        host.borrow_mut().put_phone(reply.yiaddr, *hardware);
    }
    reply.encode(out).ok()
}

#[embassy_executor::task]
async fn answer_names(stack: Stack<'static>, name: String, address: Ipv4Addr) {
    let (mut rx_meta, mut tx_meta) = ([PacketMetadata::EMPTY; 4], [PacketMetadata::EMPTY; 4]);
    let (mut rx, mut tx) = ([0; 2 * names::MESSAGE_MAX], [0; 2 * names::MESSAGE_MAX]);
    let mut socket = UdpSocket::new(stack, &mut rx_meta, &mut rx, &mut tx_meta, &mut tx);
    if socket.bind(DNS).is_err() {
        return;
    }
    let mut bytes = [0; names::MESSAGE_MAX];
    loop {
        let Ok((len, from)) = socket.recv_from(&mut bytes).await else { continue };
        if let Some(reply) = names::answer(bytes.get(..len).unwrap_or_default(), &name, address) {
            let _ = socket.send_to(&reply, from).await;
        }
    }
}
