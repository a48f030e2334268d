"""A WASI program by wasmtime, a fresh instance each run: python3 wasmtime-hello.py module.wasm stdout-file runs"""

import json
import statistics
import sys
import time

from wasmtime import Config, Engine, Linker, Module, Store, WasiConfig


def warm(path: str, out: str, runs: int, fuel: bool) -> tuple[float, float]:
    config = Config()
    config.consume_fuel = fuel
    engine = Engine(config)
    begin = time.perf_counter()
    module = Module.from_file(engine, path)
    compile_ms = (time.perf_counter() - begin) * 1000
    linker = Linker(engine)
    linker.define_wasi()
    times = []
    for turn in range(-200, runs):
        begin = time.perf_counter()
        store = Store(engine)
        if fuel:
            store.set_fuel(100_000_000)
        wasi = WasiConfig()
        wasi.argv = ["bench.wasm", "one"]
        wasi.env = [("NAME", "value")]
        wasi.stdout_file = out
        store.set_wasi(wasi)
        linker.instantiate(store, module).exports(store)["_start"](store)
        if turn >= 0:
            times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times), compile_ms


path, out, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
plain, compile_plain = warm(path, out, runs, fuel=False)
fueled, compile_fueled = warm(path, out, runs, fuel=True)
print(json.dumps({
    "warm.p50": plain,
    "warmWithFuel.p50": fueled,
    "compile100KB": compile_plain,
    "compile100KBWithFuel": compile_fueled,
}))
