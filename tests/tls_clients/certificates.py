"""A certificate authority of our own, made with openssl: whom the clients of tests/tls_clients/run trust, and nobody
else does. Its certificates are for localhost, for two days.
"""

import subprocess

from screens import ENVIRONMENT, PATIENCE, Failed

# What each kind of certificate may do.
CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
commonName = the tests of parlor
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[server]
basicConstraints = critical, CA:false
subjectAltName = DNS:localhost, IP:127.0.0.1
"""

EC = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
ED25519 = ["-algorithm", "Ed25519"]
RSA = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]


def openssl(*args, stdin="", may_fail=False):
    """What openssl prints, on either output."""
    command = ["openssl", *(str(arg) for arg in args)]
    result = subprocess.run(
        command,
        input=stdin,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=PATIENCE,
    )
    if (result.returncode == 0) == may_fail:
        raise Failed(f"{' '.join(command)} ended with status {result.returncode}:\n{result.stdout}")
    return result.stdout


class Identity:
    """A certificate, with those that vouch for it behind it, and its key, as files."""

    def __init__(self, certificate, key):
        self.certificate, self.key = certificate, key

    def install(self, certificate, key):
        """Puts copies in the place of these files."""
        certificate.write_bytes(self.certificate.read_bytes())
        key.write_bytes(self.key.read_bytes())

    def serial(self):
        """What tells the certificate from others of the same authority."""
        return openssl("x509", "-in", self.certificate, "-noout", "-serial").strip()

    def sha256(self):
        """The certificate's fingerprint, as openssl and irssi write it."""
        printed = openssl("x509", "-in", self.certificate, "-noout", "-fingerprint", "-sha256")
        return printed.strip().split("=")[1]


class Authority:
    """Signs certificates. `vouched_by` is the authority above it; without one it is the root, which clients trust."""

    def __init__(self, directory, title="root", vouched_by=None):
        self.directory, self.title, self.vouched_by = directory, title, vouched_by
        self.config = directory / "openssl.cnf"
        self.config.write_text(CONFIG)
        self.key = self.make_key(title, EC)
        self.certificate = directory / f"{title}.pem"
        self.sign(self.certificate, self.key, "authority", vouched_by)

    def make_key(self, title, kind):
        """A key in PKCS#8."""
        path = self.directory / f"{title}.key"
        openssl("genpkey", *kind, "-out", path)
        return path

    def sign(self, certificate, key, what, signer):
        by = ["-CA", signer.certificate, "-CAkey", signer.key] if signer else []
        subject = ["-subj", f"/CN={certificate.stem}"]
        request = ["req", "-x509", "-config", self.config, "-extensions", what, "-days", "2", *subject]
        openssl(*request, "-key", key, *by, "-out", certificate)

    def certify(self, title, kind=EC):
        """A certificate for a new key, and all behind it but the root's."""
        key = self.make_key(title, kind)
        certificate = self.directory / f"{title}.pem"
        self.sign(certificate, key, "server", self)
        if self.vouched_by:
            certificate.write_text(certificate.read_text() + self.certificate.read_text())
        return Identity(certificate, key)
