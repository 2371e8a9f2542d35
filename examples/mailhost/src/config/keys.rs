//! Keys that do not exist, and what may have been meant.

/// The keys of each table. `aliases` has names of its own in it.
pub(super) const KNOWN: [(&str, &[&str]); 14] = [
    (
        "",
        &[
            "hostname", "domains", "data", "listen", "tls", "store", "aliases", "relay", "dns", "filter", "limits",
            "trusted", "proxies", "xclient", "log",
        ],
    ),
    ("listen", &["smtp", "submission", "submissions", "lmtp", "pop3", "pop3s", "http"]),
    ("tls", &["certificate", "key", "self_signed", "client_ca"]),
    ("store", &["url"]),
    ("filter", &["time", "iprev", "spf", "dkim", "arc", "dmarc"]),
    ("filter.iprev", &["enabled"]),
    ("filter.spf", &["enabled", "reject"]),
    ("filter.dkim", &["enabled"]),
    ("filter.arc", &["enabled", "trusted"]),
    ("filter.dmarc", &["enabled", "reject", "quarantine"]),
    ("relay", super::relay::KEYS),
    ("dns", &["servers"]),
    ("limits", super::limits::KEYS),
    ("log", &["filter", "json"]),
];

/// The first key that does not exist, with its table, and one that is spelled nearly so.
pub(super) fn unknown(table: &toml::Table) -> Option<(String, Option<String>)> {
    unknown_in("", table)
}

fn unknown_in(name: &str, table: &toml::Table) -> Option<(String, Option<String>)> {
    let (_, known) = KNOWN.iter().find(|(table, _)| *table == name)?;
    let full = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    table.iter().find_map(|(key, value)| {
        if !known.contains(&key.as_str()) {
            let near = known.iter().map(|known| (distance(key, known), known)).min();
            return Some((full(key), near.filter(|(distance, _)| *distance <= 2).map(|(_, known)| full(known))));
        }
        unknown_in(&full(key), value.as_table()?)
    })
}

/// How many letters must be put in, left out or changed to make the one word of the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut corner = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (above, other) in row.iter().skip(1).zip(&to) {
            left = (corner + usize::from(letter != *other)).min(above + 1).min(left + 1);
            corner = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances() {
        assert_eq!(distance("hostnam", "hostname"), 1);
        assert_eq!(distance("mial", "mail"), 2);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
