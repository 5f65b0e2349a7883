//! Lines that were wrapped for transport joined again (RFC 3676, `format=flowed`). May import: nothing.

/// The line before a signature; it ends in a space without flowing.
const SIGNATURE: &str = "-- ";

/// Joins flowed lines, undoes space-stuffing; `delete_space` is the parameter `delsp=yes`. Linear.
pub fn unflow(text: &str, delete_space: bool) -> String {
    let mut joined = String::with_capacity(text.len());
    // The quote depth of the paragraph that the next line may continue.
    let mut open: Option<usize> = None;
    for (number, line) in text.lines().enumerate() {
        let content = line.trim_start_matches('>');
        let depth = line.len() - content.len();
        let content = content.strip_prefix(' ').unwrap_or(content);
        if open != Some(depth) || content == SIGNATURE {
            if number > 0 {
                joined.push('\n');
            }
            joined.extend(std::iter::repeat_n('>', depth));
            if depth > 0 && !content.is_empty() {
                joined.push(' ');
            }
        }
        let flows = content.ends_with(' ') && content != SIGNATURE;
        joined.push_str(if flows && delete_space { &content[..content.len() - 1] } else { content });
        open = flows.then_some(depth);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowed_paragraphs_are_joined_and_quotes_stay_apart() {
        let text = "Bonjour, \nje vous \nécris.\n\n> une \n> citation\n>> autre\n-- \nJean \nD.";
        let joined = "Bonjour, je vous écris.\n\n> une citation\n>> autre\n-- \nJean D.";
        assert_eq!(unflow(text, false), joined);
        assert_eq!(unflow("日本 \n語\n >pas une citation", true), "日本語\n>pas une citation");
    }
}
