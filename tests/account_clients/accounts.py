"""Somebody who registers accounts, and sees who logs in to them."""

from certificates import EC, openssl
from peers import Peer


class Registrar:
    """A server operator in the room, who hears of everybody's account."""

    def __init__(self, house, directory, room):
        self.house, self.directory = house, directory
        self.peer = Peer(house.port, "registrar", room)
        self.peer.send("CAP REQ :account-tag extended-join", "OPER root secret")
        self.peer.expect(" 381 ")

    def register(self, name, password, with_certificate=False):
        """Registers an account. Returns the file with its certificate and key, if it has one."""
        self.peer.send(f"NS SAREGISTER {name} {password}")
        self.peer.expect(f"The account {name} exists now")
        if not with_certificate:
            return None
        certificate = self.make_certificate(name)
        printed = openssl("x509", "-in", certificate, "-noout", "-fingerprint", "-sha256").strip()
        owner = Peer(self.house.port, name, password=f"{name}:{password}")
        owner.send(f"NS CERT ADD {printed.split('=')[1]}", "PING added")
        owner.expect("PONG")
        owner.close()
        self.peer.expect(f":{name}!")
        return certificate

    def make_certificate(self, name):
        """A certificate that it signs itself, and its key, in one file as irssi and WeeChat want them."""
        key, certificate, both = (self.directory / f"{name}.{kind}" for kind in ["key", "crt", "pem"])
        openssl("genpkey", *EC, "-out", key)
        subject = ["-subj", f"/CN={name}", "-days", "2"]
        openssl("req", "-x509", "-key", key, *subject, "-out", certificate)
        both.write_text(certificate.read_text() + key.read_text())
        return both

    def expect_account(self, name):
        """`WHOIS` says that somebody is logged in."""
        self.peer.send(f"WHOIS {name}")
        self.peer.expect(f" 330 registrar {name} {name} ")
        self.peer.expect(" 318 ")

    def expect(self, text):
        self.peer.expect(text)

    def close(self):
        self.peer.close()
