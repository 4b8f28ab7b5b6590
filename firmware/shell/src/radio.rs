//! The radio: one controller, for ESP-NOW and for a master's Wi-Fi.

use esp_hal::peripherals::WIFI;
use esp_radio::wifi::ap::AccessPointConfig;
use esp_radio::wifi::sta::StationConfig;
use esp_radio::wifi::{
    AuthenticationMethodConfig, Config, ControllerConfig, PowerSaveMode, WifiController, WifiError,
};

/// Keys of the hardware that ESP-NOW may take from the phones: none, the link seals its frames itself. The driver wants one.
const SEALED_PEERS: u8 = 1;

/// Power of the transmitter in quarters of a dBm: 15 dBm. The driver's own 5 dBm do not cross a pitch; more than 16 dBm is said to
/// upset some boards.
const POWER: i8 = 60;

/// A radio that only speaks ESP-NOW.
pub fn without_wifi(wifi: WIFI<'static>) -> Result<WifiController<'static>, WifiError> {
    start(wifi, Config::Station(StationConfig::default()))
}

/// A radio that is an access point for up to `phones`, too. ESP-NOW speaks on the interface of a station, so there is one that
/// never joins anything.
pub fn with_wifi(
    wifi: WIFI<'static>,
    name: &str,
    passphrase: &str,
    channel: u8,
    phones: u8,
) -> Result<WifiController<'static>, WifiError> {
    let password = passphrase.try_into().map_err(|_| WifiError::InvalidPassword)?;
    let access_point = AccessPointConfig::default()
        .with_ssid(name.try_into().map_err(|_| WifiError::InvalidSsid)?)
        .with_authentication(AuthenticationMethodConfig::Wpa2Personal(password))
        .with_channel(channel)
        .with_max_connections(phones.into());
    start(wifi, Config::AccessPointStation(StationConfig::default(), access_point))
}

fn start(wifi: WIFI<'static>, config: Config) -> Result<WifiController<'static>, WifiError> {
    let settings = ControllerConfig::default()
        .with_espnow_max_encrypt_num(SEALED_PEERS)
        .with_initial_config(config);
    let mut controller = WifiController::new(wifi, settings)?;
    // A slave that sleeps hears a third of what is said.
    controller.set_power_saving(PowerSaveMode::None)?;
    controller.set_max_tx_power(POWER)?;
    Ok(controller)
}
