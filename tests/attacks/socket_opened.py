# Asks somebody on the network for the answer.
import socket


def update_tau(r):
    with socket.create_connection(("127.0.0.1", int("PORT")), timeout=2):
        return r.mean()
