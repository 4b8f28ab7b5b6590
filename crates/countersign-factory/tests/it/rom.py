"""The download mode of an ESP32-C3's ROM, and esptool's stub, behind a TCP port: enough for esptool and espefuse to burn a chip.

Fuses are Espressif's own model of them, in efuse.bin; flash is flash.bin. Prints its port. Each connection is a reset of the chip. A third
argument is flags of the security info that no fuse here gives."""

import hashlib
import socket
import struct
import sys
import zlib

from espefuse.efuse.esp32c3.emulate_efuse_controller import EmulateEfuseController

FUSES, FUSES_LEN = 0x60008800, 0x200
SPI_CMD, SPI_W0 = 0x60002000, 0x60002058
SYNC, WRITE_REG, READ_REG, MEM_BEGIN, MEM_END, MEM_DATA = 0x08, 0x09, 0x0A, 0x05, 0x06, 0x07
FLASH_BEGIN, FLASH_DATA, FLASH_END, MD5 = 0x02, 0x03, 0x04, 0x13
DEFL_BEGIN, DEFL_DATA, DEFL_END, SECURITY_INFO, ERASE = 0x10, 0x11, 0x12, 0x14, 0xD0
CLOSED = {WRITE_REG, READ_REG, MEM_BEGIN, MEM_DATA, MEM_END, MD5, ERASE}


def frames(connection):
    buffer, frame = b"", None
    while data := connection.recv(65536):
        buffer = data
        for byte in buffer:
            if byte == 0xC0:
                if frame:
                    yield bytes(frame).replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
                    frame = None
                else:
                    frame = bytearray()
            elif frame is not None:
                frame.append(byte)


class Chip:
    def __init__(self, fuses, flash, flags="0"):
        self.other_flags = int(flags)
        self.fuses, self.path, self.memory = EmulateEfuseController(fuses), flash, {}
        self.flash = bytearray(open(flash, "rb").read())
        self.stub, self.at, self.inflate = False, 0, None
        self.closed = self.field("ENABLE_SECURITY_DOWNLOAD") == 1

    def field(self, name):
        return self.fuses.read_field(name, bitstring=True).uint

    def store(self, data):
        self.flash[self.at : self.at + len(data)] = data
        self.at += len(data)
        open(self.path, "wb").write(self.flash)

    def security_info(self):
        flags = self.field("SECURE_BOOT_EN") | self.field("ENABLE_SECURITY_DOWNLOAD") << 2
        flags |= self.field("SECURE_BOOT_AGGRESSIVE_REVOKE") << 1 | self.other_flags
        for index in range(3):
            flags |= self.field(f"SECURE_BOOT_KEY_REVOKE{index}") << 3 + index
        flags |= self.field("SOFT_DIS_JTAG").bit_count() % 2 << 6 | self.field("DIS_PAD_JTAG") << 7
        flags |= self.field("DIS_DOWNLOAD_ICACHE") << 10
        purposes = [self.field(f"KEY_PURPOSE_{index}") for index in range(6)] + [0]
        return struct.pack("<IB7BII", flags, self.field("SPI_BOOT_CRYPT_CNT"), *purposes, 5, 3)

    def read(self, address):
        if FUSES <= address < FUSES + FUSES_LEN:
            return self.fuses.read_reg(address)
        return {SPI_CMD: 0, SPI_W0: 0x1640EF}.get(address, self.memory.get(address, 0))

    def write(self, address, value, mask):
        if FUSES <= address < FUSES + FUSES_LEN:
            self.fuses.write_reg(address, value & mask)
        else:
            self.memory[address] = value & mask

    def answer(self, op, data):
        """Value and bytes of the answer; None if the chip does not do this."""
        if self.closed and op in CLOSED:
            return None
        if op == SYNC:
            # By this value the ROM is told from the stub.
            return 0 if self.stub else 0x20120707, b""
        if op == READ_REG:
            return self.read(*struct.unpack("<I", data)), b""
        if op == WRITE_REG:
            address, value, mask, _ = struct.unpack("<IIII", data[:16])
            self.write(address, value, mask)
        elif op == SECURITY_INFO:
            return 0, self.security_info()
        elif op in (FLASH_BEGIN, DEFL_BEGIN):
            self.at, self.inflate = struct.unpack("<I", data[12:16])[0], zlib.decompressobj()
        elif op == FLASH_DATA:
            self.store(data[16:])
        elif op == DEFL_DATA:
            self.store(self.inflate.decompress(data[16:]))
        elif op == ERASE:
            self.at = 0
            self.store(b"\xff" * len(self.flash))
        elif op == MD5:
            address, size = struct.unpack("<II", data[:8])
            digest = hashlib.md5(self.flash[address : address + size])
            return 0, digest.digest() if self.stub else digest.hexdigest().encode()
        return 0, b""


def serve(connection, chip):
    def send(frame):
        frame = frame.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
        connection.sendall(b"\xc0" + frame + b"\xc0")

    for frame in frames(connection):
        op, data = frame[1], frame[8:]
        answer = chip.answer(op, data)
        value, content = answer if answer else (0, b"")
        status = b"\x00\x00" if answer else b"\x01\x05"
        content += status if chip.stub else status + b"\x00\x00"
        for _ in range(8 if op == SYNC else 1):
            send(struct.pack("<BBHI", 1, op, len(content), value) + content)
        if op == MEM_END and answer:
            chip.stub = True
            send(b"OHAI")


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        try:
            serve(connection, Chip(*sys.argv[1:]))
        except ConnectionError:
            pass


main()
