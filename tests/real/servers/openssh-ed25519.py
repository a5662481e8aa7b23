"""Rewrites an Ed25519 key from PKCS #8 in PEM to OpenSSH's format, which ssh-add reads; stdin to stdout."""

import base64
import struct
import subprocess
import sys


def string(data):
    return struct.pack(">I", len(data)) + data


pem = sys.stdin.buffer.read()
show = ["openssl", "pkey", "-outform", "DER"]
seed = subprocess.run(show, input=pem, capture_output=True, check=True).stdout[-32:]
public = subprocess.run([*show, "-pubout"], input=pem, capture_output=True, check=True).stdout[-32:]
kind = string(b"ssh-ed25519")
blob = kind + string(public)
private = b"tok!tok!" + blob + string(seed + public) + string(b"tok")
private += bytes(range(1, 1 + -len(private) % 8))
key = b"openssh-key-v1\0" + string(b"none") * 2 + string(b"") + struct.pack(">I", 1) + string(blob) + string(private)
print("-----BEGIN OPENSSH PRIVATE KEY-----")
print(base64.encodebytes(key).decode().strip())
print("-----END OPENSSH PRIVATE KEY-----")
