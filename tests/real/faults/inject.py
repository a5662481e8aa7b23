#!/usr/bin/env python3
"""Makes the system calls of a run fail, one at a time, and checks what tok leaves behind.

    tests/real/faults/inject.py TOK              every fault in every call of every run; takes a minute or two
    tests/real/faults/inject.py TOK --sample 40  that many faults of each run, chosen at random; the seed is printed

Each case runs tok under `strace -e inject` with one fault: an error at the n-th call of one kind, or SIGKILL or SIGTERM there. The
errors are those that the kernel can return for this call with these arguments: see FAMILIES and EXEMPT. A clean run follows. Required of the faulty run: no panic, stdout empty or a whole token, exit 0 only with a result, at most one request.
Required of the clean run: success without a note, an intact config, and no leftover file. The run `rotate` replaces a refresh token at a
provider that revokes the login when an old one comes again: it may be lost only with the answer itself, never by SIGTERM or after a
token was printed, and then the clean run has to say so.
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
import urllib.parse

SECRET = "inject-s3cret"
REFRESH = "inject-r3fresh"
LOST = "was lost, and the new refresh token with it"
MOVED = "moved the newest refresh token"
LONGEST = 30  # Seconds; every deadline of tok is shorter.
TWO_DAYS = 2 * 24 * 3600  # A leftover this old cannot belong to a running process.
TRIES = 3  # Not every run makes the same calls.
ELSEWHERE = "elsewhere"  # Instead of an exit code: none of these tries made the call that was to fail.

ALL = "EACCES EAGAIN EDQUOT EINTR EIO EMFILE ENFILE ENOMEM ENOSPC EPERM EROFS".split()
FAMILIES = {
    # The calls, and which of ALL errors their man pages name. EIO is added wherever a disk is read or written.
    "open openat creat": "EACCES EDQUOT EINTR EIO EMFILE ENFILE ENOMEM ENOSPC EPERM EROFS",
    "mkdir mkdirat rename renameat renameat2 link linkat symlinkat": "EACCES EDQUOT EIO ENOMEM ENOSPC EPERM EROFS",
    "unlink unlinkat rmdir": "EACCES EIO ENOMEM ENOSPC EPERM EROFS",  # ENOSPC: a copy-on-write file system.
    "chmod fchmod fchmodat fchmodat2 utimensat": "EACCES EIO ENOMEM EPERM EROFS",
    "stat lstat fstat newfstatat access faccessat faccessat2 readlink readlinkat getcwd": "EACCES EIO ENOMEM",
    "statx": "EACCES EIO ENOMEM EPERM",  # EPERM: the seccomp filter of older containers.
    "write writev pwrite64": "EAGAIN EDQUOT EINTR EIO ENOMEM ENOSPC",  # ENOMEM: the memory limit of a control group.
    "fsync fdatasync": "EDQUOT EINTR EIO ENOSPC EROFS",
    "ftruncate fallocate copy_file_range": "EDQUOT EINTR EIO ENOMEM ENOSPC EPERM",
    "read readv pread64": "EAGAIN EINTR EIO ENOMEM",  # ENOMEM: as for write.
    "getdents64": "EINTR EIO ENOMEM",  # All from the file system, as getdents(2) names none.
    "close": "EDQUOT EINTR EIO ENOSPC",
    "flock": "EAGAIN EINTR",
    "lseek ioctl": "",
    "brk mmap mremap mprotect munmap madvise": "ENOMEM",  # EAGAIN and ENFILE: only for locked or shared memory.
    "clone clone3 fork vfork": "EAGAIN ENOMEM EPERM",  # EPERM: the seccomp filter of older containers.
    "socket": "EACCES EMFILE ENFILE ENOMEM EPERM",  # EPERM: a sandbox without a network.
    "socketpair pipe pipe2": "EMFILE ENFILE",
    "eventfd2 epoll_create1 timerfd_create memfd_create": "EMFILE ENFILE ENOMEM",
    "dup dup3 fcntl": "EMFILE",
    "connect": "EACCES EAGAIN EINTR EPERM",
    "sendto sendmsg sendmmsg recvfrom recvmsg": "EAGAIN EINTR ENOMEM",
    "getsockopt setsockopt getsockname getpeername shutdown bind": "",
    "poll ppoll": "EINTR ENOMEM",
    "epoll_wait epoll_pwait epoll_pwait2": "EINTR",
    "epoll_ctl": "ENOMEM ENOSPC",
    "futex": "EAGAIN EINTR",
    "getrandom": "EINTR",
    "prlimit64 prctl": "EPERM",  # A sandbox may forbid them; their arguments are right.
    "timerfd_settime nanosleep clock_nanosleep": "",
    "rt_sigprocmask rt_sigaction sigaltstack set_robust_list rseq sched_getaffinity": "",
}
ERRORS = {call: errors.split() for calls, errors in FAMILIES.items() for call in calls.split()}
DATA = "read readv pread64 write writev pwrite64 close"
EXEMPT = [
    # (calls, pattern of the arguments as strace -y prints them, errors that cannot happen there)
    # tokio's waker: a read or write does not block, and the counter would have to reach 2**64 first.
    (DATA, r"\d+<anon_inode:\[eventfd\]>", ALL),
    # There is no disk behind a pipe, a socket or an epoll.
    (DATA, r"\d+<(pipe|socket|anon_inode):", ["EDQUOT", "EIO", "ENOSPC"]),
    # With this error a socket promises an event later, which strace cannot cause: tok would wait for it until its deadline.
    (f"{DATA} sendto sendmsg sendmmsg recvfrom recvmsg", r"\d+<socket:", ["EAGAIN"]),
    # A regular file never blocks, with O_NONBLOCK or without.
    (DATA, r"\d+</", ["EAGAIN"]),
    # Opening what exists takes no space, and opening to read does not write.
    ("open openat", r"(?!.*\bO_(CREAT|TMPFILE)\b)", ["EDQUOT", "ENOSPC"]),
    ("open openat", r"(?!.*\bO_(CREAT|TMPFILE|WRONLY|RDWR)\b)", ["EROFS"]),
    # Without a path there is no folder to search.
    ("statx newfstatat fstat", r'\d+<[^>]*>, (""|\{|0x)', ["EACCES"]),
    ("fchmod", r"", ["EACCES"]),
    # Only LOCK_NB gives up.
    ("flock", r"(?!.*LOCK_NB)", ["EAGAIN"]),
    # The other commands only read or set flags.
    ("fcntl", r"(?!.*F_DUPFD)", ["EMFILE"]),
    # Only adding takes memory.
    ("epoll_ctl", r"(?!.*EPOLL_CTL_ADD)", ALL),
    # Only a wait can be interrupted or find another value.
    ("futex", r"(?!.*FUTEX_WAIT)", ALL),
    # Asking for the end of the heap cannot fail.
    ("brk", r"NULL", ALL),
    # Reading a limit of one's own process cannot fail: the new limit is NULL.
    ("prlimit64", r"\d+, \w+, NULL", ALL),
]
EXEMPT = [(calls.split(), re.compile(pattern), errors) for calls, pattern, errors in EXEMPT]
MEMORY = "brk mmap mremap mprotect munmap madvise".split()
# The program is not running yet, or no longer; or the call cannot fail.
NEVER = {"execve", "exit", "exit_group", "rt_sigreturn", "restart_syscall", "arch_prctl", "set_tid_address", "gettid", "getpid", "getppid",
         "getuid", "geteuid", "getgid", "getegid", "umask", "sched_yield"}


def possible(call, arguments):
    """The errors that the kernel can return for this call."""
    if call not in ERRORS:
        sys.exit(f"FAMILIES has no row for {call}: add the errors that its man page names")
    never = [error for calls, pattern, errors in EXEMPT if call in calls and pattern.match(arguments) for error in errors]
    return [error for error in ERRORS[call] if error not in never]


class Provider:
    """Answers every request with a new token and counts the requests of each path."""

    def __init__(self):
        self.counts = collections.Counter()
        self.current = {}  # The refresh token of each path, and `None` after an old one came.
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                provider.counts[self.path] += 1
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers.get("content-length", 0))).decode())
                answer, status = {"access_token": f"t0ken-{provider.counts[self.path]}-end", "expires_in": 3600}, 200
                if sent := form.get("refresh_token"):
                    if sent[0] == provider.current[self.path]:
                        provider.current[self.path] = answer["refresh_token"] = f"{REFRESH}-{provider.counts[self.path]}"
                    else:
                        provider.current[self.path] = None
                        answer, status = {"error": "invalid_grant"}, 400
                body = json.dumps(answer).encode()
                self.send_response(status)
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
    "rotate": ("token r --refresh", True, None),
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
        self.traces = folder / f"traces{number}"
        self.endpoint = f"/{number}/t"
        self.refreshed = f"/{number}/r"
        self.config = (
            f"[profiles.p]\ntoken_url = '{provider.url}{self.endpoint}'\nclient_id = 'i'\n"
            f"[profiles.r]\ntoken_url = '{provider.url}{self.refreshed}'\nclient_id = 'i'\nauth_method = 'none'\n"
            "grant_type = 'refresh_token'\nsecrets = { refresh_token = { file = 'refresh' } }\n"
        )
        for cached in (False, True):
            self.fresh()
            if cached:
                self.clean("token p")
                self.clean("token r")
            shutil.copytree(self.path, self.templates / str(cached), symlinks=True)

    def fresh(self):
        shutil.rmtree(self.path, ignore_errors=True)
        config = self.path / "config/tok"
        config.mkdir(parents=True, mode=0o700)
        (config / "config.toml").write_text(self.config)
        (config / "config.toml").chmod(0o600)
        (config / "refresh").write_text(f"{REFRESH}-0\n")
        self.provider.current[self.refreshed] = f"{REFRESH}-0"
        # Old enough for every shortcut to trust it.
        os.utime(config / "config.toml", (1_700_000_000, 1_700_000_000))

    def fill(self, cached):
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.copytree(self.templates / str(cached), self.path, symlinks=True)
        self.provider.current[self.refreshed] = self.refresh_token()

    def refresh_token(self):
        return (self.path / "config/tok/refresh").read_text().strip()

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
        # Only a file, unlike a pipe, can be out of space.
        with self.path.with_suffix(".stdout").open("w+", errors="replace") as out:
            ran = subprocess.run(
                command, input=stdin or "", stdout=out, stderr=subprocess.PIPE, text=True, errors="replace",
                cwd=self.path, env=self.environment(), timeout=LONGEST, check=False,
            )
            out.seek(0)
            ran.stdout = out.read()
        return ran

    def traced(self, arguments, options, stdin):
        """A run under strace with these options."""
        shutil.rmtree(self.traces, ignore_errors=True)
        self.traces.mkdir()
        return self.run(["strace", "-ff", "-y", "-qq", "-o", str(self.traces / "of"), *options, self.tok, *arguments.split()], stdin)

    def threads(self):
        """The calls of each thread of the last traced run."""
        return [calls_of(path.read_text(errors="replace")) for path in sorted(self.traces.iterdir())]

    def clean(self, arguments, stdin=None):
        return self.run([self.tok, *arguments.split()], stdin)

    def requests(self):
        return self.provider.counts[self.endpoint] + self.provider.counts[self.refreshed]

    def files(self):
        return {str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file()}


Call = collections.namedtuple("Call", "name arguments injected early")
INJECTED = re.compile(r"= (?:-1 (\w+) .*|0 )\(INJECTED\)$")


def calls_of(trace):
    """The calls in a trace of one thread. Those before tok's `main` are early: it begins with the limit of the core file."""
    calls, early = [], "execve(" in trace
    for name, arguments in re.findall(r"^(\w+)\((.*)", trace, re.M):
        early = early and "RLIMIT_CORE" not in arguments
        calls.append(Call(name, arguments, INJECTED.search(arguments), early))
    return calls


