"""A Redis server tested from outside, as its users use it: redis-py, redis-cli, redis-benchmark.

Run as ``client.py ADDRESS PORT``. It prints what a unikernel's own tests print.
"""

import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import redis

HOST, PORT = sys.argv[1], int(sys.argv[2])
UP = 60.0  # seconds that the server has to answer in
ANSWER = 30.0  # seconds for one answer
MIB = 1 << 20
TESTS: list[tuple[str, Callable[[redis.Redis], None]]] = []


def test(name: str) -> Callable[[Callable[[redis.Redis], None]], None]:
    return lambda function: TESTS.append((name, function))


def connect() -> redis.Redis:
    return redis.Redis(HOST, PORT, socket_timeout=ANSWER, socket_connect_timeout=ANSWER)


def same(found: object, wanted: object) -> None:
    if found != wanted:
        raise AssertionError(f"{str(found)[:80]!r}, not {str(wanted)[:80]!r}")


def output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.stdout


@test("strings")
def _(server: redis.Redis) -> None:
    same(server.set("key", "value"), True)
    same(server.get("key"), b"value")
    same(server.append("key", b"\0\xff"), 7)
    same(server.getrange("key", 4, -1), b"e\0\xff")
    same([server.incr("number"), server.incrby("number", 41), server.decr("number")], [1, 42, 41])
    same(server.mset({f"m{i}": i for i in range(100)}), True)
    same(server.mget([f"m{i}" for i in range(101)]), [b"%d" % i for i in range(100)] + [None])
    same(server.set("key", "other", nx=True), None)
    same([server.delete("key"), server.exists("key")], [1, 0])


@test("keys that expire")
def _(server: redis.Redis) -> None:
    server.set("short", 1, px=200)
    server.set("long", 1, ex=1000)
    same(server.get("long"), b"1")
    deadline = time.monotonic() + ANSWER  # the guest's clock is its own
    while server.exists("short") and time.monotonic() < deadline:
        time.sleep(0.1)
    same(server.exists("short", "long"), 1)
    same(900 < server.ttl("long") <= 1000, True)


@test("lists")
def _(server: redis.Redis) -> None:
    same(server.rpush("list", *range(1000)), 1000)
    same(server.lpush("list", "first"), 1001)
    same(server.lrange("list", 0, 2), [b"first", b"0", b"1"])
    same([server.lpop("list"), server.rpop("list")], [b"first", b"999"])
    same(server.lrem("list", 0, "500"), 1)
    same(server.llen("list"), 998)
    same(server.blpop(["empty"], timeout=1), None)


@test("hashes")
def _(server: redis.Redis) -> None:
    fields = {b"f%d" % i: b"v%d" % (i * i) for i in range(1000)}
    same(server.hset("hash", mapping=fields), 1000)
    same(server.hgetall("hash"), fields)
    same(server.hincrby("hash", "count", 3), 3)
    same([server.hdel("hash", "f1", "f2"), server.hlen("hash")], [2, 999])


@test("sets")
def _(server: redis.Redis) -> None:
    server.sadd("even", *range(0, 1000, 2))
    server.sadd("three", *range(0, 1000, 3))
    same({int(x) for x in server.sinter("even", "three")}, set(range(0, 1000, 6)))
    same(server.scard("even"), 500)


@test("sorted sets")
def _(server: redis.Redis) -> None:
    order = list(range(1000))
    random.Random(1).shuffle(order)
    server.zadd("sorted", {f"m{i}": i for i in order})
    same(server.zrange("sorted", 0, 2, withscores=True), [(b"m0", 0), (b"m1", 1), (b"m2", 2)])
    same(server.zrangebyscore("sorted", 500, 502), [b"m500", b"m501", b"m502"])
    same([server.zrank("sorted", "m700"), server.zincrby("sorted", 0.5, "m1")], [700, 1.5])


@test("streams, bits and counts of the distinct")
def _(server: redis.Redis) -> None:
    first = server.xadd("stream", {"a": 1})
    server.xadd("stream", {"a": 2})
    same([fields for _, fields in server.xrange("stream", min=first)], [{b"a": b"1"}, {b"a": b"2"}])
    server.setbit("bits", 1000, 1)
    same(server.bitcount("bits"), 1)
    server.pfadd("distinct", *range(1000))
    same(950 <= server.pfcount("distinct") <= 1050, True)


@test("scripts")
def _(server: redis.Redis) -> None:
    same(server.eval("return {KEYS[1], ARGV[1], 1 + 1}", 1, "k", "a"), [b"k", b"a", 2])
    script = (
        "for i = 1, 1000 do redis.call('rpush', KEYS[1], i) end return redis.call('llen', KEYS[1])"
    )
    same(server.eval(script, 1, "scripted"), 1000)
    same(server.eval("return cjson.encode({1, 2})", 0), b"[1,2]")


@test("transactions and pipelines")
def _(server: redis.Redis) -> None:
    with server.pipeline(transaction=True) as pipe:
        same(pipe.set("t", 1).incr("t").get("t").execute(), [True, 2, b"2"])
    with server.pipeline(transaction=False) as pipe:
        for i in range(1000):
            pipe.set(f"p{i}", i)
            pipe.get(f"p{i}")
        same(pipe.execute()[1::2], [b"%d" % i for i in range(1000)])


