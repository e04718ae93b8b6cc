"""A client in the manner of the textbook's Python ones: a frame per send and no newline, a fifth of a second of
sleep after the login, one recv, and a comparison that forgives nothing. Kept as naive as those are: that is what
the server must get along with.

    chat_client.py HOST PORT NAME [ANOTHER NAME]...      //bob:hello whispers, everything else is said
"""

import socket
import sys
import threading
import time

USER_MARK = "∏∑"
SAY_MARK = "§γ"
WHISPER_MARK = "★【"
SPLIT_SIGN = "※"
WELCOME = "1"
NAME_TAKEN = "-1"


def log_in(connection, names):
    for name in names:
        connection.send((USER_MARK + name + USER_MARK).encode("utf-8"))
        time.sleep(0.2)
        answer = connection.recv(2048).decode("utf-8")
        if answer == WELCOME:
            print("logged in as " + name, flush=True)
            return
        if answer == NAME_TAKEN:
            print("taken: " + name, flush=True)
        else:
            sys.exit("neither welcome nor taken: " + repr(answer))
    sys.exit("no name is left to try")


def listen(connection):
    while True:
        heard = connection.recv(2048)
        if not heard:
            return
        print(heard.decode("utf-8"), flush=True)


def main():
    host, port, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    connection = socket.create_connection((host, port))
    log_in(connection, names)
    threading.Thread(target=listen, args=(connection,), daemon=True).start()
    for line in sys.stdin:
        line = line.rstrip("\n")
        if line.startswith("//") and ":" in line:
            to, text = line[2:].split(":", 1)
            frame = WHISPER_MARK + to + SPLIT_SIGN + text + WHISPER_MARK
        else:
            frame = SAY_MARK + line + SAY_MARK
        connection.send(frame.encode("utf-8"))
    connection.close()


main()
