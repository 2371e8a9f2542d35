//! Any text is a page: its pieces are no more than it has octets, and its text ends in a line end and has no markup of its own making.
#![no_main]

use libfuzzer_sys::fuzz_target;
use message::html::{Piece, Pieces, to_text};

fuzz_target!(|html: &str| {
    let (mut pieces, mut octets) = (0, 0);
    for piece in Pieces::new(html) {
        pieces += 1;
        match piece {
            Piece::Text { text, .. } => {
                assert!(!text.is_empty() || html.contains('&'));
                octets += text.len();
            }
            Piece::Link { url, .. } => octets += url.len(),
            _ => {}
        }
    }
    assert!(pieces <= html.len());
    // a character reference is at most twice as long as what it is written as
    assert!(octets <= 2 * html.len());
    let text = to_text(html);
    assert!(text.is_empty() || text.ends_with('\n'));
    if !html.contains(['<', '&', '\0']) {
        assert!(text.split_whitespace().eq(html.split_whitespace()));
    }
});
