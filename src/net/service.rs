//! Reports to a service manager (sd_notify(3)): ready, reloading, stopping, and that the event loop is alive
//! (sd_watchdog_enabled(3)).

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process;
use std::time::{Duration, Instant};

use log::debug;
use rustix::time::{ClockId, clock_gettime};

/// The service manager, if there is one.
#[derive(Debug, Default)]
pub(super) struct Service(Option<Manager>);

#[derive(Debug)]
struct Manager {
    socket: UnixDatagram,
    address: SocketAddr,
    watchdog: Option<Watchdog>,
    /// A failure to reach it is logged only once.
    failure_is_logged: bool,
}

#[derive(Debug)]
struct Watchdog {
    interval: Duration,
    next: Instant,
}

impl Service {
    /// The manager that the environment names: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    pub(super) fn from_env(now: Instant) -> Self {
        Self::new(|name| env::var_os(name), now)
    }

    fn new(variable: impl Fn(&str) -> Option<OsString>, now: Instant) -> Self {
        let Some(place) = variable("NOTIFY_SOCKET").filter(|place| !place.is_empty()) else {
            return Self::default();
        };
        match connect(place.as_bytes()) {
            Ok((socket, address)) => {
                let watchdog = Watchdog::new(variable, now);
                Self(Some(Manager { socket, address, watchdog, failure_is_logged: false }))
            }
            Err(error) => {
                debug!("cannot notify the service manager: {place:?}: {error}");
                Self::default()
            }
        }
    }

    /// Reports that the server serves, also after a reload; `status` is for people.
    pub(super) fn ready(&mut self, status: &str) {
        // Each line is a field.
        self.tell(|| format!("READY=1\nSTATUS={}", status.replace('\n', " ")));
    }

    /// Reports a reload; `ready` reports its outcome.
    pub(super) fn reloading(&mut self) {
        self.tell(|| {
            // The manager orders its requests and our answers by this clock.
            let now = clock_gettime(ClockId::Monotonic);
            // The width of its numbers depends on the machine.
            let now = Duration::try_from(now).unwrap_or_default();
            format!("RELOADING=1\nMONOTONIC_USEC={}", now.as_micros())
        });
    }

    pub(super) fn stopping(&mut self) {
        self.tell(|| "STOPPING=1\nSTATUS=says goodbye".to_owned());
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        Some(self.0.as_ref()?.watchdog.as_ref()?.next)
    }

    /// Notifies the watchdog if it is due. Only the event loop may call this, because it proves that the loop turns.
    pub(super) fn turn(&mut self, now: Instant) {
        let watchdog = self.0.as_mut().and_then(|manager| manager.watchdog.as_mut());
        if let Some(watchdog) = watchdog.filter(|watchdog| watchdog.next <= now) {
            watchdog.next = now + watchdog.interval;
            self.tell(|| "WATCHDOG=1".to_owned());
        }
    }

    fn tell(&mut self, state: impl FnOnce() -> String) {
        let Some(manager) = &mut self.0 else { return };
        let sent = manager.socket.send_to_addr(state().as_bytes(), &manager.address);
        if let Err(error) = sent
            && !manager.failure_is_logged
        {
            manager.failure_is_logged = true;
            debug!("cannot notify the service manager: {error}");
        }
    }
}

impl Watchdog {
    /// The watchdog of this process, if the environment asks for one.
    fn new(variable: impl Fn(&str) -> Option<OsString>, now: Instant) -> Option<Self> {
        let number = |name: &str| variable(name)?.to_str()?.parse::<u64>().ok();
        let is_ours =
            variable("WATCHDOG_PID").is_none() || number("WATCHDOG_PID") == Some(u64::from(process::id()));
        let microseconds = number("WATCHDOG_USEC").filter(|&microseconds| is_ours && microseconds > 0)?;
        // Half of the timeout, as sd_watchdog_enabled(3) recommends.
        let interval = Duration::from_micros(microseconds) / 2;
        Some(Self { interval, next: now.checked_add(interval)? })
    }
}

/// A non-blocking socket for the manager at `place`.
fn connect(place: &[u8]) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match place.strip_prefix(b"@") {
        Some(name) => abstract_address(name)?,
        None => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(place))?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    Ok((socket, address))
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &[u8]) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn abstract_address(_: &[u8]) -> io::Result<SocketAddr> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(variables: &[(&str, String)], now: Instant) -> Service {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Service::new(|name| find(name).map(|(_, value)| value.into()), now)
    }

    #[test]
    fn without_a_service_manager_nothing_is_sent() {
        let now = Instant::now();
        for variables in [
            vec![],
            vec![("NOTIFY_SOCKET", String::new())],
            vec![("WATCHDOG_USEC", "1000".to_owned())],
            vec![("NOTIFY_SOCKET", "/".repeat(200))],
        ] {
            let mut service = service(&variables, now);
            assert!(service.0.is_none(), "{variables:?}");
            service.ready("fine");
            service.turn(now);
            assert_eq!(service.next_deadline(), None);
        }
    }

    #[test]
    fn the_watchdog_is_for_this_process_and_notified_at_half_its_timeout() {
        let now = Instant::now();
        let place = ("NOTIFY_SOCKET", "/nowhere/to/be/found".to_owned());
        let cases = [
            (Some(process::id()), "2000", Some(Duration::from_millis(1))),
            (None, "2000", Some(Duration::from_millis(1))),
            (Some(1), "2000", None),
            (None, "0", None),
            (None, "soon", None),
        ];
        for (pid, time, wanted) in cases {
            let mut variables = vec![place.clone(), ("WATCHDOG_USEC", time.to_owned())];
            variables.extend(pid.map(|pid| ("WATCHDOG_PID", pid.to_string())));
            let mut service = service(&variables, now);
            assert_eq!(service.next_deadline(), wanted.map(|wanted| now + wanted), "{variables:?}");
            // A missing manager does not stop the server.
            let later = now + Duration::from_millis(1);
            service.turn(later);
            assert_eq!(service.next_deadline(), wanted.map(|wanted| later + wanted));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_manager_at_an_abstract_address_is_notified() {
        let name = format!("parlor-service-{}", process::id());
        let manager = UnixDatagram::bind_addr(&abstract_address(name.as_bytes()).unwrap()).unwrap();
        let mut service = service(&[("NOTIFY_SOCKET", format!("@{name}"))], Instant::now());
        service.ready("two\nlines");
        let mut bytes = [0; 100];
        let count = manager.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..count], b"READY=1\nSTATUS=two lines");
    }
}
