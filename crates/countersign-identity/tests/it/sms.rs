//! Text messages to a real HTTP listener.

use crate::support::{START, Webhook, message, seconds, sms, soon, webhook_secret};
use countersign_identity::sender::SendError;
use countersign_identity::sender::sms::SmsSender;
use countersign_identity::webhook::VerifyError;

#[tokio::test]
async fn a_call_is_signed_and_says_what_the_receiver_needs() {
    let mut webhook = Webhook::start().await;
    let sender = SmsSender::new(&webhook.config()).unwrap();
    let message = message(sms("123456"));
    let sending = tokio::spawn(async move { sender.send(&message, START).await });
    let call = webhook.next().await;
    let expected = serde_json::json!({
        "user": { "phone": "+33612345678" },
        "sms": { "otp": "123456", "text": "123456 is your code." },
    });
    assert_eq!(call.json(), expected);
    assert_eq!(call.headers.id, "msg_2a-19b76e3cfc0");
    let secret = webhook_secret();
    let verify = |body: &[u8], now| secret.verify(&call.headers, body, now);
    assert_eq!(verify(&call.body, START.plus(seconds(2))), Ok(()));
    assert_eq!(verify(b"{}", START), Err(VerifyError::Signature));
    assert_eq!(verify(&call.body, START.plus(seconds(400))), Err(VerifyError::Stale));
    call.answer(200);
    assert_eq!(soon(sending).await.unwrap(), Ok(()));
}

#[tokio::test]
async fn answers_are_judged_and_a_dead_listener_is_a_failure() {
    let mut webhook = Webhook::start().await;
    let config = webhook.config();
    for (status, refused) in [(422, true), (503, false), (302, false)] {
        let sender = SmsSender::new(&config).unwrap();
        let sending = tokio::spawn(async move { sender.send(&message(sms("1")), START).await });
        webhook.next().await.answer(status);
        let text = format!("the webhook answered {status}");
        let expected = if refused { SendError::Refused(text) } else { SendError::Failed(text) };
        assert_eq!(soon(sending).await.unwrap(), Err(expected));
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut nobody = config;
    nobody.url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let sender = SmsSender::new(&nobody).unwrap();
    let failed = soon(sender.send(&message(sms("1")), START)).await;
    assert!(matches!(failed, Err(SendError::Failed(_))), "{failed:?}");
}
