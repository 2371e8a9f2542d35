//! What POP3 sessions say, in the languages that LANG offers (RFC 6856, 3).

use pop3_proto::language::Language;

/// English, which all texts are in, and German.
pub(super) fn all() -> Vec<Language> {
    let german = Language::new("de", "Deutsch")
        .map(|german| GERMAN.iter().fold(german, |german, (english, text)| german.says(*english, *text)));
    Language::new("en", "English").into_iter().chain(german).collect()
}

/// What the session says, then what this server says.
const GERMAN: [(&str, &str); 45] = [
    ("Already logged in", "Bereits angemeldet"),
    ("Authentication cancelled", "Anmeldung abgebrochen"),
    ("Begin TLS", "TLS beginnen"),
    ("Bye", "Auf Wiedersehen"),
    ("Cannot decode that: send base64", "Nicht lesbar: Base64 senden"),
    ("Capabilities follow", "Fähigkeiten folgen"),
    ("Commands are text without control characters", "Befehle sind Text ohne Steuerzeichen"),
    ("Language changed", "Sprache gewechselt"),
    ("Languages follow", "Sprachen folgen"),
    ("Line too long", "Zeile zu lang"),
    ("Lines must end in CR LF", "Zeilen müssen mit CR LF enden"),
    ("Log in first", "Zuerst anmelden"),
    ("Marked", "Vorgemerkt"),
    ("Mechanism not offered: CAPA lists those that are", "Verfahren nicht angeboten: CAPA nennt alle"),
    ("Mechanisms follow", "Verfahren folgen"),
    ("No message is marked", "Keine Nachricht ist vorgemerkt"),
    ("No such language: LANG lists those that are here", "Diese Sprache gibt es nicht: LANG nennt alle"),
    ("No such message", "Diese Nachricht gibt es nicht"),
    ("Not a message number", "Keine Nummer einer Nachricht"),
    ("Not possible now", "Jetzt nicht möglich"),
    ("Not served here: CAPA lists what is", "Hier nicht angeboten: CAPA nennt alles"),
    ("Nothing done", "Nichts getan"),
    ("Plaintext after STLS", "Klartext nach STLS"),
    ("Say STLS first: no password in the clear", "Zuerst STLS: kein Passwort im Klartext"),
    ("Say USER first", "Zuerst USER"),
    ("Send the password", "Das Passwort senden"),
    ("Shutting down, nothing was removed", "Wird beendet, nichts wurde entfernt"),
    ("TLS is already on", "TLS ist schon an"),
    ("The top follows", "Der Anfang folgt"),
    ("This is POP3", "Dies ist POP3"),
    ("Unique ids follow", "Kennungen folgen"),
    ("Unknown command: CAPA lists what is served", "Unbekannter Befehl: CAPA nennt alle"),
    ("UTF-8 it is", "UTF-8 gilt"),
    ("Wait for the reply before sending on", "Vor dem nächsten Befehl die Antwort abwarten"),
    ("Wrong arguments", "Falsche Angaben"),
    ("Wrong user name or password", "Name oder Passwort falsch"),
    ("messages", "Nachrichten"),
    ("octets", "Oktette"),
    ("Not possible now, try again later", "Jetzt nicht möglich, später erneut versuchen"),
    ("This mailbox is gone", "Dieses Postfach gibt es nicht mehr"),
    ("This message is no longer there", "Diese Nachricht gibt es nicht mehr"),
    ("Too many failed logins, try again later", "Zu viele Fehlversuche, später erneut versuchen"),
    ("Too many sessions of this user", "Zu viele Sitzungen dieses Nutzers"),
    ("Too soon after your last login", "Zu früh nach der letzten Anmeldung"),
    ("Mechanism not offered", "Verfahren nicht angeboten"),
];

#[cfg(test)]
mod tests {
    use pop3_proto::language::TEXTS;

    use super::*;

    #[test]
    fn every_text_of_the_session_is_there_in_german() {
        let languages = all();
        let german = languages.iter().find(|language| language.tag() == "de").unwrap();
        for text in TEXTS {
            assert!(german.text(text).is_some(), "{text:?}");
        }
    }
}
