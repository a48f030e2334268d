"""A second implementation of the protocol's hashes and draw, in Python's standard library alone.

Shares no code with the packages: it was written from docs/spec and the docstrings, and checks the golden vectors.
Run: python3 tests/conformance/check-vectors.py
"""

import base64
import hashlib
import json
import pathlib

VECTORS = pathlib.Path(__file__).parent / "vectors"
BYTES_FIELDS = {
    "inputHash", "nonce", "outputHash", "stderrHash", "stdin", "requestId", "resultHash", "transcriptHash",
    "signature", "beacon",
}
LINK_FIELDS = {"functionCid", "cid"}


class Link(str):
    """A CID in base32."""


def sha256(data):
    return hashlib.sha256(data).digest()


def link_bytes(text):
    body = text[1:].upper()
    return base64.b32decode(body + "=" * (-len(body) % 8))


def head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    for size, minor in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if number < 256**size:
            return bytes([major << 5 | minor]) + number.to_bytes(size, "big")
    raise ValueError("number too large")


def encode(value):
    """DAG-CBOR of whole numbers, bytes, text, links, lists and maps."""
    if isinstance(value, Link):
        body = b"\0" + link_bytes(value)
        return b"\xd8\x2a" + head(2, len(body)) + body
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, str):
        body = value.encode()
        return head(3, len(body)) + body
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(encode(item) for item in value)
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
    return head(5, len(value)) + b"".join(encode(key) + encode(value[key]) for key in keys)


def model(value, field=None):
    """The model form of a JSON form: bytes and links where JSON has text."""
    if isinstance(value, dict):
        return {key: model(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [model(item) for item in value]
    if field in BYTES_FIELDS:
        return bytes.fromhex(value)
    return Link(value) if field in LINK_FIELDS else value


def hash_canonical(domain, value):
    return sha256(sha256(domain.encode()) + encode(value)).hex()


def negative_log2(draw):
    value = draw + 1
    if value == 2**64:
        return 0
    exponent = value.bit_length() - 1
    mantissa, logarithm = value << (63 - exponent), exponent
    for _ in range(56):
        mantissa = mantissa * mantissa >> 63
        bit = mantissa >= 2**64
        mantissa, logarithm = mantissa >> bit, 2 * logarithm + bit
    return 64 * 2**56 - logarithm


def draw_order(seed, candidates):
    def rank(candidate):
        draw = int.from_bytes(sha256(seed + candidate["node"].encode())[:8], "big")
        return (negative_log2(draw) << 64) // candidate["weight"], candidate["node"]

    return [candidate["node"] for candidate in sorted(candidates, key=rank)]


def read(name):
    return json.loads((VECTORS / name).read_text())


def check_hashes():
    vectors = read("hashes.json")
    for vector in vectors["inputs"]:
        assert hash_canonical("blockless/input/1", model(vector["input"])) == vector["inputHash"]
    for vector in vectors["requests"]:
        assert hash_canonical("blockless/request/1", model(vector["request"])) == vector["requestId"]
        assert hash_canonical("blockless/seed/1", bytes.fromhex(vector["requestId"])) == vector["randomSeed"]
    for vector in vectors["results"]:
        assert hash_canonical("blockless/result/1", model(vector["result"])) == vector["resultHash"]


def check_votes():
    for vote in read("votes.json")["votes"]:
        record = (
            sha256(b"blockless/vote/1")
            + sha256(vote["chainId"].encode())
            + bytes.fromhex(vote["requestId"])
            + sha256(link_bytes(vote["functionCid"]))
            + sha256(link_bytes(vote["subnetCid"]))
            + vote["epoch"].to_bytes(32, "big")
            + bytes.fromhex(vote["resultHash"])
            + vote["fuel"].to_bytes(32, "big")
            + bytes.fromhex(vote["transcriptHash"])
        )
        assert sha256(record).hex() == vote["digest"]


def check_draws():
    vectors = read("draw.json")
    for vector in vectors["draws"]:
        assert draw_order(bytes.fromhex(vector["seed"]), vector["candidates"]) == vector["order"]
    record = vectors["subnet"]["record"]
    facts = {key: record[key] for key in ("beacon", "functionCid", "epoch", "size")}
    seed = hash_canonical("blockless/draw/1", model(facts))
    assert seed == vectors["subnet"]["seed"]
    count = min(len(record["candidates"]), record["size"] + max(2, record["size"]))
    assert draw_order(bytes.fromhex(seed), record["candidates"])[:count] == record["order"]


def check_receipt():
    vectors = read("receipt.json")
    encoded = encode(model(vectors["receipt"]))
    assert encoded.hex() == vectors["bytes"]
    assert link_bytes(vectors["cid"]) == bytes.fromhex("01711220") + sha256(encoded)


if __name__ == "__main__":
    for check in (check_hashes, check_votes, check_draws, check_receipt):
        check()
    print("all vectors agree")
