//! Reconnection after a network failure: all clients connect and log in at once, then many join one room at once.

use std::time::{Duration, Instant};

use crate::account;
use crate::contender::{Contender, Running};
use crate::crowd::Crowd;
use crate::failure::Failure;
use crate::kind::Kind;
use crate::plan::{Plan, is_possible};
use crate::tell;
use crate::wire::{Wire, second_word};

/// The result of a storm.
#[derive(Clone, Copy)]
pub(crate) struct Storm {
    /// True when all were logged in by the deadline.
    pub(crate) is_over: bool,
    pub(crate) logins_per_second: f64,
    /// CPU time of the server per login.
    pub(crate) login_cpu: Duration,
    /// Until all members knew of each other, only on IRC.
    pub(crate) join: Option<Spent>,
}

/// The cost of a phase.
#[derive(Clone, Copy)]
pub(crate) struct Spent {
    pub(crate) time: Duration,
    pub(crate) cpu: Duration,
}

/// The storms of each server, without the relay, which has no logins.
pub(crate) fn measure(contenders: &[Contender], plan: &Plan) -> Result<Vec<Vec<Storm>>, Failure> {
    let mut storms = vec![Vec::new(); contenders.len()];
    if !is_possible(plan.newcomers) {
        tell("too few descriptors for a storm");
        return Ok(storms);
    }
    for round in 0..plan.storms {
        for (contender, storms) in contenders.iter().zip(&mut storms) {
            // A late server is not asked again.
            if contender.kind != Kind::Relay && storms.iter().all(|storm: &Storm| storm.is_over) {
                tell(&format!("storm {} of {}: {}", round + 1, plan.storms, contender.name));
                storms.push(storm(contender, plan)?);
            }
        }
    }
    Ok(storms)
}

fn storm(contender: &Contender, plan: &Plan) -> Result<Storm, Failure> {
    let server = contender.start()?;
    let wire = server.door.wire;
    let mut crowd = Crowd::new(wire)?;
    let mut logins = 0;
    let spent = spend(&server, || {
        logins = crowd.log_in(&server.door, plan.newcomers, Instant::now() + plan.patience)?;
        Ok(())
    })?;
    let mut storm = Storm {
        is_over: logins == plan.newcomers,
        logins_per_second: logins as f64 / spent.time.as_secs_f64(),
        login_cpu: spent.cpu.div_f64(logins.max(1) as f64),
        join: None,
    };
    if storm.is_over && wire == Wire::Irc {
        let by = Instant::now() + plan.patience;
        match spend(&server, || join_all(&mut crowd, plan.joiners, by)) {
            Err(Failure::Late) => storm.is_over = false,
            spent => storm.join = Some(spent?),
        }
    }
    Ok(storm)
}

/// Measures the cost of `act`.
fn spend(server: &Running, act: impl FnOnce() -> Result<(), Failure>) -> Result<Spent, Failure> {
    let (start, before) = (Instant::now(), account::cpu(server.pid())?);
    act()?;
    Ok(Spent { time: start.elapsed(), cpu: account::cpu(server.pid())?.saturating_sub(before) })
}

/// The first `count` clients join one room; each is told of itself and of all later members.
fn join_all(crowd: &mut Crowd, count: usize, by: Instant) -> Result<(), Failure> {
    let (wire, room) = (crowd.wire, crowd.wire.room(0));
    for client in &mut crowd.clients[..count] {
        client.send(wire.join(&room).as_bytes())?;
    }
    let (mut told, mut in_room) = (0, 0);
    crowd.hear_lines(by, |_, line| {
        told += usize::from(second_word(line) == Some(b"JOIN"));
        in_room += usize::from(wire.is_joined(line));
        told == count * (count + 1) / 2 && in_room == count
    })
}
