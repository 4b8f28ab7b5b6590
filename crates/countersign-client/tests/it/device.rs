//! A device with a profile in a temporary folder.

use crate::listener::serve;
use crate::world::{CODE, Shared, root_key, shared};
use countersign::offset::Reading;
use countersign::{Keyset, RecordHeader, Signer, SigningKey};
use countersign_client::login::Login;
use countersign_client::*;
use std::sync::Arc;
use tempfile::TempDir;

/// A clock that is wrong by a fixed amount.
#[derive(Debug)]
pub(crate) struct ShiftedClock {
    pub(crate) real: SystemClock,
    pub(crate) by_ms: i64,
}

impl Clock for ShiftedClock {
    fn read(&self) -> Reading {
        let real = self.real.read();
        let wall = real.wall.as_millis().saturating_add_signed(self.by_ms);
        Reading { wall: countersign::Timestamp::from_millis(wall), ..real }
    }
}

pub(crate) fn options_shifted(by_ms: i64) -> Options {
    let clock = ShiftedClock { real: SystemClock::start(), by_ms };
    Options { clock: Arc::new(clock), ..Options::default() }
}

/// A logged-in device and the server that it talks to.
pub(crate) struct Device {
    pub(crate) world: Shared,
    pub(crate) profile: Profile,
    pub(crate) place: KeyPlace,
    /// Dropped last, with everything in it.
    pub(crate) _home: TempDir,
}

impl Device {
    pub(crate) async fn logged_in() -> Self {
        Self::logged_in_with(Options::default()).await
    }

    pub(crate) async fn logged_in_with(options: Options) -> Self {
        let world = shared();
        let port = serve(world.clone(), None).await;
        let base: BaseUrl = format!("http://127.0.0.1:{port}").parse().unwrap();
        let server = Server::new(base.clone(), TlsOptions::default(), options).unwrap();
        let (login, trust, keyset) = begin(&server).await;
        let registered = login.register(&server, &keyset, CODE, "test").await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let profile = Profile::below(home.path(), "test".parse().unwrap());
        profile.create().unwrap();
        let put = profile.key_store().put(&login.into_key(), KeyPlacePreference::File).unwrap();
        let session = SessionState {
            session_id: registered.session_id,
            user_id: registered.user_id,
            address: "ana@example.org".to_owned(),
            device_name: "test".to_owned(),
            key_place: put.place,
            epoch: registered.epoch,
            offset_ms: None,
            last_record: RecordHeader::FIRST,
            stream: None,
        };
        let tls = TlsState::default();
        profile.save(&State { server: base, tls, trust, session: Some(session) }).unwrap();
        Self { world, profile, place: put.place, _home: home }
    }

    pub(crate) fn key(&self) -> SigningKey {
        self.profile.key_store().get(self.place).unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        self.client_with(Options::default())
    }

    pub(crate) fn client_with(&self, options: Options) -> Client {
        let state = self.profile.load().unwrap();
        let profile = Some(self.profile.clone());
        Client::open(state, self.key(), profile, PinReporter::default(), options).unwrap()
    }
}

pub(crate) async fn begin(server: &Server) -> (Login, Trust, Keyset) {
    let mut login = Login::open(server, "ana@example.org").await.unwrap();
    login.send_code(server, "d").await.unwrap();
    let frame = server.fetch_keyset().await.unwrap();
    let root: RootName = root_key().verifying_key().fingerprint().to_string().parse().unwrap();
    let (trust, keyset) = Trust::from_roots(login.realm().clone(), &[root], &frame).unwrap();
    (login, trust, keyset)
}
