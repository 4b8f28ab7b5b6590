//! Options in words: where to listen, how the halves talk, where the sensor is.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// An option that cannot be read; says what it should look like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct OptionError(String);

fn wrong<T>(text: impl Into<String>) -> Result<T, OptionError> {
    Err(OptionError(text.into()))
}

/// Where phones come in: an address, or nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListenSpec(pub(crate) Option<SocketAddr>);

impl FromStr for ListenSpec {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        match text {
            "none" => Ok(Self(None)),
            _ => match text.parse() {
                Ok(address) => Ok(Self(Some(address))),
                Err(_) => wrong("write an address and a port, as in 0.0.0.0:443, or none"),
            },
        }
    }
}

/// How the two halves talk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkSpec {
    /// Datagrams. Without a remote address the answers go to whoever was heard last.
    Udp {
        /// Our address.
        local: SocketAddr,
        /// The other half.
        remote: Option<SocketAddr>,
    },
    /// A radio of its own behind a serial port.
    Serial(SerialSpec),
}

/// A serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SerialSpec {
    pub(crate) path: PathBuf,
    /// Bits per second.
    pub(crate) baud: u32,
}

impl SerialSpec {
    fn parse(text: &str, default: u32) -> Result<Self, OptionError> {
        let (path, baud) = match text.rsplit_once('@') {
            None => (text, default),
            Some((path, baud)) => match baud.parse() {
                Ok(baud) if baud > 0 => (path, baud),
                Ok(_) | Err(_) => return wrong(format!("{baud:?} is no speed in bits per second")),
            },
        };
        match path.is_empty() {
            true => wrong("serial: needs a path, as in serial:/dev/ttyUSB0@921600"),
            false => Ok(Self { path: path.into(), baud }),
        }
    }
}

impl FromStr for LinkSpec {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        const FORM: &str = "write udp:OWN_ADDRESS:PORT,OTHER_ADDRESS:PORT (the second may be left out), \
                            or serial:/dev/ttyUSB0@921600";
        let address = |text: &str| match text.parse() {
            Ok(address) => Ok(address),
            Err(_) => wrong(format!("{text:?} is no address with a port; {FORM}")),
        };
        if let Some(rest) = text.strip_prefix("udp:") {
            let (local, remote) = match rest.split_once(',').or_else(|| rest.split_once("->")) {
                None => (rest, None),
                Some((local, remote)) => (local, Some(address(remote)?)),
            };
            return Ok(Self::Udp { local: address(local)?, remote });
        }
        match text.strip_prefix("serial:") {
            Some(rest) => Ok(Self::Serial(SerialSpec::parse(rest, 921_600)?)),
            None => wrong(FORM),
        }
    }
}

/// Where the readings of the sheet come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SensorSpec {
    /// Nowhere: this half feels nothing.
    None,
    /// Only from `countersign-device hit`.
    Control,
    /// A file or a pipe of lines.
    File(PathBuf),
    /// A serial port of lines.
    Serial(SerialSpec),
}

impl FromStr for SensorSpec {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        match text.split_once(':') {
            None if text == "none" => Ok(Self::None),
            None if text == "control" => Ok(Self::Control),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("serial", rest)) => Ok(Self::Serial(SerialSpec::parse(rest, 115_200)?)),
            _ => wrong("write none, control, file:PATH or serial:PATH@BAUD"),
        }
    }
}

/// What counts as one phone: see [`crate::radio`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Identify {
    /// The radio's hardware address, where the kernel knows it; else the IP address.
    Mac,
    /// The IP address.
    Ip,
    /// Every connection is a phone of its own. For tests and demonstrations on one machine only.
    Connection,
}

/// What the program shows on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shown {
    /// Nothing.
    None,
    /// A line for every change.
    Terminal,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_as_they_are_written_in_the_help() {
        let (a, b) = ("127.0.0.1:7001", "127.0.0.1:7002");
        let both = LinkSpec::Udp { local: a.parse().unwrap(), remote: b.parse().ok() };
        assert_eq!(format!("udp:{a},{b}").parse(), Ok(both.clone()));
        assert_eq!(format!("udp:{a}->{b}").parse(), Ok(both));
        let open = LinkSpec::Udp { local: a.parse().unwrap(), remote: None };
        assert_eq!(format!("udp:{a}").parse(), Ok(open));
        let spec = |baud| LinkSpec::Serial(SerialSpec { path: "/dev/ttyUSB0".into(), baud });
        assert_eq!("serial:/dev/ttyUSB0".parse(), Ok(spec(921_600)));
        assert_eq!("serial:/dev/ttyUSB0@115200".parse(), Ok(spec(115_200)));
        for text in ["", "udp:", "udp:1", "udp:127.0.0.1:1,", "serial:", "serial:@9", "serial:/d@x"]
        {
            assert!(text.parse::<LinkSpec>().is_err(), "{text}");
        }
    }

    #[test]
    fn sensors_are_read_as_they_are_written_in_the_help() {
        assert_eq!("none".parse(), Ok(SensorSpec::None));
        assert_eq!("control".parse(), Ok(SensorSpec::Control));
        assert_eq!("file:/tmp/x:y".parse(), Ok(SensorSpec::File("/tmp/x:y".into())));
        let serial = SerialSpec { path: "/dev/ttyACM0".into(), baud: 115_200 };
        assert_eq!("serial:/dev/ttyACM0".parse(), Ok(SensorSpec::Serial(serial)));
        for text in ["", "file", "file:", "nothing", "serial:/d@0"] {
            assert!(text.parse::<SensorSpec>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_listener_is_an_address_or_none() {
        assert_eq!("none".parse(), Ok(ListenSpec(None)));
        assert_eq!("[::]:443".parse(), Ok(ListenSpec("[::]:443".parse().ok())));
        assert!("localhost".parse::<ListenSpec>().is_err());
    }
}
