//! `login`: an address, a code, and a key that never leaves this machine.

use super::connection::{ProfileArgs, pin_reporter};
use super::failure::{Exit, Failure};
use super::{input, show};
use crate::output;
use clap::{Args, ValueEnum};
use countersign::{Keyset, RecordHeader};
use countersign_client::login::{self, RegisterError, Registered};
use countersign_client::{
    BaseUrl, KeyPlacePreference, KeyPut, Options, Pin, Profile, ProfileError, RootName, Server,
    SessionState, State, TlsState, Trust, claimed_roots,
};
use std::path::PathBuf;

/// Makes a key on this machine and registers it with a server
///
/// The server sends a code to the address; whoever types it here is logged in. There is no password and no token:
/// from then on every request is signed with the new key, and every answer is verified with the server's.
///
/// The server's answers are believed because a root key that you name says which keys sign them. Ask the operator for
/// its fingerprint (the server prints it, and `countersign keys show` does).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign login ana@example.org --server https://league.example.org --root 6b1f…
  countersign login ana@example.org --server http://127.0.0.1:8400 --trust-first
  echo 7K3M9QXA | countersign login ana@example.org --profile staging --server … --root …")]
pub(crate) struct Login {
    /// E-mail address or phone number
    address: String,
    /// Base URL of the server; not needed when the profile has been used before
    #[arg(long, value_name = "URL")]
    server: Option<BaseUrl>,
    /// Public key or fingerprint of the server's root, 64 hexadecimal digits; twice if there are two
    #[arg(long, value_name = "HEX")]
    root: Vec<RootName>,
    /// Believe the root that the server names now, after you have looked at it and typed yes
    #[arg(long, conflicts_with = "root")]
    trust_first: bool,
    /// Do not ask whether the root may be believed; whoever sits on the line now can pose as the server
    #[arg(long, requires = "trust_first")]
    yes: bool,
    /// The code, if it is known already; otherwise it is read from standard input
    #[arg(long)]
    code: Option<String>,
    /// What the session list calls this device
    #[arg(long, default_value = "countersign client")]
    name: String,
    /// PEM file with the certificate of your own authority
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// SHA-256 of a public key (SPKI) that the server's certificate chain may have; enforced from two on
    #[arg(long, value_name = "HEX")]
    pin: Vec<Pin>,
    /// Only warn when no pinned key is found
    #[arg(long)]
    pin_report_only: bool,
    /// Where the private key is kept
    #[arg(long, value_enum, default_value = "auto", env = "COUNTERSIGN_KEY_STORE")]
    key_store: KeyStoreChoice,
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KeyStoreChoice {
    /// The desktop's key store, or a file if there is none
    Auto,
    /// A file that only you can read
    File,
}

impl Login {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let profile = self.profile.open()?;
        let before = self.earlier(&profile)?;
        let base = self.base(before.as_ref())?;
        let tls = TlsState {
            ca_file: self.ca.clone().or_else(|| before.as_ref()?.tls.ca_file.clone()),
            pins: self.pin.clone(),
            pin_report_only: self.pin_report_only,
        };
        let options = Options::default();
        let server = Server::new(base.clone(), tls.options(pin_reporter()), options)?;
        let mut login = login::Login::open(&server, &self.address).await?;
        let (trust, keyset) = self.trust(before, &login, &server).await?;
        // Written before the code is spent: a folder that cannot be written to shows now.
        profile.create()?;
        let mut state = State { server: base, tls, trust, session: None };
        profile.save(&state)?;
        login.send_code(&server, &self.name).await?;
        output::note(&format!("A code was sent to {}.", login.view().address));
        let preference = match self.key_store {
            KeyStoreChoice::Auto => KeyPlacePreference::Best,
            KeyStoreChoice::File => KeyPlacePreference::File,
        };
        // The key is kept before it is registered: a session whose key is lost helps nobody.
        let put = profile.key_store().put(login.key(), preference)?;
        let registered = match self.register(&server, &login, &keyset).await {
            Ok(registered) => registered,
            Err(failure) => {
                profile.key_store().delete(put.place)?;
                return Err(failure);
            }
        };
        state.session = Some(self.session(&login, &registered, &put));
        profile.save(&state)?;
        self.report(&state, &registered, &put, &profile);
        Ok(())
    }

    /// What the profile remembers; refuses to overwrite a session.
    fn earlier(&self, profile: &Profile) -> Result<Option<State>, Failure> {
        let state = match profile.load() {
            Ok(state) => state,
            Err(ProfileError::Absent(_)) => return Ok(None),
            Err(
                error @ (ProfileError::NoHome
                | ProfileError::Io { .. }
                | ProfileError::Damaged { .. }),
            ) => return Err(error.into()),
        };
        match &state.session {
            None => Ok(Some(state)),
            Some(session) => Err(Failure::usage(format!(
                "profile '{}' is logged in as {} already; log out first, or choose another --profile",
                profile.name(),
                session.address
            ))),
        }
    }

