//! Every sentence of the console, in every language: with the shared ones of the kit, all that there is to translate.

use countersign_web_kit::texts;

texts! {
    console: "Console", "Console";
    overview: "Overview", "Aperçu";
    devices: "Devices", "Boîtiers";
    device: "Device", "Boîtier";
    matches: "Matches", "Matchs";
    of_match: "Match", "Match";
    disputes: "Disputes", "Litiges";
    events: "Events", "Événements";
    event: "Event", "Événement";
    users: "People", "Comptes";
    user: "Account", "Compte";
    audit: "Log", "Journal";
    server: "Server", "Serveur";

    nobody: "Log in first. Then come back here.", "Connectez-vous d’abord. Puis revenez ici.";
    stranger_title: "This is not your page", "Cette page n’est pas la vôtre";
    stranger: "The console is for operators and organisers. You are logged in as {}, who is neither. Nothing was shown to you.",
        "La console est réservée aux opérateurs et aux organisateurs. Vous êtes connecté en tant que {}, qui n’est ni l’un ni l’autre. Rien ne vous a été montré.";
    stranger_hint: "Whoever runs this server can change that.", "Qui gère ce serveur peut changer cela.";
    to_app: "To the app", "Vers l’application";

    waiting: "What waits", "En attente";
    nothing_waits: "Nothing waits for you.", "Rien ne vous attend.";
    open_disputes: "Open disputes", "Litiges ouverts";
    frozen_matches: "Frozen matches", "Matchs gelés";
    pending_matches: "Pending matches", "Matchs en suspens";
    suspect_devices: "Suspect devices", "Boîtiers suspects";
    gap_devices: "Devices with missing matches", "Boîtiers avec des matchs manquants";
    or_more: "{} or more", "{} ou plus";

    all: "All", "Tous";
    find: "Find", "Chercher";
    find_device: "Id or serial", "Identifiant ou numéro de série";
    find_user: "Address, id or display name", "Adresse, identifiant ou nom affiché";
    find_hint: "In full. Empty shows all.", "En entier. Vide : tout afficher.";
    more: "Show more", "Afficher plus";
    none: "There is none.", "Il n’y en a aucun.";
    missing: "There is nothing with this id.", "Rien ne porte cet identifiant.";
    device_line: "{} matches, {} missing · since {}", "{} matchs, {} manquants · depuis {}";
    mark: "Mark", "Repère";
    status: "Status", "État";
    since: "Since", "Depuis";
    registered: "Registered", "Enregistré";
    counted: "Matches counted", "Matchs comptés";
    lost: "Never arrived", "Jamais arrivés";
    phones: "Phones at most", "Téléphones au plus";
    batch: "Batch", "Lot";
    id: "Id", "Identifiant";
    master_key: "Key of the master", "Clé du maître";
    slave_key: "Key of the slave", "Clé de l’esclave";
    becomes: "Move on in its life", "Changer d’état";
    nothing_more: "A revoked device stays revoked.", "Un boîtier révoqué le reste.";

    made: "made", "fabriqué";
    sold: "sold", "vendu";
    active: "active", "actif";
    suspect: "suspect", "suspect";
    rma: "at the workshop", "en atelier";
    revoked: "revoked", "révoqué";
    settled: "counts", "compte";
    pending: "pending", "en suspens";
    frozen: "frozen", "gelé";
    unrated: "unrated", "non classé";
    void: "void", "annulé";
    disputed: "disputed", "contesté";
    open: "open", "ouvert";

    played: "Played", "Joué";
    rules: "Rules", "Règles";
    outcome: "Outcome", "Issue";
    why: "Why", "Pourquoi";
    counts_at: "Counts at", "Compte à";
    goals: "Goals", "Buts";
    goal_line: "{} · team {}", "{} · équipe {}";
    annulled: "annulled by both teams", "annulé par les deux équipes";
    no_goals: "No goals.", "Aucun but.";
    unread: "The evidence cannot be read: {}", "La preuve est illisible : {}";
    seats: "Players", "Joueurs";
    evidence: "Evidence", "Preuves";
    evidence_line: "came at {}, {} bytes", "arrivé à {}, {} octets";
    two_results: "The device signed more than one result.", "Le boîtier a signé plus d’un résultat.";
    by_server: "the server", "le serveur";
    opened_by: "{} · opened {} by", "{} · ouvert {} par";
    rule: "Decide", "Décider";
    uphold: "The result stands", "Le résultat est maintenu";
    make_void: "Nothing of it counts", "Rien ne compte";
    refund: "Give lost points back", "Rendre les points perdus";
    rule_hint: "To annul a goal, use “countersign league dispute resolve”.",
        "Pour annuler un but, utilisez “countersign league dispute resolve”.";

    event_line: "{} to {}", "{} à {}";
    draft: "draft", "brouillon";
    published: "bundle {}", "version {}";
    starts: "From", "Du";
    ends: "To", "Au";
    bundle: "Bundle", "Version";
    none_yet: "none yet", "aucune encore";
    votes: "Votes handed over", "Votes remis";
    results: "Results", "Résultats";
    not_published: "not published", "non publiés";
    judges: "Judges", "Juges";
    judge_line: "{} votes", "{} votes";
    no_judge_key: "no key yet", "pas encore de clé";
    erased: "erased account", "compte effacé";
    hubs: "What hubs handed over", "Ce que les hubs ont remis";
    hub_line: "{} entries at {}", "{} entrées à {}";
    fork: "another log than before", "un autre journal qu’avant";
    no_hubs: "Nothing yet: votes arrive after the day, with “countersign hub sync”.",
        "Rien encore : les votes arrivent après la journée, avec “countersign hub sync”.";
    sheets_hint: "Sheets with QR codes to print are on the hub’s own pages.",
        "Les feuilles à imprimer avec codes QR sont sur les pages du hub.";
    round: "Round {}, {}", "Tour {}, {}";
    project: "Project", "Projet";
    judged: "Votes", "Votes";
    raw: "Mean", "Moyenne";
    ridge: "Adjusted", "Ajustée";
    bradley_terry: "Pairs", "Paires";
    groups_hint: "Groups that no judge connects: {}. Ranks of different groups do not compare.",
        "Groupes qu’aucun juge ne relie : {}. Leurs rangs ne se comparent pas.";

    scopes: "Roles", "Rôles";
    created: "Since", "Depuis";
    player: "Player", "Joueur";
    no_player: "plays no matches", "ne joue pas";
    no_scopes: "none", "aucun";
    sessions: "Logged in on", "Connecté sur";
    last_seen: "last seen {}", "vu {}";
    end_one: "End", "Terminer";
    end_named: "End the session on {}", "Terminer la session sur {}";
    end_all: "End all sessions", "Terminer toutes les sessions";
    no_sessions: "Logged in nowhere.", "Connecté nulle part.";
    roles_hint: "Roles are given and taken on the server alone: “countersign user”.",
        "Les rôles ne se donnent et ne se retirent que sur le serveur : “countersign user”.";

    version: "Version", "Version";
    store: "Store", "Base de données";
    store_ok: "answers", "répond";
    connections: "Connections", "Connexions";
    refused_connections: "Connections refused", "Connexions refusées";
    streams: "Live streams", "Flux en direct";
    verify_queue: "Waiting to be verified", "En attente de vérification";
    messages_sent: "Messages sent", "Messages envoyés";
    messages_failed: "Messages failed", "Messages échoués";
    logins: "Logins since the start", "Connexions depuis le démarrage";
    logins_opened: "Begun", "Commencées";
    codes_issued: "Codes sent", "Codes envoyés";
    logins_registered: "Succeeded", "Réussies";
    failed_attempts: "Wrong codes", "Codes faux";
    network_refusals: "Refused by network", "Refusées par réseau";
    breaker: "Under attack: every login has to do a calculation first.",
        "Attaque en cours : chaque connexion doit d’abord faire un calcul.";
    keys: "Keys", "Clés";
    key_set: "Set {}, to be renewed before {}", "Jeu {}, à renouveler avant {}";
    key_line: "{} to {}", "{} à {}";
    signing: "signs now", "signe maintenant";

    act_device: "Make this device: {}", "Rendre ce boîtier : {}";
    act_revoke_device: "Its keys would be burnt for good. No device comes back from that.",
        "Ses clés seraient brûlées pour toujours. Aucun boîtier n’en revient.";
    act_uphold: "Let the result stand", "Maintenir le résultat";
    act_void: "Let nothing of this match count", "Ne rien compter de ce match";
    act_refund: "Give everybody the points back that they lost", "Rendre à chacun les points perdus";
    act_end_one: "End this session", "Terminer cette session";
    act_end_all: "End all sessions of this account", "Terminer toutes les sessions de ce compte";
    reason: "Why", "Pourquoi";
    reason_hint: "Kept in the log, with your account. Leave out what must not be kept.",
        "Conservé dans le journal, avec votre compte. Ne mettez rien qui ne doive être conservé.";
    do_it: "Do it", "Confirmer";
    doing: "One moment…", "Un instant…";
    cancel: "Cancel", "Annuler";
    step_up: "First show that it is you. A code goes to {}.", "Montrez d’abord que c’est vous. Un code part à {}.";
    confirm: "Confirm", "Confirmer";
    done: "Done. It is in the log.", "C’est fait. C’est dans le journal.";
    ended: "Sessions ended: {}", "Sessions terminées : {}";
}
