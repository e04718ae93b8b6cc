//! A database without content, on a disk as slow or broken as a test wants.

use std::time::SystemTime;

use parlor::message::{AccountAnswer, AccountQuery, Answer, Ban, Record};
use parlor::store::{Database, Figures, Question};

/// Calls a function for each write, each commit, and each question about accounts, which it answers.
pub struct Blank<W, C, A> {
    pub write: W,
    pub commit: C,
    pub account: A,
}

impl<W, C, A> Database for Blank<W, C, A>
where
    W: FnMut() + Send + 'static,
    C: FnMut() + Send + 'static,
    A: FnMut() -> Result<AccountAnswer, String> + Send + 'static,
{
    fn write(&mut self, _: &[Record]) -> Result<(), String> {
        (self.write)();
        Ok(())
    }

    fn commit(&mut self) -> Result<(), String> {
        (self.commit)();
        Ok(())
    }

    fn roll_back(&mut self) {}

    fn answer(&mut self, _: &mut Question, _: SystemTime) -> Result<Option<Answer>, String> {
        Ok(Some(Answer::Failed))
    }

    fn expire(&mut self, _: SystemTime) -> Result<bool, String> {
        Ok(false)
    }

    fn account(&mut self, _: &AccountQuery) -> Result<AccountAnswer, String> {
        (self.account)()
    }

    fn save_bans(&mut self, _: &[Ban]) -> Result<(), String> {
        Ok(())
    }

    fn figures(&mut self) -> Figures {
        Figures::default()
    }
}
