#!/usr/bin/env python3
"""A trainer or a worker as torch and vLLM would have it, written from the wire's description.

It uses torch's own TCPStore, a ctypes unique id in a pickle, and NCCL through ctypes, and takes the
same key=value words as the Java harness.
"""

import base64
import ctypes
import os
import pickle
import sys
import time
import types
from datetime import timedelta

import torch


class NcclUniqueId(ctypes.Structure):
    _fields_ = [("internal", ctypes.c_byte * 128)]


# The pickle names the class by module and name, so it has to live under that name here too.
NcclUniqueId.__name__ = NcclUniqueId.__qualname__ = "ncclUniqueId"
NcclUniqueId.__module__ = "vllm.distributed.device_communicators.pynccl_wrapper"
for depth in range(1, 5):
    name = ".".join(NcclUniqueId.__module__.split(".")[:depth])
    sys.modules.setdefault(name, types.ModuleType(name))
sys.modules[NcclUniqueId.__module__].ncclUniqueId = NcclUniqueId

NCCL_TYPES = {
    "int8": 0, "uint8": 1, "int32": 2, "uint32": 3, "int64": 4, "uint64": 5, "float16": 6,
    "float32": 7, "float64": 8, "bfloat16": 9, "float8_e4m3fn": 10, "float8_e5m2": 11,
}
SIZES = {
    "int8": 1, "uint8": 1, "int32": 4, "uint32": 4, "int64": 8, "uint64": 8, "float16": 2,
    "float32": 4, "float64": 8, "bfloat16": 2, "float8_e4m3fn": 1, "float8_e5m2": 1,
}


def library():
    """The NCCL that is asked for, or torch's own."""
    path = os.environ.get("PEER_NCCL", "libnccl.so.2")
    return ctypes.CDLL(path)


class Nccl:
    def __init__(self):
        self.lib = library()
        self.lib.ncclGetErrorString.restype = ctypes.c_char_p
        self.lib.ncclCommInitRank.argtypes = [
            ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, NcclUniqueId, ctypes.c_int]
        collective = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
                      ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
        self.lib.ncclBroadcast.argtypes = collective
        self.lib.ncclAllReduce.argtypes = collective
        self.lib.ncclCommAbort.argtypes = [ctypes.c_void_p]
        self.comm = ctypes.c_void_p()

    def check(self, status):
        if status != 0:
            raise RuntimeError(self.lib.ncclGetErrorString(status).decode())

    def unique_id(self):
        unique = NcclUniqueId()
        self.check(self.lib.ncclGetUniqueId(ctypes.byref(unique)))
        return unique

    def init(self, world, unique, rank):
        self.check(self.lib.ncclCommInitRank(ctypes.byref(self.comm), world, unique, rank))
        data = torch.zeros(1, device="cuda")
        stream = torch.cuda.current_stream()
        self.check(self.lib.ncclAllReduce(
            data.data_ptr(), data.data_ptr(), 1, 7, 0, self.comm, stream.cuda_stream))
        stream.synchronize()

    def broadcast(self, tensor, count, kind, stream):
        self.check(self.lib.ncclBroadcast(
            tensor.data_ptr(), tensor.data_ptr(), count, kind, 0, self.comm, stream.cuda_stream))


def meet(nccl, words, rank, world):
    folder, trainer = words.get("folder", "."), rank == 0
    if words.get("mode", "store") == "store":
        store = torch.distributed.TCPStore(
            "127.0.0.1", int(words.get("port", "29555")), world, is_master=trainer,
            timeout=timedelta(seconds=60))
        key = "broadcast_from/0/0"
        if trainer:
            unique = nccl.unique_id()
            store.set(key, pickle.dumps(unique))
        else:
            unique = pickle.loads(store.get(key))
        return unique, store
    if "idfile" in words:  # the 128 bytes themselves, as the command line has them
        path, encode, decode = words["idfile"], bytes, bytes
    else:
        path, encode, decode = os.path.join(folder, "id.0"), base64.b64encode, base64.b64decode
    if trainer:
        unique = nccl.unique_id()
        with open(path + ".part", "wb") as out:
            out.write(encode(bytes(unique)))
        os.rename(path + ".part", path)
        return unique, None
    start = time.time()
    while not os.path.exists(path):
        if time.time() - start > 60:
            raise RuntimeError("no unique id came")
        time.sleep(0.002)
    with open(path, "rb") as file:
        return NcclUniqueId.from_buffer_copy(decode(file.read())), None


