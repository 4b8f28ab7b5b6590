//! Everything that people read, in one place: the mail or text message with the code, and the notice of a new device.

use crate::code::LoginCode;
use countersign::Realm;
use serde::Deserialize;
use std::time::Duration;

/// Language of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

/// A name that somebody gave to a device, made safe to be put into mail.
///
/// Whoever asks for a code writes this text into the mail of somebody else. Letters, digits, spaces and a few signs
/// stay; what makes links, addresses or new lines goes, and so does everything after 32 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceLabel(String);

/// Subject (empty for SMS) and plain text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) subject: String,
    pub(crate) body: String,
}

impl DeviceLabel {
    /// Longest label in characters.
    pub const MAX: usize = 32;

    /// From name and platform as the device gives them; `None` if nothing safe remains.
    pub fn new(name: Option<&str>, platform: Option<&str>) -> Option<Self> {
        let [name, platform] = [name, platform].map(|text| safe(text.unwrap_or_default()));
        match (name.is_empty(), platform.is_empty()) {
            (true, true) => None,
            (false, true) => Some(Self(name)),
            (true, false) => Some(Self(platform)),
            (false, false) => Some(Self(format!("{name} ({platform})"))),
        }
    }

    /// The safe text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Locale {
    /// The mail that carries a code. The code is not in the subject: subjects show on locked screens and in mail logs.
    pub(crate) fn code_mail(
        self,
        realm: &Realm,
        code: &LoginCode,
        life: Duration,
        device: Option<&DeviceLabel>,
    ) -> Text {
        let (realm, code, minutes) = (realm.audience(), code.expose(), minutes(life));
        let device = device.map(DeviceLabel::as_str);
        match self {
            Self::En => Text {
                subject: format!("Your code for {realm}"),
                body: format!(
                    "Your code for {realm} is\n\n    {code}\n\n{}It is valid for {minutes} minutes, on the device \
                     that asked for it.\n\nNever read it to anybody: nobody from {realm} will ever ask for \
                     it.\nIf you did not ask for a code, ignore this message; nothing happens without it.\n",
                    device.map(|it| format!("Requested by: {it}\n")).unwrap_or_default(),
                ),
            },
            Self::Fr => Text {
                subject: format!("Votre code pour {realm}"),
                body: format!(
                    "Votre code pour {realm} est\n\n    {code}\n\n{}Il est valable {minutes} minutes, sur l'appareil \
                     qui l'a demandé.\n\nNe le communiquez jamais : personne de {realm} ne vous le \
                     demandera.\nSi vous n'avez pas demandé de code, ignorez ce message ; sans lui, rien ne se passe.\n",
                    device.map(|it| format!("Demandé par : {it}\n")).unwrap_or_default(),
                ),
            },
        }
    }

    /// The text message that carries a code.
    pub(crate) fn code_sms(self, realm: &Realm, code: &LoginCode, life: Duration) -> String {
        let (realm, code, minutes) = (realm.audience(), code.expose(), minutes(life));
        match self {
            Self::En => format!(
                "{code} is your code for {realm}, valid {minutes} minutes. Never read it to anybody."
            ),
            Self::Fr => format!(
                "{code} est votre code pour {realm}, valable {minutes} minutes. Ne le communiquez jamais."
            ),
        }
    }

    /// The mail that tells of a new device.
    pub(crate) fn new_device_mail(
        self,
        realm: &Realm,
        device: Option<&DeviceLabel>,
        displaced: usize,
    ) -> Text {
        let realm = realm.audience();
        let device = device.map(DeviceLabel::as_str);
        match self {
            Self::En => Text {
                subject: format!("New device on your account at {realm}"),
                body: format!(
                    "A new device was added to your account at {realm}: {}.\n{}\nIf this was not you, \
                     open {realm} on a device of yours, end that session, and check who can read your mail.\n",
                    device.unwrap_or("it gave no name"),
                    ended(
                        displaced,
                        "session that was unused for longest was ended to make room",
                        "sessions that were unused for longest were ended to make room"
                    ),
                ),
            },
            Self::Fr => Text {
                subject: format!("Nouvel appareil sur votre compte {realm}"),
                body: format!(
                    "Un nouvel appareil a été ajouté à votre compte {realm} : {}.\n{}\nSi ce n'était pas vous, \
                     ouvrez {realm} sur l'un de vos appareils, fermez cette session, et vérifiez qui peut lire votre courriel.\n",
                    device.unwrap_or("il n'a pas donné de nom"),
                    ended(
                        displaced,
                        "session inutilisée a été fermée pour faire de la place",
                        "sessions inutilisées ont été fermées pour faire de la place"
                    ),
                ),
            },
        }
    }
}

