"""A Redis server measured from outside: ``client.py ADDRESS PORT COMMAND REQUESTS TOGETHER``.

One client sends as many requests together as it is told, and waits for their answers: how many the
server finds each time it looks is then no question of who got a core when. Keys and values are
those of redis-benchmark with ``-r 10000 -d 32``, by a fixed seed.
"""

import random
import socket
import sys
import time

import redis

HOST, PORT = sys.argv[1], int(sys.argv[2])
COMMAND, REQUESTS, TOGETHER = sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
UP = 60.0  # seconds that the server has to answer in
ANSWER = 10.0  # seconds for one answer
KEYS = 10_000
VALUE = b"x" * 32  # sixteen requests fit one segment, so that they arrive together
ANSWERS = {"set": b"+OK\r\n", "get": b"$32\r\n" + VALUE + b"\r\n", "lpush": b""}


def answering() -> redis.Redis:
    deadline = time.monotonic() + UP
    while True:
        try:
            server = redis.Redis(HOST, PORT, socket_timeout=ANSWER, socket_connect_timeout=ANSWER)
            server.ping()
        except (redis.exceptions.RedisError, OSError):
            if time.monotonic() > deadline:
                sys.exit("no answer")
            time.sleep(0.1)
        else:
            return server


def request(number: int) -> bytes:
    """In Redis' own protocol, made before anything is measured."""
    key = b"list" if COMMAND == "lpush" else b"key:%012d" % number
    words = [COMMAND.upper().encode(), key, *([] if COMMAND == "get" else [VALUE])]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)


def batches() -> list[bytes]:
    numbers = random.Random(1).choices(range(KEYS), k=REQUESTS)
    requests = [request(number) for number in numbers]
    return [b"".join(requests[at : at + TOGETHER]) for at in range(0, REQUESTS, TOGETHER)]


def prepare(server: redis.Redis) -> None:
    """The keys that are got, or overwritten; and the connection, warm."""
    with server.pipeline(transaction=False) as pipe:
        for number in range(KEYS if COMMAND != "lpush" else 0):
            pipe.set(b"key:%012d" % number, VALUE)
        pipe.execute()


def mark(word: str) -> None:
    """Who measures reads the clocks, and then lets us go on."""
    print(f"ukport: measure {word}")
    sys.stdin.readline()


def run(connection: socket.socket) -> int:
    """How many answers were right."""
    wanted, right, at = ANSWERS[COMMAND], 0, 0
    work = batches()
    mark("from")
    for batch in work:
        count = min(TOGETHER, REQUESTS - at)
        connection.sendall(batch)
        at += count
        right += count * (answers(connection, count, wanted))
    mark("to")
    return right


def answers(connection: socket.socket, count: int, wanted: bytes) -> bool:
    """Take in the answers to ``count`` requests; an integer's length is not known before."""
    if wanted:
        left, got = len(wanted) * count, b""
        while len(got) < left:
            got += connection.recv(65536) or sys.exit("the server hung up")
        return got == wanted * count
    got = b""
    while got.count(b"\r\n") < count:
        got += connection.recv(65536) or sys.exit("the server hung up")
    return all(line.startswith(b":") for line in got.split(b"\r\n")[:-1])


def number(version: str) -> int:
    """A version as upstream's REDIS_VERSION_NUM has it."""
    major, minor, patch = (int(part) for part in version.split("."))
    return major << 16 | minor << 8 | patch


def main() -> None:
    server = answering()
    version = server.info("server")["redis_version"]
    print(f"ukport: begin redis {version} ({number(version)})")
    prepare(server)
    with socket.create_connection((HOST, PORT), ANSWER) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        right = run(connection)
    print(f"{'ok' if right == REQUESTS else 'not ok'} 1 - {COMMAND}\n1..1")
    print(f"ukport: end {int(right == REQUESTS)}/1")


if __name__ == "__main__":
    main()
