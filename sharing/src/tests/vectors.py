"""A second implementation of `medchain-sharing`, without any library: it computes vectors.txt.

    python3 vectors.py > vectors.txt

It is slow and not in constant time. It follows the documents: ristretto255 RFC 9496, ChaCha20
and Poly1305 RFC 8439, HKDF RFC 5869, STROBE https://strobe.sourceforge.io/specs, Merlin
https://merlin.cool, and the documentation of the crate.
"""

import base64
import hmac
import math

# --- ristretto255 ------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def negative(x):
    return x % P & 1


def ratio_root(u, v):
    """Whether u/v is a square, and the root of u/v or of i·u/v that is not negative."""
    r = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    check = v * r * r % P
    square = check == u % P
    if not square and check in (-u % P, -u * ROOT % P):
        r = r * ROOT % P
    square = square or check == -u % P
    return square, P - r if negative(r) else r


INVERSE_ROOT_A_MINUS_D = ratio_root(1, -1 - D)[1]


class Point:
    """A point of edwards25519 in extended coordinates, standing for its ristretto class."""

    def __init__(self, x, y, z=1, t=None):
        self.x, self.y, self.z = x % P, y % P, z % P
        self.t = x * y % P if t is None else t % P

    def __add__(self, other):
        a = (self.y - self.x) * (other.y - other.x)
        b = (self.y + self.x) * (other.y + other.x)
        c = 2 * D * self.t * other.t
        d = 2 * self.z * other.z
        e, f, g, h = b - a, d - c, d + c, b + a
        return Point(e * f, g * h, f * g, e * h)

    def __neg__(self):
        return Point(-self.x, self.y, self.z, -self.t)

    def __sub__(self, other):
        return self + -other

    def __rmul__(self, scalar):
        result, power, scalar = ZERO, self, scalar % L
        while scalar:
            if scalar & 1:
                result = result + power
            power, scalar = power + power, scalar >> 1
        return result

    def encode(self):
        u1 = (self.z + self.y) * (self.z - self.y) % P
        u2 = self.x * self.y % P
        inverse = ratio_root(1, u1 * u2 * u2)[1]
        den1, den2 = inverse * u1 % P, inverse * u2 % P
        z_inverse = den1 * den2 * self.t % P
        x, y, den = self.x, self.y, den2
        if negative(self.t * z_inverse):
            x, y = self.y * ROOT % P, self.x * ROOT % P
            den = den1 * INVERSE_ROOT_A_MINUS_D % P
        if negative(x * z_inverse):
            y = -y
        s = den * (self.z - y) % P
        return (P - s if negative(s) else s).to_bytes(32, "little")


def decode(data):
    s = int.from_bytes(data, "little")
    assert s < P and not negative(s) and s != 0
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    square, inverse = ratio_root(1, v * u2 * u2)
    den_x = inverse * u2 % P
    den_y = inverse * den_x * v % P
    x = 2 * s * den_x % P
    x = P - x if negative(x) else x
    y = u1 * den_y % P
    assert square and not negative(x * y) and y != 0
    return Point(x, y)


ZERO = Point(0, 1)
G = decode(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"))
# RFC 9496, A.1: 2G.
assert (2 * G).encode().hex() == "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"


def total(points):
    result = ZERO
    for point in points:
        result = result + point
    return result


def scalar(data):
    return int.from_bytes(data, "little") % L


def word(number):
    return (number % L).to_bytes(32, "little")


# --- STROBE-128 and Merlin ---------------------------------------------------


def rotate(lane, by):
    return (lane << by | lane >> (64 - by)) & (2**64 - 1) if by else lane


def keccak(state):
    lanes = [[int.from_bytes(state[8 * (x + 5 * y):][:8], "little") for y in range(5)]
             for x in range(5)]
    lfsr = 1
    for _ in range(24):
        c = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        d = [c[(x + 4) % 5] ^ rotate(c[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lanes[x][y] ^ d[x] for y in range(5)] for x in range(5)]
        x, y, current = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], rotate(current, (step + 1) * (step + 2) // 2 % 64)
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5):
                lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5] & (2**64 - 1))
        for bit in range(7):
            lfsr = (lfsr << 1 ^ (lfsr >> 7) * 0x171) % 512
            if lfsr & 2:
                lanes[0][0] ^= 1 << ((1 << bit) - 1)
    for x in range(5):
        for y in range(5):
            state[8 * (x + 5 * y):8 * (x + 5 * y) + 8] = lanes[x][y].to_bytes(8, "little")


RATE = 166
I, A, C, M = 1, 2, 4, 16


