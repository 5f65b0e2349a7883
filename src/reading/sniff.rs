//! What the first bytes of a file say that it is, whatever its label says. May import: nothing.

/// How files of a kind begin.
const MAGIC: [(&[u8], &str); 11] = [
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xFF\xD8\xFF", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x78\x9F\x3E\x22", "application/ms-tnef"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7FELF", "application/x-executable"),
    (b"Rar!\x1A\x07", "application/vnd.rar"),
    (b"7z\xBC\xAF\x27\x1C", "application/x-7z-compressed"),
    (b"\x1F\x8B\x08", "application/gzip"),
];

/// The media type of a file, by its first bytes where they are known, else as `declared`.
///
/// A picture that is none is told, since it is shown without a click. Zip archives keep their label: most office
/// files are one.
pub fn media_type(bytes: &[u8], declared: &str) -> String {
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return (*kind).to_owned();
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return "image/webp".to_owned();
    }
    if bytes.starts_with(b"PK\x03\x04")
        && (declared == "application/octet-stream" || declared.starts_with("image/"))
    {
        return "application/zip".to_owned();
    }
    let start = bytes.trim_ascii_start();
    if declared.starts_with("image/") && start.starts_with(b"<") {
        let head = start[..start.len().min(1024)].to_ascii_lowercase();
        let is_drawing = head.windows(4).any(|window| window == b"<svg");
        return if is_drawing { "image/svg+xml" } else { "text/html" }.to_owned();
    }
    declared.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_win_over_the_label() {
        for (bytes, declared, kind) in [
            (&b"%PDF-1.7"[..], "image/png", "application/pdf"),
            (b"\x89PNG\r\n\x1a\n...", "application/octet-stream", "image/png"),
            (b"MZ\x90", "image/jpeg", "application/vnd.microsoft.portable-executable"),
            (b"RIFF....WEBPVP8", "image/jpeg", "image/webp"),
            (b" <script>alert(1)</script>", "image/png", "text/html"),
            (b"<?xml version=\"1.0\"?><SVG>", "image/png", "image/svg+xml"),
            (b"PK\x03\x04", "application/octet-stream", "application/zip"),
            (
                b"PK\x03\x04",
                "application/vnd.oasis.opendocument.text",
                "application/vnd.oasis.opendocument.text",
            ),
            (b"Bonjour", "text/plain", "text/plain"),
            (b"", "image/png", "image/png"),
        ] {
            assert_eq!(media_type(bytes, declared), kind, "{declared}");
        }
    }
}
