//! CTCP actions ("client to client"), such as `/me waves`.

/// The beginning of the text of a CTCP action.
pub(in crate::session) const CTCP_ACTION: &str = "\x01ACTION ";

/// The prefix, text and optional end mark of a CTCP action. Each part of a long one must be an action.
pub(in crate::session) fn action(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_at_checked(CTCP_ACTION.len())?;
    let end = rest.strip_suffix('\x01').map_or(rest.len(), str::len);
    let (text, after) = rest.split_at(end);
    (before == CTCP_ACTION && !text.is_empty()).then_some((before, text, after))
}
