#!/usr/bin/env python3
"""Writes and compares safetensors files from the format's description, without our code.

cli_checkpoint.py make FILE SEED        a file with tensors of every kind, and SEED's numbers in them
cli_checkpoint.py compare FILE FILE     every tensor, byte for byte
cli_checkpoint.py specs FILE TEXT JSON  FILE's tensors in its order, as nccl_peer.py reads them and
                                        as --specs does
"""

import json
import struct
import sys

import numpy
import torch

NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int8: "I8", torch.uint8: "U8",
    torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2",
}
TORCH_NAMES = {name: str(dtype).split(".")[1] for dtype, name in NAMES.items()}


def tensors(seed):
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for layer in range(6):
        for part, shape in {"q_proj": (1024, 1024), "up_proj": (2816, 1024), "norm": (1024,)}.items():
            values = torch.randn(shape, generator=generator)
            made[f"model.layers.{layer}.{part}.weight"] = values.to(torch.bfloat16)
    for dtype in NAMES:
        plane = torch.randint(0, 256, (129 * 257 * dtype.itemsize,), generator=generator)
        made[f"planes.{NAMES[dtype]}"] = plane.to(torch.uint8).view(dtype).reshape(129, 257)
    made["scalar"] = torch.tensor(3.25)
    made["empty"] = torch.zeros((0, 5), dtype=torch.float16)
    return made


def as_bytes(tensor):
    flat = tensor.contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def make(path, seed):
    made = tensors(seed)
    ordered = sorted(made.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    header, data = {"__metadata__": {"format": "pt"}}, []
    at = 0
    for name, tensor in ordered:
        part = as_bytes(tensor)
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [at, at + len(part)]}
        data.append(part)
        at += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)))
        out.write(text)
        for part in data:
            out.write(part)
    print(f"wrote {len(ordered)} tensors, {at} bytes, with torch {torch.__version__}")


def read(path):
    with open(path, "rb") as file:
        whole = numpy.frombuffer(file.read(), dtype=numpy.uint8)
    length = struct.unpack("<Q", whole[:8].tobytes())[0]
    header = json.loads(whole[8:8 + length].tobytes())
    header.pop("__metadata__", None)
    base = 8 + length
    return {name: (entry["dtype"], tuple(entry["shape"]),
                   whole[base + entry["data_offsets"][0]:base + entry["data_offsets"][1]])
            for name, entry in header.items()}


def compare(first, second):
    ours, theirs = read(first), read(second)
    if ours.keys() != theirs.keys():
        sys.exit(f"other names: {sorted(ours.keys() ^ theirs.keys())}")
    wrong = [name for name in ours
             if ours[name][:2] != theirs[name][:2]
             or not numpy.array_equal(ours[name][2], theirs[name][2])]
    if wrong:
        sys.exit(f"{len(wrong)} of {len(ours)} tensors differ, one is {wrong[0]}")
    print(f"Python: all bytes of {len(ours)} tensors are equal")


def specs(path, text, listing):
    found = read(path)
    # The order in which a checkpoint is sent: that of the bytes, empty ones by name.
    ordered = sorted(found, key=lambda name: (found[name][2].__array_interface__["data"][0], name))
    with open(text, "w") as out, open(listing, "w") as out_json:
        rows = []
        for name in ordered:
            dtype, shape, _ = found[name]
            torch_name = TORCH_NAMES[dtype]
            out.write(f"{name} {torch_name} {','.join(map(str, shape))}\n")
            rows.append([name, torch_name, list(shape)])
        json.dump(rows, out_json)


command, *words = sys.argv[1:]
if command == "make":
    make(words[0], int(words[1]))
elif command == "compare":
    compare(*words)
else:
    specs(*words)