def read_list(path):
    specs = []
    for line in open(path):
        name, dtype, *rest = line.rstrip("\n").split(" ")
        count = 1
        if rest and rest[0]:
            for dimension in rest[0].split(","):
                count *= int(dimension)
        specs.append((name, dtype, count, count * SIZES[dtype]))
    return specs


def signed(value):
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def content(name, size):
    """The bytes that both sides know, computed on the GPU."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & ((1 << 64) - 1)
    x = torch.arange((size + 7) // 8, dtype=torch.int64, device="cuda")
    x.add_(signed(seed)).mul_(signed(0x9E3779B97F4A7C15))
    x ^= (x >> 32) & 0xFFFFFFFF
    x.mul_(signed(0xD6E8FEB86659FD93))
    x ^= (x >> 32) & 0xFFFFFFFF
    return x.view(torch.uint8)[:size]


def buckets(specs, limit):
    bucket, total = [], 0
    for index, spec in enumerate(specs):
        bucket.append((index, spec))
        total += spec[3]
        if total > limit:
            yield bucket, total
            bucket, total = [], 0
    if bucket:
        yield bucket, total


def unpacked(nccl, specs, tensors):
    stream = torch.cuda.current_stream()
    for (name, dtype, count, size), tensor in zip(specs, tensors):
        if count:
            nccl.broadcast(tensor, count, NCCL_TYPES[dtype], stream)
    stream.synchronize()


def packed(nccl, specs, tensors, limit, slots, trainer):
    """vLLM's packed algorithm: a stream a buffer, torch.cat to pack, slices to unpack."""
    streams = [torch.cuda.Stream() for _ in range(slots)]
    held = [None] * slots
    for number, (bucket, total) in enumerate(buckets(specs, limit)):
        slot = number % slots
        stream = streams[slot]
        stream.synchronize()
        with torch.cuda.stream(stream):
            if trainer:
                buffer = torch.cat([tensors[index] for index, _ in bucket])
            else:
                buffer = torch.empty(total, dtype=torch.uint8, device="cuda")
            held[slot] = buffer
            if total:
                nccl.broadcast(buffer, total, 1, stream)
            if not trainer:
                offset = 0
                for index, spec in bucket:
                    tensors[index].copy_(buffer[offset:offset + spec[3]])
                    offset += spec[3]
    for stream in streams:
        stream.synchronize()


def main():
    words = dict(word.split("=", 1) for word in sys.argv[1:])
    trainer = words["role"] == "trainer"
    world = int(words.get("world", "2"))
    rank = 0 if trainer else int(words.get("rank", "1"))
    torch.cuda.set_device(0)
    specs = read_list(words["specs"])
    total = sum(spec[3] for spec in specs)
    if trainer:
        tensors = [content(spec[0], spec[3]).clone() for spec in specs]
    else:
        tensors = [torch.empty(spec[3], dtype=torch.uint8, device="cuda") for spec in specs]
    torch.cuda.synchronize()
    nccl = Nccl()
    unique, store = meet(nccl, words, rank, world)
    nccl.init(world, unique, rank)
    wrong = 0
    for text in words["packings"].split(","):
        parts = text.split(":")
        for round_number in range(int(words.get("rounds", "1"))):
            if not trainer:
                for tensor in tensors:
                    tensor.fill_(0xA5)
                torch.cuda.synchronize()
            start = time.time()
            if parts[0] == "packed":
                slots = int(parts[2])
                packed(nccl, specs, tensors, int(parts[1]), slots, trainer)
            else:
                slots = int(parts[1])
                unpacked(nccl, specs, tensors)
            seconds = time.time() - start
            verdict = "-"
            if not trainer:
                bad = sum(int((tensor != content(spec[0], spec[3])).sum())
                          for spec, tensor in zip(specs, tensors))
                wrong += bad
                verdict = "all bytes equal" if bad == 0 else f"{bad} WRONG"
            print(f"RESULT|{words.get('label', 'python')}|{'sent' if trainer else 'received'}|"
                  f"{words.get('list', '')}|{words.get('mode', 'store')} "
                  f"{'packed ' + parts[1] if parts[0] == 'packed' else 'unpacked'}|{slots}|"
                  f"{round_number}|{len(specs)}|{total}|{seconds:.3f}|"
                  f"{total / seconds / 1e9:.2f}|{verdict}", flush=True)
    if trainer:
        time.sleep(1)  # the worker has read what is in flight before the communicator goes
    nccl.lib.ncclCommAbort(nccl.comm)
    del store
    os._exit(1 if wrong else 0)


main()
