//! Mail made up for measuring: the same at each run.

const WORDS: [&str; 24] = [
    "delivery", "schedule", "the", "new", "server", "and", "please", "see", "attached", "report", "we", "will", "meet",
    "on", "Tuesday", "at", "noon", "with", "figures", "from", "last", "quarter", "kind", "regards",
];

/// Lines of about 70 characters, `size` bytes in all or a little more. Every hundredth line begins with a dot.
pub fn text(size: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(size + 80);
    let (mut word, mut line) = (7_usize, 0_u32);
    while out.len() < size {
        let start = out.len();
        line += 1;
        if line % 100 == 50 {
            out.push(b'.');
        }
        while out.len() - start < 64 {
            out.extend_from_slice(WORDS[word % WORDS.len()].as_bytes());
            out.push(b' ');
            word = word.wrapping_mul(31).wrapping_add(11);
        }
        out.pop();
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// A header block of fourteen fields as mail has them, with its empty line.
pub fn header() -> Vec<u8> {
    concat!(
        "Received: from relay.example.net (relay.example.net [192.0.2.7])\r\n\tby mx.example.org with ESMTPS id 7c4f02\r\n",
        "\t(TLS1.3 TLS_AES_256_GCM_SHA384)\r\n\tfor <alice@example.org>; Mon, 23 Nov 2026 09:12:44 +0100\r\n",
        "Received: from laptop.example.net ([198.51.100.23])\r\n\tby relay.example.net with ESMTPSA id 11aa;\r\n\tMon, 23 Nov 2026 08:12:41 +0000\r\n",
        "Date: Mon, 23 Nov 2026 08:12:40 +0000\r\n",
        "From: \"Bob, of Sales\" <bob@example.net>\r\n",
        "To: Alice <alice@example.org>, Carol Jones <carol@example.com>,\r\n\t\"dan (office)\" <dan@example.com>\r\n",
        "Cc: team: eve@example.org, frank@example.org;\r\n",
        "Subject: =?utf-8?Q?Zahlen_f=C3=BCr_das?= last quarter, and when we meet\r\n to talk about them\r\n",
        "Message-ID: <20261123081240.5f3c@laptop.example.net>\r\n",
        "In-Reply-To: <8812.1@mx.example.org>\r\n",
        "References: <8800.7@mx.example.org> <8812.1@mx.example.org>\r\n",
        "MIME-Version: 1.0\r\n",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "Content-Transfer-Encoding: 8bit\r\n",
        "User-Agent: Letters 4.2\r\n",
        "\r\n",
    )
    .as_bytes()
    .to_vec()
}

/// A message: header and about `size` bytes of text.
pub fn message(size: usize) -> Vec<u8> {
    let mut out = header();
    out.extend_from_slice(&text(size));
    out
}

/// A message as it goes over the wire after DATA or RETR: dots stuffed, ended by a lone dot.
pub fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 64 + 8);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// A message with a text and a file of `size` octets, in base64.
pub fn attachment(size: usize) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut state = 0x9E37_79B9_u32;
    let mut octets = Vec::with_capacity(size);
    while octets.len() < size {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        octets.extend_from_slice(&state.to_be_bytes());
    }
    let mut out = header();
    let at = out.windows(25).position(|text| text == b"Content-Type: text/plain;").unwrap_or(0);
    out.truncate(at);
    out.extend_from_slice(b"Content-Type: multipart/mixed; boundary=\"=_bound_=\"\r\n\r\n--=_bound_=\r\n\r\n");
    out.extend_from_slice(&text(1_000));
    out.extend_from_slice(
        b"--=_bound_=\r\nContent-Type: application/pdf; name=report.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    );
    for line in octets.chunks(57) {
        out.extend_from_slice(STANDARD.encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"--=_bound_=--\r\n");
    out
}

/// Real messages that others have collected, a few hundred; empty, which is said, where they are not on this machine.
pub fn corpus() -> Vec<Vec<u8>> {
    use std::{env, fs, path::PathBuf};
    let root = env::var_os("MAILWRIGHT_CONFORMANCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"), PathBuf::from);
    let folder = root.join("spam-spamassassin");
    let index = fs::read_to_string(folder.join("index.txt")).unwrap_or_default();
    let mails: Vec<_> = index.lines().step_by(10).filter_map(|name| fs::read(folder.join(name)).ok()).collect();
    if mails.is_empty() {
        println!("no corpus of messages here; MAILWRIGHT_CONFORMANCE names the folder that has it");
    }
    mails
}
