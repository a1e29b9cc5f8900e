"""Weightcast's store and process group against torch's, live, in every pairing.

Needs torch, a Java runtime (17 or newer) and three class path entries: the jars of
weightcast-api and weightcast-rendezvous, and the test classes of rendezvous (a folder
or a jar). One command:

    python3 gpu/rendezvous_interop.py --java java --class-path a.jar:b.jar:test-classes

JAVA and WEIGHTCAST_CLASS_PATH in the environment do the same. Without a class path the
folders of a build in place are taken. Ends with 0 if every cell is ok, and never runs
longer than --limit seconds.
"""

import argparse
import ctypes
import os
import pickle
import socket
import statistics
import subprocess
import sys
import threading
import time
import types
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

# Its warnings of time-outs that are meant to happen would tear the tables apart.
os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")

import torch
from torch.distributed import TCPStore

HOST = "127.0.0.1"
STEP = 20  # seconds that any one step may take
ID = bytes((i * 7 + 3) % 256 for i in range(128))


# The structure of vLLM's module, under its name, so that pickles carry it.
WRAPPER = "vllm.distributed.device_communicators.pynccl_wrapper"


class ncclUniqueId(ctypes.Structure):
    _fields_ = [("internal", ctypes.c_byte * 128)]


def install_wrapper():
    parts = WRAPPER.split(".")
    for i in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(".".join(parts[:i])))
    ncclUniqueId.__module__ = WRAPPER
    ncclUniqueId.__qualname__ = "ncclUniqueId"
    sys.modules[WRAPPER].ncclUniqueId = ncclUniqueId


def make_id(data=ID):
    return ncclUniqueId.from_buffer_copy(data)


