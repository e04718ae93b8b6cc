//! A database without content, on a disk as slow as a test wants.

use std::path::PathBuf;
use std::time::SystemTime;

use parlor::message::{AccountAnswer, AccountQuery, Answer, Ban, Record};
use parlor::store::{Database, Figures, Question};

/// Calls the first function for each write, and the second for each commit.
pub struct Blank<W, C>(pub W, pub C);

impl<W: FnMut() + Send + 'static, C: FnMut() + Send + 'static> Database for Blank<W, C> {
    fn write(&mut self, _: &[Record]) -> Result<(), String> {
        (self.0)();
        Ok(())
    }

    fn commit(&mut self) -> Result<(), String> {
        (self.1)();
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
        Ok(AccountAnswer::Unknown)
    }

    fn save_bans(&mut self, _: &[Ban]) -> Result<(), String> {
        Ok(())
    }

    fn back_up(&mut self) -> Result<PathBuf, String> {
        Err("there is no file".into())
    }

    fn figures(&mut self) -> Figures {
        Figures::default()
    }
}
