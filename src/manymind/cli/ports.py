"""Whether an address can be listened on, found out before long work is done for it."""

import socket


def problem(host: str, port: int) -> str:
    """Why not, or nothing if it can."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def address(host: str, port: int) -> str:
    """As a URL has it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
