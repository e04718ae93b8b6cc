//! A bot in 30 lines: it answers whoever says `!uptime` in #lobby. `cargo run --example bot -- localhost:30000`

use std::time::Instant;

use parlor::address::{Address, DEFAULT_PORT};
use parlor::client::{Client, ClientEventKind, Manner};
use parlor::name::{RoomName, UserName};
use parlor::wire::Wire;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let server = std::env::args().nth(1).unwrap_or("localhost".into());
    let mut client = Client::connect(&Address::parse_or_port(&server, DEFAULT_PORT)?, Wire::Irc)?;
    client.login(&UserName::new("clock")?, None)?;
    let (mut speaker, events) = client.split()?;
    speaker.join(&RoomName::new("#lobby")?)?;
    for event in events {
        let event = event?;
        // The server repeats what we say, and other programs do not want an answer.
        let asks = |manner| !event.is_own && manner == Manner::Message;
        match event.kind {
            ClientEventKind::Said { from, text, manner, .. } if asks(manner) && text.trim() == "!uptime" => {
                speaker.say(&format!("{from}: I have been here for {} s", start.elapsed().as_secs()))?;
            }
            ClientEventKind::Whispered { from, manner, .. } if asks(manner) => {
                speaker.whisper(&from, "say !uptime in #lobby")?;
            }
            _ => {}
        }
    }
    Ok(())
}
