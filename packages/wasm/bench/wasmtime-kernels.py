"""Kernels by wasmtime: python3 wasmtime-kernels.py rounds folder < [{"name", "size"}]; prints best milliseconds by name."""

import json
import sys
import time

from wasmtime import Config, Engine, Instance, Module, Store


def best(path: str, size: int, rounds: int, fuel: bool) -> float:
    config = Config()
    config.consume_fuel = fuel
    engine = Engine(config)
    store = Store(engine)
    if fuel:
        store.set_fuel(2**62)
    run = Instance(store, Module.from_file(engine, path), []).exports(store)["run"]
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        run(store, size)
        times.append((time.perf_counter() - begin) * 1000)
    return min(times)


rounds, folder = int(sys.argv[1]), sys.argv[2]
kernels = json.load(sys.stdin)
print(json.dumps({
    kernel["name"]: [
        best(f"{folder}/{index}.wasm", kernel["size"], rounds, fuel) for fuel in (False, True)
    ]
    for index, kernel in enumerate(kernels)
}))
