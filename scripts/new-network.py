#!/usr/bin/env python3
"""Makes the raw chain spec of a new MedChain network from a small JSON file.

    scripts/new-network.py network.json chain.json [--council ACCOUNT …] [--ethics ACCOUNT …]

The file says who the network is and who runs it; docs/operators-guide.md has
an example. The runtime is the one inside `medchain-node`, or --runtime's. Every
address is checked, and keys that everybody knows (//Alice and the like) are
refused unless --dev is given: whoever has them owns the network. A council decides, and nobody
is root: with one member alone, the script asks for --single-member. An ethics committee judges
emergencies, and none of its members sits in the council; without one, which takes
--without-ethics, the council judges those of its own clinicians.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from decimal import Decimal, InvalidOperation

DECIMALS = 12
DEPOSIT = 10**9  # An account with less than 0.001 MEDC is removed.
DEV_PHRASE = "bottom drive obey lake curtain smoke basket hold race lonely fit walk"
MAX_CODE = 3 * 1024 * 1024  # What a relay chain takes.
FIELDS = {"name", "id", "type", "para_id", "relay_chain", "council", "ethics", "institutions",
          "collators", "balances", "bootnodes"}
OPTIONAL = {"type", "council", "ethics", "institutions", "bootnodes"}
# What the runtime takes, and from how many members on the ethics committee judges.
MAX_MEMBERS, MAX_ETHICS, MIN_ETHICS = 32, 9, 3


def fail(text):
    sys.exit(f"error: {text}")


def node(program, *arguments):
    """What the node prints; its last line where it fails."""
    try:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        fail(f"cannot run {program}: {error.strerror}; build it, or name it with --node")
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        fail(f"{os.path.basename(program)} {arguments[0]}: {lines[-1] if lines else 'it failed'}")
    return done.stdout


class Keys:
    """Addresses and public keys, read by the node itself."""

    def __init__(self, program, allow_dev):
        self.program = program
        self.known = set()
        if not allow_dev:
            secrets = [DEV_PHRASE] + [f"//{name}" for name in ("One", "Two")]
            for name in ("Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie"):
                secrets += [f"//{name}", f"//{name}//stash"]
            for secret in secrets:
                for scheme in ("sr25519", "ed25519"):
                    self.known.add(self.inspect(secret, "--scheme", scheme)["publicKey"])

    def inspect(self, text, *arguments):
        """What the node says of a key; nothing where it is none."""
        try:
            return json.loads(
                node(self.program, "key", "inspect", *arguments, "--output-type", "json", text))
        except ValueError:
            return None

    def address(self, text, what):
        """The SS58 address of an address or of 0x and 32 bytes."""
        if not isinstance(text, str):
            fail(f"{what} is not an address")
        if re.fullmatch(r"0x[0-9a-fA-F]{64}", text):
            found = self.inspect(text, "--public")
        elif re.fullmatch(r"[1-9A-HJ-NP-Za-km-z]{46,50}", text):
            found = self.inspect(text)
        else:
            # Not shown: a secret may have slipped in here.
            fail(f"{what} is neither an address nor 0x and 64 digits")
        if found is None:
            fail(f"{what} is not an address: its checksum is wrong")
        if found["publicKey"] in self.known:
            fail(f"{what} is a development key, whose secret everybody knows: make one with "
                 "'medchain-node key generate', or give --dev for a network to try things out")
        return found["ss58Address"]


def amount(text, what):
    """MEDC as a whole number of the smallest unit."""
    try:
        value = Decimal(str(text)).scaleb(DECIMALS)
        if value != value.to_integral_value() or value < DEPOSIT:
            raise InvalidOperation
    except InvalidOperation:
        fail(f"{what} has {text}: give at least 0.001 MEDC with at most {DECIMALS} decimals")
    return int(value)


def patch(network, keys, single, without_ethics):
    """What differs from the runtime's default genesis."""
    collators = network["collators"]
    if not isinstance(collators, list) or not collators:
        fail("collators is empty: nobody would make blocks; name at least one")
    accounts, sessions = [], []
    for number, collator in enumerate(collators):
        if not isinstance(collator, dict) or set(collator) != {"account", "aura"}:
            fail(f"collators[{number}] must have account and aura")
        account = keys.address(collator["account"], f"the account of collators[{number}]")
        aura = keys.address(collator["aura"], f"the aura key of collators[{number}]")
        if account in accounts or aura in [session[2]["aura"] for session in sessions]:
            fail(f"collators[{number}] is listed twice")
        accounts.append(account)
        sessions.append([account, account, {"aura": aura}])
    if not isinstance(network["balances"], dict):
        fail("balances must be an object of addresses and amounts in MEDC")
    balances = {}
    for text, value in network["balances"].items():
        balances[keys.address(text, f"{text[:8]}… in balances")] = amount(value, text)
    members = council(network["council"], keys, single)
    judges = ethics(network["ethics"], keys, members, without_ethics)
    institutions = [institution(entry, number, keys)
                    for number, entry in enumerate(network["institutions"])]
    owners = [(member, "a member of the council") for member in members]
    owners += [(judge, "a member of the ethics committee") for judge in judges]
    owners += [(registrar, "a registrar") for _, registrar in institutions]
    for owner, what in owners + [(a, "a collator's account") for a in accounts]:
        if owner not in balances:
            fail(f"{what} ({owner}) is not in balances: it could not pay for any call")
    difference = {
        "balances": {"balances": [list(entry) for entry in balances.items()]},
        "parachainInfo": {"parachainId": network["para_id"]},
        "collatorSelection": {"invulnerables": accounts, "candidacyBond": 16 * DEPOSIT},
        "session": {"keys": sessions},
        "councilMembership": {"members": members},
        "emr": {"institutions": institutions},
    }
    # Runtimes from before there was a committee do not know the field.
    if judges:
        difference["ethicsMembership"] = {"members": judges}
    return difference


