//! Whether a field claims to be one's own.

use alloc::{borrow::Cow, string::String};

use crate::{
    cursor::Cursor,
    grammar::{is_token, is_token_byte},
    work::look,
};

/// Comments in a forged field may be nested as deep as they like.
const DEPTH: u32 = u32::MAX;

/// Whether the value of an Authentication-Results field bears this authserv-id, so that a server must remove it from what strangers bring
/// (RFC 8601, 5).
///
/// Ask for each such field of a message that arrives, and for each id that is one's own; remove those that do, and only then add a field of
/// one's own. The id counts in any case, in quotes, behind or between comments and folds, with a dot at its end, and, with the feature `idna`, in each form
/// that Unicode has for the same domain. The rest of the field, its version too, does not matter.
///
/// A field that breaks the grammar up to its first semicolon is in doubt: other readers may see in it what they like. It counts as one's own if
/// the id is anywhere in that part, once white space, quotes, comments and whatever else is in no name are removed; and if there is an encoded word.
///
/// ```
/// use auth_results::claims;
///
/// assert!(claims(b" mx.example.org; spf=pass", "mx.example.org"));
/// assert!(claims(b"\r\n (really) \"MX.example\\.org.\" 2; spf=pass", "mx.example.org"));
/// assert!(claims(b" mx. (not) example.org; spf=pass", "mx.example.org"));
/// assert!(!claims(b" mx.example.org.example.net; spf=pass smtp.helo=mx.example.org", "mx.example.org"));
/// ```
#[must_use]
pub fn claims(value: &[u8], authserv_id: &str) -> bool {
    // what is behind the first semicolon does not matter, be it text or not
    let head = value.get(..end_of_head(value)).unwrap_or_default();
    let id = core::str::from_utf8(head).ok().and_then(read);
    if let Some(id) = &id
        && id.is_ascii()
        && authserv_id.is_ascii()
        && is_token(authserv_id)
    {
        let [id, own] = [&**id, authserv_id].map(|name| name.trim_end_matches('.'));
        return !own.is_empty() && id.eq_ignore_ascii_case(own);
    }
    let own = canonical(authserv_id);
    if own.is_empty() {
        return false;
    }
    match id {
        Some(id) => canonical(&id) == own,
        // bytes that are no text are left out, as some readers do
        None => is_suspect(&String::from_utf8_lossy(value), authserv_id, &own),
    }
}

/// Where the first semicolon is, outside of quotes and comments; the end where there is none.
fn end_of_head(value: &[u8]) -> usize {
    let (mut is_quoted, mut depth, mut is_hidden) = (false, 0_usize, false);
    let end = value.iter().position(|byte| {
        if is_hidden {
            is_hidden = false;
            return false;
        }
        match byte {
            b'\\' => is_hidden = is_quoted || depth > 0,
            b'"' if depth == 0 => is_quoted = !is_quoted,
            b'(' if !is_quoted => depth += 1,
            b')' if !is_quoted => depth = depth.saturating_sub(1),
            b';' => return !is_quoted && depth == 0,
            _ => {}
        }
        false
    });
    let end = end.unwrap_or(value.len());
    look(end);
    end
}

/// The id of a field that keeps to the grammar up to its first semicolon.
fn read(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim_matches(|char: char| char.is_whitespace() || char == '\u{FEFF}');
    let mut cursor = Cursor::new(text.as_bytes(), DEPTH).ok()?;
    skip_cfws(&mut cursor)?;
    let id = if cursor.peek() == Some(b'"') {
        cursor.quoted().ok()?
    } else {
        Cow::Borrowed(cursor.take_while(is_token_byte))
    };
    skip_cfws(&mut cursor)?;
    cursor.take_while(|byte| byte.is_ascii_digit());
    skip_cfws(&mut cursor)?;
    // an encoded word is no token; what is not seen, or is white space for some, is in no name
    let is_plain = is_token(&id) && id.chars().all(is_name);
    (is_plain && matches!(cursor.peek(), None | Some(b';'))).then_some(id)
}

fn skip_cfws(cursor: &mut Cursor<'_>) -> Option<()> {
    loop {
        cursor.skip_fws();
        if cursor.peek() != Some(b'(') {
            return Some(());
        }
        cursor.comment().ok()?;
    }
}

/// Whether the id is in what a careless reader could take for the id of a field.
fn is_suspect(text: &str, authserv_id: &str, own: &str) -> bool {
    let plain = squeezed(authserv_id);
    [head(text, false), head(text, true)].into_iter().any(|head| {
        let squeezed = squeezed(&head);
        head.contains("=?")
            || squeezed.contains(own)
            || squeezed.contains(&plain)
            || canonical(&head).contains(own)
            // each word by itself, since Unicode's forms are those of whole names
            || head.split(|char| !is_name(char) && !is_invisible(char)).any(|word| !word.is_ascii() && canonical(word) == own)
    })
}

/// The text up to the first semicolon, or the first one outside of quotes and comments; without its comments then.
fn head(text: &str, by_structure: bool) -> String {
    let mut head = String::new();
    let (mut is_quoted, mut depth, mut is_hidden) = (false, 0_u32, false);
    let mut any = false;
    look(text.len());
    for char in text.chars() {
        if is_hidden {
            is_hidden = false;
        } else if by_structure {
            match char {
                '\\' => is_hidden = true,
                '"' if depth == 0 => is_quoted = !is_quoted,
                '(' if !is_quoted => depth += 1,
                ')' if !is_quoted && depth > 0 => {
                    depth -= 1;
                    continue;
                }
                _ => {}
            }
        }
        // an empty beginning is passed over by some
        if char == ';' && any && !is_quoted && depth == 0 {
            break;
        }
        if depth == 0 {
            head.push(char);
            any |= is_name(char);
        }
    }
    head
}

/// What is in a name, in small letters, without dots at its end.
fn squeezed(name: &str) -> String {
    look(name.len());
    let mut kept: String = name.chars().filter(|&char| is_name(char)).flat_map(char::to_lowercase).collect();
    kept.truncate(kept.trim_end_matches('.').len());
    kept
}

/// The same with names beyond ASCII as in the DNS, where they can be.
fn canonical(name: &str) -> String {
    let name = squeezed(name);
    if name.is_ascii() {
        return name;
    }
    let mut ascii = to_ascii(name);
    // some of Unicode's dots are dots now
    ascii.truncate(ascii.trim_end_matches('.').len());
    ascii
}

#[cfg(feature = "idna")]
fn to_ascii(name: String) -> String {
    // a domain has at most 253 octets; what is much longer is none in any form
    const MAX: usize = 2_000;
    if name.len() > MAX {
        return name;
    }
    idna::domain_to_ascii_cow(name.as_bytes(), idna::AsciiDenyList::EMPTY).map(Cow::into_owned).unwrap_or(name)
}

#[cfg(not(feature = "idna"))]
const fn to_ascii(name: String) -> String {
    name
}

/// What may be in a name; marks and other dots beyond ASCII too.
fn is_name(char: char) -> bool {
    if char.is_ascii() {
        return is_token_byte(char as u8) && !char.is_ascii_control();
    }
    !char.is_whitespace() && !char.is_control() && !is_invisible(char)
}

/// Characters that are not seen, and what stands for bytes that are no text.
fn is_invisible(char: char) -> bool {
    matches!(char,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFD}' | '\u{E0000}'..='\u{E0FFF}')
}