@test("messages to those who subscribe")
def _(server: redis.Redis) -> None:
    with server.pubsub() as listener:
        listener.subscribe("channel")
        same(listener.get_message(timeout=ANSWER)["type"], "subscribe")
        server.publish("channel", "hello")
        same(listener.get_message(timeout=ANSWER)["data"], b"hello")


@test("ten thousand keys")
def _(server: redis.Redis) -> None:
    server.flushall()
    with server.pipeline(transaction=False) as pipe:
        for i in range(10_000):
            pipe.set(f"many:{i}", f"{i}" * 4)
        pipe.execute()
    same(server.dbsize(), 10_000)
    same(len(set(server.scan_iter(count=1000))), 10_000)
    for i in random.Random(2).sample(range(10_000), 100):
        same(server.get(f"many:{i}"), b"%d" % i * 4)


@test("values of one byte to one MiB")
def _(server: redis.Redis) -> None:
    values = {f"size:{size}": random.Random(size).randbytes(size) for size in SIZES}
    for key, value in values.items():
        server.set(key, value)
    for key, value in values.items():
        same(server.get(key), value)


SIZES = [1, 63, 64, 1000, 4096, 16_384, 65_537, 262_144, MIB - 1, MIB]


@test("fifty clients at once")
def _(_server: redis.Redis) -> None:
    def one(number: int) -> None:
        with connect() as mine:
            for i in range(20):
                mine.set(f"of:{number}", f"{number}:{i}" * 20)
                same(mine.get(f"of:{number}"), b"%d:%d" % (number, i) * 20)

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(one, range(50)))


@test("memory at its limit")
def _(server: redis.Redis) -> None:
    server.flushall()
    used = server.info("memory")["used_memory"]
    server.config_set("maxmemory", used + 2 * MIB)
    server.config_set("maxmemory-policy", "noeviction")
    try:
        try:
            for i in range(100):
                server.set(f"big:{i}", b"x" * 65_536)
        except redis.exceptions.OutOfMemoryError:
            pass
        else:
            raise AssertionError("6 MiB went into 2")
        server.config_set("maxmemory-policy", "allkeys-lru")
        for i in range(100):
            server.set(f"big:{i}", b"y" * 65_536)
        same(server.get("big:99"), b"y" * 65_536)
        same(server.info("stats")["evicted_keys"] > 0, True)
    finally:
        server.config_set("maxmemory", 0)


@test("a client that is killed in the middle")
def _(server: redis.Redis) -> None:
    server.set("stays", "here")
    program = f"""
import redis
server = redis.Redis({HOST!r}, {PORT})
print(flush=True)
while True:
    server.set("half", b"z" * {MIB})
"""
    victim = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    victim.stdout.readline()
    time.sleep(0.5)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    victim.stdout.close()
    same(server.get("stays"), b"here")


@test("a client that sends garbage")
def _(server: redis.Redis) -> None:
    for garbage in (b"\xff\0\xfe" * 100 + b"\r\n", b"*1000000000\r\n", b"$-7\r\n", b"*1\r\n$x\r\n"):
        with socket.create_connection((HOST, PORT), ANSWER) as raw:
            raw.sendall(garbage)
            raw.settimeout(1)
            with suppress(TimeoutError):
                raw.recv(1000)
    same(server.ping(), True)


@test("redis-cli")
def _(_server: redis.Redis) -> None:
    cli = ["redis-cli", "-h", HOST, "-p", str(PORT)]
    same(output([*cli, "SET", "cli", "x"]), "OK\n")
    same(output([*cli, "GET", "cli"]), "x\n")


@test("redis-benchmark")
def _(_server: redis.Redis) -> None:
    command = ["redis-benchmark", "-h", HOST, "-p", str(PORT), "-q", "-n", "1000", "-c", "10"]
    command += ["-t", "set,get,lpush"]
    lines = output(command).replace("\r", "\n").split("\n")
    for name in ("SET", "GET", "LPUSH"):
        same(any(line.startswith(name) for line in lines), True)


@test("nothing is left of what was deleted")
def _(server: redis.Redis) -> None:
    server.flushall()
    same(server.dbsize(), 0)
    same(server.info("clients")["connected_clients"] < 10, True)


def answering() -> redis.Redis:
    deadline = time.monotonic() + UP
    while True:
        try:
            server = connect()
            server.ping()
        except (redis.exceptions.RedisError, OSError):
            if time.monotonic() > deadline:
                sys.exit("no answer")
            time.sleep(0.2)
        else:
            return server


def number(version: str) -> int:
    """A version as upstream's REDIS_VERSION_NUM has it."""
    major, minor, patch = (int(part) for part in version.split("."))
    return major << 16 | minor << 8 | patch


def main() -> None:
    server = answering()
    version = server.info("server")["redis_version"]
    print(f"ukport: begin redis {version} ({number(version)})")
    passed = 0
    for at, (name, function) in enumerate(TESTS, 1):
        try:
            function(server)
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