def members_of(field, addresses, keys, most):
    """The members of a body, each once."""
    members = [keys.address(text, f"{field}[{number}]") for number, text in enumerate(addresses)]
    for number, member in enumerate(members):
        if member in members[:number]:
            fail(f"{field}[{number}] is listed twice")
    if len(members) > most:
        fail(f"{field} has {len(members)} members: the runtime takes {most}")
    return members


def ethics(addresses, keys, council_members, without):
    """The members of the ethics committee, none of whom sits in the council."""
    members = members_of("ethics", addresses, keys, MAX_ETHICS)
    for number, member in enumerate(members):
        if member in council_members:
            fail(f"ethics[{number}] is in the council as well: the council must not judge "
                 "emergencies of its own clinicians; name somebody else")
    if without and members:
        fail("ethics names members: leave out --without-ethics")
    if not without and len(members) < MIN_ETHICS:
        fail(f"ethics has {len(members)} members, and judges emergencies from {MIN_ETHICS} on: "
             "name them in the file or with --ethics, or give --without-ethics, and the council "
             "judges until it has appointed a committee")
    return members


def council(addresses, keys, single):
    """The members of the council."""
    if not isinstance(addresses, list) or not addresses:
        fail("council is empty: nobody could decide anything; name the member institutions' "
             "accounts, three or more, in the file or with --council")
    members = members_of("council", addresses, keys, MAX_MEMBERS)
    if len(members) == 1 and not single:
        fail("council has a single member, who would decide alone: name three or more, or give "
             "--single-member for a network to try things out")
    return members


def institution(entry, number, keys):
    """An institution's name and registrar."""
    if not isinstance(entry, dict) or set(entry) != {"name", "registrar"}:
        fail(f"institutions[{number}] must have name and registrar")
    name = entry["name"]
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= 64:
        fail(f"the name of institutions[{number}] must have 1 to 64 bytes")
    return [name, keys.address(entry["registrar"], f"the registrar of institutions[{number}]")]


