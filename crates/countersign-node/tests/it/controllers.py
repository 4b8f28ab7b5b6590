"""Virtual Bluetooth controllers that hear each other. Each speaks HCI H4 on a TCP port of its own.

Usage: controllers.py <how many>. Prints the ports on one line, and ends when its input ends.
"""

import asyncio
import socket
import sys

from bumble.controller import Controller
from bumble.link import LocalLink
from bumble.transport.tcp_server import open_tcp_server_transport_with_socket


async def main(count):
    air = LocalLink()
    ports, controllers = [], []
    for number in range(count):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        ports.append(listener.getsockname()[1])
        transport = await open_tcp_server_transport_with_socket(listener)
        controllers.append(
            Controller(
                f"C{number}",
                host_source=transport.source,
                host_sink=transport.sink,
                link=air,
                public_address=f"F0:00:00:00:00:{number + 1:02X}/P",
            )
        )
    print(*ports, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main(int(sys.argv[1])))
