#!/usr/bin/env python3
"""Makes derived.json: answers for which no RFC publishes numbers, from an implementation that shares no code with ours.

Hashes and HMAC are Python's own, block ciphers those of the package `cryptography`, ARIA that of `openssl enc`; modes, MACs,
paddings and derivations are written here, after the RFCs. Run it as `derive.py > derived.json`; it draws nothing but the
encapsulations of ML-KEM.
"""
import hashlib, hmac, json, struct, subprocess
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4, Camellia, TripleDES
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def pattern(length, start):
    return bytes((start + 7 * i) % 256 for i in range(length))


# ---- derivations --------------------------------------------------------------------------------

def p_hash(digest, secret, seed, length):  # RFC 5246, 5
    out, a = b"", seed
    while len(out) < length:
        a = hmac.new(secret, a, digest).digest()
        out += hmac.new(secret, a + seed, digest).digest()
    return out[:length]


def prf(version, digest, secret, label, seed, length):
    if version == 0x0300:  # RFC 6101, 6.1 and 6.2.2: no label
        out = b""
        for i in range(26):
            letters = bytes([0x41 + i]) * (i + 1)
            out += hashlib.md5(secret + hashlib.sha1(letters + secret + seed).digest()).digest()
        return out[:length]
    if version < 0x0303:  # RFC 2246, 5
        half = (len(secret) + 1) // 2
        left = p_hash("md5", secret[:half], label + seed, length)
        right = p_hash("sha1", secret[len(secret) - half:], label + seed, length)
        return bytes(a ^ b for a, b in zip(left, right))
    return p_hash(digest, secret, label + seed, length)


def ssl3_hash(master, sender, messages):  # RFC 6101, 5.6.8 and 5.6.9
    out = b""
    for name, pad in (("md5", 48), ("sha1", 40)):
        inner = hashlib.new(name, messages + sender + master + b"\x36" * pad).digest()
        out += hashlib.new(name, master + b"\x5c" * pad + inner).digest()
    return out


def derivation(version, digest, secret_length):
    premaster, client, server = pattern(secret_length, 3), pattern(32, 5), pattern(32, 11)
    messages, label = pattern(500, 17), b"EXPORTER-gauntlet"
    master = prf(version, digest, premaster, b"master secret", client + server, 48)
    md5sha1 = hashlib.md5(messages).digest() + hashlib.sha1(messages).digest()
    hashed = md5sha1 if version < 0x0303 else hashlib.new(digest, messages).digest()
    out = {
        "version": version, "digest": digest, "premaster": premaster, "client_random": client, "server_random": server,
        "messages": messages, "master_secret": master,
        "key_block": prf(version, digest, master, b"key expansion", server + client, 200),
    }
    if version == 0x0300:
        out["client_verify_data"] = ssl3_hash(master, b"CLNT", messages)
        out["server_verify_data"] = ssl3_hash(master, b"SRVR", messages)
        out["signed_hash"] = ssl3_hash(master, b"", messages)
        return out
    out["client_verify_data"] = prf(version, digest, master, b"client finished", hashed, 12)
    out["server_verify_data"] = prf(version, digest, master, b"server finished", hashed, 12)
    out["extended_master_secret"] = prf(version, digest, premaster, b"extended master secret", hashed, 48)
    context = pattern(9, 23)
    out["label"] = label.decode()
    out["context"] = context
    out["exported"] = prf(version, digest, master, label, client + server, 40)
    seed = client + server + struct.pack(">H", len(context)) + context
    out["exported_with_context"] = prf(version, digest, master, label, seed, 40)
    return out


def expand_label(digest, secret, label, context, length):  # RFC 9846, 7.1
    info = struct.pack(">HB", length, 6 + len(label)) + b"tls13 " + label + bytes([len(context)]) + context
    out, block, i = b"", b"", 1
    while len(out) < length:
        block = hmac.new(secret, block + info + bytes([i]), digest).digest()
        out, i = out + block, i + 1
    return out[:length]


def exporter13(digest):
    size = hashlib.new(digest).digest_size
    secret, label, context = pattern(size, 29), b"EXPORTER-gauntlet", pattern(9, 23)
    inner = expand_label(digest, secret, label, hashlib.new(digest).digest(), size)
    make = lambda data: expand_label(digest, inner, b"exporter", hashlib.new(digest, data).digest(), 40)
    return {"digest": digest, "exporter_secret": secret, "label": label.decode(), "context": context,
            "exported": make(b""), "exported_with_context": make(context)}


def premaster(kind, other, psk):  # RFC 4279, 2 to 4
    joined = struct.pack(">H", len(other)) + other + struct.pack(">H", len(psk)) + psk
    return {"kind": kind, "other": other, "psk": psk, "premaster": joined}


# ---- records ------------------------------------------------------------------------------------

def aria(key, blocks):
    command = ["openssl", "enc", f"-aria-{8 * len(key)}-ecb", "-K", key.hex(), "-nopad", "-provider", "default"]
    return subprocess.run(command, input=blocks, capture_output=True, check=True).stdout


