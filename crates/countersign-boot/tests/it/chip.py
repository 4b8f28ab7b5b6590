"""Runs the second stage's binary on an emulated RISC-V core. The ROM's functions are written here; registers are memory.

    chip.py CHIP LINKER_SCRIPT SECOND_STAGE FLASH SECURE_VERSION_FUSES KEY_DIGEST... -- ADDRESS:LENGTH...

The flash is a file and is changed. Prints what the program printed, and at the end `started ENTRY`, the hash of each of the
given ranges as the application would see them, and `fuses BITS`, or `halted`.
"""

import ctypes
import hashlib
import re
import sys
import zlib

from unicorn import UC_ARCH_RISCV, UC_HOOK_CODE, UC_HOOK_MEM_WRITE, UC_MODE_RISCV32
from unicorn import UC_PROT_ALL, UC_PROT_NONE, Uc
from unicorn.riscv_const import UC_RISCV_REG_A0, UC_RISCV_REG_PC, UC_RISCV_REG_RA, UC_RISCV_REG_SP

PAGE = 0x10000
KEY, ENABLED, RESETS_ALL = 0x50D83AA1, 1 << 31, 4 << 28
SUCCESS, FAILED = 0x3A5A5AA5, 0x7533885E

CHIPS = {
    # Where RAM is seen, how much, the ROM's stack, windows to flash, entries, eFuses; the watchdogs': of the RTC, its protection,
    # of the timer, its protection, the super one's, its protection, the key, the bit by which it feeds itself.
    "esp32c3": ([0x3FC80000, 0x40380000], 0x60000, 0x3FCDE710, [0x3C000000, 0x42000000], 128, 0x60008800,
                (0x60008090, 0x600080A8, 0x6001F048, 0x6001F064, 0x600080AC, 0x600080B0, 0x8F1D312A, 1 << 31)),
    "esp32c6": ([0x40800000], 0x80000, 0x4087E610, [0x42000000], 256, 0x600B0800,
                (0x600B1C00, 0x600B1C18, 0x60008048, 0x60008064, 0x600B1C1C, 0x600B1C20, 0x50D83AA1, 1 << 18)),
}


