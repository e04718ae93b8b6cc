//! `STATS` and its queries.

use super::client::Irc;
use crate::message::{Effect, ErrandKind};
use crate::session::{Context, uptime};
use crate::wire::irc::{Message, numeric};

/// Approximate maximum bytes of a line of `STATS p`.
const REPORT_LINE_BYTES: usize = 192;

/// A query. Its handler gets the letter as the client wrote it.
struct Query {
    letter: &'static str,
    handler: fn(&Irc, &str, &mut Context<'_>),
    is_for_operators: bool,
    help: &'static str,
}

const QUERIES: [Query; 3] = [
    Query {
        letter: "u",
        handler: Irc::stats_uptime,
        is_for_operators: false,
        help: "u: how long the server has been up",
    },
    Query { letter: "k", handler: Irc::stats_bans, is_for_operators: true, help: "k: bans from the server" },
    Query {
        letter: "p",
        handler: Irc::stats_report,
        is_for_operators: true,
        help: "p: report on the server",
    },
];

impl Irc {
    pub(super) fn stats(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        if !self.is_here(message.params.get(1), context) {
            return;
        }
        let letter = message.params[0];
        let Some(query) = QUERIES.iter().find(|query| query.letter.eq_ignore_ascii_case(letter)) else {
            for query in &QUERIES {
                let whose = if query.is_for_operators { ", for operators" } else { "" };
                self.say(numeric::RPL_STATSDEBUG, &format!("{}{whose}", query.help), context);
            }
            return self.end_stats(if letter.is_empty() { "*" } else { letter }, context);
        };
        if query.is_for_operators && !self.is_for_operators(context) {
            return;
        }
        (query.handler)(self, letter, context);
    }

    fn stats_uptime(&self, letter: &str, context: &mut Context<'_>) {
        let up = uptime(context.house.up(context.now.time));
        self.say(numeric::RPL_STATSUPTIME, &format!("Server Up {up}"), context);
        self.end_stats(letter, context);
    }

    fn stats_bans(&self, letter: &str, context: &mut Context<'_>) {
        self.tell_bans(context);
        self.end_stats(letter, context);
    }

    /// Asks the server, which knows all connections; `tell_report` sends the answer.
    fn stats_report(&self, _: &str, context: &mut Context<'_>) {
        context.out.worked(context.connections);
        context.out.push(Effect::Errand(self.connection, ErrandKind::Report.into()));
    }

    /// Sends the answer to `STATS p`, up to the maximum length of an answer.
    pub(super) fn tell_report(&self, lines: &[String], context: &mut Context<'_>) {
        let most = context.house.answer_bytes() / REPORT_LINE_BYTES;
        for text in lines.iter().take(most) {
            self.say(numeric::RPL_STATSDEBUG, text, context);
        }
        if lines.len() > most {
            self.tell_cut("p", context);
        }
        self.end_stats("p", context);
    }

    fn end_stats(&self, letter: &str, context: &mut Context<'_>) {
        self.complain(numeric::RPL_ENDOFSTATS, letter, "End of STATS report", context);
    }
}
