//! Which answer a path gets.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::answer::Answer;
use crate::received::Received;

type Handler = Arc<dyn Fn(&Received) -> Answer + Send + Sync>;

/// Paths and their answers. A path that ends in `*` matches all that begin with the rest; the exact path wins over
/// those, and a longer one over a shorter.
#[derive(Clone, Default)]
pub(crate) struct Routes(Arc<RwLock<Vec<(String, Handler)>>>);

impl Routes {
    /// Answers `path` with what `handler` returns, from now on.
    pub(crate) fn set(
        &self,
        path: &str,
        handler: impl Fn(&Received) -> Answer + Send + Sync + 'static,
    ) {
        assert!(
            path.starts_with('/'),
            "a path begins with `/`, but `{path}` does not"
        );
        let mut routes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        routes.retain(|(known, _)| known != path);
        routes.push((path.to_owned(), Arc::new(handler)));
    }

    /// Answers `path` with each of `answers` in turn, then with the last one for ever.
    pub(crate) fn set_queue(&self, path: &str, answers: Vec<Answer>) {
        assert!(!answers.is_empty(), "a queue for `{path}` needs an answer");
        let queue = Mutex::new(VecDeque::from(answers));
        self.set(path, move |_| {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            let next = if queue.len() > 1 {
                queue.pop_front()
            } else {
                queue.front().cloned()
            };
            next.expect("a queue keeps its last answer")
        });
    }

    /// The answer to this request; 404 without a body for an unknown path.
    pub(crate) fn answer(&self, received: &Received) -> Answer {
        // The lock is not held while the handler runs: it may set routes itself.
        match self.find(&received.path) {
            Some(handler) => handler(received),
            None => Answer::new(404),
        }
    }

    fn find(&self, path: &str) -> Option<Handler> {
        let routes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        routes
            .iter()
            .filter_map(|(pattern, handler)| Some((fit(pattern, path)?, handler)))
            .max_by_key(|(fit, _)| *fit)
            .map(|(_, handler)| Arc::clone(handler))
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        formatter
            .debug_list()
            .entries(routes.iter().map(|(path, _)| path))
            .finish()
    }
}

/// How well a pattern fits a path: the greater the closer, exact above all.
fn fit(pattern: &str, path: &str) -> Option<usize> {
    match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix).then_some(prefix.len()),
        None => (pattern == path).then_some(usize::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::read_bytes;

    fn status(routes: &Routes, path: &str) -> u16 {
        let request = format!("GET {path} HTTP/1.1\r\n\r\n");
        routes
            .answer(&read_bytes(request.as_bytes()).unwrap().unwrap())
            .status()
    }

    #[test]
    fn the_closest_route_answers() {
        let routes = Routes::default();
        routes.set("/api/*", |_| Answer::new(201));
        routes.set("/api/v1/*", |_| Answer::new(202));
        routes.set("/api/v1/token", |_| Answer::new(203));
        let cases = [
            ("/api/x", 201),
            ("/api/v1/x", 202),
            ("/api/v1/token", 203),
            ("/api", 404),
            ("/api/v1/token/", 202),
        ];
        for (path, expected) in cases {
            assert_eq!(status(&routes, path), expected, "{path}");
        }
    }

    #[test]
    fn a_route_set_again_is_replaced() {
        let routes = Routes::default();
        routes.set("/t", |_| Answer::new(500));
        routes.set("/t", |_| Answer::new(200));
        assert_eq!(status(&routes, "/t"), 200);
    }

    #[test]
    fn a_queue_answers_in_turn_and_then_repeats_its_last() {
        let routes = Routes::default();
        routes.set_queue("/t", [503, 429, 200].map(Answer::new).to_vec());
        let statuses: Vec<u16> = (0..5).map(|_| status(&routes, "/t")).collect();
        assert_eq!(statuses, [503, 429, 200, 200, 200]);
    }
}