def faults(home, name):
    """Each fault that can happen in a run, from a run without faults."""
    arguments, cached, stdin = RUNS[name]
    home.fill(cached)
    home.traced(arguments, [], stdin)
    # strace counts the calls of each thread by itself: a fault happens in every thread that makes as many.
    same = collections.defaultdict(list)
    for thread in home.threads():
        counts = collections.Counter()
        for call in thread:
            if call.name not in NEVER:
                counts[call.name] += 1
                same[call.name, counts[call.name]].append(possible(call.name, call.arguments))
    for (call, number), errors in same.items():
        for error in errors[0]:
            if all(error in others for others in errors):
                # The kernel's brk returns the end of the heap, never an error; whatever is lower than asked for means ENOMEM.
                failure = "retval=0" if call == "brk" else f"error={error}"
                yield f"{call}:{failure}:when={number}"
        for signal in ("SIGKILL", "SIGTERM"):
            yield f"{call}:signal={signal}:when={number}"


def check(home, name, fault):
    """What is wrong after this fault, and the exit code; None if this run had the fault nowhere, or where it cannot happen."""
    arguments, cached, stdin = RUNS[name]
    home.fill(cached)
    before = home.requests()
    call = fault.split(":")[0]
    try:
        # execve and prlimit64 show where `main` begins.
        ran = home.traced(arguments, ["-e", f"trace=execve,prlimit64,{call}", "-e", f"inject={fault}"], stdin)
    except subprocess.TimeoutExpired:
        return ["it does not end"], "never"
    injected = [call for thread in home.threads() for call in thread if call.injected]
    if "signal=" not in fault:
        # The number of wake-ups, for one, is not the same in every run.
        if not injected or any((call.injected[1] or "ENOMEM") not in possible(call.name, call.arguments) for call in injected):
            return None
    wrong = []
    out, said = ran.stdout, ran.stderr
    if "panicked" in said or "mistake of its own" in said or ran.returncode == 101:
        wrong.append("a panic")
    # strace ends by the signal that ended tok; a shell would add 128 to it.
    signal = -ran.returncode if ran.returncode < 0 else ran.returncode - 128
    expected = signal == {"SIGKILL": 9, "SIGTERM": 15}.get(fault.split("signal=")[-1].split(":")[0])
    if injected and call in MEMORY and not out:
        # Before `main` it is the loader or libc that fails. After that, Rust aborts when an allocation fails.
        expected = signal == 6 or all(call.early for call in injected)
    if signal > 0 and not expected:
        wrong.append(f"ended by signal {signal}")
    if SECRET in said + out or "t0ken" in said or REFRESH in said + out:
        wrong.append("a secret or token is shown")
    if home.requests() - before > 1:
        wrong.append(f"{home.requests() - before} requests")
    prints = "token" in name or name in ("refresh", "rotate")
    known = home.provider.current[home.refreshed]
    if known is None:
        wrong.append("the provider saw an old refresh token")
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
    again = home.clean("token r --refresh" if name == "rotate" else "token p")
    if name == "rotate" and again.returncode == 4 and LOST in again.stderr and not out and "SIGTERM" not in fault:
        # SIGKILL, or the answer could not be read.
        return wrong, "lost"
    is_moved = name == "rotate" and MOVED in again.stderr
    if again.returncode != 0 or (again.stderr and not is_moved) or not TOKEN.fullmatch(again.stdout):
        wrong.append(f"the next run: exit {again.returncode}, {again.stderr.strip()!r}")
    home.clean("for file p out" if name == "for file" else "token r --refresh" if name == "rotate" else "token p --refresh")
    if name == "rotate" and home.refresh_token() != home.provider.current[home.refreshed]:
        wrong.append("the newest refresh token is not where it belongs")
    if name == "add":
        later = home.clean("add s --token-url https://example.com/t --client-id i")
        if later.returncode != 0:
            wrong.append(f"the next addition: exit {later.returncode}, {later.stderr.strip()!r}")
    left = [file for file in home.files() if re.search(r"(^|/)\.|\.tmp|\.pending|~$", file)]
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
            todo = list(faults(homes[0], name))
            total = len(todo)
            if options.sample and options.sample < len(todo):
                todo = chance.sample(todo, options.sample)
            free = list(homes)

            def one(fault, name=name, free=free):
                home = free.pop()
                try:
                    for _ in range(TRIES):
                        checked = check(home, name, fault)
                        if checked:
                            return fault, *checked
                    return fault, [], ELSEWHERE
                finally:
                    free.append(home)

            endings = collections.Counter()
            with concurrent.futures.ThreadPoolExecutor(len(homes)) as pool:
                for fault, wrong, code in pool.map(one, todo):
                    endings[code] += 1
                    if wrong:
                        failed += 1
                        print(f"FAIL {name}, {fault} (exit {code}): {'; '.join(wrong)}", flush=True)
            shown = ", ".join(f"{code}: {count}" for code, count in sorted(endings.items(), key=str))
            print(f"{name}: {len(todo)} of {total} faults; by exit code: {shown}", flush=True)
            if endings[ELSEWHERE] > len(todo) / 10:
                failed += 1
                print(f"FAIL {name}: too many faults that no run had", flush=True)
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
