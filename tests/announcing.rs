//! What `parlord` prints and logs: where it listens and how to join, and who comes and goes.

mod support;

use support::{Peer, Program, Scratch, address, login};

#[test]
fn the_line_on_standard_output_tells_where_it_listens_and_how_to_join() {
    let scratch = Scratch::new();
    let socket = scratch.socket("s").to_string();
    let server = Program::parlord(&["--listen", "127.0.0.1:0", "--listen", &socket]);
    let line = server.line();
    let (at, join) = line.split_once(", ").expect("two halves");
    let at = at.strip_prefix("listening on ").expect("it begins like this");
    assert_eq!(join, format!("join with: parlor NAME@{at}"));
    assert_eq!(server.line(), format!("listening on {socket}, join with: parlor NAME@{socket}"));
    Peer::user(&address(at), "alice");
}