class Transcript:
    """Merlin's transcript, and its generator of secrets."""

    def __init__(self, label=None, copy=None):
        if copy:
            self.state, self.pos, self.begin = bytearray(copy.state), copy.pos, copy.begin
            return
        self.state, self.pos, self.begin = bytearray(200), 0, 0
        self.state[:18] = bytes([1, RATE + 2, 1, 0, 1, 96]) + b"STROBEv1.0.2"
        keccak(self.state)
        self.operate(M | A, b"Merlin v1.0")
        self.absorb(b"dom-sep", label)

    def permute(self):
        self.state[self.pos] ^= self.begin
        self.state[self.pos + 1] ^= 4
        self.state[RATE + 1] ^= 0x80
        keccak(self.state)
        self.pos = self.begin = 0

    def duplex(self, data, how):
        out = bytearray()
        for byte in data:
            old = self.state[self.pos]
            out.append(old)
            self.state[self.pos] = {"absorb": old ^ byte, "overwrite": byte, "squeeze": 0}[how]
            self.pos += 1
            if self.pos == RATE:
                self.permute()
        return bytes(out)

    def operate(self, flags, data, how="absorb"):
        old, self.begin = self.begin, self.pos + 1
        self.duplex([old, flags], "absorb")
        if flags & C and self.pos:
            self.permute()
        return self.duplex(data, how)

    def absorb(self, label, message):
        self.operate(M | A, label + len(message).to_bytes(4, "little"))
        self.operate(A, message)

    def squeeze(self, label, length):
        self.operate(M | A, label + length.to_bytes(4, "little"))
        return self.operate(I | A | C, bytes(length), "squeeze")

    def challenge(self, label):
        return scalar(self.squeeze(label, 64))

    def generator(self, secrets, dice):
        """Yields secret scalars, from the transcript, secrets and 32 random bytes."""
        rng = Transcript(copy=self)
        for label, secret in secrets:
            rng.operate(M | A, label + len(secret).to_bytes(4, "little"))
            rng.operate(A | C, secret, "overwrite")
        rng.operate(M | A, b"rng")
        rng.operate(A | C, dice.bytes(32), "overwrite")
        while True:
            rng.operate(M | A, (64).to_bytes(4, "little"))
            yield scalar(rng.operate(I | A | C, bytes(64), "squeeze"))


def start(statement):
    transcript = Transcript(b"medchain/sharing/ristretto255/1")
    transcript.absorb(b"statement", statement)
    return transcript


# --- proofs ------------------------------------------------------------------
# An equation is (image, [base for each scalar]), of points.


def prove(transcript, equations, witness, dice):
    rng = transcript.generator([(b"witness", word(w)) for w in witness], dice)
    nonces = [next(rng) for _ in witness]
    for _, bases in equations:
        commitment = total(n * base for n, base in zip(nonces, bases))
        transcript.absorb(b"commitment", commitment.encode())
    c = transcript.challenge(b"challenge")
    return b"".join(word(x) for x in [c] + [n + c * w for n, w in zip(nonces, witness)])


def verify(transcript, equations, proof):
    words = [int.from_bytes(proof[at:at + 32], "little") for at in range(0, len(proof), 32)]
    assert all(x < L for x in words)
    c, responses = words[0], words[1:]
    for image, bases in equations:
        commitment = total(r * base for r, base in zip(responses, bases)) - c * image
        transcript.absorb(b"commitment", commitment.encode())
    assert transcript.challenge(b"challenge") == c


# --- symmetric cryptography --------------------------------------------------


