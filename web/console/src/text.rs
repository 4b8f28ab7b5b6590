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
    judge_line: "{} votes, asked for {}", "{} votes, demandés : {}";
    no_judge_key: "no key yet", "pas encore de clé";
    erased: "erased account", "compte effacé";
    hubs: "What hubs handed over", "Ce que les hubs ont remis";
    hub_line: "{} entries at {}", "{} entrées à {}";
    fork: "another log than before", "un autre journal qu’avant";
    no_hubs: "Nothing yet: votes arrive after the day, with “countersign hub sync”.",
        "Rien encore : les votes arrivent après la journée, avec “countersign hub sync”.";
    sheets_hint: "The poster with the event’s code is on the hub’s page: only the hub has the key that is in it.",
        "L’affiche avec le code de l’événement est sur la page du hub : lui seul a la clé qu’elle contient.";

    set_up: "Set up an event", "Préparer un événement";
    new_event: "New event", "Nouvel événement";
    set_up_lead: "From the same files that the command line takes. They are looked at first; nothing is stored before you say so. To change an event, give all its files again.",
        "À partir des mêmes fichiers que la ligne de commande. Ils sont d’abord examinés ; rien n’est enregistré avant votre accord. Pour modifier un événement, redonnez tous ses fichiers.";
    file_event: "Event (TOML)", "Événement (TOML)";
    file_event_hint: "Title, times, categories with their criteria, rounds, hubs.", "Titre, horaires, catégories et critères, tours, hubs.";
    file_projects: "Projects (CSV)", "Projets (CSV)";
    file_projects_hint: "Columns: id, title, categories; if you like table, anchor.", "Colonnes : id, title, categories ; au choix table, anchor.";
    file_judges: "Judges (CSV)", "Juges (CSV)";
    file_judges_hint: "Columns: id, name, email; if you like capacity, categories.", "Colonnes : id, name, email ; au choix capacity, categories.";
    file_conflicts: "Conflicts of interest (CSV)", "Conflits d’intérêts (CSV)";
    file_conflicts_hint: "Columns: judge, project. May stay empty.", "Colonnes : judge, project. Peut rester vide.";
    paste: "Its text", "Son texte";
    or_choose: "Or choose a file", "Ou choisir un fichier";
    look_at: "Look at the files", "Examiner les fichiers";
    file_unread: "A file that you chose cannot be read. Choose it again.", "Un fichier choisi ne peut pas être lu. Choisissez-le à nouveau.";
    files_too_long: "These files are too long for this page. On the server’s machine, “countersign event create” takes 4 MiB each.",
        "Ces fichiers sont trop longs pour cette page. Sur la machine du serveur, “countersign event create” accepte 4 Mio par fichier.";
    faults: "To be mended: {}", "À corriger : {}";
    and_more: "and {} more", "et {} de plus";
    counted_lines: "In all: {}", "En tout : {}";
    rounds: "Rounds", "Tours";
    hubs_named: "Hubs", "Hubs";
    no_hub_yet: "none yet", "aucun encore";
    conflicts: "Conflicts of interest", "Conflits d’intérêts";
    per_judge: "For each judge", "Pour chaque juge";
    per_judge_line: "about {} projects, if each is seen by {}", "environ {} projets, si chacun est vu par {}";
    projects: "Projects", "Projets";
    criterion: "Criterion", "Critère";
    least: "From", "De";
    most: "To", "À";
    weight: "Weight", "Poids";
    at_most: "at most {} projects", "{} projets au plus";
    put_new: "Create this event", "Créer cet événement";
    put_again: "Put these files in place of the event’s", "Remplacer les fichiers de l’événement";
    put_again_hint: "Keys that judges registered stay, and so do assignments that still fit.",
        "Les clés enregistrées par les juges restent, ainsi que les attributions encore valables.";
    taken: "There is an event with this id, and somebody else made it.", "Un événement porte déjà cet identifiant, créé par quelqu’un d’autre.";

    not_yours: "Only who made this event, or an operator, can change it.", "Seul son créateur, ou un opérateur, peut modifier cet événement.";
    before: "Before the day", "Avant le jour";
    enrolled_line: "Judges with a key: {} of {}.", "Juges avec une clé : {} sur {}.";
    invite_hint: "Judges are invited by the addresses in your file. Tell them to log in with that address and to register their device on the page /judge.",
        "Les juges sont invités par les adresses de votre fichier. Dites-leur de se connecter avec cette adresse et d’enregistrer leur appareil sur la page /judge.";
    no_hub_hint: "No hub is named yet: “countersign hub init” prints lines for the event’s file.",
        "Aucun hub n’est encore nommé : “countersign hub init” affiche les lignes pour le fichier de l’événement.";
    publish: "Publish version {}", "Publier la version {}";
    publish_without: "Publish version {} without judges who have no key: {}", "Publier la version {} sans les juges sans clé : {}";
    other_files: "Change it with other files", "Modifier avec d’autres fichiers";
    nothing_assigned: "nothing assigned yet", "rien d’attribué encore";
    assigned_line: "assignments: {}", "attributions : {}";
    which_round: "Round", "Tour";
    views: "Judges for each project", "Juges par projet";
    assign: "Deal out", "Répartir";
    assigned_done: "Dealt out. Visits: {}.", "Réparti. Visites : {}.";
    assigned_short: "Dealt out. Visits: {}. Too few judges for: {}.", "Réparti. Visites : {}. Trop peu de juges pour : {}.";
    take_along: "To take along", "À emporter";
    cards_line: "Cards with a code for the tables: {}.", "Cartes avec un code pour les tables : {}.";
    sheets: "Sheets for the tables (PDF)", "Feuilles pour les tables (PDF)";
    package: "Package for the hubs", "Paquet pour les hubs";
    after: "After the day", "Après le jour";
    after_hint: "Every decision in the hubs’ logs is checked once more and counted.", "Chaque décision des journaux des hubs est revérifiée et comptée.";
    count: "Count what hubs handed over", "Compter ce que les hubs ont remis";
    publish_results: "Publish these results", "Publier ces résultats";
    only_counted: "Counted now, and seen by you alone.", "Compté à l’instant, et vu de vous seul.";
    may_replace: "may register another key", "peut enregistrer une autre clé";
    replace: "Allow another key", "Autoriser une autre clé";
    replace_named: "Allow {} another key", "Autoriser une autre clé à {}";

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
    act_assign: "Deal out round {}, {} judges for each project", "Répartir le tour {}, {} juges par projet";
    act_assign_hint: "What was assigned in this round is replaced.", "Ce qui était attribué dans ce tour est remplacé.";
    act_publish: "Sign and publish the next version of the bundle", "Signer et publier la version suivante";
    act_publish_without: "Judges without a key are left out. They can come with the version after it.",
        "Les juges sans clé sont laissés de côté. Ils peuvent venir avec la version d’après.";
    act_replace: "Let this judge register another key", "Laisser ce juge enregistrer une autre clé";
    act_replace_hint: "For a lost or broken device. The next version revokes the old key.",
        "Pour un appareil perdu ou cassé. La version suivante révoque l’ancienne clé.";
    act_results: "Let everybody with an account see the results", "Montrer les résultats à tous ceux qui ont un compte";
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