    fn base(&self, before: Option<&State>) -> Result<BaseUrl, Failure> {
        match (&self.server, before) {
            (Some(given), Some(before)) if *given != before.server => Err(Failure::usage(format!(
                "this profile belongs to {}; use another --profile for {given}",
                before.server
            ))),
            (Some(given), _) => Ok(given.clone()),
            (None, Some(before)) => Ok(before.server.clone()),
            (None, None) => Err(Failure::usage("which server? Give its address with --server URL")),
        }
    }

    /// Decides which keys to believe, before anything secret is sent.
    async fn trust(
        &self,
        before: Option<State>,
        login: &login::Login,
        server: &Server,
    ) -> Result<(Trust, Keyset), Failure> {
        let realm = login.realm().clone();
        if !self.root.is_empty() {
            let frame = server.fetch_keyset().await?;
            return Ok(server.trust_from_roots(&realm, &self.root, frame).await?);
        }
        if let Some(mut trust) = before.map(|state| state.trust) {
            if *trust.realm() != realm {
                return Err(Failure::new(
                    Exit::Failed,
                    format!(
                        "the server now calls itself {} of {}, but this profile knows it as {} of {}",
                        realm.app(),
                        realm.audience(),
                        trust.realm().app(),
                        trust.realm().audience()
                    ),
                ));
            }
            let keyset = server.renew(&mut trust).await?;
            return Ok((trust, keyset));
        }
        if !self.trust_first {
            return Err(Failure::usage(
                "which root may this server's keys come from? Ask its operator for the fingerprint and give it with \
                 --root HEX, or look at what the server says and believe it with --trust-first",
            ));
        }
        let frame = server.fetch_keyset().await?;
        let first = Trust::on_first_sight(realm, &frame)?;
        self.confirm(&frame)?;
        Ok(first)
    }

    fn confirm(&self, frame: &[u8]) -> Result<(), Failure> {
        output::note("The server says that its root keys have these fingerprints:");
        for root in claimed_roots(frame)? {
            output::note(&format!("  {root}"));
        }
        if self.yes {
            return Ok(());
        }
        output::note(
            "Compare them with what its operator tells you. Type yes to believe them from now on:",
        );
        match input::line()?.as_deref() {
            Some("yes") => Ok(()),
            Some(_) | None => {
                Err(Failure::usage("the root was not confirmed; nothing was sent but the address"))
            }
        }
    }

    async fn register(
        &self,
        server: &Server,
        login: &login::Login,
        keyset: &Keyset,
    ) -> Result<Registered, Failure> {
        let mut given = self.code.clone();
        loop {
            let code = match given.take() {
                Some(code) => code,
                None => {
                    output::note("Code:");
                    input::line()?.ok_or_else(|| Failure::usage("no code was given"))?
                }
            };
            match login.register(server, keyset, &code, &self.name).await {
                Ok(registered) => return Ok(registered),
                Err(error @ RegisterError::CodeInvalid { attempts_left })
                    if attempts_left > 0 && self.code.is_none() =>
                {
                    output::note(&format!("{error}."));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn session(&self, login: &login::Login, registered: &Registered, put: &KeyPut) -> SessionState {
        SessionState {
            session_id: registered.session_id,
            user_id: registered.user_id,
            address: login.view().address.clone(),
            device_name: self.name.clone(),
            key_place: put.place,
            epoch: registered.epoch,
            offset_ms: Some(registered.offset_ms),
            last_record: RecordHeader::FIRST,
            stream: None,
        }
    }

    fn report(&self, state: &State, registered: &Registered, put: &KeyPut, profile: &Profile) {
        let place = profile.key_store().name(put.place);
        // Once, here: later commands use the place that was found.
        if let Some(why) = &put.fallback {
            output::note(&format!(
                "The key lies in {place}, because the desktop's key store cannot be used: {why}."
            ));
        }
        if self.profile.json {
            return show::json(&serde_json::json!({
                "session_id": registered.session_id.to_string(),
                "user_id": registered.user_id.to_string(),
                "new_user": registered.new_user,
                "scopes": registered.scopes,
                "offset_ms": registered.offset_ms,
                "profile": profile.name(),
                "key_place": put.place,
                "app": state.trust.realm().app(),
                "audience": state.trust.realm().audience(),
            }));
        }
        let account = if registered.new_user { "a new account" } else { "your account" };
        output::line(&format!("Logged in to {} with {account}.", state.server));
        output::line(&format!("Session {}, key in {place}.", registered.session_id));
        if registered.offset_ms.abs() > 5_000 {
            output::note(&format!(
                "This machine's clock differs by {:.1} s from the server's; requests are corrected by that.",
                registered.offset_ms as f64 / 1000.0
            ));
        }
    }
}
