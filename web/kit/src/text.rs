//! Languages, and the sentences that all pages share. `{}` stands for a value.

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
}

impl Language {
    /// The one that a browser asks for; English if it asks for none of ours.
    pub fn of(tag: &str) -> Self {
        match tag.get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("fr") => Self::French,
            _ => Self::English,
        }
    }

    /// As it stands in the `lang` attribute.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::English => Self::French,
            Self::French => Self::English,
        }
    }
}

/// A text with its values in the places of `{}`, in order.
pub fn fill(text: &str, values: &[&str]) -> String {
    let mut parts = text.split("{}");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        filled += values.get(index).copied().unwrap_or_default();
        filled += part;
    }
    filled
}

/// The sentences of a program, each with its name in English and in French. What all pages share is there by its name, too.
#[macro_export]
macro_rules! texts {
    ($($name:ident: $english:literal, $french:literal;)*) => {
        /// The sentences of a language.
        #[derive(Debug)]
        #[expect(missing_docs, reason = "each says itself what it is, below")]
        pub struct Texts {
            $(pub $name: &'static str,)*
            shared: &'static $crate::text::Shared,
        }

        static ENGLISH: Texts =
            Texts { $($name: $english,)* shared: &$crate::text::SHARED_ENGLISH };
        static FRENCH: Texts = Texts { $($name: $french,)* shared: &$crate::text::SHARED_FRENCH };

        impl Texts {
            /// Those of this language.
            pub const fn of(language: $crate::text::Language) -> &'static Self {
                match language {
                    $crate::text::Language::English => &ENGLISH,
                    $crate::text::Language::French => &FRENCH,
                }
            }
        }

        impl core::ops::Deref for Texts {
            type Target = $crate::text::Shared;

            fn deref(&self) -> &Self::Target {
                self.shared
            }
        }

        #[test]
        fn both_languages_have_the_same_places_for_values() {
            for (name, english, french) in [$((stringify!($name), $english, $french),)*] {
                let places = |text: &str| text.matches("{}").count();
                assert_eq!(places(english), places(french), "{name}");
                assert!(!english.is_empty() && !french.is_empty(), "{name}");
            }
        }
    };
}

macro_rules! shared {
    ($($name:ident: $english:literal, $french:literal;)*) => {
        /// The sentences that all pages share.
        #[derive(Debug)]
        #[expect(missing_docs, reason = "each says itself what it is, below")]
        pub struct Shared {
            $(pub $name: &'static str,)*
        }
        /// Those in English.
        pub static SHARED_ENGLISH: Shared = Shared { $($name: $english,)* };
        /// Those in French.
        pub static SHARED_FRENCH: Shared = Shared { $($name: $french,)* };
        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $english, $french),)*];
    };
}

shared! {
    app: "Countersign", "Countersign";
    skip: "Skip to the content", "Aller au contenu";
    other_language: "Français", "English";
    loading: "Loading…", "Chargement…";
    places: "Places", "Rubriques";
    try_again: "Try again", "Réessayer";
    back: "Back", "Retour";
    login: "Log in", "Se connecter";
    sending: "Sending…", "Envoi…";
    code: "Code", "Code";
    checking: "Checking…", "Vérification…";
    resend: "Send another code", "Envoyer un autre code";
    code_wrong: "That code is not right, or not any more. Attempts left: {}.",
        "Ce code n’est pas le bon, ou plus le bon. Essais restants : {}.";
    too_soon: "The next code can be sent in {} s.", "Le prochain code pourra être envoyé dans {} s.";
    no_more_codes: "This address gets no more codes for now. Try again in an hour.",
        "Cette adresse ne reçoit plus de codes pour l’instant. Réessayez dans une heure.";
    address_unusable: "No code can be sent to this address. Write it like ana@example.org.",
        "Aucun code ne peut être envoyé à cette adresse. Écrivez-la comme ana@example.org.";
    address_changed: "The server understood “{}”. Write your address out in full.",
        "Le serveur a compris « {} ». Écrivez votre adresse en entier.";
    login_refused: "The login was refused ({}). Begin again.", "La connexion a été refusée ({}). Recommencez.";
    no_key: "This browser cannot make an Ed25519 key. Use a current version of Chrome, Firefox or Safari.",
        "Ce navigateur ne peut pas créer de clé Ed25519. Utilisez une version récente de Chrome, Firefox ou Safari.";
    code_lead: "If {} can receive codes, one is on its way.", "Si {} peut recevoir des codes, un code est en route.";
    send_code: "Send me a code", "M’envoyer un code";
    code_title: "Enter your code", "Saisissez votre code";
    storage_unreadable: "Your browser did not give out what it keeps for this app. Reload the page to try again, or log in anew.",
        "Votre navigateur n’a pas donné accès aux données de cette application. Rechargez la page pour réessayer, ou reconnectez-vous.";
    ended_elsewhere: "This device was logged out from another one. Log in again to go on.",
        "Cet appareil a été déconnecté depuis un autre. Reconnectez-vous pour continuer.";
    memory_only: "This browser does not keep keys. When you close this page you are logged out.",
        "Ce navigateur ne conserve pas les clés. Si vous fermez cette page, vous serez déconnecté.";
    offline: "You are offline. What you see may be old.", "Vous êtes hors ligne. Ce que vous voyez peut être ancien.";
    unreachable: "The server cannot be reached. Check your connection, then try again.",
        "Le serveur est injoignable. Vérifiez votre connexion, puis réessayez.";
    not_believed: "Somebody else than the server answered. Nothing of that answer was used.",
        "Quelqu’un d’autre que le serveur a répondu. Rien de cette réponse n’a été utilisé.";
    clock_wrong: "The clock of this device is off by {}. The app corrects for it; better set it right.",
        "L’horloge de cet appareil est décalée de {}. L’application en tient compte ; mieux vaut la régler.";
    busy_server: "The server has too much to do. Try again in a moment.",
        "Le serveur est trop occupé. Réessayez dans un instant.";
    too_often: "That was too often. Try again later.", "C’était trop souvent. Réessayez plus tard.";
    cannot_sign: "This browser could not sign with your key. Reload the page.",
        "Ce navigateur n’a pas pu signer avec votre clé. Rechargez la page.";
    unreadable: "The server’s answer is of another version than this page. Reload the page.",
        "La réponse du serveur est d’une autre version que cette page. Rechargez la page.";
    refused: "The server refused: {}", "Le serveur a refusé : {}";
    minutes: "{} min", "{} min";
    seconds: "{} s", "{} s";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_their_places() {
        assert_eq!(fill("{} of {}", &["3", "17"]), "3 of 17");
        assert_eq!(fill("{} of {}", &["{}"]), "{} of ");
        assert_eq!(fill("plain", &["3"]), "plain");
    }

    #[test]
    fn both_languages_have_the_same_places_for_values() {
        for (name, english, french) in ALL {
            let places = |text: &str| text.matches("{}").count();
            assert_eq!(places(english), places(french), "{name}");
            assert!(!english.is_empty() && !french.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_browser_gets_the_language_it_asks_for() {
        assert_eq!(Language::of("fr-CA"), Language::French);
        for other in ["en-GB", "de", "", "f", "é"] {
            assert_eq!(Language::of(other), Language::English, "{other}");
        }
    }
}
