#!/usr/bin/env python3
"""Makes the system calls of a run fail, one at a time, and checks what tok leaves behind.

    tests/real/faults/inject.py TOK              every fault in every call of every run; takes some minutes
    tests/real/faults/inject.py TOK --sample 40  that many faults of each run, chosen at random; the seed is printed

Each case runs tok under `strace -e inject` with one fault: an error at the n-th call of one kind, or SIGKILL or SIGTERM there. A clean
run follows. Required of the faulty run: no panic, stdout empty or a whole token, exit 0 only with a result, at most one request.
Required of the clean run: success without a note, an intact config, and no leftover file.
"""

import argparse
import collections
import concurrent.futures
import http.server
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

SECRET = "inject-s3cret"
LONGEST = 30  # Seconds; every deadline of tok is shorter.
TWO_DAYS = 2 * 24 * 3600  # A leftover this old cannot belong to a running process.

PATHS = "ENOSPC EIO EMFILE ENFILE EACCES EPERM EROFS EDQUOT ENOMEM EINTR".split()
ERRORS = {
    **dict.fromkeys(["open", "openat", "creat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "symlinkat"], PATHS),
    **dict.fromkeys(["write", "writev", "pwrite64", "fsync", "fdatasync", "ftruncate", "fallocate", "copy_file_range"], "ENOSPC EIO EDQUOT EINTR EAGAIN EPERM ENOMEM".split()),
    **dict.fromkeys(["read", "readv", "pread64", "recvfrom", "recvmsg", "getdents64"], "EIO EINTR EAGAIN ENOMEM".split()),
    **dict.fromkeys(["mmap", "mremap", "brk", "mprotect", "munmap", "madvise"], "ENOMEM EAGAIN".split()),
    **dict.fromkeys(["clone", "clone3", "fork", "vfork"], "EAGAIN ENOMEM EPERM".split()),
    **dict.fromkeys(["socket", "socketpair", "pipe", "pipe2", "epoll_create1", "eventfd2", "dup", "dup3", "fcntl", "memfd_create"], "EMFILE ENFILE ENOMEM EACCES EPERM".split()),
    **dict.fromkeys(["connect", "sendto", "sendmsg", "poll", "ppoll", "epoll_wait", "flock"], "EINTR ENOMEM EACCES EPERM EAGAIN".split()),
    **dict.fromkeys(["stat", "fstat", "lstat", "newfstatat", "statx", "access", "faccessat", "readlink", "readlinkat", "chmod", "fchmod", "fchmodat", "utimensat"], "EIO EACCES EPERM EROFS ENOMEM".split()),
}
# For the few bytes that tok asks for, Linux documents no other failure of a kernel that has the call.
ERRORS["getrandom"] = ["EINTR"]
# A sandbox may forbid these; their arguments are right.
ERRORS["prlimit64"] = ERRORS["prctl"] = ["EPERM"]
OTHER = "EPERM ENOMEM EINTR EAGAIN".split()
# The program is not running yet, or no longer; or the call cannot fail.
NEVER = {"execve", "exit", "exit_group", "rt_sigreturn", "restart_syscall", "arch_prctl", "set_tid_address", "gettid", "getpid", "getppid",
         "getuid", "geteuid", "getgid", "getegid", "umask", "sched_yield"}


class Provider:
    """Answers every request with a new token and counts the requests of each path."""

    def __init__(self):
        self.counts = collections.Counter()
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                provider.counts[self.path] += 1
                self.rfile.read(int(self.headers.get("content-length", 0)))
                body = json.dumps({"access_token": f"t0ken-{provider.counts[self.path]}-end", "expires_in": 3600}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


TOKEN = re.compile(r"t0ken-\d+-end\n")
RUNS = {
    # name: (arguments, whether a token is cached before, stdin)
    "cold token": ("token p", False, None),
    "cached token": ("token p", True, None),
    "refresh": ("token p --refresh", True, None),
    "for file": ("for file p out", False, None),
    "forget": ("forget p", True, None),
    "add": ("add q --token-url https://example.com/t --client-id i", True, None),
    "secret set": ("secret set p", True, "new-s3cret"),
}


class Home:
    """One worker's home: filled for each case from a template made at the same path, which the cache may remember."""

    def __init__(self, tok, provider, folder, number):
        self.tok, self.provider = tok, provider
        self.path = folder / f"home{number}"
        self.templates = folder / f"templates{number}"
        self.endpoint = f"/{number}/t"
        self.config = f"[profiles.p]\ntoken_url = '{provider.url}{self.endpoint}'\nclient_id = 'i'\n"
        for cached in (False, True):
            self.fresh()
            if cached:
                self.clean("token p")
            shutil.copytree(self.path, self.templates / str(cached), symlinks=True)

    def fresh(self):
        shutil.rmtree(self.path, ignore_errors=True)
        config = self.path / "config/tok"
        config.mkdir(parents=True, mode=0o700)
        (config / "config.toml").write_text(self.config)
        (config / "config.toml").chmod(0o600)
        # Old enough for every shortcut to trust it.
        os.utime(config / "config.toml", (1_700_000_000, 1_700_000_000))

    def fill(self, cached):
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.copytree(self.templates / str(cached), self.path, symlinks=True)

    def environment(self):
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "XDG_CONFIG_HOME": str(self.path / "config"),
            "XDG_CACHE_HOME": str(self.path / "cache"),
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere/bus",
            "TOK_P_CLIENT_SECRET": SECRET,
        }

    def run(self, command, stdin=None):
        return subprocess.run(
            command, input=stdin or "", capture_output=True, text=True, errors="replace",
            cwd=self.path, env=self.environment(), timeout=LONGEST, check=False,
        )

    def clean(self, arguments, stdin=None):
        return self.run([self.tok, *arguments.split()], stdin)

    def requests(self):
        return self.provider.counts[self.endpoint]

    def files(self):
        return {str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file()}


def calls(home, name):
    """The number of calls of each kind in a run without faults."""
    arguments, cached, stdin = RUNS[name]
    home.fill(cached)
    trace = home.path.with_suffix(".trace")
    home.run(["strace", "-f", "-qq", "-o", str(trace), home.tok, *arguments.split()], stdin)
    counts = collections.Counter(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.M))
    return {call: count for call, count in counts.items() if call not in NEVER}


def faults(counts):
    for call, count in counts.items():
        for number in range(1, count + 1):
            for error in ERRORS.get(call, OTHER):
                yield f"{call}:error={error}:when={number}"
            for signal in ("SIGKILL", "SIGTERM"):
                yield f"{call}:signal={signal}:when={number}"


def check(home, name, fault):
    """What is wrong after this fault, and the exit code."""
    arguments, cached, stdin = RUNS[name]
    home.fill(cached)
    before = home.requests()
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={fault}", home.tok, *arguments.split()]
    try:
        ran = home.run(command, stdin)
    except subprocess.TimeoutExpired:
        return ["it does not end"], "never"
    wrong = []
    out, said = ran.stdout, ran.stderr
    if "panicked" in said or "mistake of its own" in said or ran.returncode == 101:
        wrong.append("a panic")
    # strace ends by the signal that ended tok; a shell would add 128 to it.
    signal = -ran.returncode if ran.returncode < 0 else ran.returncode - 128
    injected = {"SIGKILL": 9, "SIGTERM": 15}
    if signal > 0 and signal != injected.get(fault.split("signal=")[-1].split(":")[0]):
        wrong.append(f"ended by signal {signal}")
    if SECRET in said + out or "t0ken" in said:
        wrong.append("a secret or token is shown")
    if home.requests() - before > 1:
        wrong.append(f"{home.requests() - before} requests")
    prints = "token" in name or name == "refresh"
    if prints and out and not TOKEN.fullmatch(out):
        wrong.append("stdout is neither a token nor empty")
    config = home.path / "config/tok/config.toml"
    added = "[profiles.q]" in config.read_text() if config.exists() else False
    entries = list((home.path / "cache/tok").glob("p.*.json"))
    if ran.returncode == 0:
        held = home.path / "out"
        done = {
            "for file": lambda: held.exists() and TOKEN.fullmatch(held.read_text() + "\n"),
            "forget": lambda: not entries,
            "add": lambda: added,
            "secret set": lambda: False,
        }.get(name, lambda: bool(out))()
        if not done:
            wrong.append("exit 0 without a result")
    held = home.path / "out"
    if held.exists() and not TOKEN.fullmatch(held.read_text() + "\n"):
        wrong.append("the file does not contain a whole token")
    text = config.read_text() if config.exists() else ""
    if not text.startswith(home.config) or (text != home.config and name != "add"):
        wrong.append("the config is damaged")

    # What is left must not be mistaken for the work of a process that still runs.
    then = time.time() - TWO_DAYS
    for path in home.path.rglob("*"):
        if path.is_file() and path.name.startswith(".") and not path.is_symlink():
            os.utime(path, (then, then))
    again = home.clean("token p")
    if again.returncode != 0 or again.stderr or not TOKEN.fullmatch(again.stdout):
        wrong.append(f"the next run: exit {again.returncode}, {again.stderr.strip()!r}")
    home.clean("for file p out" if name == "for file" else "token p --refresh")
    if name == "add":
        home.clean("add r --token-url https://example.com/t --client-id i")
    left = [file for file in home.files() if re.search(r"(^|/)\.|\.tmp|~$", file)]
    if left:
        wrong.append(f"left behind: {left}")
    return wrong, ran.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tok", type=pathlib.Path)
    parser.add_argument("--sample", type=int, help="faults of each run")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--run", choices=RUNS, action="append", help="only this run")
    options = parser.parse_args()
    print(f"seed {options.seed}")
    chance = random.Random(options.seed)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="tok-faults-") as folder:
        provider = Provider()
        homes = [Home(str(options.tok.resolve()), provider, pathlib.Path(folder), number) for number in range(options.jobs)]
        for name in options.run or RUNS:
            todo = list(faults(calls(homes[0], name)))
            if options.sample and options.sample < len(todo):
                todo = chance.sample(todo, options.sample)
            free = list(homes)

            def one(fault, name=name, free=free):
                home = free.pop()
                try:
                    return fault, *check(home, name, fault)
                finally:
                    free.append(home)

            codes = collections.Counter()
            with concurrent.futures.ThreadPoolExecutor(len(homes)) as pool:
                for fault, wrong, code in pool.map(one, todo):
                    codes[code] += 1
                    if wrong:
                        failed += 1
                        print(f"FAIL {name}, {fault} (exit {code}): {'; '.join(wrong)}", flush=True)
            shown = ", ".join(f"exit {code}: {count}" for code, count in sorted(codes.items(), key=str))
            print(f"{name}: {len(todo)} faults; {shown}", flush=True)
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
