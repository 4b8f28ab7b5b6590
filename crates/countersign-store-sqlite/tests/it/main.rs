//! Tests against the real engine and the real file system.

#[cfg(test)]
mod backup;
#[cfg(test)]
mod contract;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod disk;
#[cfg(test)]
mod events;
#[cfg(test)]
mod files;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod league;
#[cfg(test)]
mod league_model;
#[cfg(test)]
mod model;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod powercut;
#[cfg(test)]
mod support;
