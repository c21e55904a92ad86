"""An echo server on lwIP tested from outside. Run as ``client.py ADDRESS PORT``."""

import random
import socket
import struct
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

HOST, PORT = sys.argv[1], int(sys.argv[2])
UP = 40.0  # seconds that the server has to answer in
ANSWER = 20.0  # seconds for one answer
TESTS: list[tuple[str, Callable[[], None]]] = []


def test(name: str) -> Callable[[Callable[[], None]], None]:
    return lambda function: TESTS.append((name, function))


class Client:
    """A connection, and what the server greeted it with."""

    def __init__(self) -> None:
        self.socket = socket.create_connection((HOST, PORT), ANSWER)
        self.greeting = b""
        while not self.greeting.endswith(b"\n"):
            self.greeting += self.some(1)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def some(self, size: int) -> bytes:
        got = self.socket.recv(size)
        if not got:
            raise ConnectionError("the server hung up")
        return got

    def exactly(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            got += self.some(size - len(got))
        return got

    def echoed(self, data: bytes) -> None:
        self.socket.sendall(data)
        if self.exactly(len(data)) != data:
            raise AssertionError(f"{len(data)} bytes came back otherwise")


def data(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@test("one byte to 64 KiB")
def _() -> None:
    with Client() as client:
        for size in (1, 2, 536, 1459, 1460, 1461, 4096, 16_384, 16_385, 65_536):
            client.echoed(data(size))


@test("a MiB, sent while its echo is read")
def _() -> None:
    whole = data(1 << 20)
    with Client() as client, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(client.socket.sendall, whole)
        if client.exactly(len(whole)) != whole:
            raise AssertionError("it came back otherwise")
        sending.result()


@test("a thousand small messages")
def _() -> None:
    with Client() as client:
        for number in range(1000):
            client.echoed(b"%d;" % number)


@test("twenty clients at once")
def _() -> None:
    def one(number: int) -> None:
        with Client() as client:
            for turn in range(20):
                client.echoed(data(number * 100 + turn + 1))

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(one, range(20)))


@test("a hundred clients, one after the other")
def _() -> None:
    for number in range(100):
        with Client() as client:
            client.echoed(b"%d" % number)


@test("a client that has said all, and still reads")
def _() -> None:
    with Client() as client:
        client.socket.sendall(b"the end")
        client.socket.shutdown(socket.SHUT_WR)
        if client.exactly(7) != b"the end" or client.socket.recv(1):
            raise AssertionError("expected the echo and then the end")


@test("a client that breaks off")
def _() -> None:
    for _turn in range(5):
        with Client() as client:
            client.socket.sendall(data(10_000))
            linger = struct.pack("ii", 1, 0)  # a reset in the place of an end
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    with Client() as client:
        client.echoed(b"still there")


def greeting() -> bytes:
    deadline = time.monotonic() + UP
    while True:
        try:
            with Client() as client:
                return client.greeting
        except OSError:
            if time.monotonic() > deadline:
                sys.exit("no answer")
            time.sleep(0.2)


def main() -> None:
    _, version, number = greeting().decode().split()
    print(f"ukport: begin lwip {version} ({number})")
    passed = 0
    for at, (name, function) in enumerate(TESTS, 1):
        try:
            function()
        except Exception as error:  # a test that fails, however, is a result
            print(f"# {type(error).__name__}: {str(error)[:150]}")
            print(f"not ok {at} - {name}")
        else:
            passed += 1
            print(f"ok {at} - {name}")
    print(f"1..{len(TESTS)}")
    print(f"ukport: end {passed}/{len(TESTS)}")


if __name__ == "__main__":
    main()