def encrypt_blocks(bulk, key, iv, data):
    """CBC, from single blocks."""
    if bulk.startswith("aria"):
        block = lambda x: aria(key, x)
    else:
        kind = {"a": algorithms.AES, "c": Camellia, "3": TripleDES}[bulk[0]]
        block = lambda x: (lambda e: e.update(x) + e.finalize())(Cipher(kind(key), modes.ECB()).encryptor())
    out, last, size = b"", iv, len(iv)
    for at in range(0, len(data), size):
        last = block(bytes(a ^ b for a, b in zip(data[at:at + size], last)))
        out += last
    return out


def gcm_of_aria(key, nonce, aad, data):
    times = lambda x, y: sum_of(x, y)

    def sum_of(x, y):  # NIST SP 800-38D, 6.3
        z, v = 0, y
        for i in range(127, -1, -1):
            if x >> i & 1:
                z ^= v
            v = v >> 1 ^ (0xe1 << 120 if v & 1 else 0)
        return z

    h = int.from_bytes(aria(key, bytes(16)), "big")
    counters = b"".join(nonce + struct.pack(">I", i) for i in range(1, 2 + (len(data) + 15) // 16))
    stream = aria(key, counters)
    encrypted = bytes(a ^ b for a, b in zip(data, stream[16:]))
    padded = lambda x: x + bytes(-len(x) % 16)
    hashed = padded(aad) + padded(encrypted) + struct.pack(">QQ", 8 * len(aad), 8 * len(encrypted))
    y = 0
    for at in range(0, len(hashed), 16):
        y = times(y ^ int.from_bytes(hashed[at:at + 16], "big"), h)
    return encrypted + bytes(a ^ b for a, b in zip(y.to_bytes(16, "big"), stream[:16]))


def mac_of(version, digest, key, header, content):
    if version > 0x0300:  # RFC 5246, 6.2.3.1
        return hmac.new(key, header + content, digest).digest()
    pad = 48 if digest == "md5" else 40  # RFC 6101, 5.2.3.1: no version in what is hashed
    header = header[:9] + header[11:]
    inner = hashlib.new(digest, key + b"\x36" * pad + header + content).digest()
    return hashlib.new(digest, key + b"\x5c" * pad + inner).digest()


SIZES = {"null": 0, "rc4_128": 16, "3des_ede_cbc": 24, "aes_128": 16, "aes_256": 32, "camellia_128": 16,
         "camellia_256": 32, "aria_128": 16, "aria_256": 32, "chacha20_poly1305": 32}


def key_size(bulk):
    return SIZES.get(bulk) if bulk in SIZES else SIZES["_".join(bulk.split("_")[:2])]


def record(version, bulk, mac="", etm=False):
    sequence, kind, content = 0x0102030405060708, 23, pattern(45, 41)
    key = pattern(key_size(bulk), 1)
    out = {"version": version, "bulk": bulk, "mac": mac, "encrypt_then_mac": etm, "key": key, "sequence": sequence,
           "type": kind, "plaintext": content, "iv": b"", "mac_key": b"", "explicit": b""}
    wire = 0x0303 if version == 0x0304 else version
    header = lambda length: struct.pack(">QBHH", sequence, kind, wire, length)
    if not mac:  # AEAD
        tag = 8 if bulk.endswith("ccm_8") else 16
        counted = version == 0x0303 and not bulk.startswith("chacha")
        iv = out["iv"] = pattern(4 if counted else 12, 2)
        explicit = out["explicit"] = struct.pack(">Q", sequence) if counted else b""
        xored = bytes(a ^ b for a, b in zip(iv[-12:], bytes(4) + struct.pack(">Q", sequence)))
        nonce = iv + explicit if counted else xored
        aad = struct.pack(">BHH", kind, wire, len(content) + tag) if version == 0x0304 else header(len(content))
        if bulk.startswith("aria"):
            sealed = gcm_of_aria(key, nonce, aad, content)
        elif bulk.startswith("chacha"):
            sealed = ChaCha20Poly1305(key).encrypt(nonce, content, aad)
        elif "ccm" in bulk:
            sealed = AESCCM(key, tag_length=tag).encrypt(nonce, content, aad)
        else:
            sealed = AESGCM(key).encrypt(nonce, content, aad)
        out["fragment"] = explicit + sealed
        return out
    out["mac_key"] = mac_key = pattern(hashlib.new(mac).digest_size, 3)
    if not bulk.endswith("cbc"):
        data = content + mac_of(version, mac, mac_key, header(len(content)), content)
        out["fragment"] = data if bulk == "null" else (lambda e: e.update(data))(Cipher(ARC4(key), None).encryptor())
        return out
    size = 8 if bulk.startswith("3des") else 16
    iv = pattern(size, 2)
    out["iv" if version < 0x0302 else "explicit"] = iv
    data = content if etm else content + mac_of(version, mac, mac_key, header(len(content)), content)
    count = -(len(data) + 1) % size
    data += (bytes([0]) if version == 0x0300 else bytes([count])) * count + bytes([count])
    sealed = (iv if version >= 0x0302 else b"") + encrypt_blocks(bulk, key, iv, data)
    if etm:  # RFC 7366, 3
        sealed += mac_of(version, mac, mac_key, header(len(sealed)), sealed)
    out["fragment"] = sealed
    return out


def records():
    for version in (0x0300, 0x0301, 0x0302, 0x0303):
        for mac in ("md5", "sha1"):
            yield record(version, "null", mac)
            yield record(version, "rc4_128", mac)
        for bulk in ("3des_ede_cbc", "aes_128_cbc", "aes_256_cbc", "camellia_128_cbc", "camellia_256_cbc"):
            yield record(version, bulk, "sha1")
            if version > 0x0300:
                yield record(version, bulk, "sha1", True)
    for bulk in ("aes_128_cbc", "aes_256_cbc", "camellia_128_cbc", "camellia_256_cbc", "aria_128_cbc", "aria_256_cbc"):
        for mac in ("sha256", "sha384"):
            yield record(0x0303, bulk, mac)
            yield record(0x0303, bulk, mac, True)
    yield record(0x0303, "null", "sha256")
    for bulk in ("aes_128_gcm", "aes_256_gcm", "aes_128_ccm", "aes_256_ccm", "aes_128_ccm_8", "aes_256_ccm_8",
                 "aria_128_gcm", "aria_256_gcm", "chacha20_poly1305"):
        yield record(0x0303, bulk)
        if not bulk.startswith("aria") and bulk not in ("aes_256_ccm", "aes_256_ccm_8"):
            yield record(0x0304, bulk)


# ---- key exchanges ------------------------------------------------------------------------------

def fields():
    primes = json.load(open("primitives.json"))["ffdhe"]
    for entry in primes:
        p = int(entry["prime"], 16)
        size = len(entry["prime"]) // 2
        ours = int.from_bytes(pattern(32, 51), "big")
        theirs = int.from_bytes(pattern(32, 61), "big")
        while True:  # until the secret begins with a zero, which TLS 1.2 strips and TLS 1.3 keeps
            shared = pow(pow(2, theirs, p), ours, p).to_bytes(size, "big")
            if shared[0] == 0 or size > 256:
                break
            theirs += 1
        yield {"group": entry["group"], "private": ours.to_bytes(32, "big"),
               "public": pow(2, ours, p).to_bytes(size, "big"), "other_public": pow(2, theirs, p).to_bytes(size, "big"),
               "shared": shared, "premaster": shared.lstrip(b"\0")}


def hybrids():
    point = lambda key: key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    for group, kind, curve in ((4588, mlkem.MLKEM768PrivateKey, None), (4587, mlkem.MLKEM768PrivateKey, ec.SECP256R1()),
                               (4589, mlkem.MLKEM1024PrivateKey, ec.SECP384R1())):
        seed = pattern(64, 71)
        kem = kind.from_seed_bytes(seed)
        encapsulation_key = kem.public_key().public_bytes_raw()
        secret, ciphertext = kem.public_key().encapsulate()
        assert kem.decapsulate(ciphertext) == secret
        if curve is None:
            own, other = (x25519.X25519PrivateKey.from_private_bytes(pattern(32, s)) for s in (81, 91))
            scalar, agreed = pattern(32, 81), own.exchange(other.public_key())
            own_public, other_public = own.public_key().public_bytes_raw(), other.public_key().public_bytes_raw()
        else:
            size = curve.key_size // 8
            own, other = (ec.derive_private_key(int.from_bytes(pattern(size, s), "big"), curve) for s in (81, 91))
            scalar, agreed = pattern(size, 81), own.exchange(ec.ECDH(), other.public_key())
            own_public, other_public = point(own.public_key()), point(other.public_key())
        # X25519MLKEM768 alone has ML-KEM first.
        order = (lambda curve, kem: kem + curve) if curve is None else (lambda curve, kem: curve + kem)
        yield {"group": group, "private": order(scalar, seed), "public": order(own_public, encapsulation_key),
               "other_public": order(other_public, ciphertext), "shared": order(agreed, secret)}


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


print(json.dumps(plain({
    "note": "Made by derive.py, which shares no code with what is tested. Bytes are in hexadecimal.",
    "derivations": [derivation(*arguments) for arguments in (
        (0x0300, "sha1", 48), (0x0301, "sha1", 48), (0x0301, "sha1", 33), (0x0302, "sha1", 48), (0x0303, "sha256", 48),
        (0x0303, "sha384", 66), (0x0303, "sha256", 0))],
    "exporters": [exporter13("sha256"), exporter13("sha384")],
    "premasters": [
        premaster("psk", bytes(16), pattern(16, 1)), premaster("dhe_psk", pattern(256, 9), pattern(16, 1)),
        premaster("ecdhe_psk", pattern(32, 9), pattern(16, 1)), premaster("rsa_psk", b"\x03\x03" + pattern(46, 9), pattern(5, 1))],
    "records": list(records()),
    "fields": list(fields()),
    "hybrids": list(hybrids()),
}), indent=1))
