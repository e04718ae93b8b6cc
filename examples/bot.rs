//! A bot in 20 lines: it answers whoever says `!time` in #lobby. `cargo run --example bot -- localhost:30000`

use parlor::address::{Address, DEFAULT_PORT};
use parlor::client::{Client, EventKind};
use parlor::name::{RoomName, UserName};
use parlor::wire::Wire;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = std::env::args().nth(1).unwrap_or("localhost".into());
    let mut client = Client::connect(&Address::parse_or_port(&server, DEFAULT_PORT)?, Wire::Irc)?;
    client.login(&UserName::new("clock")?, None)?;
    let (mut speaker, events) = client.split()?;
    speaker.join(&RoomName::new("#lobby")?)?;
    for event in events {
        match event?.kind {
            EventKind::Said { from, text, .. } if text.trim() == "!time" => {
                let time = humantime::format_rfc3339_seconds(std::time::SystemTime::now());
                speaker.say(&format!("{from}: it is {time}"))?;
            }
            EventKind::Whispered { from, .. } => speaker.whisper(&from, "say !time in #lobby")?,
            _ => {}
        }
    }
    Ok(())
}
