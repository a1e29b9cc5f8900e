"""Writes reference.safetensors with the reference implementation, and reference.tsv beside it.

The table has one line a tensor: name, torch's dtype, dimensions, the bytes in hexadecimal. Run in
this directory with torch, numpy and safetensors installed; the files are committed, so that the
tests need none of them.
"""

import torch
from safetensors.torch import save_file

torch.manual_seed(20261123)

FLOATS = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
SMALL_FLOATS = [torch.float8_e4m3fn, torch.float8_e5m2]
INTS = [torch.int64, torch.int32, torch.int16, torch.int8]
UINTS = [torch.uint64, torch.uint32, torch.uint16, torch.uint8]

tensors = {}
for dtype in FLOATS + SMALL_FLOATS:
    tensors[f"layer.{str(dtype)[6:]}"] = torch.randn(2, 3).to(dtype)
for dtype in INTS + UINTS:
    tensors[f"layer.{str(dtype)[6:]}"] = torch.randint(0, 127, (3, 1, 2)).to(dtype)
tensors["layer.bool"] = torch.tensor([True, False, True])
tensors["scalar"] = torch.tensor(-2.5)
tensors["scalar.byte"] = torch.tensor(7, dtype=torch.uint8)
tensors["empty"] = torch.empty(0, dtype=torch.bfloat16)
tensors["empty.also"] = torch.empty(4, 0, 3, dtype=torch.bfloat16)
# Names whose order differs between UTF-8 and UTF-16, and one that JSON has to escape.
tensors["größe \"q\" \\ /"] = torch.tensor([1], dtype=torch.int16)
tensors["\ufb01"] = torch.tensor([2], dtype=torch.int16)
tensors["\U0001f600"] = torch.tensor([3], dtype=torch.int16)

save_file(tensors, "reference.safetensors", metadata={"format": "pt"})
with open("reference.tsv", "w", encoding="utf-8") as table:
    for name, tensor in tensors.items():
        data = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        dims = ",".join(map(str, tensor.shape))
        table.write(f"{name}\t{str(tensor.dtype)[6:]}\t{dims}\t{data.hex()}\n")
