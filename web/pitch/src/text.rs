//! Every sentence of this page, in every language: with the shared ones of the kit, all that there is to translate.

use countersign_web_kit::texts;

texts! {
    play: "Play", "Jouer";
    standings: "Ranks", "Classement";
    not_logged_in: "Log in first. Your phone has to prove at the pitch that it is you.",
        "Connectez-vous d’abord. Au terrain, votre téléphone doit prouver que c’est vous.";

    join_title: "Join a device", "Rejoindre un appareil";
    join_lead: "Two goals, one device. Everybody who plays joins it with their own phone.",
        "Deux buts, un appareil. Chaque joueur le rejoint avec son propre téléphone.";
    device: "Code or address on the device", "Code ou adresse sur l’appareil";
    device_hint: "The text of its Wi-Fi code, its name, or 10.77.77.1.",
        "Le texte de son code Wi-Fi, son nom, ou 10.77.77.1.";
    device_wrong: "This is no device. Type the text of its Wi-Fi code, its name, or 10.77.77.1.",
        "Ce n’est pas un appareil. Saisissez le texte de son code Wi-Fi, son nom, ou 10.77.77.1.";
    go: "Join", "Rejoindre";
    before_title: "No internet at the pitch?", "Pas d’internet au terrain ?";
    before: "Get a ticket now. It lets you join any device without internet for some hours.",
        "Prenez un ticket maintenant. Il permet de rejoindre un appareil sans internet pendant quelques heures.";
    get_ticket: "Get a ticket", "Prendre un ticket";
    has_ticket: "You have a ticket for {} more.", "Votre ticket est valable encore {}.";
    hours: "{} h", "{} h";

    wifi_title: "Join its Wi-Fi", "Rejoignez son Wi-Fi";
    wifi_lead: "Open the Wi-Fi settings of your phone and join this network. Stay connected, even if your phone says that it has no internet.",
        "Ouvrez les réglages Wi-Fi de votre téléphone et rejoignez ce réseau. Restez connecté, même si votre téléphone signale l’absence d’internet.";
    wifi_name: "Network", "Réseau";
    wifi_passphrase: "Passphrase", "Mot de passe";
    wifi_done: "I am connected", "Je suis connecté";
    other_device: "Another device", "Un autre appareil";

    permission_title: "Your browser is going to ask", "Votre navigateur va demander";
    permission_lead: "The goals are on a network beside you, not on the internet. Your browser asks whether this page may reach them. Answer “Allow”.",
        "Les buts sont sur un réseau près de vous, pas sur internet. Votre navigateur demande si cette page peut les joindre. Répondez « Autoriser ».";
    permission_why: "The page talks to the device that you named, and to nothing else nearby.",
        "La page ne parle qu’à l’appareil que vous avez indiqué, et à rien d’autre autour de vous.";
    permission_go: "Go on", "Continuer";
    denied: "Your browser does not let this page reach devices nearby. Open the settings of this page (beside the address), allow “local network”, and try again.",
        "Votre navigateur empêche cette page de joindre les appareils proches. Ouvrez les réglages de la page (à côté de l’adresse), autorisez « réseau local », puis réessayez.";

    approach_title: "Checking the device", "Vérification de l’appareil";
    step_proven: "The device proves that it is real", "L’appareil prouve son identité";
    step_ticket: "The league certifies you", "La ligue vous certifie";
    step_admitted: "The device takes you in", "L’appareil vous accueille";
    step_done: "done", "fait";
    step_running: "under way", "en cours";
    step_waiting: "not yet", "pas encore";
    unreachable_help: "Is your phone in the Wi-Fi of the device? Android: choose “stay connected”. iPhone: switch mobile data off for a moment if it does not answer.",
        "Votre téléphone est-il sur le Wi-Fi de l’appareil ? Android : choisissez « rester connecté ». iPhone : coupez un instant les données mobiles s’il ne répond pas.";

    lobby: "Lobby", "Vestiaire";
    lobby_lead: "The match begins when at least 6 are ready.", "Le match commence quand au moins 6 joueurs sont prêts.";
    ready_count: "{} of {} ready", "{} sur {} prêts";
    ready: "I am ready", "Je suis prêt";
    unready: "Not ready any more", "Plus prêt";
    is_ready: "ready", "prêt";
    is_here: "here", "présent";
    is_away: "away", "absent";
    starts_in: "It begins in {} s. Others may still come in.", "Début dans {} s. D’autres peuvent encore entrer.";
    depart: "Leave the device", "Quitter l’appareil";
    check_it: "Check this match again", "Vérifier ce match";
    not_in: "This match has begun without you. You see it live.", "Ce match a commencé sans vous. Vous le suivez en direct.";

    roll_call: "Roll call", "Appel";
    roll_call_lead: "All phones answer at the same moment. Yours does it by itself.",
        "Tous les téléphones répondent au même moment. Le vôtre le fait tout seul.";
    draw: "The teams are drawn", "Tirage des équipes";
    draw_lead: "Your phone’s secret number is part of the draw: nobody chose the teams.",
        "Le nombre secret de votre téléphone fait partie du tirage : personne n’a choisi les équipes.";
    kickoff_in: "Kickoff in", "Coup d’envoi dans";
    your_team: "You play for team {}.", "Vous jouez dans l’équipe {}.";
    defend_north: "Defend the goal with the display (north).", "Défendez le but avec l’écran (nord).";
    defend_south: "Defend the goal without a display (south).", "Défendez le but sans écran (sud).";
    at_stake: "At stake for you", "Votre enjeu";
    if_win: "Win", "Victoire";
    if_draw: "Draw", "Nul";
    if_loss: "Defeat", "Défaite";
    team: "Team {}", "Équipe {}";
    abort: "Vote to call it off", "Voter l’annulation";
    quit: "I cannot play", "Je ne peux pas jouer";
    you: "you", "vous";
    provisional: "provisional", "provisoire";

    score_label: "Team A {}, team B {}", "Équipe A {}, équipe B {}";
    goal_said: "Goal for team {}. {} to {}.", "But pour l’équipe {}. {} à {}.";
    time_left: "Time left", "Temps restant";
    drain: "Full time. Late goals are collected.", "Fin du temps. Les derniers buts arrivent.";
    keep_awake: "Keep the screen on", "Garder l’écran allumé";
    let_sleep: "Let the screen go off", "Laisser l’écran s’éteindre";
    cannot_go_on: "I cannot go on", "Je ne peux pas continuer";
    leave_warning: "If you leave, you lose points even if your team wins. You can take it back for a minute.",
        "Si vous partez, vous perdez des points même si votre équipe gagne. Vous pouvez revenir dessus pendant une minute.";
    leave: "I leave", "Je pars";
    injury: "I am injured", "Je suis blessé";
    come_back: "I stay after all", "Je reste finalement";
    you_left: "You left this match.", "Vous avez quitté ce match.";
    concede: "Vote to concede", "Voter l’abandon";
    goals: "Goals", "Buts";
    no_goals: "No goals.", "Aucun but.";
    annulled: "annulled", "annulé";

    review: "Is this right?", "Est-ce exact ?";
    review_lead: "A goal is taken away if half of both teams vote for it.",
        "Un but est retiré si la moitié des deux équipes le demande.";
    confirm: "Confirm the result", "Confirmer le résultat";
    confirmed: "You confirmed. {} of {} have.", "Vous avez confirmé. {} sur {} l’ont fait.";
    closes_in: "Closes in {}", "Se termine dans {}";
    annul: "This was no goal", "Ce n’était pas un but";
    annul_named: "This was no goal (at {})", "Ce n’était pas un but (à {})";
    votes: "Votes: {}", "Votes : {}";
    who_was_absent: "Somebody was not there", "Quelqu’un n’était pas là";
    absent: "Was not there", "N’était pas là";
    absent_named: "Was not there: {}", "N’était pas là : {}";
    flag: "Something is wrong with this match", "Ce match pose problème";
    flagged: "You flagged this match.", "Vous avez signalé ce match.";

    won: "You won", "Victoire";
    lost: "You lost", "Défaite";
    drawn: "A draw", "Match nul";
    final_score: "Final score", "Score final";
    conceded: "Team {} conceded.", "L’équipe {} a abandonné.";
    void: "This match does not count", "Ce match ne compte pas";
    void_goal_gap: "Goals of the other half are missing.", "Des buts de l’autre moitié manquent.";
    void_sensor: "A goal saw nothing for too long.", "Un but n’a rien vu pendant trop longtemps.";
    void_power: "The device had no power for too long.", "L’appareil est resté trop longtemps sans courant.";
    void_few: "Too few players were left.", "Il restait trop peu de joueurs.";
    void_pair: "The two halves do not believe each other.", "Les deux moitiés ne se croient pas.";
    abandoned: "Nothing was played", "Rien n’a été joué";
    rating_change: "Your rating", "Votre cote";
    rating_after: "{} points now", "{} points maintenant";
    rating_before_league: "By the device. The league confirms it when the result has arrived.",
        "Selon l’appareil. La ligue le confirmera à l’arrivée du résultat.";
    rank_now: "Rank {}", "Rang {}";
    factor: "The league counts {} % of it: you have met these players often.",
        "La ligue en compte {} % : vous avez souvent rencontré ces joueurs.";
    settled: "The league has countersigned this result.", "La ligue a contresigné ce résultat.";
    pending: "The league counts this match tomorrow, unless somebody disputes it.",
        "La ligue comptera ce match demain, sauf contestation.";
    unrated: "The league keeps this match, but it changes no rating.",
        "La ligue garde ce match, mais il ne change aucune cote.";
    voided: "The league does not count this match.", "La ligue ne compte pas ce match.";
    frozen: "The league holds this match back until somebody has looked at it.",
        "La ligue retient ce match jusqu’à vérification.";
    next_match: "The next match begins here when the device opens its lobby again.",
        "Le prochain match commence ici quand l’appareil rouvre son vestiaire.";
    player: "Player", "Joueur";
    change: "Change", "Évolution";
    rating: "Rating", "Cote";

    courier_title: "Results on this phone", "Résultats sur ce téléphone";
    courier_waiting: "Waiting for the internet: {}. Each will be delivered when you are back online, within 14 days.",
        "En attente d’internet : {}. Chacun sera remis à votre retour en ligne, sous 14 jours.";
    courier_receipts: "Delivered: {}. The device gets its receipt at your next visit.",
        "Remis : {}. L’appareil recevra son reçu à votre prochaine visite.";

    off: "Press the button of the device", "Appuyez sur le bouton de l’appareil";
    pairing: "The two halves look for each other", "Les deux moitiés se cherchent";
    goal_check: "Hit each goal once with the ball", "Touchez chaque but une fois avec le ballon";
    recover: "The device had no power. It checks what it knows.",
        "L’appareil n’avait plus de courant. Il vérifie ce qu’il sait.";
    locked: "This device is locked. Do not play here, and tell the operator.",
        "Cet appareil est verrouillé. Ne jouez pas ici et prévenez l’exploitant.";
    north_blind: "The north goal sees nothing at the moment.", "Le but nord ne voit rien pour le moment.";
    south_blind: "The south goal sees nothing at the moment.", "Le but sud ne voit rien pour le moment.";
    was_blind: "A goal was blind for a while in this match.", "Un but n’a rien vu pendant un moment.";
    short: "A team has too few players.", "Une équipe a trop peu de joueurs.";
    link_lost: "The goals do not hear each other. Play on; nothing is lost.",
        "Les buts ne s’entendent plus. Continuez ; rien n’est perdu.";
    too_many_results: "Too many results wait on the device. Somebody with internet has to come by first.",
        "Trop de résultats attendent sur l’appareil. Quelqu’un avec internet doit passer d’abord.";

    device_lost: "The device is silent. What you see may be old; this page keeps looking for it.",
        "L’appareil se tait. Ce que vous voyez peut dater ; cette page continue à le chercher.";
    device_silent: "The device does not answer.", "L’appareil ne répond pas.";
    not_this_device: "This is not the device that it claims to be. Do not play here, and tell the operator.",
        "Cet appareil n’est pas celui qu’il prétend être. Ne jouez pas ici et prévenez l’exploitant.";
    not_by_server: "What this device shows is not signed by the league. Do not play here.",
        "Ce que montre cet appareil n’est pas signé par la ligue. Ne jouez pas ici.";
    certificate_old: "The device’s certificate is too old. Somebody with internet has to bring it a new one.",
        "Le certificat de l’appareil est trop ancien. Quelqu’un avec internet doit lui en apporter un nouveau.";
    device_marked: "The league has marked this device as “{}”. It cannot be used now.",
        "La ligue a marqué cet appareil « {} ». Il ne peut pas être utilisé.";
    device_unknown: "The league has to confirm this device first. Go online once, then try again.",
        "La ligue doit d’abord confirmer cet appareil. Passez en ligne une fois, puis réessayez.";
    no_ticket: "There is no internet, and no ticket on this phone. Get one where there is internet.",
        "Pas d’internet, et pas de ticket sur ce téléphone. Prenez-en un là où il y a internet.";
    barred: "You may not start a rated match before {} (UTC).", "Vous ne pouvez pas commencer de match classé avant {} (UTC).";
    device_refused: "The device did not take that: {}", "L’appareil n’a pas accepté : {}";
    too_much: "Too much is under way at once. Wait a moment.", "Trop de choses en cours. Patientez un instant.";
    protocol: "The device does not speak as it should ({}).", "L’appareil ne parle pas comme prévu ({}).";

    live: "Device and league", "Appareil et ligue";
    courier_mode: "Device only: the result is delivered later", "Appareil seul : le résultat sera remis plus tard";
}
