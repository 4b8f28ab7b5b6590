//! Login: the code, the proof of work, wrong clocks, wrong roots.

use crate::device::{Device, begin, options_shifted};
use crate::listener::serve;
use crate::world::{CODE, HOUR, shared};
use countersign_client::login::{Login, LoginError, RegisterError};
use countersign_client::*;

async fn server(world: crate::world::Shared, options: Options) -> Server {
    let port = serve(world, None).await;
    let base = format!("http://127.0.0.1:{port}").parse().unwrap();
    Server::new(base, TlsOptions::default(), options).unwrap()
}

#[tokio::test]
async fn a_wrong_code_can_be_corrected_and_typing_habits_do_not_matter() {
    let world = shared();
    let server = server(world.clone(), Options::default()).await;
    let (login, _, keyset) = begin(&server).await;
    let error = login.register(&server, &keyset, "AAAAAAAA", "d").await.unwrap_err();
    assert_eq!(error, RegisterError::CodeInvalid { attempts_left: 4 });
    let typed = " 7k3m-9qxa ";
    let registered = login.register(&server, &keyset, typed, "d").await.unwrap();
    assert!(registered.new_user && registered.offset_ms.abs() < 1_000);
    assert_eq!(world.lock().unwrap().registers, 2);
}

#[tokio::test]
async fn a_wrong_clock_does_not_cost_an_attempt() {
    let hour = HOUR.as_millis() as i64;
    for by_ms in [-hour, hour] {
        let world = shared();
        let server = server(world.clone(), options_shifted(by_ms)).await;
        let (login, _, keyset) = begin(&server).await;
        let registered = login.register(&server, &keyset, CODE, "d").await.unwrap();
        assert!((registered.offset_ms + by_ms).abs() < 1_000);
        assert_eq!(world.lock().unwrap().registers, 2, "one correction");
    }
}

#[tokio::test]
async fn the_proof_of_work_is_done_within_reason() {
    let world = shared();
    world.lock().unwrap().pow_bits = Some(10);
    let server = server(world.clone(), Options::default()).await;
    begin(&server).await;
    world.lock().unwrap().pow_bits = Some(60);
    let mut login = Login::open(&server, "ana@example.org").await.unwrap();
    assert!(matches!(login.send_code(&server, "d").await, Err(LoginError::Pow(_))));
}

#[tokio::test]
async fn a_logged_out_profile_says_so() {
    let device = Device::logged_in().await;
    let mut state = device.profile.load().unwrap();
    state.session = None;
    let opened =
        Client::open(state, device.key(), None, PinReporter::default(), Options::default());
    assert_eq!(opened.unwrap_err(), OpenClientError::LoggedOut);
}