def read_network(path):
    try:
        with open(path, encoding="utf-8") as file:
            # Amounts without a detour through binary fractions.
            network = json.load(file, parse_float=Decimal)
    except (OSError, ValueError) as error:
        fail(f"{path}: {error}")
    if not isinstance(network, dict):
        fail(f"{path}: it is not an object")
    if "sudo" in network:
        fail(f"{path}: sudo is gone: nobody is root any more; name the council instead")
    for field in sorted(FIELDS - OPTIONAL):
        if field not in network:
            fail(f"{path}: {field} is missing")
    for field in sorted(set(network) - FIELDS):
        fail(f"{path}: {field} is not known; the fields are {', '.join(sorted(FIELDS))}")
    para_id = network["para_id"]
    if isinstance(para_id, bool) or not isinstance(para_id, int) or not 1000 <= para_id < 2**32:
        fail(f"{path}: para_id must be the number that the relay chain gave you, 1000 or more")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{2,63}", str(network["id"])):
        fail(f"{path}: id must be 3 to 64 small letters, digits and dashes: the data folder's name")
    for field in ("name", "relay_chain"):
        if not isinstance(network[field], str) or not network[field]:
            fail(f"{path}: {field} must be a text")
    for field in ("council", "ethics", "institutions"):
        if not isinstance(network.setdefault(field, []), list):
            fail(f"{path}: {field} must be a list")
    if network.setdefault("type", "Live") not in ("Live", "Local", "Development"):
        fail(f"{path}: type must be Live, Local or Development")
    return network


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", help="the description, a JSON file")
    parser.add_argument("spec", help="where the raw chain spec goes; never overwritten")
    parser.add_argument("--node", default=os.environ.get("MEDCHAIN_NODE_PROGRAM", "medchain-node"),
                        help="the node program [default: medchain-node]")
    parser.add_argument("--runtime", help="the runtime, a .wasm file [default: the node's own]")
    parser.add_argument("--council", action="append", metavar="ACCOUNT",
                        help="a member of the council; repeat it for each [default: the file's]")
    parser.add_argument("--single-member", action="store_true",
                        help="allow a council of one, who decides alone")
    parser.add_argument("--ethics", action="append", metavar="ACCOUNT",
                        help="a member of the ethics committee; repeat it for each [default: the "
                             "file's]")
    parser.add_argument("--without-ethics", action="store_true",
                        help="allow a network without an ethics committee: the council judges")
    parser.add_argument("--dev", action="store_true", help="allow development keys")
    arguments = parser.parse_args()
    if os.path.exists(arguments.spec):
        fail(f"{arguments.spec} exists: a new genesis makes a new chain; choose another name, "
             "or remove the file")
    network = read_network(arguments.network)
    for field, given in (("council", arguments.council), ("ethics", arguments.ethics)):
        if given and network[field]:
            fail(f"{arguments.network} names members of {field} already: leave out --{field}")
        network[field] = given or network[field]
    difference = patch(network, Keys(arguments.node, arguments.dev), arguments.single_member,
                       arguments.without_ethics)
    code = None
    if arguments.runtime:
        try:
            with open(arguments.runtime, "rb") as file:
                code = "0x" + file.read().hex()
        except OSError as error:
            fail(f"{arguments.runtime}: {error.strerror}")
    with tempfile.TemporaryDirectory() as folder:
        # The runtime, and the shape of a spec, from the node's own.
        plain = os.path.join(folder, "plain.json")
        node(arguments.node, "export-chain-spec", "--chain", "local", "--output", plain)
        with open(plain, encoding="utf-8") as file:
            spec = json.load(file)
        genesis = spec["genesis"]["runtimeGenesis"]
        genesis["code"] = code or genesis["code"]
        size = len(genesis["code"]) // 2 - 1
        genesis["patch"] = {"polkadotXcm": genesis["patch"]["polkadotXcm"], **difference}
        spec.update(
            name=network["name"], id=network["id"], protocolId=network["id"],
            chainType=network["type"], para_id=network["para_id"],
            relay_chain=network["relay_chain"], bootNodes=network.get("bootnodes", []),
        )
        with open(plain, "w", encoding="utf-8") as file:
            json.dump(spec, file)
        raw = os.path.join(folder, "raw.json")
        node(arguments.node, "export-chain-spec", "--chain", plain, "--raw", "--output", raw)
        with open(raw, encoding="utf-8") as source, open(arguments.spec, "x", encoding="utf-8") as target:
            target.write(source.read())
    if len(network["council"]) == 2:
        print("warning: with two members of the council each can stop everything; three or more "
              "are better", file=sys.stderr)
    if not network["ethics"]:
        print("warning: without an ethics committee, the council judges emergencies of its own "
              "clinicians; it appoints one with ethicsMembership.addMember", file=sys.stderr)
    if size > MAX_CODE:
        print(f"warning: the runtime has {size / 2**20:.1f} MiB and a relay chain takes at most "
              f"{MAX_CODE >> 20}: give --runtime what scripts/compact-runtime.sh makes", file=sys.stderr)
    print(f"{arguments.spec}: {network['name']}, parachain {network['para_id']} on "
          f"{network['relay_chain']}, {len(network['collators'])} collators, a council of "
          f"{len(network['council'])}, an ethics committee of {len(network['ethics'])}")


if __name__ == "__main__":
    main()
