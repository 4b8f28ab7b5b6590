//! Every sentence of the public pages, in English and French.

use super::language::Language;
use core::fmt::Display;
use countersign_league::evidence::{Outcome, Settlement};
use countersign_league::settlement::Reason;
use countersign_ranks::Tier;
use countersign_store::league::SeatResult;

macro_rules! texts {
    ($($name:ident: $en:literal, $fr:literal;)*) => {
        /// The sentences of one language. `{}` stands for what [`fill`] puts there.
        #[derive(Debug)]
        pub(super) struct Words { $(pub(super) $name: &'static str,)* }

        pub(super) const EN: Words = Words { $($name: $en,)* };
        pub(super) const FR: Words = Words { $($name: $fr,)* };
    };
}

texts! {
    app: "Open the app", "Ouvrir l’application";
    table: "Table", "Classement";

    missing: "There is no such page", "Cette page n’existe pas";
    missing_why: "Nothing has this address, or it belongs to somebody who does not want to be seen.",
        "Rien n’a cette adresse, ou elle appartient à quelqu’un qui ne souhaite pas être vu.";
    off: "This server has no public pages.", "Ce serveur n’a pas de pages publiques.";
    no_league: "This server runs no league.", "Ce serveur ne gère pas de ligue.";
    busy: "Too many pages at once were asked for from this network. Try again in a moment.",
        "Trop de pages ont été demandées à la fois depuis ce réseau. Réessayez dans un instant.";
    later: "The server is just starting. Try again in a moment.",
        "Le serveur vient de démarrer. Réessayez dans un instant.";
    failed: "The server cannot show this now.", "Le serveur ne peut pas afficher cela maintenant.";
    not_now: "Not now", "Pas maintenant";

    season: "Season {}", "Saison {}";
    ranked_players: "Ranked players: {}", "Joueurs classés : {}";
    table_about: "The table of the league {}: who stands where, by results that anybody can check.",
        "Le classement de la ligue {} : qui est où, d’après des résultats que chacun peut vérifier.";
    table_empty: "Nobody is ranked yet.", "Personne n’est encore classé.";
    rank: "Rank", "Rang";
    player: "Player", "Joueur";
    rating: "Rating", "Cote";
    hidden_player: "a player", "un joueur";
    hidden_row: "Hidden player", "Joueur masqué";
    parts: "Parts of the table", "Parties du classement";
    better: "Ranks above", "Rangs au-dessus";
    worse: "Ranks below", "Rangs en dessous";

    rank_of: "{} of {}", "{} sur {}";
    not_ranked: "not ranked", "pas classé";
    provisional: "provisional", "provisoire";
    tier: "Tier", "Niveau";
    matches: "Rated matches", "Matchs classés";
    won_drawn_lost: "Won, drawn, lost", "Gagnés, nuls, perdus";
    form: "Last five", "Cinq derniers";
    player_about: "Rating {}, rank {}.", "Cote {}, rang {}.";
    player_about_unranked: "Rating {}, not ranked.", "Cote {}, pas classé.";
    last_matches: "Last matches", "Derniers matchs";
    no_matches: "No match was played yet.", "Aucun match n’a encore été joué.";

    game_title: "Match {} : {}", "Match {} : {}";
    game_about: "{}, {}.", "{}, {}.";
    team: "Team {}", "Équipe {}";
    played: "Played", "Joué";
    rules: "Rules", "Règles";
    rules_official: "official", "officielles";
    rules_short: "short", "courtes";
    rules_other: "of another league", "d’une autre ligue";
    ending: "Ending", "Fin";
    goals: "Goals", "Buts";
    no_goals: "There were no goals.", "Il n’y a pas eu de but.";
    north: "northern goal", "but nord";
    south: "southern goal", "but sud";
    annulled: "annulled by both teams", "annulé par les deux équipes";
    draw: "The draw", "Le tirage";
    draw_why: "The device fixed the commitment before anybody joined, and showed the seed when all had answered: nobody could choose the teams.",
        "L’appareil a fixé l’engagement avant que quiconque ne rejoigne, et a montré la graine quand tous avaient répondu : personne ne pouvait choisir les équipes.";
    seed: "Seed", "Graine";
    commitment: "Commitment", "Engagement";
    check: "Check it yourself", "Vérifier soi-même";
    game_evidence: "Check it in the app", "La vérifier dans l’application";
    game_check: "The device and every player signed what happened. Players can check all signatures, the draw and the ratings themselves, and hand on the proof.",
        "L’appareil et chaque joueur ont signé ce qui s’est passé. Les joueurs peuvent vérifier eux-mêmes signatures, tirage et cotes, et transmettre la preuve.";
    forks: "Other results of this match arrived: {}. They count nothing, and an operator looks at them.",
        "D’autres résultats de ce match sont arrivés : {}. Ils ne comptent pas, et un opérateur les examine.";
    game_id: "Match", "Match";
    device: "Device", "Appareil";

    event: "Event results", "Résultats de l’événement";
    event_about: "Results of {}: {} votes, counted in three ways side by side.",
        "Résultats de {} : {} votes, comptés de trois façons côte à côte.";
    votes: "Votes", "Votes";
    hubs: "Hubs", "Bornes";
    bundle: "Version", "Version";
    published: "Published", "Publié";
    ballot_root: "Ballot root", "Racine du scrutin";
    methods: "Adjusted takes off how strictly each judge scores (ridge), and gives the rank. Mean is the plain average. Pairs looks only at the order in which each judge put the projects (Bradley-Terry).",
        "Ajusté corrige la sévérité de chaque juge (ridge) et donne le rang. Moyenne est la moyenne simple. Paires ne regarde que l’ordre dans lequel chaque juge a mis les projets (Bradley-Terry).";
    doubts: "Judges who said two things at two hubs: {}. Votes that do not fit: {}.",
        "Juges qui ont dit deux choses à deux bornes : {}. Votes qui ne conviennent pas : {}.";
    round: "Round {}, {}", "Tour {}, {}";
    groups: "No judge connects all projects: they fall into {} groups, and ranks across groups are a guess.",
        "Aucun juge ne relie tous les projets : ils forment {} groupes, et les rangs d’un groupe à l’autre sont une supposition.";
    ridge: "Adjusted", "Ajusté";
    raw: "Mean", "Moyenne";
    pairs: "Pairs", "Paires";
    anchor: "for comparison only, not ranked", "pour comparaison, non classé";
    unranked: "too few votes for a rank", "trop peu de votes pour un rang";
    more_projects: "More projects are in the file below: {}", "Autres projets dans le fichier ci-dessous : {}";
    no_counts: "Nothing was judged.", "Rien n’a été jugé.";
    event_results: "These results (JSON)", "Ces résultats (JSON)";
    event_check: "Whoever organised the event can hand you the exported log of each hub: “countersign event verify” checks every vote in it and comes to the same ballot root.",
        "Qui a organisé l’événement peut vous remettre le journal exporté de chaque borne : « countersign event verify » y vérifie chaque vote et trouve la même racine du scrutin.";
}

/// A sentence with values in the places of its `{}`, in order.
pub(super) fn fill(sentence: &str, values: &[&dyn Display]) -> String {
    let mut values = values.iter();
    let mut parts = sentence.split("{}");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let Some(value) = values.next() {
            filled += &value.to_string();
        }
        filled += part;
    }
    filled
}

impl Language {
    pub(super) const fn tier(self, tier: Tier) -> &'static str {
        match (tier, self) {
            (Tier::Bronze, _) => "Bronze",
            (Tier::Silver, Self::En) => "Silver",
            (Tier::Silver, Self::Fr) => "Argent",
            (Tier::Gold, Self::En) => "Gold",
            (Tier::Gold, Self::Fr) => "Or",
            (Tier::Elite, Self::En) => "Elite",
            (Tier::Elite, Self::Fr) => "Élite",
            (Tier::Icon, Self::En) => "Icon",
            (Tier::Icon, Self::Fr) => "Icône",
        }
    }

    pub(super) const fn result(self, result: SeatResult) -> &'static str {
        match (result, self) {
            (SeatResult::Won, Self::En) => "won",
            (SeatResult::Won, Self::Fr) => "gagné",
            (SeatResult::Drawn, Self::En) => "drawn",
            (SeatResult::Drawn, Self::Fr) => "nul",
            (SeatResult::Lost, Self::En) => "lost",
            (SeatResult::Lost, Self::Fr) => "perdu",
        }
    }

    pub(super) const fn outcome(self, outcome: Outcome) -> &'static str {
        match (outcome, self) {
            (Outcome::Final, Self::En) => "to the end",
            (Outcome::Final, Self::Fr) => "jusqu’au bout",
            (Outcome::Conceded, Self::En) => "a team gave up",
            (Outcome::Conceded, Self::Fr) => "une équipe a abandonné",
            (Outcome::Abandoned, Self::En) => "called off",
            (Outcome::Abandoned, Self::Fr) => "annulé",
            (
                Outcome::VoidGoalGap
                | Outcome::VoidSensorGap
                | Outcome::VoidPower
                | Outcome::VoidSensor
                | Outcome::VoidTooFew
                | Outcome::VoidPair,
                Self::En,
            ) => "void",
            (
                Outcome::VoidGoalGap
                | Outcome::VoidSensorGap
                | Outcome::VoidPower
                | Outcome::VoidSensor
                | Outcome::VoidTooFew
                | Outcome::VoidPair,
                Self::Fr,
            ) => "nul et non avenu",
        }
    }

    pub(super) const fn settlement(self, settlement: Settlement) -> &'static str {
        match (settlement, self) {
            (Settlement::Settled, Self::En) => "The league has checked and countersigned it.",
            (Settlement::Settled, Self::Fr) => "La ligue l’a vérifié et contresigné.",
            (Settlement::Pending, Self::En) => "It does not count yet.",
            (Settlement::Pending, Self::Fr) => "Il ne compte pas encore.",
            (Settlement::Unrated, Self::En) => "It is kept, and changes no rating.",
            (Settlement::Unrated, Self::Fr) => "Il est conservé et ne change aucune cote.",
            (Settlement::Void, Self::En) => "It is void.",
            (Settlement::Void, Self::Fr) => "Il est nul et non avenu.",
            (Settlement::Frozen, Self::En) => "It is kept until an operator decides.",
            (Settlement::Frozen, Self::Fr) => "Il est gardé jusqu’à la décision d’un opérateur.",
        }
    }

    /// Why it did not simply count. Nothing where the reason is about a single player.
    pub(super) const fn reason(self, reason: Reason) -> Option<&'static str> {
        let french = match reason {
            Reason::DeviceRevoked => "L’appareil a été retiré.",
            Reason::DeviceSuspect => "L’appareil est en cours d’examen.",
            Reason::Fork => "L’appareil a signé deux matchs différents sous le même numéro.",
            Reason::OutcomeVoid => "L’appareil ne pouvait pas garantir le score.",
            Reason::Abandoned => "Le match a été annulé avant le coup d’envoi.",
            Reason::Struck => "L’opérateur a examiné le match et l’a rayé.",
            Reason::DeviceNotActive => "L’appareil n’était pas en service.",
            Reason::TooLate => "Le résultat est arrivé plus de 14 jours après le match.",
            Reason::CounterGap => "Des matchs précédents de l’appareil manquent.",
            Reason::RulesetNotRated => "Cette ligue ne classe pas les matchs sous ces règles.",
            Reason::Uneven => "Sous ces règles, des équipes inégales ne sont pas classées.",
            Reason::ClockAhead => {
                "D’après l’horloge de l’appareil, le match se termine dans le futur."
            }
            Reason::DeviceCap => "L’appareil a eu ses matchs classés de la journée.",
            Reason::Flagged => {
                "Des joueurs ont signalé le match ; il compte plus tard sauf litige."
            }
            Reason::Disputed => "Un joueur conteste le match ; l’opérateur décide.",
            Reason::None
            | Reason::TicketReused
            | Reason::PlayerBarred
            | Reason::PlayerBanned
            | Reason::PlayerCap
            | Reason::RatingFloor => return None,
        };
        Some(match self {
            Self::En => reason.sentence(),
            Self::Fr => french,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(fill("{} of {}", &[&"{}", &7]), "{} of 7");
        assert_eq!(fill("all {}", &[]), "all ");
        assert_eq!(fill("none", &[&1]), "none");
    }
}
