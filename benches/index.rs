//! The index of users: the cost of each change, with few and with many users. All are O(1), so costs that grow faster
//! than cache misses explain are a fault.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};

use parlor::hub::Users;
use parlor::message::{ConnectionId, Now, Peer, Profile, UserId};
use parlor::name::UserName;

/// Users already in the index.
const USERS: [u32; 5] = [10, 100, 1_000, 10_000, 100_000];

/// Users per round; each is one element of the throughput.
const ROUND: u32 = 10;

/// Scripts of the names: the characters for the ten digits.
const SCRIPTS: [(&str, &str); 2] = [("ASCII", "abcdefghij"), ("Chinese", "甲乙丙丁戊己庚辛壬癸")];

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for (script, digits) in SCRIPTS {
        bench(&mut criterion, script, digits);
    }
    criterion.final_summary();
}

fn profile() -> Profile {
    Profile {
        is_secure: false,
        username: "u".into(),
        host: "h.ip".into(),
        realname: "r".into(),
        peer: Peer::Unix,
        #[cfg(feature = "store")]
        away: None,
    }
}

fn bench(criterion: &mut Criterion, script: &str, digits: &str) {
    let mut group = criterion.benchmark_group(format!("index/{script}"));
    group.throughput(Throughput::Elements(ROUND.into()));
    for count in USERS {
        let mut users = Users::default();
        for n in 0..count {
            let claimed = users.claim(Some(ConnectionId(n)), name(digits, n), profile(), Now::read());
            assert_eq!(claimed, Ok(UserId(n)), "every name is another");
        }
        // Spread over the index, so that they do not share cache lines.
        let residents: Vec<_> =
            (0..ROUND).map(|n| n * (count / ROUND)).map(|n| (UserId(n), name(digits, n))).collect();
        let others: Vec<_> = (count..count + ROUND).map(|n| (UserId(n), name(digits, n))).collect();

        group.bench_function(BenchmarkId::new("find", count), |bencher| {
            bencher.iter(|| {
                for (id, name) in black_box(&residents) {
                    assert_eq!(users.find(name), Some(*id));
                }
            });
        });
        group.bench_function(BenchmarkId::new("find nobody", count), |bencher| {
            bencher.iter(|| {
                for (_, name) in black_box(&others) {
                    assert_eq!(users.find(name), None);
                }
            });
        });
        group.bench_function(BenchmarkId::new("claim", count), |bencher| {
            bencher.iter_custom(|rounds| {
                sum(rounds, || {
                    let (spent, claimed) = timed(|| claim(&mut users, &others));
                    release(&mut users, &claimed);
                    spent
                })
            });
        });
        group.bench_function(BenchmarkId::new("release", count), |bencher| {
            bencher.iter_custom(|rounds| {
                sum(rounds, || {
                    let claimed = claim(&mut users, &others);
                    timed(|| release(&mut users, &claimed)).0
                })
            });
        });
        group.bench_function(BenchmarkId::new("rename", count), |bencher| {
            bencher.iter_custom(|rounds| {
                sum(rounds, || {
                    let (spent, ()) = timed(|| rename(&mut users, &residents, &others));
                    rename(&mut users, &residents, &residents);
                    spent
                })
            });
        });
        assert_eq!(users.len(), count as usize);
        users.check();
    }
    group.finish();
}

/// A name for `number`, written in these digits.
fn name(digits: &str, number: u32) -> UserName {
    let digits: Vec<char> = digits.chars().collect();
    let text: String =
        format!("{number:06}").bytes().map(|digit| digits[usize::from(digit - b'0')]).collect();
    UserName::new(&text).expect("letters are a name")
}

fn claim(users: &mut Users, newcomers: &[(UserId, UserName)]) -> Vec<UserId> {
    let claim = |(id, name): &(UserId, UserName)| {
        let claimed = users.claim(Some(ConnectionId(id.0)), name.clone(), profile(), Now::read());
        claimed.expect("nobody has the name")
    };
    newcomers.iter().map(claim).collect()
}

fn release(users: &mut Users, leavers: &[UserId]) {
    for id in leavers {
        assert!(users.release(*id).is_some());
    }
}

fn rename(users: &mut Users, who: &[(UserId, UserName)], names: &[(UserId, UserName)]) {
    for ((id, _), (_, name)) in who.iter().zip(names) {
        assert_eq!(users.rename(*id, name.clone()), Ok(()));
    }
}

fn timed<T>(act: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = act();
    (start.elapsed(), result)
}

fn sum(rounds: u64, mut round: impl FnMut() -> Duration) -> Duration {
    (0..rounds).map(|_| round()).sum()
}
