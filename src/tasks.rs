//! What `parlord` does instead of serving, as its options ask.

#[cfg(feature = "tools")]
use std::error::Error;
use std::fmt::Display;
#[cfg(feature = "store")]
use std::io::BufWriter;
use std::io::{self, Write};
#[cfg(feature = "store")]
use std::path::Path;
use std::process::ExitCode;
#[cfg(any(feature = "store", feature = "tools"))]
use std::time::SystemTime;

#[cfg(feature = "tools")]
use crate::bans_file;
#[cfg(feature = "tools")]
use crate::config::ServerConfig;
use crate::config::ServerTask;
#[cfg(feature = "tools")]
use crate::doctor::{self, Finding};
#[cfg(feature = "tools")]
use crate::health_check;
#[cfg(feature = "store")]
use crate::name::UserName;
#[cfg(feature = "tools")]
use crate::net::{self, Inherited};
use crate::secret;
#[cfg(feature = "store")]
use crate::secret::StoredPassword;
#[cfg(feature = "store")]
use crate::store::{self, ExistingAccount, FreeName, Restored};

/// Carries out the task. Prints what comes of it, or one line with the reason why nothing does.
pub fn carry_out(task: ServerTask) -> ExitCode {
    match task {
        ServerTask::HashPassword => match secret::ask_for_hash() {
            Ok(hash) => print(&format!("{hash}\n")),
            Err(error) => fail(&error, 2),
        },
        #[cfg(feature = "tools")]
        ServerTask::Check(checked) => {
            let answers = format!("{} answers\n", checked.address);
            match health_check::check(checked) {
                Ok(()) => print(&answers),
                Err(why) => fail(&why, 1),
            }
        }
        #[cfg(feature = "tools")]
        ServerTask::CheckConfig(config) => match check_config(&config) {
            Ok(()) => print("the config is right\n"),
            Err(error) => fail(&error, 2),
        },
        #[cfg(feature = "tools")]
        ServerTask::Examine(config) => print_findings(&doctor::examine(&config, SystemTime::now())),
        #[cfg(feature = "store")]
        ServerTask::ExportHistory(directory, room) => {
            match store::export(&directory, &room, &mut BufWriter::new(io::stdout().lock())) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(&error, 1),
            }
        }
        #[cfg(feature = "store")]
        ServerTask::AddAccount(directory, name) => add_account(&directory, name),
        #[cfg(feature = "store")]
        ServerTask::ResetPassword(directory, name) => reset_password(&directory, &name),
        #[cfg(feature = "store")]
        ServerTask::BackUp(directory, to) => back_up(&directory, &to),
        #[cfg(feature = "store")]
        ServerTask::Restore(directory, backup) => restore(&directory, &backup),
    }
}

/// Checks what comes between reading the config and listening.
#[cfg(feature = "tools")]
fn check_config(config: &ServerConfig) -> Result<(), Box<dyn Error>> {
    net::check_privileges(config, &Inherited::from_env()?)?;
    config.reserve_memory()?;
    if let Some(directory) = &config.state {
        bans_file::read(&bans_file::path(directory))?;
    }
    Ok(())
}

#[cfg(feature = "tools")]
fn print_findings(findings: &[Finding]) -> ExitCode {
    print(&findings.iter().map(|finding| format!("{finding}\n")).collect::<String>());
    ExitCode::from(u8::from(findings.iter().any(Finding::is_wrong)))
}

/// Reads a password, and creates an account with it.
#[cfg(feature = "store")]
fn add_account(directory: &Path, name: UserName) -> ExitCode {
    let done = format!("the account {name} exists now\n");
    match FreeName::find(directory, name) {
        Ok(free) => with_password(&done, |password| free.register(password, SystemTime::now())),
        Err(error) => fail(&error, 1),
    }
}

/// Reads a password, and gives it to an account.
#[cfg(feature = "store")]
fn reset_password(directory: &Path, name: &UserName) -> ExitCode {
    match ExistingAccount::find(directory, name) {
        Ok(account) => {
            with_password(&format!("{name} has a new password\n"), |password| account.set_password(password))
        }
        Err(error) => fail(&error, 1),
    }
}

/// Reads a password, stores it, and prints that this is done.
#[cfg(feature = "store")]
fn with_password(
    done: &str,
    store: impl FnOnce(StoredPassword) -> Result<(), store::StoreError>,
) -> ExitCode {
    match secret::ask_for_password() {
        Ok(password) => match store(password) {
            Ok(()) => print(done),
            Err(error) => fail(&error, 1),
        },
        Err(error) => fail(&error, 2),
    }
}

#[cfg(feature = "store")]
fn back_up(directory: &Path, to: &Path) -> ExitCode {
    match store::back_up(directory, to) {
        Ok(()) => print(&format!("the backup is complete: {}\n", to.display())),
        Err(error) => fail(&error, 1),
    }
}

/// Which signal or restart lets a running server restore a backup, and what its users notice.
#[cfg(feature = "store")]
const RESTORES: &str = if cfg!(feature = "upgrade") {
    "after SIGUSR2 or a restart, it begins anew without its users"
} else {
    "after a restart, it begins anew"
};

#[cfg(feature = "store")]
fn restore(directory: &Path, backup: &Path) -> ExitCode {
    let shown = directory.display();
    match store::restore(backup, directory, SystemTime::now()) {
        Ok(Restored::Now { old }) => {
            let old = old.map(|old| format!("; what was there is in {}", old.display()));
            let old = old.unwrap_or_default();
            print(&format!("the backup is restored, for the next start of a server with {shown}{old}\n"))
        }
        Ok(Restored::Waits { copy }) => {
            let copy = copy.display();
            print(&format!(
                "a parlord uses {shown}: {RESTORES} and restores the backup; to give it up, remove {copy}\n"
            ))
        }
        Err(error) => fail(&error, 1),
    }
}

fn print(text: &str) -> ExitCode {
    io::stdout().write_all(text.as_bytes()).ok();
    ExitCode::SUCCESS
}

fn fail(error: &dyn Display, status: u8) -> ExitCode {
    writeln!(io::stderr(), "parlord: {error}").ok();
    ExitCode::from(status)
}
