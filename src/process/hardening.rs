//! Protects secrets in memory: no core file, and on Linux no debugger and no `/proc/PID/mem` or `environ` for the same user.

/// Must run first: secrets in the environment are in memory from the start. Failures are ignored, as this is a second line of defence.
pub fn apply() {
    platform::apply();
}

/// Restores the core file limit, which child processes inherit.
pub fn release() {
    platform::release();
}

#[cfg(unix)]
mod platform {
    use std::sync::OnceLock;

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    static BEFORE: OnceLock<Rlimit> = OnceLock::new();

    pub(super) fn apply() {
        let before = getrlimit(Resource::Core);
        // Only the soft limit, which a child can raise again.
        let none = Rlimit {
            current: Some(0),
            maximum: before.maximum,
        };
        if setrlimit(Resource::Core, none).is_ok() {
            BEFORE.get_or_init(|| before);
        }
        undumpable();
    }

    pub(super) fn release() {
        if let Some(before) = BEFORE.get() {
            let _ = setrlimit(Resource::Core, *before);
        }
    }

    /// `PR_SET_DUMPABLE` 0: a core limit does not bind a crash handler that the kernel pipes the core to (core(5)). `execve` resets it.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn undumpable() {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn undumpable() {}
}

#[cfg(not(unix))]
mod platform {
    pub(super) fn apply() {}

    pub(super) fn release() {}
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    #[test]
    fn a_hardened_process_leaves_no_core_and_cannot_be_attached_to() {
        super::apply();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
    }
}
