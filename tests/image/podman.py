"""Podman with images, containers and volumes of its own, which end with it."""

import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from screens import PATIENCE, Failed

# How often a container is looked at, in seconds.
GLANCE = 0.05


class Podman:
    """Leaves alone what other podmans have. It works in a sandbox as well, as root who may not raise limits."""

    def __enter__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="parlor-image-"))
        (self.directory / "storage.conf").write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{self.directory}/images"\nrunroot = "{self.directory}/run"\n'
        )
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        ulimits = f'"nofile={files}:{files}", "nproc=1000:1000"'
        runtime = next(name for name in ["runc", "crun"] if shutil.which(name))
        (self.directory / "containers.conf").write_text(
            f'[containers]\ndefault_ulimits = [{ulimits}]\n'
            f'[engine]\nruntime = "{runtime}"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
        )
        self.environment = {
            **os.environ,
            "ENGINE": "podman",
            "CONTAINERS_STORAGE_CONF": f"{self.directory}/storage.conf",
            "CONTAINERS_CONF": f"{self.directory}/containers.conf",
        }
        return self

    def __exit__(self, *_):
        self.attempt("podman", "rm", "--all", "--force", "--time", "0")
        self.attempt("podman", "network", "prune", "--force")
        shutil.rmtree(self.directory, ignore_errors=True)

    def attempt(self, *command, directory=None):
        """What came of a command, whether it succeeded or not."""
        return subprocess.run(
            command,
            env=self.environment,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=10 * PATIENCE,
        )

    def do(self, *command, directory=None):
        """What a command prints, which must succeed."""
        done = self.attempt(*command, directory=directory)
        if done.returncode != 0:
            raise Failed(f"{' '.join(map(str, command))}: status {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def image(self, name):
        return json.loads(self.do("podman", "image", "inspect", name))[0]

    def start(self, *options, image="localhost/parlord", command=()):
        return Container(self, self.do("podman", "run", "--detach", *options, image, *command))


class Container:
    """A container that was started, by its id or name."""

    def __init__(self, podman, name):
        self.podman, self.name = podman, name

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.podman.attempt("podman", "rm", "--force", "--time", "0", self.name)

    def state(self):
        return json.loads(self.podman.do("podman", "inspect", self.name))[0]["State"]

    def port(self, inside=30000):
        """The port of this machine that is this one in the container."""
        return int(self.podman.do("podman", "port", self.name, f"{inside}/tcp").rsplit(":", 1)[1])

    def logs(self):
        """The last of what it said."""
        done = self.podman.attempt("podman", "logs", "--tail=100", self.name)
        return done.stdout + done.stderr

    def wait_for(self, what, is_so):
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > deadline:
                raise Failed(f"{what} never came: {self.state()}: {self.logs()[-1000:]}")
            time.sleep(GLANCE)

    def wait_until_logged(self, part):
        self.wait_for(f"{part!r} in the log", lambda: part in self.logs())

    def wait_until_ended(self):
        """The exit status, and what it said."""
        self.wait_for("the end", lambda: self.state()["Status"] == "exited")
        return self.state()["ExitCode"], self.logs()

    def check_health(self):
        """The exit status of the image's health check: 0 is healthy."""
        return self.podman.attempt("podman", "healthcheck", "run", self.name).returncode

    def signal(self, name):
        self.podman.do("podman", "kill", "--signal", name, self.name)

    def stop(self):
        """Ends it as engines do, with SIGTERM and 10 seconds; returns how many it needed."""
        began = time.monotonic()
        self.podman.do("podman", "stop", "--time", "10", self.name)
        return time.monotonic() - began