class Java:
    """The Java side, one command a line."""

    def __init__(self, java, class_path):
        self.process = subprocess.Popen(
            [java, "-Xmx512m", "-cp", class_path,
             "dev.weightcast.rendezvous.interop.StoreInterop"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lock = threading.Lock()

    def ask(self, *words):
        with self.lock:
            self.process.stdin.write(" ".join(str(w) for w in words) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().rstrip("\n")
        if not answer:
            raise RuntimeError("the Java side ended")
        kind, _, rest = answer.partition(" ")
        if kind != "ok":
            raise RuntimeError(rest)
        return rest

    def close(self):
        try:
            self.process.stdin.close()
            self.process.wait(timeout=5)
        except Exception:
            self.process.kill()


def hexed(data):
    return data.hex() or "-"


def unhexed(text):
    return b"" if text == "-" else bytes.fromhex(text)


class OurClient:
    """Our client, with the calls of torch's."""

    def __init__(self, java, name, port):
        self.java, self.name = java, name
        java.ask("connect", name, HOST, port, STEP)

    def _do(self, op, *words, seconds=STEP):
        return self.java.ask(op, self.name, seconds, *words)

    def set(self, key, value):
        self._do("set", key, hexed(value))

    def get(self, key, seconds=STEP):
        return unhexed(self._do("get", key, seconds=seconds))

    def add(self, key, amount):
        return int(self._do("add", key, amount))

    def check(self, keys):
        return self._do("check", ",".join(keys)) == "true"

    def wait(self, keys, seconds):
        self._do("wait", ",".join(keys), seconds=seconds)

    def compare_set(self, key, expected, desired):
        return unhexed(self._do("compare_set", key, hexed(expected), hexed(desired)))

    def delete_key(self, key):
        return self._do("delete", key) == "true"

    def append(self, key, value):
        self._do("append", key, hexed(value))

    def multi_get(self, keys):
        return [unhexed(v) for v in self._do("multi_get", ",".join(keys)).split(",")]

    def multi_set(self, keys, values):
        self._do("multi_set", *[w for k, v in zip(keys, values) for w in (k, hexed(v))])

    def num_keys(self):
        return int(self._do("num_keys"))

    def close(self):
        self.java.ask("close", self.name)


class TorchClient:
    def __init__(self, store):
        self.store = store

    def set(self, key, value):
        self.store.set(key, value)

    def get(self, key, seconds=STEP):
        self.store.set_timeout(timedelta(seconds=seconds))
        try:
            return self.store.get(key)
        finally:
            self.store.set_timeout(timedelta(seconds=STEP))

    def add(self, key, amount):
        return self.store.add(key, amount)

    def check(self, keys):
        return self.store.check(keys)

    def wait(self, keys, seconds):
        self.store.wait(keys, timedelta(seconds=seconds))

    def compare_set(self, key, expected, desired):
        return self.store.compare_set(key, expected.decode(), desired.decode())

    def delete_key(self, key):
        return self.store.delete_key(key)

    def append(self, key, value):
        self.store.append(key, value.decode())

    def multi_get(self, keys):
        return self.store.multi_get(keys)

    def multi_set(self, keys, values):
        self.store.multi_set(keys, [v.decode() for v in values])

    def num_keys(self):
        return self.store.num_keys()

    def close(self):
        del self.store


def expect(found, wanted):
    if found != wanted:
        raise AssertionError(f"found {found!r}, wanted {wanted!r}")


def fails(call):
    try:
        call()
    except Exception as e:
        return str(e)
    raise AssertionError("no time-out came")


def woken(a, b):
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(a.wait, ["late"], 10)
        time.sleep(0.1)
        b.set("late", b"now")
        waiting.result(STEP)
    expect(a.get("late"), b"now")


def time_outs(a, b):
    a.set("there", b"1")
    fails(lambda: a.wait(["never"], 0.3))
    expect(a.get("there"), b"1")
    fails(lambda: a.get("never", seconds=0.3))
    expect(a.get("there"), b"1")
    b.set("never", b"late")
    expect(a.get("never"), b"late")


def compare_sets(a, b):
    expect(a.compare_set("cs", b"", b"one"), b"one")
    expect(b.compare_set("cs", b"one", b"two"), b"two")
    expect(a.compare_set("cs", b"zzz", b"three"), b"two")
    expect(a.compare_set("cs2", b"x", b"y"), b"x")
    expect(b.check(["cs2"]), False)


def sets(a, b):
    a.set("k", b"v\x00\xff" if isinstance(a, OurClient) else b"v")
    a.set("empty", b"")
    expect(a.num_keys() > 0, True)  # SET is not answered; this makes sure that it was carried out
    expect(b.check(["k", "empty"]), True)


def gets(a, b):
    for size in (0, 1, 1439, 1440, 70_000):
        b.set("sized", b"x" * size)
        b.num_keys()
        expect(a.get("sized"), b"x" * size)


def adds(a, b):
    expect(a.add("n", 5), 5)
    expect(b.add("n", -2), 3)
    expect(a.get("n"), b"3")


def checks(a, b):
    b.set("c1", b"")
    expect(b.num_keys() > 0, True)
    expect(a.check(["c1"]), True)
    expect(a.check(["c1", "c2"]), False)


def deletes(a, b):
    b.set("d", b"1")
    b.num_keys()
    before = a.num_keys()
    expect(a.delete_key("d"), True)
    expect(a.delete_key("d"), False)
    expect(a.num_keys(), before - 1)


def appends(a, b):
    a.append("ap", b"12")
    a.num_keys()
    b.append("ap", b"34")
    b.num_keys()
    expect(a.get("ap"), b"1234")


def multis(a, b):
    a.multi_set(["m1", "m2", "m3"], [b"x", b"yy", b"z" * 3000])
    a.num_keys()
    expect(b.multi_get(["m3", "m1", "m2"]), [b"z" * 3000, b"x", b"yy"])


OPERATIONS = {
    "set": sets, "get": gets, "add": adds, "wait": woken, "check": checks,
    "compare_set": compare_sets, "delete": deletes, "append": appends,
    "multi": multis, "time-outs": time_outs,
}


class Group:
    """Ranks as vLLM's stateless process group has them: its keys, its counters, its pickles."""

    def __init__(self, port, rank, world, libuv):
        listener, fd = None, None
        if rank == 0:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, port))
            listener.listen()
            fd = listener.fileno()
        self.listener = listener
        self.store = TCPStore(HOST, port, world_size=world, is_master=rank == 0,
                              timeout=timedelta(seconds=STEP), use_libuv=libuv,
                              master_listen_fd=fd)
        if listener is not None:
            listener.detach()  # the store closes it
        self.rank, self.world = rank, world
        self.counters = [0] * world

    def broadcast(self, value, root):
        key = f"broadcast_from/{root}/{self.counters[root]}"
        if root == self.rank:
            self.store.set(key, pickle.dumps(value))
        else:
            value = pickle.loads(self.store.get(key))
        self.counters[root] += 1
        return value

    def all_gather(self, value):
        return [self.broadcast(value, i) for i in range(self.world)]

    def barrier(self):
        name = self.broadcast(f"barrier_{uuid.uuid4()}", 0)
        for phase in ("arrival", "departure"):
            self.store.set(f"{phase}_{name}_{self.rank}", b"1")
            if phase == "arrival" or self.rank == 0:
                for i in range(self.world):
                    self.store.get(f"{phase}_{name}_{i}")


def torch_rank(port, rank, world, libuv):
    group = Group(port, rank, world, libuv)
    unique = group.broadcast(make_id() if rank == 0 else None, 0)
    names = group.all_gather(f"rank {rank}")
    group.barrier()
    return bytes(unique.internal[i] & 0xFF for i in range(128)), names


def mixed_join(java, ours, theirs, libuv):
    port = free_port()
    world = len(ours) + len(theirs)
    with ThreadPoolExecutor(world) as pool:
        java_ranks = pool.submit(
            java.ask, "group", HOST, port, world, ",".join(map(str, ours)), STEP)
        torch_ranks = [pool.submit(torch_rank, port, r, world, libuv) for r in theirs]
        answers = [t.result(STEP) for t in torch_ranks]
        their_id, their_names = java_ranks.result(STEP).split(" ")
    names = [f"rank {i}" for i in range(world)]
    for unique, gathered in answers:
        expect(unique, ID)
        expect(gathered, names)
    expect(unhexed(their_id), ID)
    expect(their_names, ",".join("str:" + n.encode().hex() for n in names))


def pickles_read(java):
    for protocol in (2, 3, 4, 5):
        expect(java.ask("readpickle", pickle.dumps(make_id(), protocol).hex()), "id:" + ID.hex())
        for size in (0, 1, 3, 255, 256, 70_000):
            data = bytes(i % 256 for i in range(size))
            expect(java.ask("readpickle", pickle.dumps(data, protocol).hex()),
                   "bytes:" + hexed(data))
            text = "é" * size
            expect(java.ask("readpickle", pickle.dumps(text, protocol).hex()),
                   "str:" + hexed(text.encode()))
        expect(java.ask("readpickle", pickle.dumps(None, protocol).hex()), "none:-")


def pickles_refused(java):
    for value in (1, 1.5, True, [], {}, (), {"a": 1}, object(), os.getcwd, bytearray(b"x"),
                  ctypes.c_int(3)):
        try:
            data = pickle.dumps(value, 4)
        except Exception:
            continue
        message = fails(lambda: java.ask("readpickle", data.hex()))
        if "TransferException" not in message:
            raise AssertionError(message)


def pickles_written(java):
    ours = unhexed(java.ask("writepickle", "id", ID.hex()))
    expect(ours, pickle.dumps(make_id(), 4))
    loaded = pickle.loads(ours)
    expect(type(loaded), ncclUniqueId)
    expect(bytes(loaded), ID)
    expect(pickle.loads(unhexed(java.ask("writepickle", "none", "-"))), None)
    for size in (0, 1, 3, 255, 256, 70_000):
        data = bytes(i % 256 for i in range(size))
        written = unhexed(java.ask("writepickle", "bytes", hexed(data)))
        expect(pickle.loads(written), data)
        if size < 60_000:
            expect(written, pickle.dumps(data, 4))
        expect(pickle.loads(unhexed(java.ask("writepickle", "str", hexed(b"a" * size)))), "a" * size)


def free_port():
    with socket.socket() as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


def torch_join_seconds(ranks, libuv):
    port = free_port()
    start = time.perf_counter()

    def one(rank):
        # Like vLLM, and like ours: rank 0 listens before the others connect.
        store = TCPStore(HOST, port, world_size=ranks, is_master=rank == 0,
                         timeout=timedelta(seconds=STEP), use_libuv=libuv,
                         master_listen_fd=listener.fileno() if rank == 0 else None)
        if rank == 0:
            store.set("value", ID)
            return store
        expect(store.get("value"), ID)
        return None

    listener = socket.create_server((HOST, port), backlog=1024)
    with ThreadPoolExecutor(ranks) as pool:
        kept = list(pool.map(one, range(ranks)))
        seconds = time.perf_counter() - start
    listener.detach()  # the store closes it
    del kept
    return seconds


class Table:
    def __init__(self):
        self.bad = 0

    def cell(self, call):
        try:
            call()
            return "ok"
        except Exception as e:
            self.bad += 1
            return f"FAILED {type(e).__name__}: {str(e).splitlines()[0][:200] if str(e) else ''}"

    @staticmethod
    def row(*cells):
        print("| " + " | ".join(cells) + " |", flush=True)


def operations(java, table):
    titles = [f"our server, torch client, use_libuv={u}" for u in (False, True)]
    titles += [f"torch server, use_libuv={u}, our client" for u in (False, True)]
    columns = []
    for libuv in (False, True):
        name = f"server-{libuv}"
        port = int(java.ask("serve", name, HOST, 0))
        pair = [TorchClient(TCPStore(HOST, port, is_master=False, use_libuv=libuv,
                                     timeout=timedelta(seconds=STEP))) for _ in range(2)]
        columns.append({op: table.cell(lambda f=f: f(*pair)) for op, f in OPERATIONS.items()})
        for client in pair:
            client.close()
        java.ask("stop", name)
    for libuv in (False, True):
        server = TCPStore(HOST, 0, is_master=True, use_libuv=libuv, wait_for_workers=False,
                          timeout=timedelta(seconds=STEP))
        # The second is torch's own, so that the two kinds also meet on one store.
        ours = OurClient(java, f"client-{libuv}", server.port)
        pair = [ours, TorchClient(server)]
        columns.append({op: table.cell(lambda f=f: f(*pair)) for op, f in OPERATIONS.items()})
        ours.close()
        del pair, server
    table.row("operation", *titles)
    table.row(*["---"] * 5)
    for op in OPERATIONS:
        table.row(op, *[column[op] for column in columns])


def joins(java, table):
    print()
    table.row("join, world size 4", "result")
    table.row("---", "---")
    for libuv in (False, True):
        table.row(f"rank 0 and 2 ours, 1 and 3 torch's (use_libuv={libuv})",
                  table.cell(lambda: mixed_join(java, [0, 2], [1, 3], libuv)))
        table.row(f"rank 0 and 2 torch's (use_libuv={libuv}), 1 and 3 ours",
                  table.cell(lambda: mixed_join(java, [1, 3], [0, 2], libuv)))


def pickles(java, table):
    print()
    table.row("pickle", "result")
    table.row("---", "---")
    table.row("Python's, protocols 2 to 5, read by us", table.cell(lambda: pickles_read(java)))
    table.row("anything else refused by us", table.cell(lambda: pickles_refused(java)))
    table.row("ours, loaded by Python", table.cell(lambda: pickles_written(java)))


def timings(java, table, ranks, rounds):
    print(f"\n{ranks} ranks join and read one value, as threads of one process; {rounds} rounds of each,"
          " by turns\n")
    contenders = {
        "ours": lambda: float(java.ask("bench", ranks, 1, 60)),
        "torch's, use_libuv=False": lambda: torch_join_seconds(ranks, False),
        "torch's, use_libuv=True": lambda: torch_join_seconds(ranks, True),
    }
    seconds = {name: [] for name in contenders}
    started = time.perf_counter()
    for _ in range(rounds):
        for name, run in contenders.items():
            seconds[name].append(run())
        if time.perf_counter() - started > 60:
            print("(stopped after a minute)")
            break
    table.row("server and clients", "first, s", "median, s", "median of the later half, s",
              "best, s")
    table.row(*["---"] * 5)
    for name, each in seconds.items():
        later = each[len(each) // 2:]
        table.row(name, *[f"{value:.4f}" for value in (
            each[0], statistics.median(each), statistics.median(later), min(each))])


def default_class_path():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folders = ("api/target/classes", "rendezvous/target/classes", "rendezvous/target/test-classes")
    return os.pathsep.join(os.path.join(root, f) for f in folders)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--java", default=os.environ.get("JAVA", "java"))
    options.add_argument("--class-path",
                         default=os.environ.get("WEIGHTCAST_CLASS_PATH") or default_class_path())
    options.add_argument("--ranks", type=int, default=64)
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--limit", type=float, default=160)
    args = options.parse_args()

    install_wrapper()
    java = Java(args.java, args.class_path)

    def give_up():
        print(f"gave up after {args.limit} s", flush=True)
        java.process.kill()
        os._exit(2)

    watchdog = threading.Timer(args.limit, give_up)
    watchdog.daemon = True
    watchdog.start()

    print(f"torch {torch.__version__}, python {sys.version.split()[0]}, {os.cpu_count()} cores\n")
    table = Table()
    operations(java, table)
    joins(java, table)
    pickles(java, table)
    timings(java, table, args.ranks, args.rounds)
    java.close()
    print(f"\n{'all cells ok' if table.bad == 0 else str(table.bad) + ' cells FAILED'}", flush=True)
    # Without waiting for torch's background threads.
    os._exit(0 if table.bad == 0 else 1)


if __name__ == "__main__":
    main()
