//! Text messages by a webhook signed as Standard Webhooks asks: the body is the one of Supabase's "Send SMS" hook, so
//! that existing receivers fit, with the whole text besides.

use super::{SendError, SenderConfigError, ca_error, is_loopback, read_ca, stable_id};
use crate::config::SmsConfig;
use crate::webhook::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookSecret};
use bytes::Bytes;
use countersign::Timestamp;
use countersign_store::Message;
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// How long an unused connection to the webhook is kept.
const IDLE: Duration = Duration::from_secs(30);

/// A client of one webhook.
pub struct SmsSender {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Uri,
    secret: WebhookSecret,
}

/// The two things that a webhook is told. In the outbox they are one body: the code on the first line, the text after it.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsText<'a> {
    otp: Option<&'a str>,
    text: &'a str,
}

#[derive(Serialize)]
struct Hook<'a> {
    user: HookUser<'a>,
    sms: HookSms<'a>,
}

#[derive(Serialize)]
struct HookUser<'a> {
    phone: &'a str,
}

#[derive(Serialize)]
struct HookSms<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    otp: Option<&'a str>,
    text: &'a str,
}

impl<'a> SmsText<'a> {
    /// A text with the code that it carries.
    pub fn with_code(otp: &'a str, text: &'a str) -> Self {
        Self { otp: Some(otp), text }
    }

    /// What stands in the outbox.
    pub fn into_body(self) -> String {
        format!("{}\n{}", self.otp.unwrap_or_default(), self.text)
    }

    /// Reads what [`SmsText::into_body`] wrote.
    pub fn from_body(body: &'a str) -> Self {
        let (otp, text) = body.split_once('\n').unwrap_or(("", body));
        Self { otp: Some(otp).filter(|otp| !otp.is_empty()), text }
    }
}

impl SmsSender {
    /// Reads secret and certificate files; connects when there is something to send.
    pub fn new(config: &SmsConfig) -> Result<Self, SenderConfigError> {
        let url: Uri = config.url.parse().map_err(|_| SenderConfigError::Url)?;
        let secure = match (url.scheme_str(), url.host()) {
            (Some("https"), Some(_)) => true,
            (Some("http"), Some(host)) => is_loopback(host),
            _ => false,
        };
        if !secure {
            return Err(SenderConfigError::Url);
        }
        let secret = config.secret_source().read()?.expose().parse()?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(config)?)
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self { client, url, secret })
    }

    /// Hands one text message over. The webhook's id is the same in every repetition.
    pub async fn send(&self, message: &Message, now: Timestamp) -> Result<(), SendError> {
        let request = self.compose(message, now)?;
        let response = self.client.request(request).await.map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            SendError::Failed(format!("no answer of the webhook: {}", cause.unwrap_or_default()))
        })?;
        judge(response.status())
    }

    fn compose(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<Request<Full<Bytes>>, SendError> {
        let broken = || SendError::Refused("the webhook call cannot be composed".to_owned());
        let SmsText { otp, text } = SmsText::from_body(&message.content.body);
        let hook =
            Hook { user: HookUser { phone: &message.content.to }, sms: HookSms { otp, text } };
        let body = serde_json::to_vec(&hook).map_err(|_| broken())?;
        let id = format!("msg_{}", stable_id(message));
        let signed = self.secret.sign(&id, now, &body).map_err(|_| broken())?;
        Request::builder()
            .method(Method::POST)
            .uri(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "countersign")
            .header(ID_HEADER, signed.id)
            .header(TIMESTAMP_HEADER, signed.timestamp)
            .header(SIGNATURE_HEADER, signed.signature)
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| broken())
    }
}

impl core::fmt::Debug for SmsSender {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SmsSender(..)")
    }
}

/// Only answers that speak of this very message end it; a wrong secret or path is mended by the operator, and the
/// message still counts for some minutes then. Redirects are not followed: a code goes where it was told to go.
fn judge(status: StatusCode) -> Result<(), SendError> {
    let text = || format!("the webhook answered {}", status.as_u16());
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::BAD_REQUEST
        | StatusCode::GONE
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNPROCESSABLE_ENTITY => Err(SendError::Refused(text())),
        _ => Err(SendError::Failed(text())),
    }
}

fn tls(config: &SmsConfig) -> Result<ClientConfig, SenderConfigError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = &config.ca_file {
        let pem = read_ca(path)?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| ca_error(path, error))?;
            roots.add(certificate).map_err(|error| ca_error(path, error))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SenderConfigError::Tls(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn build(url: &str) -> Result<SmsSender, SenderConfigError> {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into());
        SmsSender::new(&SmsConfig { url: url.into(), secret: Some(secret), ..SmsConfig::default() })
    }

    #[test]
    fn codes_leave_the_machine_by_https_only() {
        for good in ["https://sms.example.org/hook", "http://127.0.0.1:9/h", "http://[::1]:9/h"] {
            assert!(build(good).is_ok(), "{good}");
        }
        for bad in ["", "/hook", "http://sms.example.org/hook", "ftp://127.0.0.1/", "https://"] {
            assert!(matches!(build(bad), Err(SenderConfigError::Url)), "{bad}");
        }
    }

    #[test]
    fn a_body_keeps_code_and_text_apart() {
        let text = SmsText::with_code("123456", "123456 is your code.");
        let body = text.clone().into_body();
        assert!(SmsText::from_body(&body) == text);
        assert!(SmsText::from_body("\nonly text") == SmsText { otp: None, text: "only text" });
    }

    #[test]
    fn only_answers_about_the_message_end_it() {
        assert_eq!(judge(StatusCode::NO_CONTENT), Ok(()));
        for status in [400, 410, 413, 422] {
            let verdict = judge(StatusCode::from_u16(status).unwrap());
            assert!(matches!(verdict, Err(SendError::Refused(_))), "{status}");
        }
        for status in [301, 401, 403, 404, 408, 429, 500, 503] {
            let verdict = judge(StatusCode::from_u16(status).unwrap());
            assert!(matches!(verdict, Err(SendError::Failed(_))), "{status}");
        }
    }
}
