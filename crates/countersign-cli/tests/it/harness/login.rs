//! The login, step by step, so that a test can do each of them wrongly.

use super::device::{Opened, Request};
use super::http::{Http, HttpAnswer};
use super::server::Server;
use super::{now, random};
use countersign::register::{UnsignedRegister, code_hash};
use countersign::verify::{Pending, verify_response};
use countersign::{
    LoginId, PayloadHash, Realm, RegisterHeader, ReplyTo, RequestId, Signer, SigningKey,
    VerifyingKey,
};
use serde_json::json;
use std::path::PathBuf;

/// A login that was opened for an address and a key.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) id: LoginId,
    pub(crate) address: String,
    realm: Realm,
}

impl Login {
    /// Step 1, as it is answered.
    pub(crate) fn post(http: &mut Http, address: &str, key: &VerifyingKey) -> HttpAnswer {
        Self::post_key(http, address, key.as_bytes())
    }

    /// Step 1 with bytes that need not be a key.
    pub(crate) fn post_key(http: &mut Http, address: &str, key: &[u8]) -> HttpAnswer {
        let key = json!({ "alg": 1, "pk": hex::encode(key) });
        http.post_json("/login", &json!({ "address": address, "key": key }))
    }

    /// Step 1.
    pub(crate) fn open(server: &Server, http: &mut Http, address: &str, key: &SigningKey) -> Self {
        let answer = Self::post(http, address, key.verifying_key());
        assert_eq!(answer.status, 200, "{answer:?}");
        Self::from_answer(server, &answer)
    }

    /// The login that step 1 answered with.
    pub(crate) fn from_answer(server: &Server, answer: &HttpAnswer) -> Self {
        let view = answer.json();
        Self {
            id: view["login_id"].as_str().unwrap().parse().unwrap(),
            address: view["address"].as_str().unwrap().to_owned(),
            realm: server.realm(),
        }
    }

    /// Step 3, as it is answered.
    pub(crate) fn ask_code(&self, http: &mut Http) -> HttpAnswer {
        http.post_json("/login/code", &json!({ "login_id": self.id.to_string() }))
    }

    /// Step 3, and the code from the mail.
    pub(crate) fn code(&self, server: &Server, http: &mut Http) -> String {
        let mut seen = mails(server);
        let answer = self.ask_code(http);
        assert_eq!(answer.status, 200, "{answer:?}");
        server.code_for(&self.address, &mut seen)
    }

    /// The frame of step 4.
    pub(crate) fn frame(&self, key: &SigningKey, code: &str) -> Request {
        let header = RegisterHeader {
            login: self.id,
            timestamp: now(),
            request_id: RequestId::from_bytes(random()),
            alg: 0,
            public_key: [0; 32],
            address: self.address.clone(),
            code_hash: code_hash(code),
            payload_hash: PayloadHash::from_bytes([0; 32]),
        };
        let payload = json!({ "code": code, "name": "a test", "platform": "rust" }).to_string();
        let frame = UnsignedRegister::new(&self.realm, key.verifying_key(), header, payload.into());
        Request { reply_to: frame.reply_to(), frame: frame.sign(key) }
    }

    /// Step 4 with an answer whose signature holds.
    pub(crate) fn register(
        &self,
        server: &Server,
        http: &mut Http,
        key: &SigningKey,
        code: &str,
    ) -> Opened {
        let request = self.frame(key, code);
        let answer = http.post("/login/register", &request.frame);
        self.open_answer(server, request.reply_to, &answer)
    }

    /// The answer to step 4 once its signature and its binding hold.
    pub(crate) fn open_answer(
        &self,
        server: &Server,
        reply_to: ReplyTo,
        answer: &HttpAnswer,
    ) -> Opened {
        let pending = Pending { reply_to };
        let opened = verify_response(&self.realm, &server.keyset(), &pending, None, &answer.body);
        opened.unwrap_or_else(|error| panic!("{error}: {answer:?}")).into()
    }
}

fn mails(server: &Server) -> Vec<PathBuf> {
    let Ok(mails) = std::fs::read_dir(server.data().join("mail")) else { return Vec::new() };
    mails.map(|entry| entry.unwrap().path()).collect()
}
