"""A bot made with Python's irc package, as its documentation has it. It joins a channel and answers who asks it.

    bot.py HOST PORT NAME CHANNEL      "NAME: ping" is answered, "NAME: goodbye" ends it
"""

import sys

import irc.bot


class Bot(irc.bot.SingleServerIRCBot):
    def __init__(self, host, port, name, channel):
        super().__init__([(host, port)], name, name)
        self.channel = channel

    def on_welcome(self, connection, event):
        connection.join(self.channel)

    def on_pubmsg(self, connection, event):
        name = connection.get_nickname()
        if event.arguments[0] == name + ": ping":
            here = ", ".join(sorted(self.channels[self.channel].users()))
            connection.privmsg(event.target, f"pong, {event.source.nick}; here are {here}")
        elif event.arguments[0] == name + ": goodbye":
            self.die("as you wish")

    def on_privmsg(self, connection, event):
        connection.privmsg(event.source.nick, "you whispered: " + event.arguments[0])


Bot(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]).start()
