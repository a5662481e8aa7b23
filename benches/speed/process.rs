//! Measures processes from outside: wall time, CPU time, peak memory.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A program, its arguments and its whole environment.
#[derive(Clone)]
pub struct Run {
    program: String,
    arguments: Vec<std::ffi::OsString>,
    environment: Vec<(String, std::ffi::OsString)>,
}

impl Run {
    pub fn new(program: &str) -> Self {
        Self {
            program: program.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Removes a variable.
    pub fn without(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.environment.retain(|(variable, _)| variable != name);
        other
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        // Without a locale to load, `cat` is faster.
        command
            .env("LC_ALL", "C")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Returns the wall time of a run.
    pub fn time(&self) -> Duration {
        self.measure(&mut self.command())
    }

    /// The same with `input` on stdin.
    pub fn time_reading(&self, input: std::fs::File) -> Duration {
        self.measure(self.command().stdin(input))
    }

    fn measure(&self, command: &mut Command) -> Duration {
        let began = Instant::now();
        let status = command.status();
        let took = began.elapsed();
        assert!(
            status.is_ok_and(|status| status.success()),
            "{} {:?} failed",
            self.program,
            self.arguments
        );
        took
    }

    /// Returns valgrind's count, loader included, or `None` if it is not installed.
    pub fn instructions(&self) -> Option<u64> {
        if !installed("valgrind") {
            return None;
        }
        let mut counted = Self::new("valgrind")
            .arg("--tool=callgrind")
            .arg("--callgrind-out-file=/dev/null")
            .arg(&self.program);
        counted.arguments.extend(self.arguments.iter().cloned());
        counted.environment.clone_from(&self.environment);
        let output = counted.command().stderr(Stdio::piped()).output().ok()?;
        assert!(
            output.status.success(),
            "{} failed under valgrind",
            self.program
        );
        let said = String::from_utf8_lossy(&output.stderr);
        said.lines()
            .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
    }

    /// Returns the peak memory of one run in KiB.
    #[cfg(target_os = "linux")]
    #[expect(
        clippy::zombie_processes,
        reason = "wait4 in `usage_of` waits for it, and says what it used"
    )]
    pub fn peak_kib(&self) -> i64 {
        let child = self.command().spawn().expect("it ran a moment ago");
        usage_of(child.id()).ru_maxrss
    }

    #[cfg(not(target_os = "linux"))]
    pub fn peak_kib(&self) -> i64 {
        0
    }
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library has no wait4")]
fn usage_of(id: u32) -> libc::rusage {
    let (mut status, id) = (0, i32::try_from(id).expect("a process id"));
    // SAFETY: rusage is plain numbers, for which zeros are values, and both pointers are to values that live through the call.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let ended = unsafe { libc::wait4(id, &raw mut status, 0, &raw mut usage) };
    assert_eq!((ended, status), (id, 0), "the child ended with success");
    usage
}

/// Returns each program's median. The order varies, since a program inherits the caches of the one before it.
pub fn in_turns(runs: &[&Run], times: usize, before: impl Fn()) -> Vec<Duration> {
    let mut taken = vec![Vec::with_capacity(times); runs.len()];
    let mut order: Vec<usize> = (0..runs.len()).collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..times {
        dice.shuffle(&mut order);
        for number in &order {
            before();
            taken[*number].push(runs[*number].time());
        }
    }
    taken
        .into_iter()
        .map(|mut times| {
            times.sort_unstable();
            times[times.len() / 2]
        })
        .collect()
}

struct Dice(u64);

impl Dice {
    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            order.swap(last, (self.0 % (last as u64 + 1)) as usize);
        }
    }
}

/// Returns the time until the last of `count` processes ended, and their CPU time.
pub fn at_once(run: &Run, count: usize) -> (Duration, Duration) {
    let began = Instant::now();
    let children: Vec<_> = (0..count)
        .map(|_| run.command().spawn().expect("it can be started"))
        .collect();
    let mut cpu = Duration::ZERO;
    for mut child in children {
        #[cfg(target_os = "linux")]
        {
            let usage = usage_of(child.id());
            for time in [usage.ru_utime, usage.ru_stime] {
                cpu += Duration::from_secs(time.tv_sec.unsigned_abs())
                    + Duration::from_micros(time.tv_usec.unsigned_abs());
            }
            let _ = &mut child;
        }
        #[cfg(not(target_os = "linux"))]
        assert!(child.wait().is_ok_and(|status| status.success()));
    }
    (began.elapsed(), cpu)
}

/// Whether `program` is installed.
pub fn installed(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}