/// A session name as it is stored and shown: no control or direction characters, no more than `max` characters.
pub(crate) fn display_name(text: &str, max: usize) -> String {
    let hidden = |it: char| {
        it.is_control()
            || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.trim().chars().filter(|it| !hidden(*it)).take(max).collect()
}

fn ended(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => String::new(),
        1 => format!("1 {one}.\n"),
        _ => format!("{count} {many}.\n"),
    }
}

fn minutes(life: Duration) -> u64 {
    life.as_secs().div_ceil(60)
}

fn safe(text: &str) -> String {
    let allowed = |it: &char| it.is_alphanumeric() || " -_'’()+".contains(*it);
    let text: String = text.chars().filter(allowed).take(DeviceLabel::MAX).collect();
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::CodeStyle;

    const LIFE: Duration = Duration::from_secs(600);

    fn realm() -> Realm {
        Realm::new("league", "league.example.org").unwrap()
    }

    #[test]
    fn messages_say_who_what_and_how_long() {
        let code = LoginCode::generate(CodeStyle::Base32).unwrap();
        let device = DeviceLabel::new(Some("Ana's phone"), Some("android"));
        for (locale, minutes, asked, never) in [
            (
                Locale::En,
                "10 minutes",
                "Requested by: Ana's phone (android)\n",
                "Never read it to anybody",
            ),
            (
                Locale::Fr,
                "10 minutes",
                "Demandé par : Ana's phone (android)\n",
                "Ne le communiquez jamais",
            ),
        ] {
            let mail = locale.code_mail(&realm(), &code, LIFE, device.as_ref());
            for part in ["league.example.org", minutes, asked, never, code.expose()] {
                assert!(mail.body.contains(part), "{part}: {}", mail.body);
            }
            assert!(!mail.subject.contains(code.expose()));
            let bare = locale.code_mail(&realm(), &code, LIFE, None);
            assert!(!bare.body.contains("Requested") && !bare.body.contains("Demandé"));
        }
    }

    #[test]
    fn a_text_message_starts_with_its_code_and_fits() {
        let code = LoginCode::generate(CodeStyle::Digits).unwrap();
        for locale in [Locale::En, Locale::Fr] {
            let text = locale.code_sms(&realm(), &code, LIFE);
            assert!(text.starts_with(code.expose()));
            assert!(text.len() <= 160 && text.is_ascii(), "one GSM message: {text}");
        }
    }

    #[test]
    fn a_notice_names_the_device_and_counts_what_ended() {
        let device = DeviceLabel::new(None, Some("cli"));
        for (locale, one, two) in [
            (Locale::En, "1 session that was", "2 sessions that were"),
            (Locale::Fr, "1 session inutilisée a", "2 sessions inutilisées ont"),
        ] {
            let body = |ended| locale.new_device_mail(&realm(), device.as_ref(), ended).body;
            assert!(body(0).contains("cli") && !body(0).contains("1 session"));
            assert!(body(1).contains(one) && body(2).contains(two));
        }
    }

    #[test]
    fn a_device_name_cannot_carry_a_link_or_a_second_message() {
        let label = |text| DeviceLabel::new(Some(text), None).map(|it| it.0);
        assert_eq!(
            label("Locked! Visit https://evil.example/x\r\nBcc: a@b.c").as_deref(),
            Some("Locked Visit httpsevilexamplexBc")
        );
        assert_eq!(label("été’s  phone").as_deref(), Some("été’s phone"));
        assert_eq!(label("\u{202e}://.@"), None);
        assert_eq!(display_name(" a\u{202e}b\nc ", 2), "ab");
    }
}