def hkdf(secret, info, length):
    key = hmac.digest(bytes(32), secret, "sha256")
    out, block = b"", b""
    while len(out) < length:
        block = hmac.digest(key, block + info + bytes([len(out) // 32 + 1]), "sha256")
        out += block
    return out[:length]


def chacha_block(key, counter, nonce, rounds=20):
    words = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
    tail = key + counter.to_bytes(4, "little") + nonce
    words += [int.from_bytes(tail[at:at + 4], "little") for at in range(0, 48, 4)]
    work = list(words)
    mask = 2**32 - 1

    def quarter(a, b, c, d):
        for target, add, mix, by in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)]:
            work[target] = work[target] + work[add] & mask
            work[mix] ^= work[target]
            work[mix] = (work[mix] << by | work[mix] >> (32 - by)) & mask

    for _ in range(rounds // 2):
        for at in range(4):
            quarter(at, at + 4, at + 8, at + 12)
        for at in range(4):
            quarter(at, 4 + (at + 1) % 4, 8 + (at + 2) % 4, 12 + (at + 3) % 4)
    return b"".join((x + y & mask).to_bytes(4, "little") for x, y in zip(work, words))


def crypt(key, text):
    """ChaCha20 of at most 64 bytes with a nonce of zeros, and the tag of a ciphertext."""
    return bytes(x ^ y for x, y in zip(text, chacha_block(key, 1, bytes(12))))


def tag(key, sealed):
    once = chacha_block(key, 0, bytes(12))
    r = int.from_bytes(once[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    padded = sealed + bytes(-len(sealed) % 16) + bytes(8) + len(sealed).to_bytes(8, "little")
    accumulator = 0
    for at in range(0, len(padded), 16):
        block = int.from_bytes(padded[at:at + 16] + b"\x01", "little")
        accumulator = (accumulator + block) * r % (2**130 - 5)
    return (accumulator + int.from_bytes(once[16:32], "little")).to_bytes(17, "little")[:16]


# --- the scheme --------------------------------------------------------------


def listed(items):
    """SCALE's encoding of fewer than 64 items."""
    return bytes([len(items) << 2]) + b"".join(items)


def secret(seed, purpose):
    return scalar(hkdf(seed, b"medchain/sharing/" + purpose + b"/1", 64))


def key_statement(context, key):
    transcript = start(b"key")
    transcript.absorb(b"context", context)
    transcript.absorb(b"key", key)
    return transcript, [(decode(key), [G])]


def differences(count):
    """The weights of the values at 1, 2, … in their difference of order count - 1."""
    order = count - 1
    return [(-1) ** (order - at) * math.comb(order, at) for at in range(count)]


def dealing_statement(threshold, keys, context, ephemeral, shares, wrapped):
    transcript = start(b"dealing/2")
    transcript.absorb(b"context", context)
    transcript.absorb(b"custodians", bytes([threshold]) + listed(keys))
    transcript.absorb(b"wrapped", wrapped)
    transcript.absorb(b"ephemeral", ephemeral)
    transcript.absorb(b"shares", listed(shares))
    shares, keys = [decode(share) for share in shares], [decode(key) for key in keys]

    def weighted(weights):
        return [total(w * point for w, point in zip(weights, points)) for points in (shares, keys)]

    # The shares without their masks are of degree t - 1: at least, and at most.
    equations = [(ZERO, [decode(ephemeral), G]), (G, weighted(differences(threshold)))]
    n = len(keys)
    check = [transcript.challenge(b"check") for _ in range(n - threshold)]
    if check:
        weights = []
        for i in range(1, n + 1):
            # (-1)^(n-1) (n-1)! times SCRAPE's weight, the inverse of the product of i - j.
            weight = (-1) ** (n - 1) * math.factorial(n - 1)
            for j in range(1, n + 1):
                weight = weight * pow(i - j, -1, L) % L if j != i else weight
            weights.append(-weight * sum(m * i**at for at, m in enumerate(check)) % L)
        equations.append((ZERO, weighted(weights)))
    return transcript, equations


def wrap_key(shared, context, ephemeral):
    return hkdf(shared.encode(), b"medchain/sharing/wrap/1" + context + ephemeral, 32)


def deal(content_key, threshold, keys, context, dice):
    transcript = start(b"secrets")
    transcript.absorb(b"context", context)
    transcript.absorb(b"custodians", bytes([threshold]) + listed(keys))
    rng = transcript.generator([(b"content key", content_key)], dice)
    r = next(rng)
    polynomial = [next(rng) for _ in range(threshold)]
    p = [sum(a * i**at for at, a in enumerate(polynomial)) % L for i in range(len(keys) + 1)]
    ephemeral = (r * G).encode()
    key = wrap_key(p[0] * G, context, ephemeral)
    sealed = crypt(key, content_key)
    wrapped = sealed + tag(key, sealed)
    shares = [(p[i] * G + r * decode(y)).encode() for i, y in enumerate(keys, 1)]
    transcript, equations = dealing_statement(threshold, keys, context, ephemeral, shares, wrapped)
    s = pow(math.factorial(threshold - 1) * polynomial[-1], -1, L)
    return ephemeral, shares, wrapped, prove(transcript, equations, [s, -r * s % L], dice)


def verify_dealing(threshold, keys, context, dealing):
    ephemeral, shares, wrapped, proof = dealing
    transcript, equations = dealing_statement(threshold, keys, context, ephemeral, shares, wrapped)
    verify(transcript, equations, proof)
    transcript.absorb(b"proof", proof)
    return transcript.squeeze(b"id", 32)


def delivery_statement(entrusted, context, reply, ephemeral, masked):
    name, number, key, dealing_ephemeral, share = entrusted
    transcript = start(b"delivery")
    transcript.absorb(b"context", context)
    transcript.absorb(b"entrusted", name + bytes([number]) + key + dealing_ephemeral + share)
    transcript.absorb(b"ephemeral", ephemeral)
    transcript.absorb(b"share", masked)
    return transcript, [
        (decode(key), [G, ZERO]),
        (decode(ephemeral), [ZERO, G]),
        (decode(masked) - decode(share), [-decode(dealing_ephemeral), decode(reply)]),
    ]


def deliver(x, entrusted, context, reply, dice):
    name, number, key, dealing_ephemeral, share = entrusted
    transcript = start(b"encryption")
    transcript.absorb(b"context", context)
    transcript.absorb(b"entrusted", name + bytes([number]) + key + dealing_ephemeral + share)
    k = next(transcript.generator([(b"witness", word(x))], dice))
    opened = decode(share) - x * decode(dealing_ephemeral)
    ephemeral, masked = (k * G).encode(), (opened + k * decode(reply)).encode()
    transcript, equations = delivery_statement(entrusted, context, reply, ephemeral, masked)
    return ephemeral + masked + prove(transcript, equations, [x, k], dice)


# --- the vectors -------------------------------------------------------------


class Dice:
    """`ChaCha8Rng::seed_from_u64` of the crate rand_chacha, as in the tests of the crate."""

    def __init__(self, seed):
        self.seed, self.block, self.left = b"", 0, b""
        for _ in range(8):  # PCG32 makes the key
            seed = (seed * 6364136223846793005 + 11634580027462260723) % 2**64
            mixed, turn = ((seed >> 18 ^ seed) >> 27) % 2**32, seed >> 59
            mixed = (mixed >> turn | mixed << (32 - turn)) % 2**32
            self.seed += mixed.to_bytes(4, "little")

    def bytes(self, length):
        while len(self.left) < length:
            self.left += chacha_block(self.seed, self.block, bytes(12), rounds=8)
            self.block += 1
        out, self.left = self.left[:length], self.left[length:]
        return out


def main():
    content_key = b"a key of thirty-two random bytes"
    multihash = bytes([1, 0x55, 0x12, 0x20]) + bytes([4] * 32)
    cid = b"b" + base64.b32encode(multihash).lower().rstrip(b"=")
    genesis = bytes([1] * 32)
    context = genesis + bytes([2] * 32) + bytes([3] * 32) + listed([bytes([b]) for b in cid])
    for threshold, n in [(2, 3), (2, 2), (3, 5)]:
        secrets = [secret(bytes([i] * 32), b"custodian") for i in range(1, n + 1)]
        keys = [(x * G).encode() for x in secrets]
        reply_secret = secret(bytes([9] * 32), b"reply")
        reply = (reply_secret * G).encode()

        key_context = genesis + bytes([101] * 32)
        transcript, equations = key_statement(key_context, keys[0])
        key_proof = prove(transcript, equations, secrets[:1], Dice(0))
        verify(*key_statement(key_context, keys[0]), key_proof)

        dealing = deal(content_key, threshold, keys, context, Dice(0))
        name = verify_dealing(threshold, keys, context, dealing)
        ephemeral, shares, wrapped, proof = dealing
        sent = ephemeral + listed(shares) + wrapped + proof
        for line in [listed(keys), reply, key_proof, sent, name]:
            print(line.hex())

        opened = []
        for i in range(1, n + 1):
            record = (5).to_bytes(8, "little")
            delivered_to = genesis + record + bytes([100 + i] * 32) + bytes([6] * 32) + reply
            entrusted = name, i, keys[i - 1], ephemeral, shares[i - 1]
            delivery = deliver(secrets[i - 1], entrusted, delivered_to, reply, Dice(7))
            e, b, delivery_proof = delivery[:32], delivery[32:64], delivery[64:]
            verify(*delivery_statement(entrusted, delivered_to, reply, e, b), delivery_proof)
            opened.append((i, decode(b) - reply_secret * decode(e)))
            print(delivery.hex())

        # Lagrange's weights at 0 of the last t shares are the products of j / (j - i).
        shared, last = ZERO, opened[-threshold:]
        for i, share in last:
            weight = 1
            for j, _ in last:
                weight = weight * j * pow(j - i, -1, L) % L if j != i else weight
            shared = shared + weight * share
        key = wrap_key(shared, context, ephemeral)
        assert tag(key, wrapped[:32]) == wrapped[32:] and crypt(key, wrapped[:32]) == content_key


main()
