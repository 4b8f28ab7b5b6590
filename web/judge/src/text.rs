//! Every sentence of this page, in every language. `{}` stands for a value.

countersign_web_kit::texts! {
    judging: "Judging", "Jury";
    projects: "Projects", "Projets";
    scan: "Scan", "Scanner";
    event: "Event", "Événement";
    project: "Project", "Projet";

    stranger: "Log in once while you have internet: then this device learns whom to believe, and gets its key for votes.",
        "Connectez-vous une fois tant que vous avez internet : cet appareil apprend alors à qui se fier, et reçoit sa clé de vote.";
    unusable: "This browser cannot make or keep the key that votes are signed with. Use a current version of Chrome, Firefox or Safari, not in private mode.",
        "Ce navigateur ne peut pas créer ou conserver la clé qui signe les votes. Utilisez une version récente de Chrome, Firefox ou Safari, hors navigation privée.";
    elsewhere: "Judging goes on in another tab. Only one tab votes at a time.",
        "L’évaluation continue dans un autre onglet. Un seul onglet vote à la fois.";
    here: "Judge in this tab", "Évaluer dans cet onglet";
    keeps_nothing: "This browser keeps nothing. What you vote is lost when you close this page before the hub has it.",
        "Ce navigateur ne conserve rien. Vos votes sont perdus si vous fermez cette page avant que le hub ne les ait.";

    left_unkept: "What you did here last was not kept any more. Look at it in the other tab.",
        "Ce que vous avez fait ici en dernier n’a plus été conservé. Vérifiez-le dans l’autre onglet.";
    stuck: "This device could not keep what you entered: no vote is sent before it can. Free some space on the device and leave this page open: it tries again by itself.",
        "Cet appareil n’a pas pu conserver votre saisie : aucun vote n’est envoyé d’ici là. Libérez de l’espace et laissez cette page ouverte : elle réessaie toute seule.";

    no_event: "No event is on this device yet", "Aucun événement sur cet appareil";
    no_event_lead: "Take it along while you have internet. On the day you need none.",
        "Emportez-le tant que vous avez internet. Le jour même, vous n’en aurez pas besoin.";
    invitations: "Your events", "Vos événements";
    no_invitations: "No event has your address on its list of judges. Ask the organiser.",
        "Aucun événement n’a votre adresse dans sa liste de jurés. Demandez à l’organisateur.";
    log_in_first: "Log in to see where you are asked to judge", "Connectez-vous pour voir où l’on vous demande d’évaluer";
    as_judge: "You judge as {}", "Vous évaluez en tant que {}";
    enrol: "Register this device", "Enregistrer cet appareil";
    enrol_instead: "Register this device instead", "Enregistrer cet appareil à la place";
    enrolled: "This device is registered. When the organiser has published the event, take it along.",
        "Cet appareil est enregistré. Quand l’organisateur aura publié l’événement, emportez-le.";
    enrolled_here: "This device is registered.", "Cet appareil est enregistré.";
    enrolled_elsewhere: "Another device of yours is registered. After the event is published, the organiser has to allow another.",
        "Un autre de vos appareils est enregistré. Une fois l’événement publié, l’organisateur doit en autoriser un autre.";
    enrolled_published: "The published event names another device of yours. Ask the organiser to allow another key; after that, register this device.",
        "L’événement publié nomme un autre de vos appareils. Demandez à l’organisateur d’autoriser une autre clé ; enregistrez ensuite cet appareil.";
    enrol_published: "The organiser has not allowed another key yet. Ask again when that is done: nothing was changed.",
        "L’organisateur n’a pas encore autorisé une autre clé. Réessayez une fois que c’est fait : rien n’a été changé.";
    enrol_too_many: "You have registered eight keys at this event, and more are not taken. Judge with the device that is registered now.",
        "Vous avez enregistré huit clés pour cet événement, et il n’en est pas accepté davantage. Évaluez avec l’appareil qui est enregistré maintenant.";
    taken: "This device needs a new key", "Cet appareil a besoin d’une nouvelle clé";
    taken_why: "Its key cannot be registered for you here: another account has it, or another of your devices took its place.",
        "Sa clé ne peut pas être enregistrée ici à votre nom : un autre compte l’a, ou un autre de vos appareils l’a remplacée.";
    taken_means: "With a new key you can register this device. The old one is gone for good: whoever registered it cannot judge with this device any more. Events and votes on this device go with it. Votes that have a receipt count as before.",
        "Avec une nouvelle clé, vous pouvez enregistrer cet appareil. L’ancienne disparaît définitivement : qui l’avait enregistrée ne peut plus évaluer avec cet appareil. Les événements et les votes de cet appareil disparaissent aussi. Les votes qui ont un reçu comptent toujours.";
    taken_waiting: "Votes without a receipt that would be lost: {}. Let the hub have them first.",
        "Votes sans reçu qui seraient perdus : {}. Transmettez-les d’abord au hub.";
    new_key: "Give up the old key and make a new one", "Abandonner l’ancienne clé et en créer une";
    old_key: "Keep the old key", "Garder l’ancienne clé";
    no_new_key: "No new key could be made and kept. Nothing was changed.",
        "Aucune nouvelle clé n’a pu être créée et conservée. Rien n’a été changé.";
    not_published: "The event is not published yet. Come back later.", "L’événement n’est pas encore publié. Revenez plus tard.";
    take_along: "Take the event along", "Emporter l’événement";
    fetch_newest: "Fetch the newest version", "Récupérer la dernière version";
    fetched: "The event is on this device. You need no internet any more.",
        "L’événement est sur cet appareil. Vous n’avez plus besoin d’internet.";
    on_this_device: "On this device: version {}", "Sur cet appareil : version {}";
    device_key: "Key of this device", "Clé de cet appareil";

    left: "To do", "À faire";
    left_count: "{} to go", "Reste : {}";
    left_none: "All done", "Tout est fait";
    done_of: "{} of {} have a receipt of the hub.", "{} sur {} ont un reçu du hub.";
    waiting_count: "On their way: {}", "En chemin : {}";
    nothing_assigned: "Nobody asked you for certain projects. Judge what you see.",
        "Aucun projet précis ne vous est confié. Évaluez ce que vous voyez.";
    done: "Done", "Fait";
    others: "Other projects", "Autres projets";
    search: "Find a project", "Chercher un projet";
    search_hint: "Title, table or number.", "Titre, table ou numéro.";
    found_none: "No project fits “{}”.", "Aucun projet ne correspond à « {} ».";
    more_projects: "{} more: search for them.", "Encore {} : cherchez-les.";
    table_at: "Table {}", "Table {}";

    no_round: "No round is open. What you enter is kept.", "Aucun tour n’est ouvert. Ce que vous saisissez est conservé.";
    not_assigned: "Nobody asked you to judge this project. Your vote counts all the same.",
        "Personne ne vous a confié ce projet. Votre vote compte tout de même.";
    conflict: "You must not judge this project: a conflict of interest is on record.",
        "Vous ne devez pas évaluer ce projet : un conflit d’intérêts est enregistré.";
    not_here: "This event has no such project. If it is new, this device asks for a newer version.",
        "Cet événement n’a pas ce projet. S’il est nouveau, cet appareil demande une version plus récente.";
    weight: "Counts {} of {}", "Compte {} sur {}";
    range: "{} to {} points", "{} à {} points";
    points_named: "{}: {}", "{} : {}";
    fewer: "One point fewer: {}", "Un point de moins : {}";
    more: "One point more: {}", "Un point de plus : {}";
    undo: "Undo", "Annuler";
    cast: "Send my vote", "Envoyer mon vote";
    cast_again: "Send the change", "Envoyer la modification";
    cast_missing: "Give points for everything first", "Donnez d’abord tous les points";
    changed: "You changed something that is not sent yet.", "Vous avez changé quelque chose qui n’est pas encore envoyé.";
    next_project: "Next: {}", "Suivant : {}";
    recuse: "I must not judge this", "Je ne dois pas évaluer ceci";
    recuse_lead: "For example because you know the team. It holds for all categories of this project, and you can still change your mind.",
        "Par exemple parce que vous connaissez l’équipe. Cela vaut pour toutes les catégories de ce projet, et vous pouvez encore changer d’avis.";
    recuse_sure: "Recuse me", "Me récuser";
    recuse_not: "Back to the points", "Retour aux points";

    state_draft: "draft", "brouillon";
    state_changed: "changed", "modifié";
    state_signing: "being signed", "en signature";
    state_sent: "on its way", "en chemin";
    state_unkept: "not kept", "pas conservé";
    state_accepted: "receipt", "reçu";
    state_refused: "refused", "refusé";
    state_recused: "recused", "récusé";
    state_conflict: "conflict", "conflit";
    revision: "Version {} of your vote", "Version {} de votre vote";
    is_draft: "Kept on this device, not sent.", "Conservé sur cet appareil, pas envoyé.";
    is_signing: "Your key signs it.", "Votre clé le signe.";
    is_sent: "Signed and kept. It goes to the hub as soon as there is a way, again and again until its receipt is here.",
        "Signé et conservé. Il part vers le hub dès qu’il y a un chemin, encore et encore jusqu’à l’arrivée du reçu.";
    is_unkept: "Signed. It does not leave this device before the device can keep it.",
        "Signé. Il ne quitte pas cet appareil avant que celui-ci puisse le conserver.";
    is_accepted: "The hub has it on its disk, and signed the receipt.", "Le hub l’a sur son disque, et a signé le reçu.";
    is_recused: "You recused yourself from this project.", "Vous vous êtes récusé pour ce projet.";
    refused_time: "The hub did not accept its time. See the organiser.", "Le hub n’a pas accepté son heure. Voyez l’organisateur.";
    refused_revoked: "The key of this device was revoked. See the organiser.", "La clé de cet appareil a été révoquée. Voyez l’organisateur.";
    refused_closed: "It came after the round was closed. It goes out again if the round is opened again.",
        "Il est arrivé après la clôture du tour. Il repartira si le tour est rouvert.";
    refused_invalid: "The hub does not accept this vote. See the organiser.", "Le hub n’accepte pas ce vote. Voyez l’organisateur.";
    refused_superseded: "The hub has a newer version of your vote.", "Le hub a une version plus récente de votre vote.";
    show_code: "No connection? Show it as a QR code", "Pas de connexion ? L’afficher en code QR";

    code_title: "Your vote as a QR code", "Votre vote en code QR";
    code_lead: "Let the hub’s operator scan it. It is sealed, and counts once however often it arrives.",
        "Faites-le scanner à l’opérateur du hub. Il est scellé, et ne compte qu’une fois même s’il arrive souvent.";
    code_none: "There is no vote to show here yet.", "Il n’y a pas encore de vote à montrer ici.";
    code_alt: "QR code of your vote on {}", "Code QR de votre vote sur {}";
    back_to_form: "Back to the form", "Retour au formulaire";

    scan_lead: "The event’s code is on the hub’s screen, a project’s code on its table.",
        "Le code de l’événement est sur l’écran du hub, celui d’un projet sur sa table.";
    camera_opening: "Your browser asks whether this page may use the camera.",
        "Votre navigateur demande si cette page peut utiliser la caméra.";
    camera_looking: "Hold a code in front of the camera.", "Placez un code devant la caméra.";
    camera_denied: "The camera is not allowed. Allow it in the browser’s settings for this page, or paste the code’s text below.",
        "La caméra n’est pas autorisée. Autorisez-la dans les réglages du navigateur pour cette page, ou collez le texte du code ci-dessous.";
    camera_missing: "No camera was found. Paste the code’s text below.", "Aucune caméra trouvée. Collez le texte du code ci-dessous.";
    camera_again: "Try the camera again", "Réessayer la caméra";
    camera_view: "Picture of the camera", "Image de la caméra";
    paste: "Text of a code", "Texte d’un code";
    paste_hint: "It begins with NODUS: or nodus:", "Il commence par NODUS: ou nodus:";
    paste_use: "Use this text", "Utiliser ce texte";
    code_taken: "The event’s code is in. Now this device looks for the hub.",
        "Le code de l’événement est lu. Cet appareil cherche maintenant le hub.";
    hub_taken: "The hub’s address is in.", "L’adresse du hub est enregistrée.";
    no_address: "This is no address of a hub. Write it like 192.168.1.5:8470.",
        "Ceci n’est pas l’adresse d’un hub. Écrivez-la comme 192.168.1.5:8470.";
    scan_no_event: "This device has no event yet. Take it along first, while there is internet.",
        "Cet appareil n’a pas encore d’événement. Emportez-le d’abord, tant qu’il y a internet.";
    other_event: "This code is for another event: {}.", "Ce code est pour un autre événement : {}.";
    bad_code: "The event’s code could not be read in full. Scan it again.",
        "Le code de l’événement n’a pas pu être lu en entier. Scannez-le encore.";
    not_ours: "This is neither an event’s nor a project’s code.", "Ce n’est ni le code d’un événement ni celui d’un projet.";

    hub: "Hub", "Hub";
    hub_no_code: "The event’s code is not scanned yet: it is on the hub’s screen.",
        "Le code de l’événement n’est pas encore scanné : il est sur l’écran du hub.";
    hub_no_address: "Say where the hub is, below.", "Indiquez ci-dessous où est le hub.";
    hub_connecting: "Looking for the hub at {}.", "Recherche du hub à {}.";
    hub_blocked: "This browser does not let this page reach the hub. Show your votes as QR codes instead.",
        "Ce navigateur n’autorise pas cette page à joindre le hub. Montrez plutôt vos votes en codes QR.";
    hub_looking: "Connected. No word of the hub yet.", "Connecté. Pas encore de nouvelles du hub.";
    hub_heard: "The hub is near. It gets to know this device.", "Le hub est proche. Il fait connaissance avec cet appareil.";
    hub_welcome: "The hub knows this device.", "Le hub connaît cet appareil.";
    hub_new_code: "The event has a new code. Scan it from the hub’s screen.",
        "L’événement a un nouveau code. Scannez-le sur l’écran du hub.";
    hub_address: "Address of the hub, or of a relay", "Adresse du hub, ou d’un relais";
    hub_hint: "It stands on the hub’s page. Your browser may ask whether this page may reach devices on the local network: the hub is one, so say yes.",
        "Elle figure sur la page du hub. Votre navigateur peut demander si cette page peut joindre des appareils du réseau local : le hub en est un, répondez oui.";
    hub_use: "Connect", "Se connecter";
    link_network: "Link: network", "Liaison : réseau";
    link_bluetooth: "Link: Bluetooth", "Liaison : Bluetooth";
    link_none: "No link", "Pas de liaison";
    bluetooth: "Without a network", "Sans réseau";
    bluetooth_lead: "Your browser shows what is near and belongs to this event: choose the hub, or any relay. Nothing is paired; votes stay sealed.",
        "Votre navigateur montre ce qui est proche et appartient à cet événement : choisissez le hub ou un relais. Rien n’est associé ; les votes restent scellés.";
    bluetooth_missing: "This browser lets no page use Bluetooth: Chrome and Edge on Android, Windows and Mac do; Firefox, and every browser on an iPhone, does not. Use the hub’s network, or show your votes as QR codes.",
        "Ce navigateur n’autorise pas le Bluetooth aux pages : Chrome et Edge le font sur Android, Windows et Mac ; Firefox et tous les navigateurs d’un iPhone, non. Utilisez le réseau du hub, ou montrez vos votes en codes QR.";
    bluetooth_choose: "Connect by Bluetooth", "Se connecter par Bluetooth";
    bluetooth_other: "Choose another device", "Choisir un autre appareil";
    bluetooth_off: "Leave Bluetooth", "Quitter le Bluetooth";
    bluetooth_connecting: "Connecting by Bluetooth.", "Connexion par Bluetooth.";
    bluetooth_not_chosen: "No device was chosen. If none was shown: switch Bluetooth on, and go nearer to the hub or a relay.",
        "Aucun appareil n’a été choisi. S’il n’y en avait aucun : activez le Bluetooth, et approchez-vous du hub ou d’un relais.";
    bluetooth_refused: "Bluetooth does not work here: it is switched off, or your browser does not allow it for this page.",
        "Le Bluetooth ne fonctionne pas ici : il est éteint, ou votre navigateur ne l’autorise pas pour cette page.";
    rounds: "Rounds", "Tours";
    round_open: "open", "ouvert";
    round_closed: "closed", "clos";
    round_draft: "not begun", "pas commencé";
    version: "Version", "Version";
    you_judge_as: "You judge as", "Vous évaluez en tant que";

    trouble_server: "This is no event that the server signed. Nothing of it was used.",
        "Ceci n’est pas un événement signé par le serveur. Rien n’en a été utilisé.";
    trouble_roster: "The event does not name this device. Register it, and ask the organiser to publish again.",
        "L’événement ne nomme pas cet appareil. Enregistrez-le, et demandez à l’organisateur de publier à nouveau.";
    trouble_older: "A newer version of this event is here already.", "Une version plus récente de cet événement est déjà ici.";
    trouble_project: "This event has no project {}. If it is new, a newer version will know it.",
        "Cet événement n’a pas de projet {}. S’il est nouveau, une version plus récente le connaîtra.";
    trouble_category: "{} is not judged as {}.", "{} n’est pas évalué comme {}.";
    trouble_range: "{} takes {} to {} points.", "{} va de {} à {} points.";
    trouble_points: "Points are missing.", "Il manque des points.";
    trouble_busy: "That is under way already. Wait a moment.", "C’est déjà en cours. Attendez un instant.";
    trouble_signature: "The key of this device gave no signature. Reload the page.",
        "La clé de cet appareil n’a pas signé. Rechargez la page.";
    trouble_other: "That did not work: {}", "Cela n’a pas fonctionné : {}";
    trouble_fetch: "Neither the hub nor the server could be reached for the newest version. What is here goes on working.",
        "Ni le hub ni le serveur n’ont pu être joints pour la dernière version. Ce qui est ici continue de fonctionner.";
}
