"""Virtual Bluetooth controllers. Each speaks HCI H4 on a TCP port of its own.

Usage: controllers.py <how many> [<pair>...]: with pairs such as 0-1 only these hear each other advertise, and can so connect.
With 0-1:23 they agree on an ATT MTU of 23, as if neither host could more; what is longer is lost.
Prints the ports on one line, and ends when its input ends.
"""

import asyncio
import socket
import struct
import sys

from bumble.controller import Controller
from bumble.link import LocalLink
from bumble.transport.tcp_server import open_tcp_server_transport_with_socket


# L2CAP channel, and the two PDUs in which hosts say what they can (Bluetooth Core, vol. 3 parts A and F).
ATT = 4
EXCHANGE_MTU = (2, 3)


class Air(LocalLink):
    """Where not everybody hears everybody."""

    def __init__(self, pairs):
        super().__init__()
        self.pairs = pairs

    def send_acl_data(self, sender_controller, destination_address, transport, data):
        receiver = self.find_le_controller(destination_address)
        mtu = receiver and self.pairs.get(frozenset((receiver.name, sender_controller.name)))
        length, channel, kind = struct.unpack("<HHB", data[:5])
        if mtu and channel == ATT:
            if kind in EXCHANGE_MTU:
                data = data[:5] + struct.pack("<H", mtu)
            elif length > mtu:
                return
        super().send_acl_data(sender_controller, destination_address, transport, data)

    def send_advertising_pdu(self, sender_controller, packet):
        loop = asyncio.get_running_loop()
        for controller in self.controllers:
            pair = frozenset((controller.name, sender_controller.name))
            if controller is not sender_controller and (not self.pairs or pair in self.pairs):
                loop.call_soon(controller.on_ll_advertising_pdu, packet)


async def main(count, pairs):
    air = Air({frozenset(pair.split("-")): int(mtu or 0) for pair, _, mtu in (pair.partition(":") for pair in pairs)})
    ports, controllers = [], []
    for number in range(count):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        ports.append(listener.getsockname()[1])
        transport = await open_tcp_server_transport_with_socket(listener)
        controllers.append(
            Controller(
                str(number),
                host_source=transport.source,
                host_sink=transport.sink,
                link=air,
                public_address=f"F0:00:00:00:00:{number + 1:02X}/P",
            )
        )
    print(*ports, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
