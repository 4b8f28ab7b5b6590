//! The sections `[login]`, `[email]` and `[sms]` of the configuration file. Every number has a default; unknown
//! names are errors, because a limit that is misspelt is a limit that is off.

use crate::address::Country;
use crate::code::CodeStyle;
use crate::limits::Quota;
use crate::limits::sms::SmsQuota;
use crate::secret::{Secret, SecretSource};
use crate::text::Locale;
use countersign_store::{Channel, LoginLimits};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// `[login]`: codes and their limits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoginConfig {
    /// What e-mailed codes look like: `"base32"` (8 characters, default) or `"digits"` (6). SMS codes are digits.
    pub code: CodeStyle,
    /// Life of a code, and of a login after its last code. Default 600.
    pub code_life_seconds: u32,
    /// Attempts per e-mailed code. Default 5.
    pub attempts: u32,
    /// Attempts per code sent by SMS. Default 3.
    pub sms_attempts: u32,
    /// Time between two codes to one address. Default 60.
    pub resend_seconds: u32,
    /// Codes per address and hour. Default 3.
    pub codes_per_hour: u32,
    /// Codes per address and day. Default 10.
    pub codes_per_day: u32,
    /// Logins, and codes, that one network (/24, /48) may ask for at once. Default 5. Raise it where a hall full of
    /// people shares one connection.
    pub network_burst: u32,
    /// Logins, and codes, per network and minute after that. Default 1.
    pub network_per_minute: u32,
    /// Networks whose buckets are kept in memory, 64 bytes each. Default 65 536.
    pub networks_kept: u32,
    /// When a proof of work is needed before the first code. Default `"auto"`. SMS always needs it.
    pub pow: PowMode,
    /// Its difficulty: 2^bits hashes on average, 28 at most. Default 18: 8 ms
    /// natively, more in a browser.
    pub pow_bits: u8,
    /// Window of the failure-ratio breaker. Default 600.
    pub breaker_window_seconds: u32,
    /// Attempts within the window before the ratio counts. Default 100.
    pub breaker_attempts: u32,
    /// Failures per hundred attempts above which it trips. Default 60.
    pub breaker_failure_percent: u32,
    /// Language of messages: `"en"` (default) or `"fr"`.
    pub locale: Locale,
}

/// When a login by e-mail needs a proof of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PowMode {
    /// While the breaker is tripped.
    #[default]
    Auto,
    /// Always.
    Always,
}

/// `[email]`: how mail leaves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmailConfig {
    /// Default `"off"`.
    pub mode: MailMode,
    /// Name of the SMTP server; its certificate is checked against it.
    pub host: String,
    /// Default 587 (`starttls`), 465 (`tls`) or 25 (`plain`).
    pub port: Option<u16>,
    /// Sender, like `"League <login@league.example.org>"`.
    pub from: String,
    /// User name; none: no authentication.
    pub username: Option<String>,
    /// Password, readable by whoever reads the configuration; better one of the next two.
    pub password: Option<Secret>,
    /// File that holds the password.
    pub password_file: Option<PathBuf>,
    /// Environment variable that holds the password.
    pub password_env: Option<String>,
    /// Name to greet the server with. Default: the domain of `from`.
    pub hello_name: Option<String>,
    /// PEM file of a certificate authority to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// Lets `plain` send to other hosts than the loopback: codes and passwords readable on the way.
    pub allow_plain: bool,
    /// Directory for the files of `dev`.
    pub dev_directory: Option<PathBuf>,
    /// Whether `dev` writes messages, with their codes, to the log target `countersign::dev_mail`.
    pub dev_log: bool,
}

/// How mail is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailMode {
    /// Not at all: e-mail addresses are refused.
    #[default]
    Off,
    /// SMTP, upgraded to TLS before anything else is said; no upgrade, no mail.
    Starttls,
    /// SMTP inside TLS from the first byte.
    Tls,
    /// SMTP in the clear: to the loopback, unless `allow_plain`.
    Plain,
    /// To files and log, for development.
    Dev,
}

/// `[sms]`: text messages, off by default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmsConfig {
    /// Default `"off"`.
    pub mode: SmsMode,
    /// Countries that messages are sent to, like `["FR", "CH"]`; none: SMS is off.
    pub countries: Vec<Country>,
    /// Country of numbers written without a country code.
    pub default_country: Option<Country>,
    /// Where the webhook is; `https`, or `http` to the loopback.
    pub url: String,
    /// Secret of the webhook, `whsec_…`; better one of the next two.
    pub secret: Option<Secret>,
    /// File that holds the secret.
    pub secret_file: Option<PathBuf>,
    /// Environment variable that holds the secret.
    pub secret_env: Option<String>,
    /// PEM file of a certificate authority to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// Messages per country and hour. Default 50.
    pub per_country_hour: u32,
    /// Messages per day, all countries together. Default 500.
    pub per_day: u32,
    /// Messages to a country within a day before the ratio counts. Default 50.
    pub ratio_after: u32,
    /// Codes typed per hundred sent, below which a country is closed. Default 20.
    pub min_verified_percent: u32,
    /// Directory for the files of `dev`.
    pub dev_directory: Option<PathBuf>,
    /// Whether `dev` writes messages, with their codes, to the log target `countersign::dev_mail`.
    pub dev_log: bool,
}