class Chip:
    def __init__(self, name, script, image, flash, fuses, digests):
        ram, ram_len, stack, self.windows, self.entries, self.fuses, self.dogs = CHIPS[name]
        self.name, self.flash_file, self.flash = name, flash, bytearray(open(flash, "rb").read())
        self.cache, self.unlocked, self.has_size, self.hashes, self.burns = False, False, False, {}, 0
        self.ram, self.own = ram, []
        self.uc = Uc(UC_ARCH_RISCV, UC_MODE_RISCV32)
        # One memory, by as many addresses as it has.
        self.cells = ctypes.create_string_buffer(bytes([0x5A]) * ram_len, ram_len)
        for start in ram:
            self.uc.mem_map_ptr(start, ram_len, UC_PROT_ALL, ctypes.addressof(self.cells))
        self.uc.mem_map(0x50000000, 0x4000)
        self.uc.mem_map(0x60000000, 0x100000)
        self.uc.mem_map(0x40000000, 0x60000)
        self.uc.mem_write(0x40000000, bytes.fromhex("8280") * 0x30000)
        for window in self.windows:
            self.uc.mem_map(window, self.entries * PAGE, UC_PROT_NONE)
        self.table = {}
        if name == "esp32c3":
            for entry in range(self.entries):
                self.write32(0x600C5000 + 4 * entry, 0x100)
            self.uc.hook_add(UC_HOOK_MEM_WRITE, self.on_table_c3, None, 0x600C5000, 0x600C51FF)
        else:
            self.uc.hook_add(UC_HOOK_MEM_WRITE, self.on_table_c6, None, 0x6000237C, 0x6000237F)
        self.write32(self.fuses + 0x3C, fuses << 14)
        rtc, rtc_key, timer, timer_key, super_, super_key, key, _ = self.dogs
        self.write32(rtc, 1 << 12)
        self.write32(timer, 1 << 14)
        for register, protection, word in ((rtc, rtc_key, KEY), (rtc + 4, rtc_key, KEY), (timer, timer_key, KEY), (super_, super_key, key)):
            self.protect(register, protection, word)
        self.key_blocks = []
        for number, digest in enumerate(digests):
            address = self.fuses + 0x100 + 32 * number
            self.uc.mem_write(address, bytes.fromhex(digest))
            self.key_blocks.append(address)
        legacy = int(re.search(r"rom_spiflash_legacy_data = (\w+);", script)[1], 16)
        self.write32(legacy, legacy - 0x40)
        self.write32(legacy - 0x40, 0x4016EF)
        symbols = re.findall(r"^(\w+) = (0x400\w+);", script, re.M)
        self.functions = {int(address, 16): getattr(self, symbol) for symbol, address in symbols}
        self.uc.hook_add(UC_HOOK_CODE, self.on_rom, None, 0x40000000, 0x4005FFFF)
        self.entry = self.load(image)
        self.uc.reg_write(UC_RISCV_REG_SP, stack - 0x100)
        self.stack = stack

    def load(self, image):
        """As the ROM does it: each segment to its address."""
        assert image[0] == 0xE9 and image[23] == 1
        at = 24
        for _ in range(image[1]):
            address, length = (int.from_bytes(image[at + i : at + i + 4], "little") for i in (0, 4))
            self.uc.mem_write(address, image[at + 8 : at + 8 + length])
            self.own.append((address, image[at + 8 : at + 8 + length]))
            at += 8 + length
        return int.from_bytes(image[4:8], "little")

    def read32(self, address):
        return int.from_bytes(self.uc.mem_read(address, 4), "little")

    def write32(self, address, value):
        self.uc.mem_write(address, value.to_bytes(4, "little"))

    def protect(self, register, protection, key):
        def on_write(*_):
            assert self.read32(protection) == key, f"{register:#x} is protected"

        self.uc.hook_add(UC_HOOK_MEM_WRITE, on_write, None, register, register + 3)

    def check_watchdogs(self, is_guarded):
        """As the application finds them, or as a device has them that waits."""
        rtc, rtc_key, timer, timer_key, super_, super_key, _, feeds_itself = self.dogs
        state = self.read32(rtc)
        assert state & 1 << 12 == 0 and self.read32(timer) & 1 << 14 == 0, "the ROM's watchdogs are on"
        assert state & (ENABLED | 7 << 28) == (ENABLED | RESETS_ALL if is_guarded else 0), f"{state:#x}"
        assert self.read32(super_) & feeds_itself, "the super watchdog wants food"
        assert [self.read32(key) for key in (rtc_key, timer_key, super_key)] == [0, 0, 0], "left unprotected"

    def on_table_c3(self, _uc, _access, address, _size, value, _data):
        assert not self.cache, "the table changes while the cache reads it"
        entry = (address - 0x600C5000) // 4
        self.table[entry] = None if value & 0x100 else value & 0xFF

    def on_table_c6(self, _uc, _access, _address, _size, value, _data):
        assert not self.cache, "the table changes while the cache reads it"
        self.table[self.read32(0x60002380)] = value & 0x1FF if value & 0x200 else None

    def on_rom(self, uc, address, _size, _data):
        function = self.functions.get(address)
        assert function, f"there is no function at {address:#x}"
        arguments = [uc.reg_read(UC_RISCV_REG_A0 + i) for i in range(6)]
        count = function.__code__.co_argcount - 1
        result = function(*arguments[:count])
        uc.reg_write(UC_RISCV_REG_A0, result or 0)
        uc.reg_write(UC_RISCV_REG_PC, uc.reg_read(UC_RISCV_REG_RA))

    # The ROM. A result of zero is success.

    def ets_printf(self, format, first, second):
        text = bytes(self.uc.mem_read(format, 64)).split(b"\0")[0].decode()
        values = iter((first, second))
        print(re.sub("%u", lambda _: str(next(values)), text).strip())

    def Cache_Disable_ICache(self):
        self.cache = False
        for window in self.windows:
            self.uc.mem_protect(window, self.entries * PAGE, UC_PROT_NONE)

    def Cache_Enable_ICache(self, _autoload):
        self.cache = True
        for window in self.windows:
            self.uc.mem_protect(window, self.entries * PAGE, UC_PROT_ALL)
            for entry in range(self.entries):
                page = self.table.get(entry)
                bytes = self.flash[page * PAGE : (page + 1) * PAGE] if page is not None else None
                self.uc.mem_write(window + entry * PAGE, (b"\xee" * PAGE) if bytes is None else _bytes(bytes))

    def esp_rom_spiflash_config_param(self, id, chip, block, sector, page, mask):
        assert (id, chip, block, sector, page, mask) == (0x4016EF, 0x400000, 0x10000, 0x1000, 0x100, 0xFFFF)
        self.has_size = True

    def esp_rom_spiflash_unlock(self):
        self.unlocked = True

    def esp_rom_spiflash_read(self, address, to, length):
        assert self.has_size and not self.cache and address % 4 == 0 and length % 4 == 0
        self.uc.mem_write(to, _bytes(self.flash[address : address + length]))

    def esp_rom_spiflash_erase_sector(self, number):
        assert self.unlocked and not self.cache
        assert number in (0xA, 0xB), "only the record of slots is erased"
        self.flash[number * 4096 : number * 4096 + 4096] = b"\xff" * 4096

    def esp_rom_spiflash_write(self, address, source, length):
        assert self.unlocked and not self.cache and address in (0xA000, 0xB000) and length == 32
        for index, byte in enumerate(self.uc.mem_read(source, length)):
            self.flash[address + index] &= byte

    def esp_rom_spiflash_config_clk(self, divider, spi):
        assert divider == 1 and spi in (0, 1)

    def spi_dummy_len_fix(self, spi, divider):
        assert divider == 1 and spi in (0, 1)

    def ets_sha_enable(self):
        pass

    def ets_sha_init(self, context, kind):
        assert kind == 2
        self.hashes[context] = None

    def ets_sha_starts(self, context, _sha512_t):
        assert context in self.hashes
        self.hashes[context] = hashlib.sha256()

    def ets_sha_update(self, context, source, length, _update_context):
        assert length <= PAGE, "the watchdog is not fed while the ROM hashes"
        self.hashes[context].update(_bytes(self.uc.mem_read(source, length)))

    def ets_sha_finish(self, context, digest):
        self.uc.mem_write(digest, self.hashes.pop(context).digest())

    def ets_secure_boot_read_key_digests(self, keys):
        for place in range(3):
            self.write32(keys + 4 * place, self.key_blocks[place] if place < len(self.key_blocks) else 0)
        return 0 if self.key_blocks else 1

    def ets_secure_boot_verify_signature(self, sector, digest, keys, verified):
        wanted = _bytes(self.uc.mem_read(digest, 32))
        pointers = [self.read32(keys + 4 * place) for place in range(3)]
        trusted = [_bytes(self.uc.mem_read(pointer, 32)) for pointer in pointers if pointer]
        assert self.uc.mem_read(keys + 12, 1)[0] == 0, "only the ROM revokes"
        for place in range(3):
            block = _bytes(self.uc.mem_read(sector + 1216 * place, 1216))
            is_block = block[0] == 0xE7 and zlib.crc32(block[:1196]).to_bytes(4, "little") == block[1196:1200]
            if is_block and block[4:36] == wanted and hashlib.sha256(block[36:812]).digest() in trusted:
                if is_signature(block, wanted):
                    self.uc.mem_write(verified, wanted)
                    return SUCCESS
        return FAILED

    def ets_efuse_cache_encryption_enabled(self):
        return 0

    def ets_efuse_clear_program_registers(self):
        self.uc.mem_write(self.fuses, bytes(32))

    def ets_efuse_program(self, block):
        assert block == 0
        self.burns += 1
        for word in range(6):
            address = self.fuses + 0x2C + 4 * word
            self.write32(address, self.read32(address) | self.read32(self.fuses + 4 * word))

    def ets_efuse_read(self):
        pass

    def run(self, ranges):
        started = []

        def on_application(uc, address, _size, _data):
            started.append(address)
            uc.emu_stop()

        # Code of an application is below the second stage's in RAM, or in flash.
        for first, end in ((self.ram[-1], self.entry), (self.windows[-1], self.windows[-1] + self.entries * PAGE)):
            self.uc.hook_add(UC_HOOK_CODE, on_application, None, first, end - 1)
        # A wait for interrupts ends it too; the count is against one that never ends.
        self.uc.emu_start(self.entry, 0xFFFFFFFF, count=200_000_000)
        open(self.flash_file, "wb").write(self.flash)
        for address, code in self.own:
            assert _bytes(self.uc.mem_read(address, len(code))) == code, "the second stage was overwritten"
        low = self.stack - 0x2000 - self.ram[0]
        used = 0x2000 - next(i for i in range(0x2000) if self.cells[low + i] != b"\x5a")
        print(f"stack {used}")
        print(f"fuses {self.read32(self.fuses + 0x3C) >> 14 & 0xFFFF}")
        self.check_watchdogs(bool(started))
        if started:
            for start, length in ranges:
                print(hashlib.sha256(_bytes(self.uc.mem_read(start, length))).hexdigest())
                for window in self.windows:
                    if 0 <= start - window < self.entries * PAGE:
                        print(f"page {self.table[(start - window) // PAGE]}")
            print(f"started {started[0]:#x}")
        else:
            print("halted")


