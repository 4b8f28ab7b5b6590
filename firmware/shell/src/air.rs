//! ESP-NOW: one packet for each link frame, to everybody; the link proves itself at its ends.

use alloc::vec::Vec;
use embassy_time::{Duration, with_timeout};
use esp_radio::esp_now::{BROADCAST_ADDRESS, EspNowManager, EspNowReceiver, EspNowSender};
use esp_radio::wifi::WifiController;

/// A packet leaves within this, or is lost.
const SENT: Duration = Duration::from_millis(20);

/// Sends.
pub struct Mouth(EspNowSender);

/// Hears.
pub struct Ear(EspNowReceiver);

/// Says on which channel.
pub struct Dial(EspNowManager);

/// Both directions. The controller has to live as long.
pub fn open(controller: &WifiController<'_>) -> (Mouth, Ear, Dial) {
    let (manager, sender, receiver) = controller.esp_now().split();
    (Mouth(sender), Ear(receiver), Dial(manager))
}

impl Mouth {
    /// Sends a frame. What happens to it, nobody knows: the link repeats what is not acknowledged.
    pub async fn send(&mut self, frame: &[u8]) {
        let _ = with_timeout(SENT, self.0.send_async(&BROADCAST_ADDRESS, frame)).await;
    }
}

impl Ear {
    /// The next packet, from anybody.
    pub async fn hear(&mut self) -> Vec<u8> {
        self.0.receive_async().await.data().to_vec()
    }
}

impl Dial {
    /// Goes to a channel, 1 to 13.
    pub fn tune(&self, channel: u8) {
        // A channel that the radio does not take leaves it where it was.
        let _ = self.0.set_channel(channel);
    }
}