/// How text messages are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsMode {
    /// Not at all: telephone numbers are refused.
    #[default]
    Off,
    /// To a signed webhook.
    Webhook,
    /// To files and log, for development.
    Dev,
}

impl LoginConfig {
    /// The limits that the store counts.
    pub fn limits(&self, channel: Channel) -> LoginLimits {
        LoginLimits {
            code_life: Duration::from_secs(self.code_life_seconds.into()),
            attempts: match channel {
                Channel::Email => self.attempts,
                Channel::Sms => self.sms_attempts,
            },
            resend_after: Duration::from_secs(self.resend_seconds.into()),
            per_hour: self.codes_per_hour,
            per_day: self.codes_per_day,
        }
    }

    /// What codes look like on a channel.
    pub fn style(&self, channel: Channel) -> CodeStyle {
        match channel {
            Channel::Email => self.code,
            Channel::Sms => CodeStyle::Digits,
        }
    }

    /// The quota of one network.
    pub fn network_quota(&self) -> Quota {
        let every = Duration::from_secs(60) / self.network_per_minute.max(1);
        Quota { burst: self.network_burst, every }
    }
}

impl SmsConfig {
    /// The quota of the budget.
    pub fn quota(&self) -> SmsQuota {
        SmsQuota {
            per_country_hour: self.per_country_hour,
            per_day: self.per_day,
            ratio_after: self.ratio_after,
            min_verified_percent: self.min_verified_percent,
        }
    }

    /// The countries that are served now: none while SMS is off.
    pub fn served(&self) -> &[Country] {
        match self.mode {
            SmsMode::Off => &[],
            SmsMode::Webhook | SmsMode::Dev => &self.countries,
        }
    }

    pub(crate) fn secret_source(&self) -> SecretSource<'_> {
        SecretSource {
            name: "sms.secret",
            inline: self.secret.as_ref(),
            file: self.secret_file.as_deref(),
            env: self.secret_env.as_deref(),
        }
    }
}

impl EmailConfig {
    pub(crate) fn password_source(&self) -> SecretSource<'_> {
        SecretSource {
            name: "email.password",
            inline: self.password.as_ref(),
            file: self.password_file.as_deref(),
            env: self.password_env.as_deref(),
        }
    }
}

impl Default for LoginConfig {
    fn default() -> Self {
        Self {
            code: CodeStyle::Base32,
            code_life_seconds: 600,
            attempts: 5,
            sms_attempts: 3,
            resend_seconds: 60,
            codes_per_hour: 3,
            codes_per_day: 10,
            network_burst: 5,
            network_per_minute: 1,
            networks_kept: 65_536,
            pow: PowMode::Auto,
            pow_bits: 18,
            breaker_window_seconds: 600,
            breaker_attempts: 100,
            breaker_failure_percent: 60,
            locale: Locale::En,
        }
    }
}

impl Default for EmailConfig {
    fn default() -> Self {
        Self {
            mode: MailMode::Off,
            host: "localhost".to_owned(),
            port: None,
            from: String::new(),
            username: None,
            password: None,
            password_file: None,
            password_env: None,
            hello_name: None,
            ca_file: None,
            allow_plain: false,
            dev_directory: None,
            dev_log: false,
        }
    }
}

impl Default for SmsConfig {
    fn default() -> Self {
        Self {
            mode: SmsMode::Off,
            countries: Vec::new(),
            default_country: None,
            url: String::new(),
            secret: None,
            secret_file: None,
            secret_env: None,
            ca_file: None,
            per_country_hour: 50,
            per_day: 500,
            ratio_after: 50,
            min_verified_percent: 20,
            dev_directory: None,
            dev_log: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        login: LoginConfig,
        #[serde(default)]
        email: EmailConfig,
        #[serde(default)]
        sms: SmsConfig,
    }

    #[test]
    fn an_empty_file_gives_the_documented_defaults() {
        let file: File = toml::from_str("").unwrap();
        assert_eq!(file.login, LoginConfig::default());
        assert_eq!(file.login.network_quota().every, Duration::from_secs(60));
        assert_eq!(file.login.limits(Channel::Sms).attempts, 3);
        assert_eq!(file.email.mode, MailMode::Off);
        assert!(file.sms.served().is_empty());
    }

    #[test]
    fn a_file_says_what_it_means() {
        let file: File = toml::from_str(
            "[login]\ncode = \"digits\"\nlocale = \"fr\"\npow = \"always\"\n\
             [email]\nmode = \"starttls\"\nhost = \"mail.example.org\"\npassword = \"hunter2\"\n\
             [sms]\nmode = \"webhook\"\ncountries = [\"FR\", \"CH\"]\ndefault_country = \"FR\"\n",
        )
        .unwrap();
        assert_eq!(file.login.style(Channel::Email), CodeStyle::Digits);
        assert_eq!(file.sms.served().len(), 2);
        assert!(!format!("{file:?}").contains("hunter2"));
    }

    #[test]
    fn misspelt_names_and_unknown_countries_are_errors() {
        for bad in [
            "[login]\nattempst = 3",
            "[email]\nmode = \"smtp\"",
            "[sms]\ncountries = [\"XX\"]",
            "[login]\nattempts = -1",
        ] {
            assert!(toml::from_str::<File>(bad).is_err(), "{bad}");
        }
    }
}
