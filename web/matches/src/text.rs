//! Every sentence of the page, in every language: with the shared ones of the kit, all that there is to translate.

use countersign_web_kit::texts;

texts! {
    matches: "Matches", "Matchs";
    of_match: "Match", "Match";
    player: "Player", "Joueur";
    disputes: "Disputes", "Litiges";
    penalties: "Penalties", "Sanctions";
    ranks: "Ranks", "Rangs";

    nobody: "Log in first. Then come back here.", "Connectez-vous d’abord. Puis revenez ici.";
    no_league: "This server runs no league.", "Ce serveur ne gère pas de ligue.";
    missing: "There is nothing here, or it may not be seen.", "Il n’y a rien ici, ou cela ne peut pas être vu.";
    more: "Show more", "Afficher plus";
    no_matches: "No matches yet. The first one begins at a pair of goals.",
        "Pas encore de match. Le premier commence devant une paire de buts.";
    to_pitch: "Play", "Jouer";
    zone: "Times are those of this device.", "Les heures sont celles de cet appareil.";

    won: "Won", "Gagné";
    drawn: "Drawn", "Nul";
    lost: "Lost", "Perdu";
    points: "{} points", "{} points";
    points_then: "{} points, {} afterwards", "{} points, {} ensuite";
    not_counted: "no points", "sans points";
    settled: "counts", "compte";
    pending: "pending", "en suspens";
    frozen: "frozen", "gelé";
    unrated: "unrated", "non classé";
    void: "void", "annulé";

    rating: "Your rating", "Votre cote";
    rating_of: "Rating", "Cote";
    graph_none: "Your rating begins with {} points. It moves with the first match that counts.",
        "Votre cote commence à {} points. Elle bouge avec le premier match qui compte.";
    graph_says: "Changes: {}. From {} to {} points, lowest {}, highest {}.",
        "Changements : {}. De {} à {} points, minimum {}, maximum {}.";
    axis: "Points", "Points";
    as_table: "As a table", "En tableau";
    when: "When", "Quand";
    change: "Change", "Changement";
    afterwards: "Afterwards", "Ensuite";

    met: "Against you", "Contre vous";
    met_never: "You have not been opponents in a match that counts.",
        "Vous n’avez pas été adversaires dans un match qui compte.";
    met_count: "Matches", "Matchs";
    met_won: "You won", "Gagnés par vous";
    met_lost: "You lost", "Perdus par vous";

    team: "Team {}", "Équipe {}";
    team_ended: "Team {}: {}", "Équipe {} : {}";
    played: "Played", "Joué";
    state: "State", "État";
    counts_at: "Counts at", "Compte à";
    factor: "Share of the rating", "Part de la cote";
    percent: "{} %", "{} %";
    goals: "Goals", "Buts";
    no_goals: "No goals.", "Aucun but.";
    goal_line: "{} · team {} · {} goal", "{} · équipe {} · but {}";
    north: "northern", "nord";
    south: "southern", "sud";
    annulled: "annulled by both teams", "annulé par les deux équipes";
    players: "Players", "Joueurs";
    hidden: "Hidden player", "Joueur masqué";
    you: "you", "vous";
    left: "left early", "parti avant la fin";
    excused: "left, excused", "parti, excusé";
    two_results: "The device signed more than one result of this match. An operator decides.",
        "Le boîtier a signé plus d’un résultat de ce match. Un opérateur décide.";
    back_to_matches: "All my matches", "Tous mes matchs";

    final_: "Played to the end.", "Joué jusqu’à la fin.";
    conceded: "A team conceded, or was too few.", "Une équipe a abandonné, ou n’était plus assez nombreuse.";
    void_goals: "Void: goals of the other half are missing.", "Annulé : il manque des buts de l’autre moitié.";
    void_sensor: "Void: a goal felt nothing for too long.", "Annulé : un but n’a rien senti trop longtemps.";
    void_power: "Void: power was away for too long.", "Annulé : le courant a manqué trop longtemps.";
    void_few: "Void: too few players were left.", "Annulé : il restait trop peu de joueurs.";
    void_pair: "Void: the two goals did not believe each other.", "Annulé : les deux buts ne se sont pas crus.";
    abandoned: "Called off before kickoff.", "Abandonné avant le coup d’envoi.";

    why_0: "The match counts.", "Le match compte.";
    why_1: "The device was withdrawn; the match waits for a decision of the operator.",
        "Le boîtier a été retiré ; le match attend une décision de l’opérateur.";
    why_2: "The device is being examined; the match waits for a decision of the operator.",
        "Le boîtier est examiné ; le match attend une décision de l’opérateur.";
    why_3: "The device signed two different matches under one number; both wait for the operator.",
        "Le boîtier a signé deux matchs différents sous un même numéro ; les deux attendent l’opérateur.";
    why_4: "The device could not vouch for the score, so the match is void.",
        "Le boîtier n’a pas pu garantir le score ; le match est annulé.";
    why_5: "The match was called off before kickoff.", "Le match a été abandonné avant le coup d’envoi.";
    why_6: "The operator examined the match and struck it.", "L’opérateur a examiné le match et l’a annulé.";
    why_7: "The device was not in use, so the match is not rated.",
        "Le boîtier n’était pas en service ; le match n’est pas classé.";
    why_8: "The result came more than 14 days after the match, so it is not rated.",
        "Le résultat est arrivé plus de 14 jours après le match ; il n’est pas classé.";
    why_9: "Earlier matches of the device are missing, so this one is not rated.",
        "Des matchs antérieurs du boîtier manquent ; celui-ci n’est pas classé.";
    why_10: "This league does not rate matches under these rules.", "Cette ligue ne classe pas les matchs joués sous ces règles.";
    why_11: "Under these rules, teams of different size are not rated.",
        "Sous ces règles, les équipes de taille différente ne sont pas classées.";
    why_12: "By the device’s clock the match ends in the future; it is not rated.",
        "D’après l’horloge du boîtier, le match finit dans le futur ; il n’est pas classé.";
    why_13: "The device had its rated matches of the day; this one is not rated.",
        "Le boîtier a eu ses matchs classés du jour ; celui-ci n’est pas classé.";
    why_14: "Players flagged the match; it counts after 24 hours unless disputed.",
        "Des joueurs ont signalé le match ; il compte après 24 heures sauf litige.";
    why_15: "A player disputes the match; it waits for a decision of the operator.",
        "Un joueur conteste le match ; il attend une décision de l’opérateur.";

    proof: "Does it hold?", "Est-ce vrai ?";
    checking: "Checking every signature, the draw and the ratings again…",
        "Nouvelle vérification de chaque signature, du tirage et des cotes…";
    holds: "It holds. This device checked {} things again by itself and believed nobody.",
        "C’est vrai. Cet appareil a revérifié {} points lui-même sans croire personne.";
    fails: "It does not hold. What failed: “{}”.", "Ce n’est pas vrai. Ce qui a échoué : « {} ».";
    fails_hint: "What this page shows of the match cannot be trusted. Tell whoever runs this server.",
        "Ce que cette page montre du match n’est pas fiable. Prévenez qui gère ce serveur.";
    cannot_check: "This match cannot be checked here: one of its players does not want to be seen by you, or is gone, and what was signed holds their name.",
        "Ce match ne peut pas être vérifié ici : un des joueurs ne souhaite pas que vous le voyiez, ou est parti, et ce qui a été signé contient son nom.";
    save: "Save the proof", "Enregistrer la preuve";
    save_hint: "A file that anybody can check without this server: countersign league verify",
        "Un fichier que chacun peut vérifier sans ce serveur : countersign league verify";
    each_check: "What was checked", "Ce qui a été vérifié";
    check_passed: "holds", "vrai";
    check_failed: "does not hold", "faux";
    check_open: "not reached", "pas atteint";

    c_keys: "A root that this device trusts signed the server’s keys", "Une racine de confiance a signé les clés du serveur";
    c_device: "The server signed for the keys of the device", "Le serveur a signé les clés du boîtier";
    c_g1: "No more than a match may hold", "Pas plus que ce qu’un match peut contenir";
    c_g2: "Everything is in canonical form", "Tout est en forme canonique";
    c_g3: "The device signed start and result", "Le boîtier a signé le début et le résultat";
    c_g4: "Both signatures hold, and are of this match", "Les deux signatures sont vraies, et de ce match";
    c_g5: "The second goal sealed what it saw", "Le second but a scellé ce qu’il a vu";
    c_g6: "The device’s share of the draw was fixed beforehand", "La part du boîtier au tirage était fixée d’avance";
    c_g7: "The rules are known, and allow so many players", "Les règles sont connues, et permettent autant de joueurs";
    c_g8: "The server made every ticket, for this match, in time", "Le serveur a émis chaque ticket, pour ce match, à temps";
    c_g9: "Every player answered the roll call", "Chaque joueur a répondu à l’appel";
    c_g10: "Drawn again, the teams are these", "Tirées à nouveau, les équipes sont celles-ci";
    c_g11: "The tickets give these stakes", "Les tickets donnent ces enjeux";
    c_g12: "Computed again, the rating changes are these", "Recalculés, les changements de cote sont ceux-ci";
    c_g13: "Players of the match signed every act", "Des joueurs du match ont signé chaque acte";
    c_g14: "Acts and votes back every claim", "Actes et votes appuient chaque affirmation";
    c_g15: "The goals give this score", "Les buts donnent ce score";
    c_g16: "The match took as long as it says", "Le match a duré ce qu’il dit";
    c_receipt: "The server countersigned this result", "Le serveur a contresigné ce résultat";
    c_shown: "Players, goals, times and ending are shown as they were signed", "Joueurs, buts, heures et fin sont montrés tels qu’ils ont été signés";
    f_keyset: "Key set {}", "Jeu de clés {}";
    f_device: "{}, {}", "{}, {}";
    f_key: "Key {}", "Clé {}";
    f_seal: "Goals under its seal: {}", "Buts sous son sceau : {}";
    f_tickets: "Tickets: {}", "Tickets : {}";
    f_rolls: "Answers: {}", "Réponses : {}";
    f_team: "Team {}:", "Équipe {} :";
    f_north: "Team {} defends the north.", "L’équipe {} défend le nord.";
    f_acts: "Acts: {}", "Actes : {}";

    disagree: "Disagree", "Contester";
    disagree_hint: "An operator reads what you write and decides. A match that is pending waits for that, for at most 72 hours.",
        "Un opérateur lit ce que vous écrivez et décide. Un match en suspens attend cela, 72 heures au plus.";
    pending_until: "It counts at {}, unless a player of the match disagrees before.",
        "Il compte à {}, sauf si un joueur du match conteste avant.";
    counts_already: "It counts already. A decision can still change that.", "Il compte déjà. Une décision peut encore changer cela.";
    about: "What about", "À propos de quoi";
    kind_goal: "A goal", "Un but";
    kind_roster: "Who played", "Qui a joué";
    kind_conduct: "How somebody behaved", "Le comportement de quelqu’un";
    kind_other: "Something else", "Autre chose";
    text: "What happened", "Ce qui s’est passé";
    text_hint: "At most 2,000 bytes: about a page.", "2 000 octets au plus : environ une page.";
    text_long: "That is too long: {} bytes of 2,000.", "C’est trop long : {} octets sur 2 000.";
    send_dispute: "Send", "Envoyer";
    disputed: "Sent. An operator will decide.", "Envoyé. Un opérateur décidera.";
    disputed_before: "You disagree with this match already; it waits for the operator.",
        "Vous contestez déjà ce match ; il attend l’opérateur.";
    no_disputes: "You disagree with no match.", "Vous ne contestez aucun match.";
    opened: "Sent {}", "Envoyé le {}";
    ruled: "decided {}", "décidé le {}";
    case_open: "waits for the operator", "attend l’opérateur";
    case_upheld: "the result stands", "le résultat est maintenu";
    case_amended: "the result was changed", "le résultat a été changé";
    case_void: "nothing of the match counts", "rien du match ne compte";
    case_refunded: "lost points were given back", "les points perdus ont été rendus";

    barred: "You may not start a rated match before {}.", "Vous ne pouvez pas commencer de match classé avant le {}.";
    not_barred: "Nothing keeps you from playing.", "Rien ne vous empêche de jouer.";
    level: "Step of the ladder", "Échelon";
    level_of: "{} of 5", "{} sur 5";
    flags: "Your flags", "Vos signalements";
    votes: "Your votes", "Vos votes";
    count: "count", "comptent";
    do_not_count: "do not count", "ne comptent pas";
    no_penalties: "You have no penalties.", "Vous n’avez aucune sanction.";
    no_start: "Was ready and did not start", "Était prêt et n’a pas commencé";
    left_match: "Left a match", "A quitté un match";
    by_operator: "By an operator", "Par un opérateur";
    until: "barred until {}", "exclu jusqu’au {}";
    no_bar: "no bar", "sans exclusion";
    pardoned: "taken back {}", "levée le {}";
}
