"""Logs in with pydle: python pydle_bot.py PORT NAME PASSWORD [CERTIFICATE]"""

import logging
import sys

import pydle


class Bot(pydle.Client):
    async def on_nick_change(self, old, new):
        # Also when it hears its name for the first time. It may register before it has logged in.
        print(f"welcome {new}", flush=True)

    async def on_raw_904(self, message):
        print("refused", flush=True)


def main():
    # It reports every numeric that it does not know.
    logging.disable()
    port, name, password, certificate = sys.argv[1:]
    if certificate:
        proof = {"sasl_mechanism": "EXTERNAL", "tls_client_cert": certificate, "sasl_username": name}
    else:
        proof = {"sasl_username": name, "sasl_password": password}
    # Nobody vouches for the server's certificate here.
    Bot(f"{name}_", **proof).run("localhost", int(port), tls=True, tls_verify=False)


main()
