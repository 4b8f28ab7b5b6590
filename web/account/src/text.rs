//! Every sentence of this page, in every language: with the shared ones of the kit, all that there is to translate.

use countersign_web_kit::texts;

texts! {
    ranks: "Ranks", "Classement";
    players: "Players", "Joueurs";
    player: "Player", "Joueur";
    profile: "Profile", "Profil";
    play: "Play", "Jouer";
    devices: "Devices", "Appareils";

    login_lead: "We send you a code. There is no password.", "Nous vous envoyons un code. Il n’y a pas de mot de passe.";
    address: "E-mail address or phone number", "Adresse e-mail ou numéro de téléphone";
    working: "Your device is doing a short calculation first. This keeps spammers away.",
        "Votre appareil fait d’abord un court calcul. Cela éloigne les spammeurs.";
    code_submit: "Log in", "Se connecter";
    other_address: "Use another address", "Utiliser une autre adresse";

    key_lost: "Your browser has cleared what it kept for this app, and your key with it. Nothing else is lost: log in again.",
        "Votre navigateur a effacé les données de cette application, et votre clé avec elles. Rien d’autre n’est perdu : reconnectez-vous.";
    logged_out_here: "You are logged out on this device.", "Vous êtes déconnecté de cet appareil.";
    no_league: "This server runs no league.", "Ce serveur ne gère pas de ligue.";

    my_matches: "My matches and rating", "Mes matchs et ma cote";
    their_matches: "Their matches", "Ses matchs";
    your_place: "Your place", "Votre place";
    rank_of: "{} of {}", "{} sur {}";
    rating: "Rating", "Cote";
    better_than: "Better than {} % of the ranked players", "Mieux que {} % des joueurs classés";
    season: "Season {}", "Saison {}";
    not_ranked: "Not ranked yet", "Pas encore classé";
    missing_matches: "Matches to go: {}", "Matchs restants : {}";
    missing_opponents: "New opponents to go: {}", "Nouveaux adversaires restants : {}";
    missing_season: "Matches of this season to go: {}", "Matchs de cette saison restants : {}";
    missing_recent: "Your last match is more than 30 days ago: play one to come back.",
        "Votre dernier match date de plus de 30 jours : jouez-en un pour revenir.";
    around_you: "Around you", "Autour de vous";
    table: "Table", "Tableau";
    table_empty: "Nobody is ranked yet. The first matches decide.", "Personne n’est encore classé. Les premiers matchs décideront.";
    rank: "Rank", "Rang";
    hidden_player: "Hidden player", "Joueur masqué";
    you: "you", "vous";
    more: "Show more", "Afficher plus";
    icon: "Icon", "Icône";
    elite: "Elite", "Élite";
    gold: "Gold", "Or";
    silver: "Silver", "Argent";
    bronze: "Bronze", "Bronze";

    search: "Search", "Rechercher";
    search_label: "Name of a player", "Nom d’un joueur";
    search_hint: "At least 3 letters.", "Au moins 3 lettres.";
    searching: "Searching…", "Recherche…";
    found_nobody: "Nobody was found whose name begins with “{}”.", "Personne dont le nom commence par « {} ».";
    found: "Found: {}", "Trouvés : {}";
    no_such_player: "There is no such player, or they do not want to be seen.",
        "Ce joueur n’existe pas, ou ne souhaite pas être vu.";

    name: "Name", "Nom";
    name_hint: "2 to 24 characters. Others see it in the table.", "2 à 24 caractères. Les autres le voient dans le tableau.";
    visibility: "Who can see you", "Qui peut vous voir";
    public: "Everybody, also without a login", "Tout le monde, même sans connexion";
    opponents: "Only players you met", "Seulement les joueurs rencontrés";
    hidden: "Nobody", "Personne";
    save: "Save", "Enregistrer";
    saved: "Saved.", "Enregistré.";
    saving: "Saving…", "Enregistrement…";
    name_refused: "This name cannot be used: {}", "Ce nom ne peut pas être utilisé : {}";
    matches: "Matches", "Matchs";
    won_drawn_lost: "Won, drawn, lost", "Gagnés, nuls, perdus";
    met: "Opponents met", "Adversaires rencontrés";
    judging: "Judge at an event", "Évaluer lors d’un événement";
    provisional: "provisional", "provisoire";

    devices_lead: "Where you are logged in. Log out what you do not recognise.",
        "Où vous êtes connecté. Déconnectez ce que vous ne reconnaissez pas.";
    this_device: "This device", "Cet appareil";
    unnamed: "Unnamed device", "Appareil sans nom";
    last_seen: "Last seen {}", "Vu {}";
    just_now: "just now", "à l’instant";
    minutes_ago: "{} min ago", "il y a {} min";
    hours_ago: "{} h ago", "il y a {} h";
    days_ago: "{} days ago", "il y a {} jours";
    revoke: "Log out", "Déconnecter";
    revoke_named: "Log out {}", "Déconnecter {}";
    revoked: "That device is logged out.", "Cet appareil est déconnecté.";
    revoke_others: "Log out all other devices", "Déconnecter tous les autres appareils";
    revoked_others: "Logged out: {}", "Déconnectés : {}";
    logout: "Log out of this device", "Se déconnecter de cet appareil";
    only_this: "You are logged in on this device only.", "Vous êtes connecté uniquement sur cet appareil.";
    account: "Logged in as {}", "Connecté en tant que {}";
}
