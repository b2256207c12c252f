//! Names on the page, which is Markdown: they are text, whatever they are called. The page goes into
//! governance posts and notebooks, where a name that makes a link or an element would speak for its author.

use slashfall_graph::printable;

/// Text that Markdown shows as it is.
pub(in crate::caps) fn text(name: &str) -> String {
    let name = printable(name);
    let mut shown = String::with_capacity(name.len());
    let mut before = ' ';
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        let is_special = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '~' => true,
            // Within a word it stands for itself.
            '_' => !(before.is_alphanumeric() && after.is_alphanumeric()),
            '&' => after == '#' || after.is_ascii_alphanumeric(),
            // Else addresses become links by themselves.
            ':' => after == '/',
            '.' => shown.to_ascii_lowercase().ends_with("www"),
            _ => false,
        };
        if is_special {
            shown.push('\\');
        }
        shown.push(c);
        before = c;
    }
    shown
}

/// The same as code, however many backticks are in it.
pub(super) fn code(name: &str) -> String {
    let name = printable(name);
    let longest = name.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    if longest == 0 {
        return format!("`{name}`");
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence} {name} {fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_as_they_are() {
        for name in ["ezETH", "Kelp_rsETH", "aave-v3 (core)", "Lido & co.", "slashing x3", "a/b #1"]
        {
            assert_eq!(text(name), name);
            assert_eq!(code(name), format!("`{name}`"));
        }
    }

    #[test]
    fn names_make_no_links_elements_or_emphasis() {
        let cases = [
            ("[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))"),
            ("![x](//e.com/p)", "!\\[x\\](//e.com/p)"),
            ("<script>", "\\<script\\>"),
            ("&lt;b&#62; & c", "\\&lt;b\\&#62; & c"),
            ("**a** _b_ ~~c~~ `d` \\", "\\*\\*a\\*\\* \\_b\\_ \\~\\~c\\~\\~ \\`d\\` \\\\"),
            ("https://e.com www.e.com", "https\\://e.com www\\.e.com"),
            ("a\n# b\u{1b}", "a\\\\u000a# b\\\\u001b"),
        ];
        for (name, shown) in cases {
            assert_eq!(text(name), shown, "{name}");
        }
        assert_eq!(code("a`b``c"), "``` a`b``c ```");
    }
}
