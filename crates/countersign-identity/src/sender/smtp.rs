//! Mail by SMTP.

use super::{SendError, SenderConfigError, ca_error, is_loopback, read_ca, stable_id};
use crate::config::{EmailConfig, MailMode};
use countersign::Timestamp;
use countersign_store::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::time::{Duration, UNIX_EPOCH};

/// Wait for one answer of the mail server. The outbox limits the whole transmission.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(20);
/// Answers with code 5xx that speak of us or our account, not of the message: an operator can mend them, so they
/// are tried again (RFC 4954 section 6).
const AUTH_CODES: [&str; 4] = ["530", "534", "535", "538"];

/// A pool of connections to one mail server.
pub struct SmtpSender {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpSender {
    /// Reads password and certificate files; connects when there is something to send.
    pub fn new(config: &EmailConfig) -> Result<Self, SenderConfigError> {
        let from: Mailbox = config.from.parse().map_err(|_| SenderConfigError::From)?;
        let (tls, port) = match config.mode {
            MailMode::Starttls => (Tls::Required(tls(config)?), 587),
            MailMode::Tls => (Tls::Wrapper(tls(config)?), 465),
            MailMode::Plain | MailMode::Off | MailMode::Dev => {
                if !config.allow_plain && !is_loopback(&config.host) {
                    return Err(SenderConfigError::PlainNotLoopback);
                }
                (Tls::None, 25)
            }
        };
        let hello = config.hello_name.as_deref().unwrap_or(from.email.domain());
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .tls(tls)
            .port(config.port.unwrap_or(port))
            .timeout(Some(COMMAND_TIMEOUT))
            .hello_name(ClientId::Domain(hello.to_owned()))
            .pool_config(PoolConfig::new().max_size(8));
        if let Some(username) = &config.username {
            let password = config.password_source().read()?;
            let credentials = Credentials::new(username.clone(), password.expose().to_owned());
            builder = builder.credentials(credentials);
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// Hands one mail over.
    pub async fn send(&self, message: &Message, now: Timestamp) -> Result<(), SendError> {
        let mail = self.compose(message, now)?;
        self.transport.send(mail).await.map(|_| ()).map_err(classify)
    }

    fn compose(&self, message: &Message, now: Timestamp) -> Result<lettre::Message, SendError> {
        let content = &message.content;
        let to = content.to.parse::<lettre::Address>();
        let to = to.map_err(|_| SendError::Refused("the address is not one".to_owned()))?;
        let id = format!("<{}@{}>", stable_id(message), self.from.email.domain());
        // RFC 3834: no vacation notices or other automatic answers, please.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        MessageBuilder::new()
            .from(self.from.clone())
            .to(to.into())
            .subject(content.subject.clone())
            .date(UNIX_EPOCH + Duration::from_millis(now.as_millis()))
            .message_id(Some(id))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(content.body.clone())
            .map_err(|_| SendError::Refused("the message cannot be composed".to_owned()))
    }
}

impl core::fmt::Debug for SmtpSender {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SmtpSender(..)")
    }
}

fn tls(config: &EmailConfig) -> Result<TlsParameters, SenderConfigError> {
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(path) = &config.ca_file {
        let certificate = Certificate::from_pem(&read_ca(path)?);
        let certificate = certificate.map_err(|error| ca_error(path, error))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|error| SenderConfigError::Tls(error.to_string()))
}

/// What a server answers may quote the recipient's address, so only its code is kept.
fn classify(error: Error) -> SendError {
    match error.status() {
        Some(code) => {
            let code = code.to_string();
            let text = format!("the mail server answered {code}");
            let about_us = AUTH_CODES.contains(&code.as_str());
            match error.is_permanent() && !about_us {
                true => SendError::Refused(text),
                false => SendError::Failed(text),
            }
        }
        None if error.is_response() => {
            SendError::Failed("the mail server's answer cannot be understood".to_owned())
        }
        None => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            let kind =
                if error.is_tls() { "TLS failed" } else { "no connection to the mail server" };
            SendError::Failed(format!("{kind}: {}", cause.unwrap_or_default()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(mode: MailMode, host: &str) -> EmailConfig {
        EmailConfig {
            mode,
            host: host.into(),
            from: "League <login@league.example.org>".into(),
            ..EmailConfig::default()
        }
    }

    #[tokio::test]
    async fn codes_do_not_leave_the_machine_in_the_clear_by_accident() {
        let plain = config(MailMode::Plain, "mail.example.org");
        assert!(matches!(SmtpSender::new(&plain), Err(SenderConfigError::PlainNotLoopback)));
        let wanted = EmailConfig { allow_plain: true, ..plain };
        assert!(SmtpSender::new(&wanted).is_ok());
        assert!(SmtpSender::new(&config(MailMode::Plain, "127.0.0.1")).is_ok());
        assert!(SmtpSender::new(&config(MailMode::Starttls, "mail.example.org")).is_ok());
    }

    #[tokio::test]
    async fn an_incomplete_configuration_says_what_is_missing() {
        let nobody =
            EmailConfig { from: "nobody".into(), ..config(MailMode::Tls, "m.example.org") };
        assert!(matches!(SmtpSender::new(&nobody), Err(SenderConfigError::From)));
        let user =
            EmailConfig { username: Some("u".into()), ..config(MailMode::Tls, "m.example.org") };
        assert!(matches!(SmtpSender::new(&user), Err(SenderConfigError::Secret(_))));
        let no_ca = EmailConfig {
            ca_file: Some("/nonexistent/ca.pem".into()),
            ..config(MailMode::Tls, "m.example.org")
        };
        assert!(matches!(SmtpSender::new(&no_ca), Err(SenderConfigError::Ca { .. })));
    }
}
