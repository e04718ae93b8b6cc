//! Looks for inputs that make a target panic: stored ones, random ones, and stored ones changed at random. What is
//! found is made small and stored, and is tried in every run from then on.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::{fs, thread};

use crate::choices::Choices;

/// Something to be tried with any input. It panics where it finds a mistake.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    /// Its seeds stand in the folder of this name.
    pub(crate) name: &'static str,
    pub(crate) run: fn(&mut Choices<'_>),
    /// Longest input, in bytes.
    pub(crate) input_bytes: usize,
    /// How many random inputs an ordinary run tries.
    pub(crate) cases: usize,
    /// How many threads the long run gives it.
    pub(crate) threads: u64,
}

/// Most inputs tried while one that was found is made smaller.
const SHRINKING: usize = 2_000;

/// What panics while an input is tried says so when the input is as small as it gets.
static SILENCE: Once = Once::new();

thread_local! {
    static IS_SILENT: Cell<bool> = const { Cell::new(false) };
}

/// Random numbers (SplitMix64): the same for the same seed, everywhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

impl Target {
    /// Tries every stored input.
    pub(crate) fn replay(&self) {
        for (path, input) in self.seeds() {
            eprintln!("{}", path.display());
            self.attempt(&input);
        }
    }

    /// Tries random inputs as long as `goes_on`, which is given how many have been tried. Returns that.
    pub(crate) fn search(&self, mut random: Random, goes_on: impl Fn(usize) -> bool) -> usize {
        let seeds: Vec<_> = self.seeds().into_iter().map(|(_, input)| input).collect();
        let mut tried = 0;
        while goes_on(tried) {
            let input = self.input(&seeds, &mut random);
            if let Err(panic) = self.quietly(&input) {
                let small = self.shrunk(input);
                let path = self.store(&small);
                eprintln!("{}: found after {tried} inputs, stored in {}", self.name, path.display());
                self.attempt(&small);
                // It did not fail this time, which is a finding of its own.
                resume_unwind(panic);
            }
            tried += 1;
        }
        tried
    }

    fn attempt(&self, input: &[u8]) {
        (self.run)(&mut Choices::new(input));
    }

    /// The same, where a panic is an answer and not to be printed.
    fn quietly(&self, input: &[u8]) -> thread::Result<()> {
        SILENCE.call_once(|| {
            let loud = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                if !IS_SILENT.get() {
                    loud(info)
                }
            }));
        });
        IS_SILENT.set(true);
        let result = panic::catch_unwind(AssertUnwindSafe(|| self.attempt(input)));
        IS_SILENT.set(false);
        result
    }

    /// An input that nobody has tried, or a stored one with some changes.
    fn input(&self, seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
        if seeds.is_empty() || random.below(3) > 0 {
            // Short ones are quick to try, and long ones come far.
            let most = 1 + random.below(self.input_bytes);
            let count = random.below(most);
            return random.bytes(count);
        }
        let mut input = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(8) {
            change(&mut input, seeds, random);
        }
        input.truncate(self.input_bytes);
        input
    }

    /// A smaller input that makes the target panic too.
    fn shrunk(&self, mut input: Vec<u8>) -> Vec<u8> {
        let (mut tries, mut size) = (0, input.len().next_power_of_two());
        while size > 0 && tries < SHRINKING {
            let mut at = 0;
            while at < input.len() && tries < SHRINKING {
                tries += 1;
                let mut smaller = input.clone();
                smaller.drain(at..(at + size).min(input.len()));
                if self.quietly(&smaller).is_err() { input = smaller } else { at += size }
            }
            size /= 2;
        }
        input
    }

    fn store(&self, input: &[u8]) -> PathBuf {
        let name =
            input.iter().fold(Random(0), |hash, &byte| Random(Random(hash.0 ^ u64::from(byte)).next()));
        let path = self.folder().join(format!("found-{:016x}", name.0));
        fs::create_dir_all(self.folder()).expect("seeds can be stored");
        fs::write(&path, input).expect("seeds can be stored");
        path
    }

    fn seeds(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let Ok(entries) = fs::read_dir(self.folder()) else { return Vec::new() };
        let mut paths: Vec<_> =
            entries.map(|entry| entry.expect("a folder that can be read").path()).collect();
        // In the same order everywhere.
        paths.sort();
        let read =
            |path: PathBuf| fs::read(&path).map(|input| (path, input)).expect("a seed that can be read");
        paths.into_iter().map(read).collect()
    }

    fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(self.name)
    }
}

/// One change at random.
fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let end = (at + 1 + random.below(16)).min(input.len());
    match random.below(6) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = random.next() as u8;
            }
        }
        2 => {
            input.drain(at..end.max(at));
        }
        3 => {
            let count = 1 + random.below(32);
            input.splice(at..at, random.bytes(count));
        }
        4 => {
            let again = input[at..end.max(at)].to_vec();
            input.splice(at..at, again);
        }
        _ => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
    }
}