def _bytes(array):
    return bytes(bytearray(array))


def is_signature(block, digest):
    """RSA-3072 with PSS and SHA-256, RFC 8017 9.1.2, from the numbers in a block."""
    modulus = int.from_bytes(block[36:420], "little")
    exponent = int.from_bytes(block[420:424], "little")
    message = pow(int.from_bytes(block[812:1196], "little"), exponent, modulus).to_bytes(384, "big")
    masked, hashed, end = message[:351], message[351:383], message[383]
    mask = b"".join(hashlib.sha256(hashed + i.to_bytes(4, "big")).digest() for i in range(11))
    plain = bytes(one ^ other for one, other in zip(masked, mask))
    plain = bytes([plain[0] & 0x7F]) + plain[1:]
    salted = hashlib.sha256(bytes(8) + digest + plain[-32:]).digest()
    return end == 0xBC and plain[:-32] == bytes(318) + b"\x01" and salted == hashed


def main():
    name, script, image, flash, fuses, *rest = sys.argv[1:]
    digests, ranges = rest[: rest.index("--")], rest[rest.index("--") + 1 :]
    chip = Chip(name, open(script).read(), open(image, "rb").read(), flash, int(fuses), digests)
    chip.run([(int(start, 16), int(length)) for start, length in (item.split(":") for item in ranges)])


main()
