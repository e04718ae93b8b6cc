"""A parlord with a port for TLS and one without, and bare clients of it."""

import socket
import ssl
import subprocess
import time

from certificates import Identity, openssl
from screens import GLANCE, PATIENCE, Failed, end_server, listening, start_server, stop_server

# Longest wait for the server after SIGTERM, in seconds.
STOP_PATIENCE = 5


class House:
    """A server whose certificate and key are files that can be changed under it; without an identity it makes them."""

    def __init__(self, programs, directory, identity=None, options=()):
        state = directory / "state"
        self.certificate, self.key = state / "cert.pem", state / "key.pem"
        options = [*options, "--tls-listen", "127.0.0.1:0", "--state", state]
        if identity:
            state.mkdir(exist_ok=True)
            identity.install(self.certificate, self.key)
            options += ["--tls-cert", self.certificate, "--tls-key", self.key]
        else:
            options += ["--self-signed"]
        self.log = directory / "parlord.log"
        self.process = None
        try:
            with self.log.open("w") as log:
                self.process, self.host, self.port = start_server(programs, "127.0.0.1:0", *options, log=log)
            self.tls_port = listening(self.process)[1]
        except Failed as why:
            self.end()
            raise Failed(f"{why}, but logged:\n{self.log.read_text()}") from None

    def s_client(self, root, *options):
        """The command for openssl's client, which wants to see a certificate for localhost."""
        verify = ["-CAfile", root.certificate, "-verify_return_error", "-verify_hostname", "localhost"]
        return ["s_client", "-connect", f"localhost:{self.tls_port}", *verify, *options]

    def verify(self, root, version):
        """openssl's client trusts the server; what it prints of that."""
        printed = openssl(*self.s_client(root, version))
        if "Verify return code: 0 (ok)" not in printed:
            raise Failed(f"openssl does not trust the server:\n{printed}")
        return printed

    def serial(self, root):
        """Of the certificate that newcomers are shown."""
        return openssl("x509", "-noout", "-serial", stdin=self.verify(root, "-tls1_3")).strip()

    def logged(self, text, count=1):
        """Waits until so many lines of the log have this in them, and gives the last one."""
        deadline = time.monotonic() + PATIENCE
        while len(found := [line for line in self.log.read_text().splitlines() if text in line]) < count:
            if time.monotonic() > deadline:
                raise Failed(f"the server did not log {text!r}, but:\n{self.log.read_text()}")
            time.sleep(GLANCE)
        print(f"  parlord: {found[-1]}", flush=True)
        return found[-1]

    def say_at_tls_port(self, text):
        """What somebody hears who speaks no TLS where it is spoken."""
        with socket.create_connection((self.host, self.tls_port), timeout=PATIENCE) as connection:
            connection.sendall(text.encode())
            with connection.makefile(encoding="utf-8") as heard:
                return heard.read()

    def sha256(self):
        """The fingerprint of the certificate in the file, as openssl and irssi write it."""
        return Identity(self.certificate, self.key).sha256()

    def stop(self):
        """Asks the server to end, which it does in time."""
        stop_server(self.process, STOP_PATIENCE, self.log)
        print("  parlord: ends with status 0", flush=True)

    def end(self):
        end_server(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def refuses_to_start(programs, certificate, key):
    """What parlord says, in one line, of files that it cannot use."""
    options = ["--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key]
    command = [programs / "parlord", *options]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=PATIENCE)
    if result.returncode != 2 or result.stdout or len(result.stderr.splitlines()) != 1:
        raise Failed(f"parlord ended with status {result.returncode}: {result.stdout}{result.stderr}")
    return result.stderr.strip()


class HalfOpen:
    """A client that ends its side with a close_notify and listens on, which openssl's own program does not."""

    def __init__(self, house, root, version):
        context = ssl.create_default_context(cafile=root.certificate)
        context.minimum_version = context.maximum_version = version
        self.socket = socket.create_connection((house.host, house.tls_port), timeout=PATIENCE)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self.retry(self.tls.do_handshake)

    def flush(self):
        if self.outgoing.pending:
            self.socket.sendall(self.outgoing.read())

    def retry(self, action, *args):
        """Does something as often as it wants to read more."""
        while True:
            try:
                done = action(*args)
                self.flush()
                return done
            except ssl.SSLWantReadError:
                self.flush()
                heard = self.socket.recv(65536)
                self.incoming.write(heard) if heard else self.incoming.write_eof()

    def say(self, text):
        self.tls.write(text.encode())
        self.flush()

    def end_input(self):
        """Says that nothing more will come, in TLS and in TCP."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush()
        self.socket.shutdown(socket.SHUT_WR)

    def hear_all(self):
        """All there is until the server has ended with a close_notify; without one this fails."""
        heard = b""
        try:
            while True:
                heard += self.retry(self.tls.read, 65536)
        except ssl.SSLZeroReturnError:
            self.socket.close()
            return heard.decode()
