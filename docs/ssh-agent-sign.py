#!/usr/bin/env python3
"""Signs stdin with a key of ssh-agent and prints the signature in base64.

usage: ssh-agent-sign.py FINGERPRINT      SHA256:… as `ssh-add -l` shows it

An RSA key signs as RS256 (RFC 8332 section 3), an EC key as ES256 or ES384 (RFC 5656), an Ed25519 key as EdDSA (RFC 8709).
"""

import base64
import hashlib
import os
import socket
import struct
import sys

REQUEST_IDENTITIES, IDENTITIES, SIGN_REQUEST, SIGN_RESPONSE = 11, 12, 13, 14
RSA_SHA2_256 = 2
EC_BYTES = {b"ecdsa-sha2-nistp256": 32, b"ecdsa-sha2-nistp384": 48}


def string(data):
    return struct.pack(">I", len(data)) + data


def split(data):
    """Returns the first string in `data`, and the rest."""
    end = 4 + struct.unpack(">I", data[:4])[0]
    return data[4:end], data[end:]


def ask(agent, request, expected):
    agent.sendall(string(request))
    answers = agent.makefile("rb")
    answer = answers.read(struct.unpack(">I", answers.read(4))[0])
    if answer[0] != expected:
        sys.exit("ssh-agent refused")
    return answer[1:]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    agent = socket.socket(socket.AF_UNIX)
    agent.connect(os.environ["SSH_AUTH_SOCK"])
    keys = ask(agent, bytes([REQUEST_IDENTITIES]), IDENTITIES)[4:]
    while keys:
        key, keys = split(keys)
        _comment, keys = split(keys)
        digest = base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")
        if "SHA256:" + digest == sys.argv[1]:
            break
    else:
        sys.exit("ssh-agent has no such key: " + sys.argv[1])
    request = string(key) + string(sys.stdin.buffer.read()) + struct.pack(">I", RSA_SHA2_256)
    answer, _ = split(ask(agent, bytes([SIGN_REQUEST]) + request, SIGN_RESPONSE))
    algorithm, answer = split(answer)
    signature, _ = split(answer)
    if algorithm in EC_BYTES:
        first, rest = split(signature)
        second, _ = split(rest)
        size = EC_BYTES[algorithm]
        signature = b"".join(half.lstrip(b"\0").rjust(size, b"\0") for half in (first, second))
    print(base64.b64encode(signature).decode())


main()
