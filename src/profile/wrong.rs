//! What is wrong with a profile, and under which key, until file and line are added.

/// What is wrong, and under which key of the profile.
pub(super) struct Wrong {
    pub(super) key: String,
    pub(super) message: String,
}

impl Wrong {
    pub(super) fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            message: message.into(),
        }
    }
}

/// Attaches the key that was read to a message about it.
pub(super) trait At<T> {
    fn at(self, key: &str) -> Result<T, Wrong>;
}

impl<T> At<T> for Result<T, String> {
    fn at(self, key: &str) -> Result<T, Wrong> {
        self.map_err(|message| Wrong::new(key, message))
    }
}
