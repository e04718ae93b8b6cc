//! A bot in 30 lines: it answers whoever says `!time` in #lobby. `cargo run --example bot -- localhost:30000`

use parlor::address::{Address, DEFAULT_PORT};
use parlor::client::{Client, ClientEventKind, Manner};
use parlor::date;
use parlor::name::{RoomName, UserName};
use parlor::wire::Wire;

fn main() -> Result<(), Box<dyn std::error::Error>> {
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
            ClientEventKind::Said { from, text, manner, .. } if asks(manner) && text.trim() == "!time" => {
                let time = date::seconds(std::time::SystemTime::now());
                speaker.say(&format!("{from}: it is {time}"))?;
            }
            ClientEventKind::Whispered { from, manner, .. } if asks(manner) => {
                speaker.whisper(&from, "say !time in #lobby")?;
            }
            _ => {}
        }
    }
    Ok(())
}
